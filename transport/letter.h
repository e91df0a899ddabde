/*
 * letter - a delivery on its way through the courier: its submission, and the journal's rows
 *
 * A row for each recipient, once however often it is named.
 */
#ifndef FERRY_LETTER_H
#define FERRY_LETTER_H

#include "transport/group.h"
#include "transport/journal.h"
#include "transport/lane.h"
#include "transport/submit.h"

struct left_draft {
	char *email_id;
	struct stamp stamp; /* that it carries */
	int64_t changed;    /* when the try was over that left it */
	bool sent;          /* perhaps it went out, after all */
};

struct letter {
	struct submission submission; /* first: its address is the letter's */
	struct group_item item;
	struct delivery *delivery;
	struct lane *lane;
	const struct config *config;
	const struct buf *key; /* of the stamps */
	struct journal *journal;
	struct stamp message;
	struct journal_entry *entries; /* one an addressee, in the same order */
	bool *written;                 /* the row says what came of it */
	uint64_t *domains;
	struct left_draft
	    *drafts; /* that earlier tries left, and that are not submitted any more */
	size_t draft_count;
	unsigned uploads; /* made before it joined */
	unsigned earlier; /* recipients that an earlier try had sent to */
};

/* Make it, and ask the journal, in one of its ways: what it knows the outcome of is settled. */
typedef struct outcome
letter_look(struct journal *journal, struct journal_entry **entries, size_t count);
struct outcome letter_open(struct letter *letter, letter_look *look);
void letter_close(struct letter *letter);

/*
 * Decide what is in doubt: ask the service, and where it cannot tell, the policy.  Then who
 * is left is to be sent to: stamp the message for them.
 */
struct outcome letter_settle_doubts(struct letter *letter);
struct outcome letter_address(struct letter *letter);

/* Write what is settled.  What cannot be written is logged: it is done all the same. */
void letter_write(struct letter *const *letters, size_t count);

/* Record that those who are SENDING are about to be sent to.  Letters of which another
 * process has one are settled. */
struct outcome letter_claim(struct letter *const *letters, size_t count);

/*
 * Put away the drafts that earlier tries left, once everybody has an outcome: what was sent to
 * somebody is filed, else it is removed.  One that tells what came of another recipient
 * stays.  If this fails, or takes longer than until then or the delivery's deadline, drafts
 * stay that somebody may delete, and the log says so.
 */
void letter_tidy(struct letter *letter, struct deadline d);

/* All who have none yet have this outcome, also those named twice. */
void letter_settle(struct letter *letter, const struct outcome *o);

#endif
