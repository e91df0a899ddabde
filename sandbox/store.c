/*
 * The store: schema, connections, and who may write when.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sandbox/blobs.h"
#include "sandbox/codec.h"
#include "sandbox/store.h"

#define OLDEST_VERSION 2 /* that can be brought up to date */
#define SCHEMA_VERSION 5

/*
 * Destroyed records stay as tombstones: /changes must tell of them, and their numbers are not
 * given out again.  Of an Email, the words of keywords and the numbers of mailboxes are kept as
 * text between blanks (" 1 7 "), so that one row answers Email/get; member and threadbox are the
 * same facts the other way round.
 * Most threads have one Email: it is "alone", and threadbox says nothing of such threads.
 * What was stored last lies at the highest position, so an index of positions grows at its end,
 * where one of hashes would change all over.
 * Most records are read by /changes as created, so the index of changes has only those that
 * changed since.
 */
static const char schema[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;"
    "CREATE TABLE challenge (jti TEXT PRIMARY KEY, expires INTEGER) WITHOUT ROWID;"
    "CREATE INDEX challenge_expires ON challenge (expires);"
    "CREATE TABLE account (id INTEGER PRIMARY KEY,"
    "  username TEXT NOT NULL UNIQUE COLLATE NOCASE, inbox TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    "  api_key BLOB NOT NULL UNIQUE, modseq INTEGER NOT NULL, mailbox_state INTEGER NOT NULL,"
    "  email_state INTEGER NOT NULL, submission_state INTEGER NOT NULL);"
    "CREATE TABLE blob (account INTEGER, hash BLOB, position INTEGER, size INTEGER,"
    "  PRIMARY KEY (account, hash)) WITHOUT ROWID;"
    "CREATE TABLE mailbox (id INTEGER PRIMARY KEY, account INTEGER NOT NULL,"
    "  name TEXT NOT NULL, parent INTEGER NOT NULL, role TEXT, sort_order INTEGER NOT NULL,"
    "  subscribed INTEGER NOT NULL, total INTEGER NOT NULL, unread INTEGER NOT NULL,"
    "  total_threads INTEGER NOT NULL, unread_threads INTEGER NOT NULL,"
    "  created INTEGER NOT NULL, modseq INTEGER NOT NULL, named INTEGER NOT NULL,"
    "  destroyed INTEGER NOT NULL);"
    "CREATE INDEX mailbox_modseq ON mailbox (account, modseq);"
    "CREATE INDEX mailbox_created ON mailbox (account, created);"
    "CREATE TABLE email (id INTEGER PRIMARY KEY, account INTEGER NOT NULL,"
    "  hash BLOB NOT NULL, size INTEGER NOT NULL, received INTEGER NOT NULL,"
    "  thread INTEGER NOT NULL, keywords TEXT NOT NULL, mailboxes TEXT NOT NULL,"
    "  attachment INTEGER NOT NULL, created INTEGER NOT NULL, modseq INTEGER NOT NULL,"
    "  destroyed INTEGER NOT NULL, alone INTEGER NOT NULL, position INTEGER NOT NULL);"
    "CREATE INDEX email_modseq ON email (account, modseq) WHERE modseq <> created;"
    "CREATE INDEX email_created ON email (account, created);"
    "CREATE INDEX email_received ON email (account, received, id) WHERE destroyed = 0;"
    "CREATE INDEX email_thread ON email (account, thread, received, id) WHERE destroyed = 0;"
    "CREATE INDEX email_position ON email (account, position) WHERE destroyed = 0;"
    "CREATE TABLE member (mailbox INTEGER, received INTEGER, email INTEGER,"
    "  PRIMARY KEY (mailbox, received, email)) WITHOUT ROWID;"
    "CREATE TABLE threadbox (mailbox INTEGER, thread INTEGER, emails INTEGER, unread INTEGER,"
    "  PRIMARY KEY (mailbox, thread)) WITHOUT ROWID;"
    "CREATE TABLE message_id (account INTEGER, hash INTEGER, thread INTEGER,"
    "  PRIMARY KEY (account, hash)) WITHOUT ROWID;"
    "CREATE TABLE submission (id INTEGER PRIMARY KEY, account INTEGER NOT NULL,"
    "  email INTEGER NOT NULL, thread INTEGER NOT NULL, hash BLOB NOT NULL, message_id TEXT,"
    "  envelope TEXT NOT NULL, send_at INTEGER NOT NULL, undo INTEGER NOT NULL,"
    "  outbox INTEGER NOT NULL, delivery TEXT, created INTEGER NOT NULL,"
    "  modseq INTEGER NOT NULL, destroyed INTEGER NOT NULL);"
    "CREATE INDEX submission_modseq ON submission (account, modseq)"
    "  WHERE modseq <> created;"
    "CREATE INDEX submission_created ON submission (account, created);"
    "CREATE INDEX submission_email ON submission (email);"
    "CREATE INDEX submission_outbox ON submission (outbox) WHERE outbox > 0;"
    "CREATE INDEX submission_message ON submission (message_id) WHERE outbox > 0;"
    "CREATE INDEX submission_pending ON submission (send_at) WHERE undo = 0;";

/* What a store of each version lacks to be of the next. */
static const char *const steps[SCHEMA_VERSION] = {
    /* threadbox told of every thread: so nobody is alone. */
    [2] = "ALTER TABLE email ADD COLUMN alone INTEGER NOT NULL DEFAULT 0;",
    /* The Emails of a blob were found by its hash. */
    [3] = "ALTER TABLE email ADD COLUMN position INTEGER NOT NULL DEFAULT -1;"
          "UPDATE email SET position = coalesce((SELECT position FROM blob"
          "  WHERE blob.account = email.account AND blob.hash = email.hash), -1);"
          "DROP INDEX email_hash;"
          "CREATE INDEX email_position ON email (account, position) WHERE destroyed = 0;",
    /* Records that never changed were in the indexes of changes. */
    [4] = "DROP INDEX email_modseq;"
          "CREATE INDEX email_modseq ON email (account, modseq) WHERE modseq <> created;"
          "DROP INDEX submission_modseq;"
          "CREATE INDEX submission_modseq ON submission (account, modseq)"
          "  WHERE modseq <> created;",
};

struct idle {
	struct db *db;
	struct idle *next;
};

struct store {
	char *path;
	struct blobs *blobs;
	unsigned char key[JWT_KEY_BYTES];
	pthread_mutex_t lock; /* of idle */
	struct idle *idle;
	struct db *writer;
	pthread_mutex_t writing; /* held by who has the writer; of these two, too: */
	void (*on_commit)(void *arg);
	void *on_commit_arg;
};

struct db *
store_take(struct store *s)
{
	struct idle *first;
	struct db *d;
	struct outcome o;

	pthread_mutex_lock(&s->lock);
	first = s->idle;
	if (first != NULL)
		s->idle = first->next;
	pthread_mutex_unlock(&s->lock);
	if (first == NULL)
		return db_open(s->path, &o);
	d = first->db;
	free(first);
	return d;
}

void
store_give(struct store *s, struct db *d)
{
	struct idle *first = xcalloc(1, sizeof(*first));

	first->db = d;
	pthread_mutex_lock(&s->lock);
	first->next = s->idle;
	s->idle = first;
	pthread_mutex_unlock(&s->lock);
}

void
store_begin_read(struct store *s, struct db *d)
{
	(void)s;
	db_begin(d, false);
}

struct db *
store_begin_write(struct store *s)
{
	pthread_mutex_lock(&s->writing);
	db_begin(s->writer, true);
	return s->writer;
}

bool
store_commit(struct store *s, struct db *d, const char **why_r)
{
	bool good = db_commit(d, why_r);

	if (d == s->writer) {
		if (good && s->on_commit != NULL)
			s->on_commit(s->on_commit_arg);
		pthread_mutex_unlock(&s->writing);
	}
	return good;
}

void
store_on_commit(struct store *s, void (*call)(void *arg), void *arg)
{
	pthread_mutex_lock(&s->writing);
	s->on_commit = call;
	s->on_commit_arg = arg;
	pthread_mutex_unlock(&s->writing);
}

void
store_rollback(struct store *s, struct db *d)
{
	db_rollback(d);
	if (d == s->writer)
		pthread_mutex_unlock(&s->writing);
}

/* Make the tables if the file is new, or what they lack, and read or make the key. */
static struct outcome
prepare(struct store *s)
{
	const char *why = "";
	int64_t version = db_int(s->writer, 0, "PRAGMA user_version", "");
	struct db *d;
	sqlite3_stmt *rows;

	if (version != 0 && (version < OLDEST_VERSION || version > SCHEMA_VERSION))
		return outcome_make(
		    "local", "database", "%s is of another version of ferry-sandbox", s->path);
	d = store_begin_write(s);
	if (version == 0) {
		random_bytes(s->key, sizeof(s->key));
		db_script(d, schema);
		db_run(d, "INSERT INTO meta VALUES ('key', ?)", "b", s->key, sizeof(s->key));
	}
	for (int64_t i = version; i > 0 && i < SCHEMA_VERSION; i++)
		db_script(d, steps[i]);
	db_script(d, "PRAGMA user_version = 5");
	rows = db_query(d, "SELECT value FROM meta WHERE key = 'key'", "");
	if (db_next(d, rows) && sqlite3_column_bytes(rows, 0) == JWT_KEY_BYTES)
		memcpy(s->key, sqlite3_column_blob(rows, 0), JWT_KEY_BYTES);
	db_finish(rows);
	if (!store_commit(s, d, &why))
		return outcome_make("local", "database", "%s: %s", s->path, why);
	return outcome_ok();
}

struct store *
store_open(const char *directory, struct outcome *o)
{
	struct store *s = xcalloc(1, sizeof(*s));

	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->writing, NULL);
	s->path = xasprintf("%s/store.db", directory);
	s->writer = db_open(s->path, o);
	if (s->writer != NULL)
		*o = prepare(s);
	if (outcome_is_ok(o))
		s->blobs = blobs_open(directory, o);
	if (!outcome_is_ok(o))
		store_close(&s);
	return s;
}

void
store_close(struct store **s)
{
	if (*s == NULL)
		return;
	while ((*s)->idle != NULL) {
		struct idle *first = (*s)->idle;

		(*s)->idle = first->next;
		db_close(&first->db);
		free(first);
	}
	db_close(&(*s)->writer);
	blobs_close(&(*s)->blobs);
	pthread_mutex_destroy(&(*s)->lock);
	pthread_mutex_destroy(&(*s)->writing);
	free((*s)->path);
	free(*s);
	*s = NULL;
}

const unsigned char *
store_key(const struct store *s)
{
	return s->key;
}

int64_t
store_last_sent(struct store *s)
{
	struct db *d = store_begin_write(s);
	int64_t last = db_int(d, 0, "SELECT max(outbox) FROM submission WHERE outbox > 0", "");

	store_rollback(s, d);
	return last;
}

struct blobs *
store_blobs(struct store *s)
{
	return s->blobs;
}
