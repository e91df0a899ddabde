/*
 * judge - what becomes of a message
 *
 * Judged once, when all of its header is known, by everything the daemon knows:
 *
 *	is it ours to change (who.h), is it exempt (exempt.h), whose aliases (setup.h)?
 *	each recipient: refused, direct, or by an alias (policy.h)?
 *	which alias, which address stands for the recipient (book.h)?
 *	the edits
 *
 * An address that To or Cc names, and that is none of the recipients, must not leave as it
 * is: SimpleLogin takes a message that names one for a mistake, says that it accepted it, and
 * delivers it to nobody.  If the message goes to others of the same alias, it is given a contact
 * of that one, so that all who read it see whom else it names.  If not, or if it is an own
 * address (own.h), it is left out: nobody else's alias is right for it.
 *
 * Own addresses among the recipients are direct; in from mode, where To and Cc show the alias
 * for them, they are no matter.  A message with direct recipients, or those of
 * several aliases, is mixed: it has to become several, which the transport sees to; or it is
 * refused.  To and Cc then name all of them, direct ones as they are.
 *
 * Anything that cannot be found out defers the message.  Edits are complete, or there are none.
 */
#ifndef FERRY_JUDGE_H
#define FERRY_JUDGE_H

#include "milter/edits.h"
#include "milter/mail.h"
#include "milter/setup.h"

enum verdict_event {
	VERDICT_PASSED,
	VERDICT_REWRITTEN,
	VERDICT_WOULD_REWRITE, /* it was only to be logged, or tried: nothing was made */
	VERDICT_REFUSED,
	VERDICT_DEFERRED,
};
#define VERDICT_EVENTS 5

struct verdict {
	enum verdict_event event;
	struct outcome outcome; /* of VERDICT_REFUSED and VERDICT_DEFERRED */
	char reason[64];        /* a word, for the log; "" */
	struct edits edits; /* sorted; those of VERDICT_WOULD_REWRITE are what would be done */
	struct book_work work;
	size_t aliases; /* the message leaves by */
	size_t unknown; /* correspondents without an address yet, of VERDICT_WOULD_REWRITE */
};
void verdict_free(struct verdict *verdict);

/* "passed", "rewritten", ...: as the log and the metrics have it. */
const char *verdict_name(enum verdict_event event);

struct judge_wishes {
	bool dry; /* make nothing, ask nobody: addresses that are not known yet are NEW-n@... */
	struct deadline deadline;
	void (*tick)(
	    void *arg); /* called every second or so while others are waited for; or NULL */
	void *arg;
};

void judge(struct milter_setup *setup, const struct mail *mail,
    const struct judge_wishes *wishes, struct verdict *verdict_r);

#endif
