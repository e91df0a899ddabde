/*
 * exempt - messages that are to leave as they are
 *
 * Judged once all header fields are known.  What is found first, in this order, is the reason:
 *
 *	stamped		a stamp of ours that holds: we made this of it already (stamp.h)
 *	null-sender	bounces and other mail that no answer may come to (RFC 5321 §4.5.5)
 *	bounce		of a mail system by its sender: MAILER-DAEMON, double-bounce
 *	opt-out		a local user's message with the opt-out field saying "yes"
 *	list		List-* (RFC 2369, RFC 2919), or Precedence: list, bulk or junk
 *	automatic	Auto-Submitted (RFC 3834) that is not "no"
 *
 * A report (DSN, MDN) that comes with an own sender's address is that sender's mail like any
 * other: in doubt, a message is not exempt, because what is exempt shows the real address.
 *
 * Thread-safe.
 */
#ifndef FERRY_EXEMPT_H
#define FERRY_EXEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "milter/edits.h"
#include "milter/mail.h"

#define EXEMPT_OPT_OUT_FIELD "X-No-Alias" /* unless the configuration has another */

enum exempt_reason {
	EXEMPT_NOT,
	EXEMPT_STAMPED,
	EXEMPT_NULL_SENDER,
	EXEMPT_BOUNCE,
	EXEMPT_OPT_OUT,
	EXEMPT_LIST,
	EXEMPT_AUTOMATIC,
};

struct exempt_options {
	const char *opt_out; /* the field's name; NULL: there is none */
	bool skip_lists;
	bool skip_automatic;
	const struct buf *key; /* of stamps; NULL: none holds */
};

/*
 * Why the message is to leave as it is, or EXEMPT_NOT.  local_user: it is by somebody who
 * authenticated himself, or by a user of this machine, and so may opt out.  now: seconds since
 * 1970, for stamps.
 */
enum exempt_reason exempt_judge(const struct exempt_options *options, const struct mail *mail,
    bool local_user, int64_t now);

/* Add what is to be removed from every message whatever becomes of it: all opt-out fields and
 * all stamps, honoured or not. */
void exempt_removals(
    const struct exempt_options *options, const struct mail *mail, struct edits *edits);

/* "stamped", "null-sender", ...; "" for EXEMPT_NOT. */
const char *exempt_reason_name(enum exempt_reason reason);

#endif
