/*
 * journal - what became of each recipient of each message, across tries and processes
 *
 * A SQLite database, STATE-DIR/transport/journal.db, with a row for each recipient of each
 * message (see stamp.h for their names).  It is what keeps a message from being sent twice,
 * or not at all, where the answer of a service, or our own to the queue, is lost:
 *
 *	BEGUN ----> SUBMITTING ----> DONE
 *	  ^          |   ^  |
 *	  |          v   |  \------> DOUBT ----> (evidence, or the policy, says which)
 *	  \------ IMPORTED
 *
 *	BEGUN		not sent, as is known; there is nothing in the account
 *	IMPORTED	not sent, as is known; an Email is in the account, as a draft
 *	SUBMITTING	a request that may send it is about to leave, or under way
 *	DOUBT		the same, but who made the request ended, or got no answer
 *	DONE		sent, or refused for good: what is to be answered again
 *
 * A record is written before what it speaks of is done.  SUBMITTING survives a power cut
 * before the request leaves, or a try after the cut would not know that it has to look for
 * evidence.  DONE survives one only where it must: what the account's Email shows as well
 * need not.  Who is at work on a row holds a lock (journal.owners, a byte of it) that ends
 * with the process: that is how SUBMITTING becomes DOUBT.
 *
 * Several processes and threads use it at the same time.
 */
#ifndef FERRY_JOURNAL_H
#define FERRY_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/outcome.h"
#include "transport/stamp.h"

struct journal;

enum journal_state {
	JOURNAL_UNKNOWN, /* there is no row */
	JOURNAL_BEGUN,
	JOURNAL_IMPORTED,
	JOURNAL_SUBMITTING,
	JOURNAL_DOUBT,
	JOURNAL_DONE,
};

/* A row.  Strings are the entry's own, or NULL. */
struct journal_entry {
	struct stamp recipient; /* its key */
	struct stamp delivery;  /* that the Email carries */
	enum journal_state state;
	int64_t serial;         /* of the row as it was read or written; 0: there was none */
	char *email_id;         /* in the account */
	struct outcome outcome; /* DONE: what to answer; else of the last try */
	int64_t begun, changed; /* seconds since 1970 */

	/* For who reads the list. */
	char *account, *queue_id, *message_id, *sender, *address;
};

void journal_entry_clear(struct journal_entry *entry);

struct journal_options {
	const char *state_dir;
	int64_t keep;     /* seconds after its last change that a row may go; 0: for ever */
	int64_t busy_max; /* seconds that no try lasts longer than; 0: there is no bound */

	/*
	 * A damaged file is renamed to journal.db.damaged-TIME, loudly, and another one is
	 * begun.  What it knew is lost: messages whose try was under way, or whose success
	 * the queue did not hear of, may be sent twice where the account does not show that
	 * they were sent.  Without this, nothing is sent until a person has acted.
	 */
	bool set_aside;
};

/*
 * Make ready: the directory and the lock.  The database is opened at its first use, and
 * again after a failure, so that what is mended needs no restart.
 */
struct outcome journal_open(const struct journal_options *options, struct journal **journal_r);
void journal_close(struct journal **journal);

/* Fill in what is known of the entries, by their recipient.  Nothing is written. */
struct outcome
journal_look(struct journal *journal, struct journal_entry **entries, size_t count);

/*
 * The same for who does so again and again: they are looked for in the journal as it was when
 * the first were, until journal_rest(), which is to be called before long, because the
 * database's log grows till then.  What others write meanwhile journal_claim() finds.
 */
struct outcome
journal_keep_looking(struct journal *journal, struct journal_entry **entries, size_t count);
void journal_rest(struct journal *journal);

/*
 * Make the entries SUBMITTING, by us, in one transaction that survives a power cut.  One
 * whose row changed since it was read, because another process is at it or was, is left
 * alone: it then has the state and outcome of the row, and is not SUBMITTING by us: *taken_r
 * of it is false.
 */
struct outcome journal_claim(
    struct journal *journal, struct journal_entry **entries, size_t count, bool *taken_r);

/* Write the entries as they are, in one transaction: BEGUN, IMPORTED, DOUBT or DONE.  One
 * whose row was changed by another process since it was read or written stays as it is. */
struct outcome journal_write(
    struct journal *journal, struct journal_entry **entries, size_t count, bool durable);

/* What the rows say whose Email carries this stamp. */
struct journal_company {
	bool
	    open; /* it may be needed: to tell what came of one that is under way, or in doubt */
	bool sent; /* it was sent to somebody */
};

/*
 * Those of a try that was over about then, in seconds since 1970: rows that have it since another
 * time are not found.
 */
struct outcome journal_company(struct journal *journal, const struct stamp *delivery,
    int64_t then, struct journal_company *company_r);

/* For ferryctl. */

/* Call each with every row, the latest first, whose queue id, or the start of whose key, is
 * name (NULL: all), until it returns false.  The entry is gone afterwards. */
struct outcome journal_list(struct journal *journal, const char *name,
    bool (*each)(void *arg, const struct journal_entry *entry), void *arg);

/* Remove rows not changed for so many seconds. */
struct outcome journal_prune(struct journal *journal, int64_t seconds, int64_t *count_r);

/*
 * Decide what is in DOUBT: state DONE with an outcome, or BEGUN to have it sent.  name as
 * for journal_list(); rows in other states stay.
 */
struct outcome journal_resolve(struct journal *journal, const char *name,
    enum journal_state state, const struct outcome *o, int64_t *count_r);

/* "begun", "imported", "submitting", "in-doubt", "done". */
const char *journal_state_name(enum journal_state state);

#endif
