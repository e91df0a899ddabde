/*
 * One SQLite connection.  Prepared statements live in a small hash table whose keys are the
 * addresses of the SQL literals: looking one up costs a few comparisons and no hashing of
 * text, and the SQL can stand where it is used.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sandbox/db.h"
#include "sandbox/pool.h"

#define SLOTS        512 /* a power of two, more than twice the literals there are */
#define BUSY_MS      10000
#define WAL_PAGES    8192 /* 32 MiB between checkpoints, each of which syncs the disk */
#define MESSAGE_SIZE 256

struct slot {
	const char *sql;
	sqlite3_stmt *statement;
};

struct db {
	sqlite3 *handle;
	bool failed;
	bool in_transaction;
	unsigned marks; /* set in the transaction */
	char message[MESSAGE_SIZE];
	struct slot slots[SLOTS];
};

static void
fail(struct db *d, const char *sql)
{
	if (d->failed)
		return;
	d->failed = true;
	snprintf(d->message, sizeof(d->message), "%s (%.60s)", sqlite3_errmsg(d->handle), sql);
	log_say(LOG_ERR, "database: %s", d->message);
}

struct db *
db_open(const char *path, struct outcome *o)
{
	struct db *d = xcalloc(1, sizeof(*d));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	/* Counting its memory would be a lock at each allocation.  Only the first call counts. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	pool_serve_sqlite();
	*o = outcome_ok();
	if (sqlite3_open_v2(path, &d->handle, flags, NULL) != SQLITE_OK) {
		*o = outcome_make("local", "database", "%s: %s", path,
		    d->handle != NULL ? sqlite3_errmsg(d->handle) : "out of memory");
		db_close(&d);
		return NULL;
	}
	sqlite3_busy_timeout(d->handle, BUSY_MS);
	db_script(d, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
	             "PRAGMA cache_size = -16384; PRAGMA mmap_size = 1073741824;"
	             "PRAGMA temp_store = MEMORY;");
	sqlite3_wal_autocheckpoint(d->handle, WAL_PAGES);
	if (d->failed) {
		*o = outcome_make("local", "database", "%s: %s", path, d->message);
		db_close(&d);
	}
	return d;
}

void
db_close(struct db **d)
{
	if (*d == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		sqlite3_finalize((*d)->slots[i].statement);
	sqlite3_close((*d)->handle);
	free(*d);
	*d = NULL;
}

void
db_script(struct db *d, const char *sql)
{
	if (!d->failed && sqlite3_exec(d->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(d, sql);
}

static sqlite3_stmt *
prepared(struct db *d, const char *sql)
{
	size_t i = (size_t)((uintptr_t)sql * 0x9e3779b97f4a7c15ULL >> 40) & (SLOTS - 1);

	while (d->slots[i].sql != NULL && d->slots[i].sql != sql)
		i = (i + 1) & (SLOTS - 1);
	if (d->slots[i].sql == NULL) {
		if (sqlite3_prepare_v3(d->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
		        &d->slots[i].statement, NULL) != SQLITE_OK) {
			fail(d, sql);
			return NULL;
		}
		d->slots[i].sql = sql;
	}
	return d->slots[i].statement;
}

static sqlite3_stmt *
start(struct db *d, const char *sql, const char *types, va_list args)
{
	sqlite3_stmt *s = d->failed ? NULL : prepared(d, sql);

	if (s == NULL)
		return NULL;
	sqlite3_reset(s);
	for (int i = 1; types[i - 1] != '\0'; i++) {
		if (types[i - 1] == 'i') {
			sqlite3_bind_int64(s, i, va_arg(args, int64_t));
		} else if (types[i - 1] == 't') {
			sqlite3_bind_text(s, i, va_arg(args, const char *), -1, SQLITE_STATIC);
		} else {
			const void *bytes = va_arg(args, const void *);
			sqlite3_uint64 length = va_arg(args, size_t);

			sqlite3_bind_blob64(s, i, bytes, length, SQLITE_STATIC);
		}
	}
	return s;
}

sqlite3_stmt *
db_query(struct db *d, const char *sql, const char *types, ...)
{
	va_list args;
	sqlite3_stmt *s;

	va_start(args, types);
	s = start(d, sql, types, args);
	va_end(args);
	return s;
}

bool
db_next(struct db *d, sqlite3_stmt *rows)
{
	int result;

	if (d->failed || rows == NULL)
		return false;
	result = sqlite3_step(rows);
	if (result == SQLITE_ROW)
		return true;
	if (result != SQLITE_DONE)
		fail(d, sqlite3_sql(rows));
	sqlite3_reset(rows);
	return false;
}

void
db_finish(sqlite3_stmt *rows)
{
	if (rows != NULL)
		sqlite3_reset(rows);
}

void
db_run(struct db *d, const char *sql, const char *types, ...)
{
	va_list args;
	sqlite3_stmt *s;

	va_start(args, types);
	s = start(d, sql, types, args);
	va_end(args);
	while (db_next(d, s))
		continue;
}

int64_t
db_int(struct db *d, int64_t fallback, const char *sql, const char *types, ...)
{
	va_list args;
	sqlite3_stmt *s;
	int64_t value = fallback;

	va_start(args, types);
	s = start(d, sql, types, args);
	va_end(args);
	if (db_next(d, s) && sqlite3_column_type(s, 0) != SQLITE_NULL)
		value = sqlite3_column_int64(s, 0);
	db_finish(s);
	return value;
}

char *
db_text(struct db *d, const char *sql, const char *types, ...)
{
	va_list args;
	sqlite3_stmt *s;
	char *text = NULL;

	va_start(args, types);
	s = start(d, sql, types, args);
	va_end(args);
	if (db_next(d, s))
		text = xstrdup((const char *)sqlite3_column_text(s, 0));
	db_finish(s);
	return text;
}

int64_t
db_last_id(struct db *d)
{
	return sqlite3_last_insert_rowid(d->handle);
}

int64_t
db_changes(struct db *d)
{
	return sqlite3_changes64(d->handle);
}

void
db_begin(struct db *d, bool write)
{
	d->failed = false;
	d->marks = 0;
	db_run(d, write ? "BEGIN IMMEDIATE" : "BEGIN", "");
	d->in_transaction = !d->failed;
}

void
db_rollback(struct db *d)
{
	/* A full disk may have rolled back already: then there is nothing left to undo. */
	if (d->in_transaction && sqlite3_get_autocommit(d->handle) == 0)
		sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
	d->in_transaction = false;
}

/* The first mark is the start of the transaction, which costs nothing. */
void
db_mark(struct db *d)
{
	if (d->marks > 1)
		db_run(d, "RELEASE mark", "");
	if (d->marks++ > 0)
		db_run(d, "SAVEPOINT mark", "");
}

void
db_back_to_mark(struct db *d)
{
	if (d->marks > 1) {
		db_run(d, "ROLLBACK TO mark", "");
		return;
	}
	db_run(d, "ROLLBACK", "");
	db_run(d, "BEGIN IMMEDIATE", "");
}

bool
db_commit(struct db *d, const char **why_r)
{
	bool good;

	db_run(d, "COMMIT", "");
	good = !d->failed;
	if (!good) {
		db_rollback(d);
		if (why_r != NULL)
			*why_r = d->message;
	}
	d->in_transaction = d->failed = false;
	return good;
}
