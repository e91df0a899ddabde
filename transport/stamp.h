/*
 * stamp - the names that one delivery keeps through all its retries
 *
 * A stamp is a keyed hash (HMAC-SHA-256) of what makes a thing this one.  Three are made:
 *
 *	of a message	its queue id, its sender, and its bytes, the Received that
 *			Postfix put on top among them: queue ids are used again, but
 *			not with the same time and place of arrival
 *	of a delivery	the message's, and the recipients
 *	of a recipient	the message's, and this one: it is known again in whatever
 *			company it comes
 *
 * A delivery's is put into the message as a header field.  So a retry uploads the same bytes
 * and finds the Email that the first try left; and the same message to other recipients,
 * whose bytes would otherwise be equal, is another Email.  The key never leaves this machine:
 * nobody can make an Email that passes for a message already sent, and the stamp tells nobody
 * who else got it.
 */
#ifndef FERRY_STAMP_H
#define FERRY_STAMP_H

#include <stddef.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"
#include "transport/spool.h"

#define STAMP_LENGTH 32 /* hexadecimal digits: 128 bits */

struct stamp {
	char text[STAMP_LENGTH + 1];
};

/*
 * The key, of STATE_DIR/stamp-key; made (0600) at first use, once even if several processes
 * come at the same time.  Appended to *key, to be wiped by the caller.
 */
struct outcome stamp_key(const char *state_dir, struct buf *key);

/* What the stamp of a message is made of. */
struct stamp_source {
	const char *queue_id; /* or NULL */
	const char *sender;   /* "" is the null sender */
	const char *received; /* what was the value of the Received on top; "" if none was */
	const struct spool *message; /* without it */
};

/* local/io if the spool cannot be read. */
struct outcome
stamp_message(const struct buf *key, const struct stamp_source *source, struct stamp *stamp_r);

/* Of a delivery of the message: recipients in any order; one named twice counts once. */
struct outcome stamp_delivery(const struct buf *key, const struct stamp *message,
    char *const *recipients, size_t count, struct stamp *stamp_r);

struct outcome stamp_recipient(const struct buf *key, const struct stamp *message,
    const char *recipient, struct stamp *stamp_r);

#endif
