/*
 * db - one SQLite connection with its prepared statements
 *
 * A connection belongs to one thread at a time.  Statements are prepared at first use and
 * kept; they are known by the address of their text, so the text must be a string literal
 * and one literal must not run inside a loop over itself.
 *
 * Failure (disk full, I/O) is sticky: it is noted in the connection, everything after it does
 * nothing and finds nothing, and whoever ends the transaction learns of it from db_commit().
 * So the code between need not ask after each step.
 *
 * Arguments follow a string of types: 'i' int64_t, 't' const char * (NULL is SQL's NULL),
 * 'b' const void * and size_t.  What they point to must live until the rows are read.
 */
#ifndef SANDBOX_DB_H
#define SANDBOX_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "common/base/outcome.h"

struct db;

/* Open a database file, made if missing, in WAL mode.  NULL with *o set if it cannot be. */
struct db *db_open(const char *path, struct outcome *o);
void db_close(struct db **d);

/* Run any statements, for the schema. */
void db_script(struct db *d, const char *sql);

/* Start a query; read its rows with db_next(). */
sqlite3_stmt *db_query(struct db *d, const char *sql, const char *types, ...);

/* Step: true if there is a row.  After false the statement may be used again. */
bool db_next(struct db *d, sqlite3_stmt *rows);

/* Leave a query before its last row. */
void db_finish(sqlite3_stmt *rows);

/* Run a statement that has no rows. */
void db_run(struct db *d, const char *sql, const char *types, ...);

/* The first column of the first row, or fallback if there is none. */
int64_t db_int(struct db *d, int64_t fallback, const char *sql, const char *types, ...);

/* The same for text; NULL if there is none.  The caller free()s it. */
char *db_text(struct db *d, const char *sql, const char *types, ...);

int64_t db_last_id(struct db *d);
int64_t db_changes(struct db *d); /* rows the last statement changed */

/* Transactions: writers wait for each other in the caller (store.h). */
void db_begin(struct db *d, bool write);
void db_rollback(struct db *d);

/* Within a transaction: note this point, where db_back_to_mark() undoes all that follows it.
 * A new mark takes the place of the one before. */
void db_mark(struct db *d);
void db_back_to_mark(struct db *d);

/* True if all of it is stored; else it was rolled back and *why_r (if asked) is the text. */
bool db_commit(struct db *d, const char **why_r);

#endif
