/* The alias map: what is learned comes back, and a hostname has one alias, whoever asks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/settings/alias_map.h"
#include "common/settings/reverse_domains.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

#define PROCESSES 20

static int
open_map(void **state)
{
	struct outcome o = alias_map_open("map.db", (struct alias_map **)state);

	return !outcome_is_ok(&o);
}

static int
close_map(void **state)
{
	alias_map_close((struct alias_map **)state);
	return system("rm -f map.db map.db-wal map.db-shm");
}

#define WITH_MAP(test) cmocka_unit_test_setup_teardown(test, open_map, close_map)
#define GOOD(call)                                    \
	do {                                          \
		struct outcome good = (call);         \
		assert_string_equal(good.text, "ok"); \
	} while (0)

static char address_1[] = "one.cat@sl.example", address_2[] = "two.cat@sl.example";
static const struct alias_map_alias one = {.id = 1, .address = address_1, .enabled = true};
static const struct alias_map_alias two = {.id = 2, .address = address_2, .enabled = true};

static struct alias_map_contact
contact(int64_t id, int64_t alias, const char *address, const char *reverse)
{
	return (struct alias_map_contact){.id = id,
	    .alias_id = alias,
	    .address = (char *)address,
	    .reverse = (char *)reverse};
}

static int64_t
host_alias(struct alias_map *map, const char *hostname)
{
	struct alias_map_alias found;
	int64_t id;

	GOOD(alias_map_find_host(map, hostname, &found));
	id = found.id;
	alias_map_alias_free(&found);
	return id;
}

static void
what_was_learned_comes_back_in_another_process(void **state)
{
	struct alias_map *map = *state, *other;
	int64_t before = clock_wall_ms();
	struct alias_map_alias found;
	struct stat st;

	GOOD(alias_map_put_host(map, "example.com", &one));
	assert_int_equal(stat("map.db", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	GOOD(alias_map_open("map.db", &other));
	GOOD(alias_map_find_host(other, "example.com", &found));
	assert_int_equal(found.id, 1);
	assert_string_equal(found.address, address_1);
	assert_true(found.enabled);
	assert_false(found.trashed);
	assert_in_range(found.learned_ms, before, clock_wall_ms());
	alias_map_alias_free(&found);
	GOOD(alias_map_find_address(other, "ONE.cat@sl.example", &found));
	assert_int_equal(found.id, 1);
	alias_map_alias_free(&found);
	GOOD(alias_map_find_alias(other, 3, &found));
	assert_int_equal(found.id, 0);
	assert_int_equal(host_alias(other, "www.example.com"), 0);
	alias_map_close(&other);
}

static void
a_hostname_has_one_alias_and_an_alias_may_have_many_hostnames(void **state)
{
	struct alias_map *map = *state;
	struct alias_map_counts counts;

	GOOD(alias_map_put_host(map, "a.example", &one));
	GOOD(alias_map_put_host(map, "b.example", &one));
	GOOD(alias_map_put_host(map, "a.example", &two));
	assert_int_equal(host_alias(map, "a.example"), 2);
	assert_int_equal(host_alias(map, "b.example"), 1);
	GOOD(alias_map_count(map, &counts));
	assert_int_equal(counts.hosts, 2);
	assert_int_equal(counts.aliases, 2);
	GOOD(alias_map_drop_host(map, "a.example"));
	assert_int_equal(host_alias(map, "a.example"), 0);
}

static void
an_alias_that_came_again_with_another_id_replaces_the_old_one(void **state)
{
	struct alias_map_alias again = {.id = 9, .address = address_1, .enabled = true}, found;
	struct alias_map *map = *state;

	GOOD(alias_map_put_alias(map, &one));
	GOOD(alias_map_put_alias(map, &again));
	GOOD(alias_map_find_address(map, address_1, &found));
	assert_int_equal(found.id, 9);
	alias_map_alias_free(&found);
}

static void
addresses_of_correspondents_are_as_exact_as_the_service_takes_them(void **state)
{
	struct alias_map_contact upper =
	    contact(1, 1, "Bob@Example.COM", "Bob_at_Example_com_ab@sl.example");
	struct alias_map_contact lower =
	    contact(2, 1, "bob@example.com", "bob_at_example_com_cd@sl.example");
	struct alias_map_contact found;
	struct alias_map *map = *state;
	int64_t count;

	GOOD(alias_map_put_contact(map, &upper));
	GOOD(alias_map_put_contact(map, &lower));
	GOOD(alias_map_find_contact(map, 1, "Bob@EXAMPLE.com", &found));
	assert_int_equal(found.id, 1);
	assert_string_equal(found.reverse, "Bob_at_Example_com_ab@sl.example");
	alias_map_contact_free(&found);
	GOOD(alias_map_find_contact(map, 2, "bob@example.com", &found));
	assert_int_equal(found.id, 0);
	GOOD(alias_map_find_reverse(map, "bob_at_example_com_cd@sl.example", &found));
	assert_int_equal(found.id, 2);
	assert_int_equal(found.alias_id, 1);
	assert_string_equal(found.address, "bob@example.com");
	alias_map_contact_free(&found);
	GOOD(alias_map_find_correspondent(map, "bob@Example.com", &found, &count));
	assert_int_equal(count, 1);
	assert_int_equal(found.id, 2);
	alias_map_contact_free(&found);
	GOOD(alias_map_find_correspondent(map, "nobody@example.com", &found, &count));
	assert_int_equal(count, 0);
	GOOD(alias_map_find_reverse(map, "BOB_at_example_com_cd@sl.example", &found));
	assert_int_equal(found.id, 0);
}

static void
a_contact_that_was_made_again_replaces_the_old_one(void **state)
{
	struct alias_map_contact old = contact(1, 1, "bob@x.example", "r1@sl.example");
	struct alias_map_contact new = contact(2, 1, "bob@x.example", "r2@sl.example");
	struct alias_map_contact found;
	struct alias_map *map = *state;

	GOOD(alias_map_put_contact(map, &old));
	GOOD(alias_map_put_contact(map, &new));
	GOOD(alias_map_find_contact(map, 1, "bob@x.example", &found));
	assert_int_equal(found.id, 2);
	alias_map_contact_free(&found);
	GOOD(alias_map_find_reverse(map, "r1@sl.example", &found));
	assert_int_equal(found.id, 0);
	GOOD(alias_map_drop_contact(map, 2));
	GOOD(alias_map_find_contact(map, 1, "bob@x.example", &found));
	assert_int_equal(found.id, 0);
}

static void
an_alias_takes_its_hostnames_and_contacts_with_it(void **state)
{
	struct alias_map_contact c = contact(1, 1, "bob@x.example", "r1@sl.example");
	struct alias_map_counts counts;
	struct alias_map *map = *state;

	GOOD(alias_map_put_host(map, "a.example", &one));
	GOOD(alias_map_put_host(map, "b.example", &two));
	GOOD(alias_map_put_contact(map, &c));
	GOOD(alias_map_drop_alias(map, 1));
	GOOD(alias_map_count(map, &counts));
	assert_int_equal(counts.hosts, 1);
	assert_int_equal(counts.aliases, 1);
	assert_int_equal(counts.contacts, 0);
	GOOD(alias_map_check(map));
}

static void
what_a_rebuild_does_not_mention_is_trashed_or_dropped(void **state)
{
	struct alias_map_contact c1 = contact(1, 1, "bob@x.example", "r1@sl.example");
	struct alias_map_contact c2 = contact(2, 2, "bob@x.example", "r2@sl.example");
	struct alias_map_counts counts;
	struct alias_map_alias found;
	struct alias_map *map = *state;
	int64_t begun;

	GOOD(alias_map_put_host(map, "a.example", &one));
	GOOD(alias_map_put_host(map, "b.example", &two));
	GOOD(alias_map_put_contact(map, &c1));
	GOOD(alias_map_put_contact(map, &c2));
	begun = alias_map_rebuild_begin() + 1;
	while (clock_wall_ms() < begun)
		clock_sleep_ms(1, DEADLINE_NEVER);
	GOOD(alias_map_put_alias(map, &two));
	GOOD(alias_map_put_contact(map, &c2));
	GOOD(alias_map_rebuild_end(map, begun, true));
	GOOD(alias_map_count(map, &counts));
	assert_int_equal(counts.aliases, 2);
	assert_int_equal(counts.trashed, 1);
	assert_int_equal(counts.contacts, 1);
	assert_int_equal(counts.hosts, 2);
	GOOD(alias_map_find_host(map, "a.example", &found));
	assert_true(found.trashed);
	assert_false(found.enabled);
	alias_map_alias_free(&found);
}

static bool
add_name(void *arg, const char *hostname, const struct alias_map_alias *alias)
{
	buf_addf(arg, "%s=%lld ", hostname != NULL ? hostname : "-", (long long)alias->id);
	return true;
}

static bool
add_contact(void *arg, const char *alias, const struct alias_map_contact *c)
{
	buf_addf(arg, "%s>%s ", alias, c->address);
	return true;
}

static void
all_of_it_can_be_gone_through_in_order(void **state)
{
	struct alias_map_contact c = contact(1, 1, "bob@x.example", "r1@sl.example");
	struct buf text = BUF_INIT;
	struct alias_map *map = *state;

	GOOD(alias_map_put_alias(map, &two));
	GOOD(alias_map_put_host(map, "b.example", &one));
	GOOD(alias_map_put_host(map, "a.example", &one));
	GOOD(alias_map_put_contact(map, &c));
	GOOD(alias_map_each_alias(map, add_name, &text));
	assert_string_equal(buf_str(&text), "a.example=1 b.example=1 -=2 ");
	buf_reset(&text);
	GOOD(alias_map_each_contact(map, add_contact, &text));
	assert_string_equal(buf_str(&text), "one.cat@sl.example>bob@x.example ");
	buf_free(&text);
}

static void
a_contact_without_its_alias_is_found_by_the_check(void **state)
{
	struct alias_map_contact c = contact(1, 1, "bob@x.example", "r1@sl.example");
	struct alias_map *map = *state;
	struct outcome o;

	GOOD(alias_map_put_contact(map, &c));
	o = alias_map_check(map);
	assert_true(outcome_is(&o, "local/database"));
	assert_non_null(strstr(o.hint, "map rebuild"));
	GOOD(alias_map_put_alias(map, &one));
	GOOD(alias_map_check(map));
}

/* A process of its own: open, put its alias for the one hostname, and look. */
static int
compete(int number)
{
	struct alias_map_alias mine = {.id = number + 1, .enabled = true}, found;
	struct alias_map *map;
	struct outcome o = alias_map_open("new.db", &map);
	int status;

	mine.address = xasprintf("a%d@sl.example", number);
	for (int i = 0; i < 10 && outcome_is_ok(&o); i++)
		o = alias_map_put_host(map, "example.com", &mine);
	if (outcome_is_ok(&o))
		o = alias_map_find_host(map, "example.com", &found);
	if (!outcome_is_ok(&o))
		fprintf(stderr, "%d: %s\n", number, o.text);
	status = outcome_is_ok(&o) && found.id != 0 ? 0 : 1;
	alias_map_alias_free(&found);
	alias_map_close(&map);
	free(mine.address);
	return status;
}

