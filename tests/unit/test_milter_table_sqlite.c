/* Tables in SQLite databases. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "milter/table.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

static sqlite3 *
run_sql(const char *file, const char *sql)
{
	sqlite3 *db;
	char *message = NULL;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	return db;
}

/* Put a database there at once. */
static void
put_database(const char *name, const char *sql)
{
	(void)unlink("new.db");
	sqlite3_close(run_sql("new.db", sql));
	assert_int_equal(rename("new.db", name), 0);
}

#define RULES(values)                                  \
	"CREATE TABLE rules (key TEXT, action TEXT); " \
	"INSERT INTO rules VALUES " values ";"

/* Open the table that a file with this text describes. */
static struct outcome
open_described(const char *text, struct table **table_r)
{
	char *spec = xasprintf("sqlite:%s/table.cf", folder);
	struct outcome o = file_write_atomic(AT_FDCWD, "table.cf", text, strlen(text), 0644);

	assert_string_equal(o.condition, "ok");
	o = table_open(spec, table_r);
	free(spec);
	return o;
}

static struct outcome
open_query(const char *query, struct table **table_r)
{
	char *text =
	    xasprintf("# a comment\ndbpath = %s/rules.db\nquery = %s\n", folder, query);
	struct outcome o = open_described(text, table_r);

	free(text);
	return o;
}

static struct table *
open_right(const char *query)
{
	struct table *table;
	struct outcome o = open_query(query, &table);

	if (!outcome_is_ok(&o))
		fail_msg("%s", o.text);
	return table;
}

#define QUERY "SELECT action FROM rules WHERE key = '%s'"

/* "alias", "direct", "refuse", "none", or the outcome's condition. */
static const char *
look_up(struct table *table, const char *key)
{
	static const char *const words[] = {"alias", "direct", "refuse"};
	struct policy_rule rule;
	bool found;
	struct outcome o = table_find(table, key, &rule, &found);
	const char *word = found ? words[rule.action] : "none";

	policy_rule_free(&rule);
	return outcome_is_ok(&o) ? word : o.condition;
}

static void
a_row_is_a_rule_and_no_row_is_none(void **state)
{
	struct table *table;

	(void)state;
	put_database("rules.db",
	    RULES("('example.org', 'direct'), ('bob@example.org', 'alias a@sl.example'), "
	          "('empty.example', ''), ('null.example', NULL)"));
	table = open_right(QUERY);
	assert_string_equal(look_up(table, "example.org"), "direct");
	assert_string_equal(look_up(table, "bob@example.org"), "alias");
	assert_string_equal(look_up(table, "example.com"), "none");
	assert_string_equal(look_up(table, "empty.example"), "none");
	assert_string_equal(look_up(table, "null.example"), "none");
	table_close(&table);
}

static void
a_key_is_never_part_of_the_query(void **state)
{
	struct table *table;

	(void)state;
	put_database("rules.db", RULES("('example.org', 'direct'), ('o''hara@x', 'refuse')"));
	table = open_right("SELECT action FROM rules WHERE key = %s");
	assert_string_equal(look_up(table, "o'hara@x"), "refuse");
	assert_string_equal(look_up(table, "' OR 'a'='a"), "none");
	table_close(&table);
	table = open_right(QUERY);
	assert_string_equal(look_up(table, "o'hara@x"), "refuse");
	assert_string_equal(look_up(table, "' OR 'a'='a"), "none");
	table_close(&table);
}

static void
a_query_for_parts_of_an_address_is_not_asked_about_domains(void **state)
{
	struct table *table;

	(void)state;
	put_database("rules.db", RULES("('bob/example.org', 'direct'), ('/', 'refuse')"));
	table = open_right(
	    "SELECT action FROM rules WHERE key = '%u' || '/' || '%d' AND 'a%%' LIKE 'a%%'");
	assert_string_equal(look_up(table, "bob@example.org"), "direct");
	assert_string_equal(look_up(table, "\"bob@home\"@example.org"), "none");
	assert_string_equal(look_up(table, "example.org"), "none");
	assert_string_equal(look_up(table, "/"), "none");
	table_close(&table);
}

static void
a_mistake_in_its_description_is_named(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"", "lacks \"dbpath\""},
	    {"dbpath = /tmp/x\n", "lacks \"query\""},
	    {"dbpath = x\n", "table.cf:1: dbpath is no absolute path"},
	    {"\nuser = x\n", "table.cf:2: it has only"},
	    {"query SELECT\n", "table.cf:1: it is no \"NAME = VALUE\""},
	    {"query = SELECT 1 WHERE '%s'", "table.cf:1: the last line has no end"},
	    {"query = SELECT 1 WHERE a = '%S'\n", "'%' is followed by none of"},
	    {"query = SELECT 1 WHERE a = %", "the last line has no end"},
	    {"query = SELECT 1 WHERE a = %\n", "'%' is followed by none of"},
	    {"query = SELECT 1 WHERE a LIKE '%%%s'\n", "something stands beside a key"},
	    {"query = SELECT 1 WHERE a LIKE '.%s'\n", "something stands beside a key"},
	    {"query = SELECT 1 WHERE a LIKE '%s.'\n", "something stands beside a key"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table *table;
		struct outcome o = open_described(cases[i].text, &table);

		assert_null(table);
		assert_true(outcome_is(&o, "local/config"));
		if (strstr(o.text, cases[i].says) == NULL)
			fail_msg("\"%s\" does not say: %s", o.text, cases[i].says);
	}
}

