/*
 * A table in an SQLite database, described by a file like those of sqlite_table(5):
 *
 *	dbpath = /var/lib/ferry/rules.db
 *	query = SELECT action FROM rules WHERE key = '%s'
 *
 * The key is never put into the query's text: what stands for it becomes a parameter.  The
 * database is opened for reading alone, its query may only read, and a query that takes long
 * is broken off.
 */
#include <ctype.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "milter/table_file.h"
#include "milter/table_lines.h"
#include "milter/table_parts.h"

#define FILE_MAX   (64u << 10) /* bytes of the file that describes it */
#define QUERY_MS   2000        /* for one query, waiting for a lock included */
#define STEPS      1000        /* of SQLite's machine, between looks at the clock */
#define LENGTH_MAX (1 << 20)   /* bytes of a row */
#define PARAMETERS 3           /* ?1 is the key, ?2 its local part, ?3 its domain */

struct sqlite_table {
	char *path; /* of the file that describes it */
	char *database;
	char *query;          /* with parameters in it */
	bool addresses;       /* it asks for parts that an address alone has */
	pthread_mutex_t lock; /* of what follows */
	sqlite3 *db;          /* NULL: to be opened anew */
	sqlite3_stmt *statement;
	struct table_file file; /* the database's */
	int64_t looked_ms;
	struct deadline deadline; /* of the query that is at work */
};

/* Close it; what comes next opens it anew. */
static void
disconnect(struct sqlite_table *table)
{
	sqlite3_finalize(table->statement);
	sqlite3_close(table->db);
	table->statement = NULL;
	table->db = NULL;
}

static struct outcome
failure(const struct sqlite_table *table)
{
	int code = sqlite3_errcode(table->db) & 0xff;

	return outcome_make("local",
	    code == SQLITE_BUSY || code == SQLITE_LOCKED ? "locked" : "database", "%s: %s",
	    table->database, sqlite3_errmsg(table->db));
}

static int
is_late(void *arg)
{
	const struct sqlite_table *table = arg;

	return deadline_passed(table->deadline);
}

/* Wait for who writes, until the deadline. */
static int
wait_for_lock(void *arg, int tries)
{
	const struct sqlite_table *table = arg;

	(void)tries;
	return clock_sleep_ms(10, table->deadline);
}

