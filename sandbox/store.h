/*
 * store - everything the sandbox remembers: one SQLite file and one file of blobs
 *
 * A struct store is shared by all threads; a thread that reads borrows a connection.  SQLite
 * lets many read while one writes, and there is one connection to write with: its cache stays
 * good, since nobody else changes the file.  Who wants it waits in store_begin_write(), so no
 * transaction ever fails for being second.
 *
 * Every change in an account takes the next number of that account, its modseq.  A record
 * keeps the number of its creation and of its last change, which is all that /changes needs.
 */
#ifndef SANDBOX_STORE_H
#define SANDBOX_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"
#include "sandbox/db.h"
#include "sandbox/jwt.h"

struct store;
struct blobs;

/* Open, or make, the store in a directory.  NULL with *o set if it cannot be. */
struct store *store_open(const char *directory, struct outcome *o);
void store_close(struct store **s);

/* The highest number in the outbox so far. */
int64_t store_last_sent(struct store *s);

/* The key that signs tokens; made with the store, the same after a restart. */
const unsigned char *store_key(const struct store *s);

struct blobs *store_blobs(struct store *s);

/* Borrow and give back a connection to read with.  NULL if one more cannot be opened. */
struct db *store_take(struct store *s);
void store_give(struct store *s, struct db *d);

void store_begin_read(struct store *s, struct db *d);

/* Wait for the connection that writes, and begin. */
struct db *store_begin_write(struct store *s);

/* End either kind.  False: nothing was stored, *why_r (if asked) says why, and is valid until
 * the next who writes.  A connection that wrote is given back. */
bool store_commit(struct store *s, struct db *d, const char **why_r);
void store_rollback(struct store *s, struct db *d);

/* Call after every commit of a write, in its thread; it must not write.  NULL: no more. */
void store_on_commit(struct store *s, void (*call)(void *arg), void *arg);

/* The kinds of records that have a state of their own. */
enum record { RECORD_MAILBOX, RECORD_EMAIL, RECORD_SUBMISSION, RECORD_COUNT };

struct tally;

struct account {
	int64_t id;
	char *username;
	char *inbox;                  /* address */
	int64_t modseq;               /* the highest number given out */
	int64_t states[RECORD_COUNT]; /* the number of the last change of each kind */
	bool dirty;                   /* numbers were given out since it was loaded */
	int64_t mailbox;              /* one of mailboxes.h that is known to be there, or 0 */
	struct tally *tallies;        /* of mailboxes.h, still to be added to their totals */
	size_t tally_count;
};

/* Find an account; false if there is none.  account_free() in any case. */
bool account_by_id(struct db *d, int64_t id, struct account *a);
bool account_by_username(struct db *d, const char *username, struct account *a);
bool account_by_inbox(struct db *d, const char *address, struct account *a);
bool account_by_key(struct db *d, const char *api_key, struct account *a);
void account_free(struct account *a);

/*
 * Sign up: make an account, its mailboxes, and its key, appended to api_key (the store keeps
 * only a hash of it).  False if the username or the address is taken.  Within a write.
 */
bool account_create(struct db *d, const char *username, const char *inbox, bool with_mailboxes,
    struct account *a, struct buf *api_key);

/* Give out the next number for a change of this kind of record. */
int64_t account_touch(struct account *a, enum record kind);

/* Store the numbers given out, and the mailboxes' totals; before the commit. */
void account_save(struct db *d, struct account *a);

/* Note that a challenge was used; false if it had been before.  Within a write. */
bool challenge_use(struct db *d, const char *jti, int64_t expires, int64_t now);

#endif
