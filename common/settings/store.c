/*
 * SQLite behind a sticky error.  Statements are found again by the address of their SQL
 * text, which is a literal: a pointer comparison instead of a parse.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/settings/store.h"

#define BUSY_MS 2000

struct prepared {
	const char *sql;
	sqlite3_stmt *statement;
};

struct store {
	sqlite3 *db;
	char *path;
	struct prepared *prepared;
	size_t prepared_count;
	sqlite3_stmt *reading; /* holds a state of the database, between begin and end */
	struct outcome error;
	bool rehearsing;
};

/* Keep the first failure; later ones are its consequences. */
static void
fail(struct store *s, const char *what)
{
	int code = sqlite3_errcode(s->db) & 0xff;

	if (!outcome_is_ok(&s->error))
		return;
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		s->error = outcome_make("local", "locked", "%s", s->path);
	else if (code == SQLITE_FULL)
		s->error = outcome_make("local", "disk-full", "%s", s->path);
	else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		s->error = outcome_make("local", "damaged", "%s", s->path);
	else
		s->error = outcome_make(
		    "local", "database", "%s: %s: %s", s->path, what, sqlite3_errmsg(s->db));
}

struct outcome
store_error(const struct store *s)
{
	return s->error;
}

static bool
failed(const struct store *s)
{
	return !outcome_is_ok(&s->error);
}

/* SQL that is not kept: pragmas, schema steps. */
static void
execute(struct store *s, const char *sql)
{
	if (!failed(s) && sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(s, "cannot set up");
}

static void
run_schema_steps(struct store *s, const char *const *steps)
{
	int64_t version = store_number(s, 0, "PRAGMA user_version", "");
	int64_t known = 0;
	char pragma[64];

	while (steps[known] != NULL)
		known++;
	if (!failed(s) && version > known) {
		s->error = outcome_make("local", "database",
		    "%s was made by a newer version (schema %lld, this one knows %lld)",
		    s->path, (long long)version, (long long)known);
		return;
	}
	if (failed(s) || version == known)
		return;
	execute(s, "BEGIN IMMEDIATE");
	/* Another process may have taken the steps while we waited for it. */
	version = store_number(s, 0, "PRAGMA user_version", "");
	for (int64_t i = version; i < known; i++)
		execute(s, steps[i]);
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %lld", (long long)known);
	execute(s, pragma);
	execute(s, "COMMIT");
}

/*
 * The journal follows the mode the database file has, so it is made before SQLite can.  One
 * that is there is not opened: closing it would let go of the locks (fcntl(2)) by which other
 * connections of this process hold the database, and another process that closes it last, as
 * it thinks, would take their log away with what they write from then on.
 */
static void
make_private(struct store *s)
{
	int fd;

	if (*s->path == '\0')
		return;
	fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}

static void
configure(struct store *s, const struct store_options *o)
{
	char pragma[64];

	sqlite3_busy_timeout(s->db, o->busy_ms > 0 ? o->busy_ms : BUSY_MS);
	if (o->exclusive)
		execute(s, "PRAGMA locking_mode = EXCLUSIVE");
	execute(s, "PRAGMA journal_mode = WAL");
	store_durable(s, o->durable);
	execute(s, "PRAGMA foreign_keys = OFF");
	execute(s, "PRAGMA temp_store = FILE");
	if (o->cache_pages > 0) {
		snprintf(pragma, sizeof(pragma), "PRAGMA cache_size = %d", o->cache_pages);
		execute(s, pragma);
	}
}

/* Nobody asks how much memory SQLite has, for which it would lock at every allocation. */
static void
prepare_sqlite(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct outcome
store_open(const char *path, const struct store_options *options, struct store **store_r)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	struct store *s = xcalloc(1, sizeof(*s));
	struct outcome o;

	pthread_once(&once, prepare_sqlite);
	s->path = xstrdup(path);
	s->error = outcome_ok();
	make_private(s);
	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
		fail(s, "cannot open");
	configure(s, options);
	run_schema_steps(s, options->steps);
	o = s->error;
	if (!outcome_is_ok(&o))
		store_close(&s);
	*store_r = s;
	return o;
}

void
store_close(struct store **store)
{
	struct store *s = *store;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->prepared_count; i++)
		sqlite3_finalize(s->prepared[i].statement);
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(s->db);
	free(s->prepared);
	free(s->path);
	free(s);
	*store = NULL;
}

struct outcome
store_check(struct store *s)
{
	char *verdict = store_text(s, "PRAGMA quick_check(1)", "");

	if (!failed(s) && (verdict == NULL || strcmp(verdict, "ok") != 0))
		s->error = outcome_make("local", "damaged", "%s: %s", s->path,
		    verdict != NULL ? verdict : "no verdict");
	free(verdict);
	return s->error;
}

void
store_rehearse(struct store *s)
{
	execute(s, "BEGIN");
	s->rehearsing = true;
}