static void
many_processes_make_and_change_one_map_at_once(void **state)
{
	struct alias_map_counts counts;
	struct alias_map *map;
	int status, bad = 0;

	(void)state;
	for (int i = 0; i < PROCESSES; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			_exit(compete(i));
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		bad += status != 0;
	}
	assert_int_equal(bad, 0);
	GOOD(alias_map_open("new.db", &map));
	GOOD(alias_map_count(map, &counts));
	assert_int_equal(counts.hosts, 1);
	assert_int_equal(counts.aliases, PROCESSES);
	GOOD(alias_map_check(map));
	alias_map_close(&map);
}

static void
who_reads_sees_one_state_until_the_end(void **state)
{
	struct alias_map *map = *state, *other;

	GOOD(alias_map_open("map.db", &other));
	GOOD(alias_map_put_host(other, "x.example", &one));
	alias_map_begin_reading(map);
	assert_int_equal(host_alias(map, "x.example"), 1);
	GOOD(alias_map_put_host(other, "x.example", &two));
	assert_int_equal(host_alias(map, "x.example"), 1);
	alias_map_end_reading(map);
	assert_int_equal(host_alias(map, "x.example"), 2);
	GOOD(alias_map_put_host(map, "x.example", &one));
	assert_int_equal(host_alias(other, "x.example"), 1);
	alias_map_close(&other);
}

