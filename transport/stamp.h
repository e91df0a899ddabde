/*
 * stamp - the name that one delivery keeps through all its retries
 *
 * A stamp is a keyed hash (HMAC-SHA-256) of what makes a delivery this one: queue id,
 * recipients and sender, or, without a queue id, the message itself.  It is put into the
 * message as a header field.  So a retry uploads the same bytes and finds the Email that the
 * first try left; and the same message to other recipients, whose bytes would otherwise be
 * equal, is another Email.  The key never leaves this machine: nobody can make an Email that
 * passes for a message already sent, and the stamp tells nobody who else got it.
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

/* What a stamp is made of. */
struct stamp_source {
	const char *queue_id;    /* or NULL */
	const char *sender;      /* "" is the null sender */
	char *const *recipients; /* in any order; one named twice counts once */
	size_t recipient_count;
	const struct spool *message; /* used only if there is no queue id */
};

/* local/io if the spool cannot be read. */
struct outcome
stamp_make(const struct buf *key, const struct stamp_source *source, struct stamp *stamp_r);

#endif
