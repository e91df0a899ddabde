/*
 * store - a SQLite database as a program's memory
 *
 * Thin: statements are prepared once and kept, values are bound by a type string, schema
 * steps are applied in order, and the first failure sticks.  After it every call does
 * nothing (no rows, no effect), and store_error() or the next store_commit() says what it
 * was: code that talks to the database reads straight, and checks where it matters.
 *
 * Type strings, one letter an argument: i int64_t, t const char * (NULL is SQL's NULL).
 * SQL text must be a string literal or live as long as the store.  Errors are
 * local/database; local/damaged if the file is no sound database; local/locked if another
 * process has the database.  A store is for one thread at a time.
 */
#ifndef FERRY_STORE_H
#define FERRY_STORE_H

#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/outcome.h"

struct store;

struct store_options {
	/* steps[n] is SQL that brings schema version n to n + 1; NULL ends them. */
	const char *const *steps;
	bool
	    exclusive; /* no other process may open it meanwhile; then no shared memory either */
	bool durable;  /* a commit survives a power cut (else: only what came before one) */
	int cache_pages; /* at most so many pages of 4 KiB in memory; 0: SQLite's default */
	int busy_ms;     /* that others are waited for; 0: two seconds */
};

/*
 * Open, or make with mode 0600, the database at path ("" is a temporary one) and bring its
 * schema up to date.  A version newer than steps know is refused and left as it is.
 */
struct outcome
store_open(const char *path, const struct store_options *options, struct store **store_r);
void store_close(struct store **store);

/* Is every page of it sound?  local/damaged says what is not. */
struct outcome store_check(struct store *store);

/* The first failure since opening, or OK. */
struct outcome store_error(const struct store *store);

/*
 * Transactions.  While the store is held for rehearsal, all changes are made as usual, and
 * taken back when it is closed.
 */
void store_rehearse(struct store *store);

void store_begin(struct store *store);
struct outcome store_commit(struct store *store);
void store_rollback(struct store *store);

/*
 * Between these, queries see one state of the database, and none has to ask for it anew.  The
 * number of the state is another one whenever somebody else has changed the database; what this
 * store changes makes no difference to it.
 */
int64_t store_begin_reading(struct store *store);
void store_end_reading(struct store *store);

/* From the next transaction on a commit survives a power cut, or not (store_options). */
void store_durable(struct store *store, bool durable);

/*
 * Start a query; rows are read with store_row(), columns with sqlite3_column_*().  A query
 * not read to its end must be let go with store_done().  NULL after a failure, which
 * store_row() and store_done() take.
 */
sqlite3_stmt *store_query(struct store *store, const char *sql, const char *types, ...);
sqlite3_stmt *
store_query_v(struct store *store, const char *sql, const char *types, va_list args);
bool store_row(struct store *store, sqlite3_stmt *query);
void store_done(sqlite3_stmt *query);

/* Run to the end.  Returns how many rows it changed. */
int64_t store_run(struct store *store, const char *sql, const char *types, ...);

/* The first column of the first row: a number, or fallback; text the caller free()s, or
 * NULL. */
int64_t
store_number(struct store *store, int64_t fallback, const char *sql, const char *types, ...);
char *store_text(struct store *store, const char *sql, const char *types, ...);

/* A text column as a copy the caller free()s; NULL for NULL. */
char *store_copy(sqlite3_stmt *query, int column);

int64_t store_last_id(struct store *store);

#endif
