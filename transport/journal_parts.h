/*
 * journal_parts - what the journal*.c files share and nobody else sees
 */
#ifndef FERRY_JOURNAL_PARTS_H
#define FERRY_JOURNAL_PARTS_H

#include <pthread.h>
#include <sys/stat.h>

#include "common/settings/store.h"
#include "transport/journal.h"

struct journal {
	char *directory, *path;
	int64_t keep, busy_max;
	int64_t expiry_ms; /* when rows are looked for that may go */
	bool set_aside;
	int owners;    /* the descriptor that holds our lock */
	int64_t owner; /* which of its bytes is ours */

	/* Who looks does not wait for who writes, and so for the disk. */
	struct journal_desk {
		struct journal *journal;
		pthread_mutex_t lock; /* of the store */
		struct store *store;  /* or NULL: to be opened */
		struct stat file;     /* that the store has open */
		bool held;            /* the store is in a transaction that reads */
	} reading, writing;
};

/* Work on the desk's open store; its error is looked at afterwards. */
typedef void journal_work(struct journal_desk *desk, void *arg);

enum journal_access {
	JOURNAL_READS,    /* beside those that write, what is there now */
	JOURNAL_READS_ON, /* or what was when the first of these did; see journal_rest() */
	JOURNAL_WRITES,   /* in one transaction; a power cut may take it back */
	JOURNAL_LASTS,    /* in one transaction, which survives a power cut */
};

/* Do the work, and again if the database had to be opened or made anew meanwhile: so it must
 * come to the same if it is done twice. */
struct outcome
journal_do(struct journal *journal, enum journal_access access, journal_work *work, void *arg);

/* A query for the columns that journal_read_row() takes. */
#define JOURNAL_COLUMNS                                                                      \
	"SELECT recipient, delivery, state, owner, serial, email, condition, class, smtp, "  \
	"status, dsn, text, begun, changed, account, queue_id, message_id, sender, address " \
	"FROM recipient "

/* Fill the entry from the row; its strings must be NULL before. */
void
journal_read_row(const struct journal *journal, sqlite3_stmt *row, struct journal_entry *entry);

/* Write the row, unless it has changed since the entry was read or written, which is false;
 * owner is 0 unless somebody is at work on it. */
bool journal_write_row(struct journal_desk *desk, struct journal_entry *entry, int64_t owner);

#endif
