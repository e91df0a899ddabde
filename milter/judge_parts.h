/*
 * judge_parts - what the files that judge a message share
 *
 *	judge.c		the order of the questions, and the verdict
 *	correspondents.c	who is by which alias, and by which address
 *	reverse_edits.c		the edits of reverse mode
 */
#ifndef FERRY_JUDGE_PARTS_H
#define FERRY_JUDGE_PARTS_H

#include "milter/judge.h"
#include "milter/own.h"
#include "milter/parties.h"

struct judging {
	struct milter_setup *setup;
	const struct mail *mail;
	const struct judge_wishes *wishes;
	bool dry; /* wished, or the configuration says so */
	struct book *book;
	struct look look; /* into it */
	struct own own;
	struct parties parties;
	struct verdict *verdict;
};

/* correspondents.c */

/* Decide the fate of each recipient.  local/policy: one is refused; or it cannot be found out. */
struct outcome correspondents_decide(struct judging *j);

/* How many messages would it take: one for each alias, and one for direct recipients.
 * *direct_r (may be NULL): are there direct ones? */
size_t correspondents_aliases(const struct judging *j, bool *direct_r);

/* Find aliases and, in reverse mode, addresses: for recipients, and those that the header
 * alone names and who are to stay. */
struct outcome correspondents_find(struct judging *j);

/* The address that recipient i of the envelope gets; NULL: it stays as it is. */
const char *correspondents_address(const struct judging *j, size_t i);

/* The one alias by which the message leaves; NULL if it is not known yet. */
const char *correspondents_alias(const struct judging *j);

/* reverse_edits.c: add the edits.  local/header: a field cannot be written. */
struct outcome reverse_edits(struct judging *j, struct edits *edits);

#endif