static void
a_query_can_only_read_one_column(void **state)
{
	static const char *const queries[] = {
	    "DELETE FROM rules WHERE key = '%s' RETURNING action",
	    "UPDATE rules SET action = '%s'",
	    "SELECT key, action FROM rules WHERE key = '%s'",
	    "SELECT action FROM rules WHERE key = '%s'; DELETE FROM rules",
	    "-- nothing",
	};

	(void)state;
	put_database("rules.db", RULES("('example.org', 'direct')"));
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct table *table;
		struct outcome o = open_query(queries[i], &table);

		assert_null(table);
		if (!outcome_is(&o, "local/config"))
			fail_msg("%s: %s", queries[i], o.text);
	}
}

static void
what_cannot_be_asked_is_an_error_from_the_start(void **state)
{
	struct table *table;
	struct outcome o;

	(void)state;
	(void)unlink("rules.db");
	o = open_query(QUERY, &table);
	assert_true(outcome_is(&o, "local/database"));
	assert_non_null(strstr(o.text, "rules.db"));
	put_database("rules.db", RULES("('example.org', 'direct')"));
	o = open_query("SELECT action FROM absent WHERE key = '%s'", &table);
	assert_true(outcome_is(&o, "local/database"));
	if (strstr(o.text, "no such table: absent") == NULL)
		fail_msg("%s", o.text);
	o = file_write_atomic(AT_FDCWD, "rules.db", "no database at all, but bytes", 29, 0644);
	assert_true(outcome_is_ok(&o));
	o = open_query(QUERY, &table);
	assert_true(outcome_is(&o, "local/database"));
	assert_null(table);
}

static void
what_is_no_single_rule_is_a_temporary_error(void **state)
{
	struct table *table;
	struct policy_rule rule;
	bool found;
	struct outcome o;

	(void)state;
	put_database(
	    "rules.db", RULES("('two.example', 'direct'), ('two.example', 'refuse'), "
	                      "('odd.example', 'forward'), ('good.example', 'direct'), "
	                      "('nul.example', CAST(x'64697265637400' AS TEXT))"));
	table = open_right(QUERY);
	assert_string_equal(look_up(table, "two.example"), "local/database");
	assert_string_equal(look_up(table, "nul.example"), "local/database");
	o = table_find(table, "odd.example", &rule, &found);
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	assert_false(found);
	assert_non_null(strstr(o.text, "of \"odd.example\": the action is none of"));
	assert_string_equal(look_up(table, "good.example"), "direct");
	table_close(&table);
}

static void
a_query_that_does_not_end_is_broken_off(void **state)
{
	struct table *table;

	(void)state;
	put_database("rules.db", RULES("('example.org', 'direct')"));
	table =
	    open_right("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
	               "SELECT 'direct' FROM n WHERE i < 0 OR %s = 'example.org' AND i = -1");
	assert_string_equal(look_up(table, "example.org"), "local/database");
	table_close(&table);
}

static void
a_database_that_is_being_written_is_waited_for_and_then_an_error(void **state)
{
	struct table *table;
	sqlite3 *writer;

	(void)state;
	put_database("rules.db", RULES("('example.org', 'direct')"));
	table = open_right(QUERY);
	writer = run_sql("rules.db", "BEGIN EXCLUSIVE");
	assert_string_equal(look_up(table, "example.org"), "local/locked");
	sqlite3_close(writer);
	assert_string_equal(look_up(table, "example.org"), "direct");
	table_close(&table);
}

static void
changes_and_another_file_of_that_name_are_seen(void **state)
{
	struct table *table;
	int tries = 0;

	(void)state;
	put_database("rules.db", RULES("('example.org', 'direct')"));
	table = open_right(QUERY);
	sqlite3_close(run_sql("rules.db", "UPDATE rules SET action = 'alias'"));
	assert_string_equal(look_up(table, "example.org"), "alias");
	put_database("rules.db", RULES("('example.org', 'refuse')"));
	while (strcmp(look_up(table, "example.org"), "refuse") != 0 && tries++ < 3000)
		usleep(10000);
	assert_string_equal(look_up(table, "example.org"), "refuse");
	/* One that is gone is no table without rules. */
	assert_int_equal(unlink("rules.db"), 0);
	for (tries = 0; tries < 3000; tries++) {
		if (strcmp(look_up(table, "example.org"), "local/database") == 0)
			break;
		usleep(10000);
	}
	assert_string_equal(look_up(table, "example.com"), "local/database");
	put_database("rules.db", RULES("('example.org', 'direct')"));
	assert_string_equal(look_up(table, "example.org"), "direct");
	table_close(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_is_a_rule_and_no_row_is_none),
	    cmocka_unit_test(a_key_is_never_part_of_the_query),
	    cmocka_unit_test(a_query_for_parts_of_an_address_is_not_asked_about_domains),
	    cmocka_unit_test(a_mistake_in_its_description_is_named),
	    cmocka_unit_test(a_query_can_only_read_one_column),
	    cmocka_unit_test(what_cannot_be_asked_is_an_error_from_the_start),
	    cmocka_unit_test(what_is_no_single_rule_is_a_temporary_error),
	    cmocka_unit_test(a_query_that_does_not_end_is_broken_off),
	    cmocka_unit_test(a_database_that_is_being_written_is_waited_for_and_then_an_error),
	    cmocka_unit_test(changes_and_another_file_of_that_name_are_seen),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_remove);
}