/* The alias of x.example, and Bob's reverse address of the alias 1, as a look into the map says:
 * "0 off" of none, "1 on r1@sl.example", ... */
static void
expect_look(struct alias_map *map, const char *expected)
{
	struct alias_map_alias alias;
	struct alias_map_contact bob;
	struct buf found = BUF_INIT;

	alias_map_begin_reading(map);
	GOOD(alias_map_find_host(map, "x.example", &alias));
	GOOD(alias_map_find_contact(map, 1, "bob@X.example", &bob));
	alias_map_end_reading(map);
	buf_addf(&found, "%d %s", (int)alias.id, alias.enabled ? "on" : "off");
	if (bob.id != 0) {
		buf_addf(&found, " %s", bob.reverse);
		assert_string_equal(bob.address, "bob@x.example");
		assert_int_equal(bob.alias_id, 1);
		assert_true(bob.learned_ms > 0);
	}
	if (alias.id != 0)
		assert_string_equal(alias.address, alias.id == 1 ? address_1 : address_2);
	assert_string_equal(buf_str(&found), expected);
	alias_map_alias_free(&alias);
	alias_map_contact_free(&bob);
	buf_free(&found);
}

static void
change_host(struct alias_map *map)
{
	GOOD(alias_map_put_host(map, "x.example", &two));
}

