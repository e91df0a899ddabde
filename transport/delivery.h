/*
 * delivery - one message on its way: its envelope, its bytes, and what came of it
 *
 * Plain data.  A dress (pipe(8), LMTP, sendmail(1)) fills it, the courier takes it.
 */
#ifndef FERRY_DELIVERY_H
#define FERRY_DELIVERY_H

#include <stdint.h>

#include "common/service/account.h"
#include "transport/message.h"

struct recipient {
	char *address;          /* of the envelope, UTF-8, without angle brackets */
	char *notify, *orcpt;   /* as given with it (RFC 3461, encoded), or NULL */
	struct outcome outcome; /* what came of it, once it was delivered */
};

/* What is to be told of the way it went. */
struct told {
	char *email_id;    /* of the Email in the account, or NULL */
	unsigned requests; /* to the service that it needed, uploads included */
	unsigned group;    /* how many messages were submitted together; 0: none was */
	bool earlier;      /* an earlier try had sent it */
	bool again;        /* an earlier try had left a draft, which was submitted */
	bool unfiled;      /* sent, but the Email could not be moved to Sent */
};

struct delivery {
	const char *via;    /* "pipe", "lmtp", "sendmail": for the log; static */
	char *queue_id;     /* or NULL */
	char *sender;       /* of the envelope; "" is the null sender */
	char *mail_from;    /* what the service is told instead of sender, or NULL */
	char *ret, *envid;  /* RFC 3461, or NULL */
	int64_t hold_until; /* seconds since 1970 before which it is not to be sent; 0: none */
	struct recipient *recipients;
	size_t recipient_count;
	bool apart;             /* each has a submission, and so an answer, of its own */
	char *alias;            /* that it is sent by (split.h), or NULL; for the log */
	struct message message; /* received */

	const struct account *account; /* that sends; the configuration's */
	struct deadline deadline;
	int64_t began; /* clock_ms() */

	/* Asked right before the request that sends, from any thread; not OK means that
	 * nothing is sent.  NULL: there is nothing to ask. */
	struct outcome (*before_sending)(void *arg);
	void *arg;

	struct told told;
};

/* It begins now.  spool_directory is where a large message is kept meanwhile; the caller's. */
void delivery_init(struct delivery *delivery, const char *via, const char *spool_directory);
void delivery_free(struct delivery *delivery);

/* Add one; its outcome is local/io till there is another.  Strings are copied.  What is
 * returned is good until the next is added. */
struct recipient *delivery_add_recipient(struct delivery *delivery, const char *address);

/* The envelope's sender as the service is told it. */
const char *delivery_mail_from(const struct delivery *delivery);

/* All recipients have this outcome. */
void delivery_settle(struct delivery *delivery, const struct outcome *o);

/*
 * What came of it as a whole: the recipients' outcome if they share one class, else that of
 * the first who has to wait; and where some were sent to and others refused for good, the
 * latter's.
 */
struct outcome delivery_outcome(const struct delivery *delivery);

/* Log what came of it, in one line.  The courier does so for what it was given; this is for
 * what did not come so far. */
void delivery_log(const struct delivery *delivery);

/* What becomes of a message with this outcome, as the log says it: "sent", "deferred", ... */
const char *delivery_event(const struct outcome *o);

#endif