/* Let the database be no more than data: it may be somebody else's. */
static void
confine(struct sqlite_table *table)
{
	sqlite3_db_config(table->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(table->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(table->db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	sqlite3_limit(table->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_progress_handler(table->db, STEPS, is_late, table);
	sqlite3_busy_handler(table->db, wait_for_lock, table);
}

static struct outcome
prepare(struct sqlite_table *table)
{
	const char *rest = "";

	if (sqlite3_prepare_v3(table->db, table->query, -1, SQLITE_PREPARE_PERSISTENT,
	        &table->statement, &rest) != SQLITE_OK)
		return failure(table);
	if (table->statement == NULL || rest[strspn(rest, " \t;")] != '\0' ||
	    !sqlite3_stmt_readonly(table->statement) ||
	    sqlite3_column_count(table->statement) != 1)
		return outcome_make("local", "config",
		    "%s: the query is no single SELECT of one column", table->path);
	return outcome_ok();
}

static struct outcome
connect_database(struct sqlite_table *table)
{
	struct outcome o;

	table->file = table_file_look(table->database);
	table->looked_ms = clock_ms();
	if (sqlite3_open_v2(table->database, &table->db,
	        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		o = failure(table);
	} else {
		confine(table);
		o = prepare(table);
	}
	if (!outcome_is_ok(&o))
		disconnect(table);
	return o;
}

/* Open it, if it is not, or there is another file of that name by now. */
static struct outcome
make_ready(struct sqlite_table *table)
{
	struct table_file file;

	table->deadline = deadline_in_ms(QUERY_MS);
	if (table->db != NULL && clock_ms() - table->looked_ms >= TABLE_LOOK_MS) {
		table->looked_ms = clock_ms();
		file = table_file_look(table->database);
		if (file.device != table->file.device || file.inode != table->file.inode)
			disconnect(table);
	}
	return table->db != NULL ? outcome_ok() : connect_database(table);
}

/* Give the query the key and, of an address, its parts. */
static bool
bind(struct sqlite_table *table, const char *key)
{
	const char *at = strrchr(key, '@');
	const char *values[PARAMETERS] = {key, key, at != NULL ? at + 1 : ""};
	int lengths[PARAMETERS] = {-1, at != NULL ? (int)(at - key) : 0, -1};
	int wanted = sqlite3_bind_parameter_count(table->statement);

	for (int i = 0; i < PARAMETERS && i < wanted; i++)
		if (sqlite3_bind_text(table->statement, i + 1, values[i], lengths[i],
		        SQLITE_STATIC) != SQLITE_OK)
			return false;
	return true;
}

/* Read the action in the row at hand. */
static struct outcome
read_row(const struct sqlite_table *table, const char *key, struct policy_rule *rule_r,
    bool *found_r)
{
	const char *text = (const char *)sqlite3_column_text(table->statement, 0);
	size_t length = (size_t)sqlite3_column_bytes(table->statement, 0);
	const char *fault;

	if (text == NULL || length == 0)
		return outcome_ok();
	fault =
	    strlen(text) != length ? "there is a NUL in it" : policy_rule_read(text, rule_r);
	if (fault != NULL)
		return outcome_make(
		    "local", "database", "%s: of \"%s\": %s", table->database, key, fault);
	*found_r = true;
	return outcome_ok();
}

static struct outcome
ask(struct sqlite_table *table, const char *key, struct policy_rule *rule_r, bool *found_r)
{
	struct outcome o = outcome_ok();
	int result = bind(table, key) ? sqlite3_step(table->statement) : SQLITE_ERROR;

	if (result == SQLITE_ROW) {
		o = read_row(table, key, rule_r, found_r);
		result = sqlite3_step(table->statement);
		if (result == SQLITE_ROW && outcome_is_ok(&o))
			o = outcome_make("local", "database",
			    "%s: there are several rules for \"%s\"", table->database, key);
	}
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		o = failure(table);
	(void)sqlite3_reset(table->statement);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		disconnect(table);
	if (!outcome_is_ok(&o)) {
		policy_rule_free(rule_r);
		*found_r = false;
	}
	return o;
}

static struct outcome
find_sqlite(void *of_kind, const char *key, struct policy_rule *rule_r, bool *found_r)
{
	struct sqlite_table *table = of_kind;
	struct outcome o;

	if (table->addresses && strchr(key, '@') == NULL)
		return outcome_ok();
	pthread_mutex_lock(&table->lock);
	o = make_ready(table);
	if (outcome_is_ok(&o))
		o = ask(table, key, rule_r, found_r);
	pthread_mutex_unlock(&table->lock);
	return o;
}

/*
 * Append what the two characters at p stand for; NULL or the fault.  quoted: they stand in
 * single quotes, which are the characters before and behind them.
 */
static const char *
add_expansion(struct sqlite_table *table, const char *p, bool quoted, struct buf *sql)
{
	static const char letters[] = "sud";
	const char *letter = p[1] != '\0' ? strchr(letters, p[1]) : NULL;

	if (p[1] == '%') {
		buf_addc(sql, '%');
		return NULL;
	}
	if (letter == NULL)
		return "in the query, '%' is followed by none of \"s\", \"u\", \"d\" and \"%\"";
	if (quoted && (p[-1] != '\'' || p[2] != '\''))
		return "in the query, something stands beside a key in the same quotes";
	if (quoted)
		buf_truncate(sql, sql->len - 1);
	buf_addf(sql, "?%d", (int)(letter - letters) + 1);
	table->addresses |= *letter != 's';
	return NULL;
}

/* Make parameters of what stands for a key in a query. */
static const char *
read_query(struct sqlite_table *table, const char *query)
{
	struct buf sql = BUF_INIT;
	const char *fault = NULL;
	bool quoted = false;

	for (const char *p = query; *p != '\0' && fault == NULL; p++) {
		if (*p == '%') {
			fault = add_expansion(table, p, quoted, &sql);
			if (fault == NULL && quoted && p[1] != '%') {
				quoted = false;
				p++; /* the quote behind goes too */
			}
			p++;
			continue;
		}
		quoted ^= *p == '\'';
		buf_addc(&sql, *p);
	}
	free(table->query);
	table->query = fault == NULL ? buf_steal(&sql) : NULL;
	buf_free(&sql);
	return fault;
}

/* Take "NAME = VALUE". */
static const char *
read_parameter(struct sqlite_table *table, char *line)
{
	char *equals = strchr(line, '='), *end = equals, *value;

	if (equals == NULL)
		return "it is no \"NAME = VALUE\"";
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	value = equals + 1 + strspn(equals + 1, " \t");
	if (strcmp(line, "query") == 0)
		return read_query(table, value);
	if (strcmp(line, "dbpath") != 0)
		return "it has only \"dbpath\" and \"query\"";
	if (*value != '/')
		return "dbpath is no absolute path";
	free(table->database);
	table->database = xstrdup(value);
	return NULL;
}

static struct outcome
read_description(struct sqlite_table *table, const struct buf *bytes)
{
	struct table_lines lines;
	struct outcome o = outcome_ok();
	const char *fault = NULL;

	table_lines_init(&lines, buf_str(bytes), bytes->len);
	while (fault == NULL && table_lines_next(&lines))
		fault = read_parameter(table, lines.line.data);
	if (fault == NULL)
		fault = lines.fault;
	if (fault != NULL)
		o = outcome_make(
		    "local", "config", "%s:%lu: %s", table->path, lines.number, fault);
	else if (table->database == NULL || table->query == NULL)
		o = outcome_make("local", "config", "%s lacks \"%s\"", table->path,
		    table->database == NULL ? "dbpath" : "query");
	table_lines_free(&lines);
	return o;
}

static void
close_sqlite(void *of_kind)
{
	struct sqlite_table *table = of_kind;

	disconnect(table);
	pthread_mutex_destroy(&table->lock);
	free(table->path);
	free(table->database);
	free(table->query);
	free(table);
}

static struct outcome
open_sqlite(const char *path, void **table_r)
{
	struct sqlite_table *table = xcalloc(1, sizeof(*table));
	struct buf bytes = BUF_INIT;
	struct table_file file;
	struct outcome o;

	table->path = xstrdup(path);
	pthread_mutex_init(&table->lock, NULL);
	o = table_file_read(path, FILE_MAX, &bytes, &file);
	if (outcome_is_ok(&o))
		o = read_description(table, &bytes);
	if (outcome_is_ok(&o))
		o = make_ready(table);
	buf_free(&bytes);
	if (!outcome_is_ok(&o))
		close_sqlite(table);
	else
		*table_r = table;
	return o;
}

const struct table_kind table_sqlite = {
    .prefix = "sqlite:",
    .open = open_sqlite,
    .find = find_sqlite,
    .close = close_sqlite,
};