void
store_begin(struct store *s)
{
	if (!s->rehearsing)
		store_run(s, "BEGIN IMMEDIATE", "");
}

struct outcome
store_commit(struct store *s)
{
	if (failed(s))
		store_rollback(s);
	else if (!s->rehearsing)
		store_run(s, "COMMIT", "");
	return s->error;
}

void
store_rollback(struct store *s)
{
	if (!s->rehearsing && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

/* A query that is not at its end keeps what it reads from, as BEGIN would, which would be one
 * statement more, and COMMIT another. */
int64_t
store_begin_reading(struct store *s)
{
	s->reading = store_query(s, "PRAGMA data_version", "");
	return store_row(s, s->reading) ? sqlite3_column_int64(s->reading, 0) : 0;
}

void
store_end_reading(struct store *s)
{
	store_done(s->reading);
	s->reading = NULL;
}

void
store_durable(struct store *s, bool durable)
{
	if (!s->rehearsing)
		execute(
		    s, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
}

/* The statement for this literal, prepared at its first use. */
static sqlite3_stmt *
find_statement(struct store *s, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	for (size_t i = 0; i < s->prepared_count; i++)
		if (s->prepared[i].sql == sql)
			return s->prepared[i].statement;
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
	    SQLITE_OK) {
		fail(s, sql);
		return NULL;
	}
	s->prepared = xreallocarray(s->prepared, s->prepared_count + 1, sizeof(s->prepared[0]));
	s->prepared[s->prepared_count++] = (struct prepared){sql, statement};
	return statement;
}

/* Texts are copied (SQLITE_TRANSIENT), or stay until the statement is at its end
 * (SQLITE_STATIC). */
static sqlite3_stmt *
start(struct store *s, const char *sql, const char *types, va_list args,
    sqlite3_destructor_type texts)
{
	sqlite3_stmt *q = failed(s) ? NULL : find_statement(s, sql);
	int result = SQLITE_OK;

	if (q == NULL)
		return NULL;
	for (int i = 0; types[i] != '\0' && result == SQLITE_OK; i++) {
		if (types[i] == 'i')
			result = sqlite3_bind_int64(q, i + 1, va_arg(args, int64_t));
		else
			result =
			    sqlite3_bind_text(q, i + 1, va_arg(args, const char *), -1, texts);
	}
	if (result != SQLITE_OK) {
		fail(s, sql);
		return NULL;
	}
	return q;
}

sqlite3_stmt *
store_query_v(struct store *s, const char *sql, const char *types, va_list args)
{
	return start(s, sql, types, args, SQLITE_TRANSIENT);
}

sqlite3_stmt *
store_query(struct store *s, const char *sql, const char *types, ...)
{
	sqlite3_stmt *q;
	va_list args;

	va_start(args, types);
	q = store_query_v(s, sql, types, args);
	va_end(args);
	return q;
}

bool
store_row(struct store *s, sqlite3_stmt *q)
{
	int result;

	if (q == NULL)
		return false;
	result = failed(s) ? SQLITE_DONE : sqlite3_step(q);
	if (result == SQLITE_ROW)
		return true;
	if (result != SQLITE_DONE)
		fail(s, sqlite3_sql(q));
	store_done(q);
	return false;
}

void
store_done(sqlite3_stmt *q)
{
	if (q != NULL)
		sqlite3_reset(q);
}

int64_t
store_run(struct store *s, const char *sql, const char *types, ...)
{
	sqlite3_stmt *q;
	va_list args;

	va_start(args, types);
	q = start(s, sql, types, args, SQLITE_STATIC);
	va_end(args);
	while (store_row(s, q))
		continue;
	return failed(s) ? 0 : sqlite3_changes(s->db);
}

int64_t
store_number(struct store *s, int64_t fallback, const char *sql, const char *types, ...)
{
	int64_t value = fallback;
	sqlite3_stmt *q;
	va_list args;

	va_start(args, types);
	q = store_query_v(s, sql, types, args);
	va_end(args);
	if (store_row(s, q)) {
		if (sqlite3_column_type(q, 0) != SQLITE_NULL)
			value = sqlite3_column_int64(q, 0);
		store_done(q);
	}
	return value;
}

char *
store_text(struct store *s, const char *sql, const char *types, ...)
{
	char *value = NULL;
	sqlite3_stmt *q;
	va_list args;

	va_start(args, types);
	q = store_query_v(s, sql, types, args);
	va_end(args);
	if (store_row(s, q)) {
		value = store_copy(q, 0);
		store_done(q);
	}
	return value;
}

char *
store_copy(sqlite3_stmt *q, int column)
{
	return xstrdup((const char *)sqlite3_column_text(q, column));
}

int64_t
store_last_id(struct store *s)
{
	return sqlite3_last_insert_rowid(s->db);
}
