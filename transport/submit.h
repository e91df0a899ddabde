/*
 * submit - one message, one envelope, to a JMAP service (RFC 8621 §4.8, §7)
 *
 * The core that every dress of the transport shares.  The message is uploaded, then one
 * request makes it a draft, submits the draft, and, once the service has taken it, files it
 * in the Sent mailbox.  What the account's session, mailboxes and identities are comes from
 * the caches on disk, so that a message costs an upload and a request.
 *
 * A delivery may be tried again after any failure, from another process too: the same stamp
 * makes the same bytes, for which the service names the Email it has already.  That Email is
 * the evidence: without $draft it went out; with $draft it did not, as far as anyone
 * knows, and is submitted.  So a message is submitted at least once, and twice only where
 * the service took it and could not tell.
 */
#ifndef FERRY_SUBMIT_H
#define FERRY_SUBMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/service/jmap.h"
#include "transport/message.h"
#include "transport/stamp.h"

struct submission {
	struct message *message; /* received and stamped */
	const struct stamp *stamp;
	const char *sender; /* "" is the null sender */
	char *const *recipients;
	size_t recipient_count;
	struct deadline deadline;

	/* Asked right before the request that sends; not OK means that nothing is sent. */
	struct outcome (*before_sending)(void *arg);
	void *arg;
};

/* What is to be told of it. */
struct submitted {
	char *email_id;    /* of the Email in the account, or NULL */
	unsigned requests; /* to the service, uploads included */
	bool earlier;      /* an earlier try had sent it */
	bool again;        /* an earlier try had left a draft, which was submitted */
	bool unfiled;      /* sent, but the Email could not be moved to Sent */
};

/*
 * OK: the service has taken the message for all recipients.  Otherwise for none of them.
 * *submitted_r is filled in any case; submitted_free() it.
 */
struct outcome
submit(struct jmap *jmap, const struct submission *s, struct submitted *submitted_r);
void submitted_free(struct submitted *submitted);

#endif
