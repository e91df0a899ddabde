/*
 * Rows as they stream by, of whatever tables the database has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "sync/dump.h"

/* The queries: their texts have to live as long as the store. */
struct tables {
	char **names, **queries;
	size_t count;
};

static void
list_tables(struct store *store, struct tables *t)
{
	sqlite3_stmt *q = store_query(store,
	    "SELECT name FROM sqlite_master WHERE type = 'table'"
	    " AND name NOT LIKE 'sqlite%' ORDER BY rowid",
	    "");

	while (store_row(store, q)) {
		t->names = xreallocarray(t->names, t->count + 1, sizeof(t->names[0]));
		t->queries = xreallocarray(t->queries, t->count + 1, sizeof(t->queries[0]));
		t->names[t->count] = store_copy(q, 0);
		/* By the first column, which is each table's key. */
		t->queries[t->count] =
		    xasprintf("SELECT * FROM \"%s\" ORDER BY 1", t->names[t->count]);
		t->count++;
	}
}

static void
free_tables(struct tables *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->names[i]);
		free(t->queries[i]);
	}
	free(t->names);
	free(t->queries);
}

static void
print_value(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f || *text == '\\')
			printf("\\%03o", (unsigned)(unsigned char)*text);
		else
			putchar(*text);
}

static void
print_row(const char *table, sqlite3_stmt *q)
{
	fputs(table, stdout);
	for (int i = 0; i < sqlite3_column_count(q); i++) {
		if (sqlite3_column_type(q, i) == SQLITE_NULL)
			continue;
		printf("\t%s=", sqlite3_column_name(q, i));
		print_value((const char *)sqlite3_column_text(q, i));
	}
	putchar('\n');
}

/* A value that is not UTF-8 (a file's name may be anything) is left out. */
static json_t *
row_object(sqlite3_stmt *q)
{
	json_t *row = json_object();

	for (int i = 0; i < sqlite3_column_count(q); i++) {
		json_t *value = NULL;

		if (sqlite3_column_type(q, i) == SQLITE_INTEGER)
			value = json_integer(sqlite3_column_int64(q, i));
		else if (sqlite3_column_type(q, i) != SQLITE_NULL)
			value = json_string((const char *)sqlite3_column_text(q, i));
		if (value != NULL)
			json_object_set_new(row, sqlite3_column_name(q, i), value);
	}
	return row;
}

static struct outcome
print_table(struct mirror *m, const char *name, const char *query)
{
	sqlite3_stmt *q = store_query(m->store, query, "");

	while (store_row(m->store, q)) {
		if (m->report->style.json)
			report_answer(m->report, "row",
			    json_pack("{s:s, s:o}", "table", name, "row", row_object(q)), "%s",
			    "");
		else
			print_row(name, q);
		if (!cancel_requested() && !ferror(stdout))
			continue;
		store_done(q);
		return ferror(stdout) ? outcome_make("local", "io", "standard output")
		                      : outcome_make("local", "cancelled", NULL);
	}
	return store_error(m->store);
}

struct outcome
dump_run(const struct sync_config *config, const struct mirror_options *options,
    struct report *report)
{
	struct mirror m = {.config = config, .options = *options, .report = report};
	struct outcome o = mirror_peek(&m);
	struct tables tables = {0};

	report_result(report, json_object(), "%s", "");
	if (m.store != NULL)
		list_tables(m.store, &tables);
	for (size_t i = 0; i < tables.count && outcome_is_ok(&o); i++)
		o = print_table(&m, tables.names[i], tables.queries[i]);
	o = outcome_worse(o, mirror_close(&m));
	free_tables(&tables);
	return o;
}