static void
disable_alias(struct alias_map *map)
{
	struct alias_map_alias off = one;

	off.enabled = false;
	GOOD(alias_map_put_alias(map, &off));
}

static void
change_contact(struct alias_map *map)
{
	struct alias_map_contact bob = contact(7, 1, "bob@x.example", "r7@sl.example");

	GOOD(alias_map_put_contact(map, &bob));
}

static void
drop_host(struct alias_map *map)
{
	GOOD(alias_map_drop_host(map, "x.example"));
}

static void
drop_contact(struct alias_map *map)
{
	GOOD(alias_map_drop_contact(map, 3));
}

static void
drop_alias(struct alias_map *map)
{
	GOOD(alias_map_drop_alias(map, 1));
}

static void
rebuild(struct alias_map *map)
{
	GOOD(alias_map_rebuild_end(map, alias_map_rebuild_begin() + 1, true));
}

#define WRITERS 3 /* the reader itself, another one in its process, another process */

static void
in_another_process(void (*change)(struct alias_map *map))
{
	struct alias_map *map;
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct outcome o = alias_map_open("map.db", &map);

		if (!outcome_is_ok(&o))
			_exit(1);
		change(map);
		alias_map_close(&map);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
whoever_changes_the_map_the_next_look_sees_it(void **state)
{
	static const struct {
		void (*change)(struct alias_map *map);
		const char *then;
	} changes[] = {
	    {change_host, "2 on r3@sl.example"},
	    {disable_alias, "1 off r3@sl.example"},
	    {change_contact, "1 on r7@sl.example"},
	    {drop_host, "0 off r3@sl.example"},
	    {drop_contact, "1 on"},
	    {drop_alias, "0 off"},
	    {rebuild, "1 off"},
	};
	struct alias_map_contact bob = contact(3, 1, "bob@x.example", "r3@sl.example");
	struct alias_map *map = *state, *other;

	GOOD(alias_map_open("map.db", &other));
	for (size_t i = 0; i < WRITERS * sizeof(changes) / sizeof(changes[0]); i++) {
		GOOD(alias_map_put_host(other, "x.example", &one));
		GOOD(alias_map_put_contact(other, &bob));
		expect_look(map, "1 on r3@sl.example");
		expect_look(map, "1 on r3@sl.example");
		if (i % WRITERS == 2)
			in_another_process(changes[i / WRITERS].change);
		else
			changes[i / WRITERS].change(i % WRITERS == 0 ? map : other);
		expect_look(map, changes[i / WRITERS].then);
		expect_look(map, changes[i / WRITERS].then);
	}
	alias_map_close(&other);
}

/* Is it a reverse address, as one look into the map says? */
static bool
is_reverse(struct alias_map *map, const char *address)
{
	struct alias_map_contact found;
	bool is;

	alias_map_begin_reading(map);
	GOOD(alias_map_find_reverse(map, address, &found));
	alias_map_end_reading(map);
	is = found.id != 0;
	alias_map_contact_free(&found);
	return is;
}

static void
a_reverse_address_at_a_new_domain_is_found_at_once_whoever_learned_it(void **state)
{
	struct alias_map_contact c = contact(1, 1, "bob@x.example", "r1@sl.example");
	struct alias_map *map = *state, *other;

	GOOD(alias_map_open("map.db", &other));
	assert_false(is_reverse(map, "r1@sl.example"));
	GOOD(alias_map_put_contact(map, &c));
	assert_true(is_reverse(map, "r1@sl.example"));
	assert_true(is_reverse(other, "r1@sl.example"));
	assert_false(is_reverse(map, "bob@x.example"));
	c.reverse = (char *)"\"r@1\"@Own.example"; /* an alias moved to another domain */
	GOOD(alias_map_put_contact(other, &c));
	assert_true(is_reverse(map, "\"r@1\"@Own.example"));
	assert_false(is_reverse(map, "r1@sl.example"));
	alias_map_close(&other);
}

static void
more_domains_than_are_kept_in_memory_are_looked_up(void **state)
{
	struct alias_map *map = *state;

	for (int i = 1; i <= REVERSE_DOMAINS_MAX + 2; i++) {
		char *address = xasprintf("bob@%d.example", i);
		char *reverse = xasprintf("r@%d.sl.example", i);
		struct alias_map_contact c = contact(i, 1, address, reverse);

		GOOD(alias_map_put_contact(map, &c));
		for (int j = 1; j <= i; j++) {
			free(reverse);
			reverse = xasprintf("r@%d.sl.example", j);
			assert_true(is_reverse(map, reverse));
		}
		assert_false(is_reverse(map, address));
		free(address);
		free(reverse);
	}
}

static void
a_map_of_an_older_version_tells_the_domains_of_its_reverse_addresses(void **state)
{
	static const char older[] =
	    "CREATE TABLE alias(id INTEGER PRIMARY KEY, address TEXT NOT NULL COLLATE NOCASE"
	    " UNIQUE, enabled INTEGER NOT NULL, trashed INTEGER NOT NULL, learned INTEGER NOT "
	    "NULL);"
	    "CREATE TABLE host(hostname TEXT PRIMARY KEY, alias INTEGER NOT NULL) WITHOUT "
	    "ROWID;"
	    "CREATE TABLE contact(id INTEGER PRIMARY KEY, alias INTEGER NOT NULL,"
	    " address TEXT NOT NULL, reverse TEXT NOT NULL UNIQUE, learned INTEGER NOT NULL,"
	    " UNIQUE(alias, address));"
	    "CREATE INDEX contact_address ON contact(address);"
	    "INSERT INTO contact VALUES(1, 1, 'bob@x.example', 'r1@SL.example', 1);"
	    "INSERT INTO contact VALUES(2, 1, 'eve@x.example', '\"r@2\"@sl.example', 1);"
	    "INSERT INTO contact VALUES(3, 1, 'tim@x.example', 'no-domain', 1);"
	    "PRAGMA user_version = 1";
	struct alias_map *map;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open("old.db", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, older, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	GOOD(alias_map_open("old.db", &map));
	assert_true(is_reverse(map, "r1@SL.example"));
	assert_true(is_reverse(map, "\"r@2\"@sl.example"));
	assert_true(is_reverse(map, "no-domain"));
	assert_false(is_reverse(map, "r1@x.example"));
	alias_map_close(&map);
}

static void
a_call_that_failed_does_not_spoil_the_next(void **state)
{
	struct alias_map_alias broken = {.id = 3, .address = NULL, .enabled = true};
	struct alias_map *map = *state;
	struct outcome o;

	GOOD(alias_map_put_host(map, "a.example", &one));
	o = alias_map_put_host(map, "b.example", &broken);
	assert_true(outcome_is(&o, "local/database"));
	assert_int_equal(host_alias(map, "a.example"), 1);
	assert_int_equal(host_alias(map, "b.example"), 0);
	GOOD(alias_map_put_host(map, "b.example", &two));
	assert_int_equal(host_alias(map, "b.example"), 2);
}

static void
a_file_that_is_no_map_is_refused(void **state)
{
	struct alias_map *map;
	struct outcome o;

	(void)state;
	assert_int_equal(system("printf '%0500d' 0 >junk.db"), 0);
	o = alias_map_open("junk.db", &map);
	assert_true(outcome_is(&o, "local/damaged"));
	assert_null(map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_MAP(what_was_learned_comes_back_in_another_process),
	    WITH_MAP(a_hostname_has_one_alias_and_an_alias_may_have_many_hostnames),
	    WITH_MAP(an_alias_that_came_again_with_another_id_replaces_the_old_one),
	    WITH_MAP(addresses_of_correspondents_are_as_exact_as_the_service_takes_them),
	    WITH_MAP(a_contact_that_was_made_again_replaces_the_old_one),
	    WITH_MAP(an_alias_takes_its_hostnames_and_contacts_with_it),
	    WITH_MAP(what_a_rebuild_does_not_mention_is_trashed_or_dropped),
	    WITH_MAP(all_of_it_can_be_gone_through_in_order),
	    WITH_MAP(a_contact_without_its_alias_is_found_by_the_check),
	    cmocka_unit_test(many_processes_make_and_change_one_map_at_once),
	    WITH_MAP(who_reads_sees_one_state_until_the_end),
	    WITH_MAP(whoever_changes_the_map_the_next_look_sees_it),
	    WITH_MAP(a_reverse_address_at_a_new_domain_is_found_at_once_whoever_learned_it),
	    WITH_MAP(more_domains_than_are_kept_in_memory_are_looked_up),
	    WITH_MAP(a_map_of_an_older_version_tells_the_domains_of_its_reverse_addresses),
	    WITH_MAP(a_call_that_failed_does_not_spoil_the_next),
	    cmocka_unit_test(a_file_that_is_no_map_is_refused),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_remove);
}
