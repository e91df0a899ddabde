/* The journal: what it remembers, across tries, processes, crashes and damage. */
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"
#include "transport/journal.h"

#define KEY   "00112233445566778899aabbccddeeff"
#define OTHER "ffeeddccbbaa99887766554433221100"
#define STAMP "0123456789abcdef0123456789abcdef"

static int
make_folder(void **state)
{
	log_open("test", LOG_TO_STDERR, LOG_MAIL, LOG_EMERG);
	return scratch_make(state);
}

/* Each test begins without a journal. */
static int
empty_folder(void **state)
{
	char *command = xasprintf("rm -rf %s/*", folder);
	int status = system(command);

	(void)state;
	free(command);
	return status;
}

static struct journal *
open_with(struct journal_options options)
{
	struct journal *journal;
	struct outcome o;

	options.state_dir = folder;
	o = journal_open(&options, &journal);
	assert_string_equal(o.condition, "ok");
	return journal;
}

static struct journal *
open_journal(void)
{
	return open_with((struct journal_options){.keep = 86400});
}

static struct journal_entry
entry_of(const char *key)
{
	struct journal_entry entry = {
	    .delivery = {STAMP},
	    .outcome = outcome_ok(),
	    .queue_id = xstrdup("4bXz"),
	    .sender = xstrdup("me@x.example"),
	    .address = xstrdup("you@y.example"),
	};

	memcpy(entry.recipient.text, key, sizeof(entry.recipient.text));
	return entry;
}

static void
write_entry(struct journal *journal, struct journal_entry *entry, enum journal_state state)
{
	struct outcome o;

	entry->state = state;
	o = journal_write(journal, &entry, 1, false);
	assert_string_equal(o.condition, "ok");
}

static bool
claim(struct journal *journal, struct journal_entry *entry)
{
	bool taken;
	struct outcome o = journal_claim(journal, &entry, 1, &taken);

	assert_string_equal(o.condition, "ok");
	return taken;
}

/* What a journal, opened as another process would, knows of the key. */
static struct journal_entry
look_in(struct journal *journal, const char *key)
{
	struct journal_entry entry = entry_of(key), *entries = &entry;
	struct outcome o = journal_look(journal, &entries, 1);

	assert_string_equal(o.condition, "ok");
	return entry;
}

static enum journal_state
state_in(struct journal *journal, const char *key)
{
	struct journal_entry entry = look_in(journal, key);
	enum journal_state state = entry.state;

	journal_entry_clear(&entry);
	return state;
}

static enum journal_state
keep_looking(struct journal *journal, struct journal_entry *entry)
{
	struct outcome o = journal_keep_looking(journal, &entry, 1);

	assert_string_equal(o.condition, "ok");
	return entry->state;
}

static void
what_was_never_seen_is_unknown(void **state)
{
	struct journal *journal = open_journal();

	(void)state;
	assert_int_equal(state_in(journal, KEY), JOURNAL_UNKNOWN);
	journal_close(&journal);
	assert_null(journal);
}

static void
every_state_is_found_again_after_a_crash(void **state)
{
	static const struct {
		enum journal_state written, found;
	} rows[] = {
	    {JOURNAL_BEGUN, JOURNAL_BEGUN},
	    {JOURNAL_IMPORTED, JOURNAL_IMPORTED},
	    {JOURNAL_DOUBT, JOURNAL_DOUBT},
	    {JOURNAL_DONE, JOURNAL_DONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct journal *journal = open_journal();
		struct journal_entry entry = look_in(journal, KEY), found;

		free(entry.email_id);
		entry.email_id = xstrdup("M1");
		write_entry(journal, &entry, rows[i].written);
		journal_close(&journal);
		journal = open_journal();
		found = look_in(journal, KEY);
		assert_int_equal(found.state, rows[i].found);
		assert_string_equal(found.email_id, "M1");
		assert_string_equal(found.delivery.text, STAMP);
		assert_int_equal(found.serial, entry.serial);
		journal_entry_clear(&found);
		journal_entry_clear(&entry);
		journal_close(&journal);
	}
}

static void
a_refusal_is_remembered_in_the_services_own_words(void **state)
{
	struct journal *journal = open_journal();
	struct journal_entry entry = entry_of(KEY), found;

	(void)state;
	entry.outcome = outcome_set_error("invalidRecipients", "5.1.2 no such host [a@b]");
	write_entry(journal, &entry, JOURNAL_DONE);
	found = look_in(journal, KEY);
	assert_int_equal(found.outcome.class, OUTCOME_PERMANENT);
	assert_string_equal(found.outcome.condition, "set/invalidRecipients");
	assert_string_equal(found.outcome.dsn, "5.1.2");
	assert_string_equal(found.outcome.text, entry.outcome.text);
	assert_int_equal(found.outcome.smtp, entry.outcome.smtp);
	assert_int_equal(found.outcome.exit, entry.outcome.exit);
	journal_entry_clear(&found);
	journal_entry_clear(&entry);
	journal_close(&journal);
}

static void
what_another_process_is_at_cannot_be_claimed(void **state)
{
	struct journal *first = open_journal(), *second = open_journal();
	struct journal_entry entry = entry_of(KEY), late = entry_of(KEY);

	(void)state;
	assert_true(claim(first, &entry));
	assert_int_equal(state_in(second, KEY), JOURNAL_SUBMITTING);
	assert_false(claim(second, &late)); /* it looked before the first claimed */
	assert_int_equal(late.state, JOURNAL_SUBMITTING);
	journal_entry_clear(&entry);
	journal_entry_clear(&late);
	journal_close(&first);
	journal_close(&second);
}

static void
what_a_dead_process_was_at_is_in_doubt(void **state)
{
	struct journal *journal;
	int status;

	(void)state;
	if (fork() == 0) {
		struct journal_entry entry = entry_of(KEY);

		journal = open_journal();
		(void)claim(journal, &entry);
		kill(getpid(), SIGKILL);
	}
	assert_true(wait(&status) > 0);
	assert_true(WIFSIGNALED(status));
	journal = open_journal();
	assert_int_equal(state_in(journal, KEY), JOURNAL_DOUBT);
	journal_close(&journal);
}

/* Holds the database as a process that is at work does, for longer than SQLite is usually
 * asked to wait.  If all went well it is killed: it leaves memory behind, which valgrind
 * would tell of. */
static void
hold_database(int ready)
{
	char *path = xasprintf("%s/transport/journal.db", folder);
	sqlite3 *db;

	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
	    write(ready, "", 1) != 1)
		_exit(1);
	(void)clock_sleep_ms(3000, DEADLINE_NEVER);
	if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
		kill(getpid(), SIGKILL);
	_exit(1);
}

static void
a_writer_waits_until_others_are_through(void **state)
{
	struct journal *journal = open_journal();
	struct journal_entry entry = entry_of(KEY);
	int ready[2], status;
	char byte;

	(void)state;
	write_entry(journal, &entry, JOURNAL_DOUBT);
	assert_int_equal(pipe(ready), 0);
	if (fork() == 0)
		hold_database(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	write_entry(journal, &entry, JOURNAL_DONE);
	assert_true(wait(&status) > 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(state_in(journal, KEY), JOURNAL_DONE);
	close(ready[0]);
	close(ready[1]);
	journal_entry_clear(&entry);
	journal_close(&journal);
}

static void
a_claim_older_than_any_try_is_in_doubt(void **state)
{
	struct journal *first = open_journal();
	struct journal *second = open_with((struct journal_options){.busy_max = -1});
	struct journal_entry entry = entry_of(KEY);

	(void)state;
	assert_true(claim(first, &entry));
	assert_int_equal(state_in(second, KEY), JOURNAL_DOUBT);
	journal_entry_clear(&entry);
	journal_close(&first);
	journal_close(&second);
}

static void
a_claim_fails_where_the_row_changed_since_it_was_read(void **state)
{
	struct journal *first = open_journal(), *second = open_journal();
	struct journal_entry a = entry_of(KEY), b;

	(void)state;
	write_entry(first, &a, JOURNAL_BEGUN);
	b = look_in(second, KEY);
	assert_true(claim(first, &a));
	a.outcome = outcome_ok();
	write_entry(first, &a, JOURNAL_DONE);
	assert_false(claim(second, &b));
	assert_int_equal(b.state, JOURNAL_DONE);
	assert_true(outcome_is_ok(&b.outcome));
	journal_entry_clear(&a);
	journal_entry_clear(&b);
	journal_close(&first);
	journal_close(&second);
}

static void
a_group_is_claimed_as_far_as_it_can_be(void **state)
{
	struct journal *first = open_journal(), *second = open_journal();
	struct journal_entry busy = entry_of(KEY), late = entry_of(KEY),
	                     other = entry_of(OTHER);
	struct journal_entry *group[] = {&late, &other};
	bool taken[2];
	struct outcome o;

	(void)state;
	assert_true(claim(first, &busy));
	o = journal_claim(second, group, 2, taken);
	assert_string_equal(o.condition, "ok");
	assert_false(taken[0]);
	assert_true(taken[1]);
	journal_entry_clear(&busy);
	journal_entry_clear(&late);
	journal_entry_clear(&other);
	journal_close(&first);
	journal_close(&second);
}

static void
a_claim_may_be_renewed_by_who_has_it(void **state)
{
	struct journal *journal = open_journal();
	struct journal_entry entry = entry_of(KEY);

	(void)state;
	assert_true(claim(journal, &entry));
	assert_true(claim(journal, &entry));
	journal_entry_clear(&entry);
	journal_close(&journal);
}

static void
old_rows_go_when_new_ones_come(void **state)
{
	struct journal *journal = open_with((struct journal_options){.keep = -1});
	struct journal_entry entry = entry_of(KEY), other = entry_of(OTHER);

	(void)state;
	write_entry(journal, &entry, JOURNAL_DONE);
	assert_int_equal(state_in(journal, KEY), JOURNAL_DONE);
	assert_true(claim(journal, &other));
	assert_int_equal(state_in(journal, KEY), JOURNAL_UNKNOWN);
	journal_entry_clear(&entry);
	journal_entry_clear(&other);
	journal_close(&journal);
}

static void
rows_of_an_earlier_version_are_kept(void **state)
{
	static const char earlier[] =
	    "CREATE TABLE recipient (recipient TEXT PRIMARY KEY, delivery TEXT NOT NULL,"
	    " state INTEGER NOT NULL, owner INTEGER NOT NULL, serial INTEGER NOT NULL,"
	    " email TEXT, condition TEXT, class INTEGER, smtp INTEGER, status INTEGER,"
	    " dsn TEXT, text TEXT, begun INTEGER NOT NULL, changed INTEGER NOT NULL,"
	    " account TEXT, queue_id TEXT, message_id TEXT, sender TEXT, address TEXT)"
	    " WITHOUT ROWID;"
	    "CREATE INDEX recipient_changed ON recipient (changed);"
	    "INSERT INTO recipient VALUES ('" KEY "', '" STAMP
	    "', 5, 0, 3, 'M7', 'ok', 0, 0, 0,"
	    " '', NULL, 1700000000, 1700000001, 'agent', '4bXz', '<a@x>', 's@x', 'r@x');"
	    "PRAGMA user_version = 1;";
	char *path = xasprintf("%s/transport/journal.db", folder);
	struct journal *journal = open_with((struct journal_options){.keep = 0});
	struct journal_entry entry, other = entry_of(OTHER);
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, earlier, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	free(path);
	entry = look_in(journal, KEY);
	assert_int_equal(entry.state, JOURNAL_DONE);
	assert_int_equal(entry.serial, 3);
	assert_int_equal(entry.changed, 1700000001);
	assert_string_equal(entry.email_id, "M7");
	assert_true(claim(journal, &entry));
	assert_true(claim(journal, &other));
	journal_entry_clear(&entry);
	journal_entry_clear(&other);
	journal_close(&journal);
}

/* Overwrite the database file. */
static void
damage(void)
{
	char *path = xasprintf("%s/transport/journal.db", folder), junk[8192];
	int fd = open(path, O_WRONLY);

	memset(junk, 0x5a, sizeof(junk));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
	close(fd);
	free(path);
}

static size_t
files_set_aside(void)
{
	char *pattern = xasprintf("%s/transport/journal.db.damaged-*[0-9]", folder);
	glob_t found;
	size_t count;

	(void)glob(pattern, 0, NULL, &found);
	count = found.gl_pathc;
	globfree(&found);
	free(pattern);
	return count;
}

static void
a_damaged_file_stops_everything_until_a_person_acts(void **state)
{
	struct journal *journal = open_journal();
	struct journal_entry entry = entry_of(KEY), *entries = &entry;
	struct outcome o;
	bool taken;

	(void)state;
	write_entry(journal, &entry, JOURNAL_DONE);
	journal_close(&journal);
	damage();
	journal = open_journal();
	o = journal_look(journal, &entries, 1);
	assert_string_equal(o.condition, "local/damaged");
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	assert_true(o.alarm);
	assert_non_null(strstr(o.hint, "moved away"));
	o = journal_claim(journal, &entries, 1, &taken);
	assert_string_equal(o.condition, "local/damaged");
	assert_int_equal(files_set_aside(), 0);
	journal_entry_clear(&entry);
	journal_close(&journal);
}

static void
a_damaged_file_is_set_aside_where_that_is_allowed(void **state)
{
	struct journal_options options = {.set_aside = true};
	struct journal *journal = open_with(options);
	struct journal_entry entry = entry_of(KEY);

	(void)state;
	write_entry(journal, &entry, JOURNAL_DONE);
	journal_close(&journal);
	damage();
	journal = open_with(options);
	assert_int_equal(state_in(journal, KEY), JOURNAL_UNKNOWN);
	assert_int_equal(files_set_aside(), 1);
	assert_true(claim(journal, &entry));
	journal_entry_clear(&entry);
	journal_close(&journal);
}

static void
a_file_that_is_replaced_is_noticed_by_who_has_it_open(void **state)
{
	struct journal *journal = open_journal();
	struct journal_entry entry = entry_of(KEY);
	char *command = xasprintf("rm %s/transport/journal.db*", folder);

	(void)state;
	write_entry(journal, &entry, JOURNAL_DONE);
	assert_int_equal(system(command), 0);
	assert_int_equal(state_in(journal, KEY), JOURNAL_UNKNOWN);
	write_entry(journal, &entry, JOURNAL_DONE);
	journal_close(&journal);
	journal = open_journal();
	assert_int_equal(state_in(journal, KEY), JOURNAL_DONE);
	journal_entry_clear(&entry);
	journal_close(&journal);
	free(command);
}

/* A disk on which no file can grow, in a child. */
static void
on_a_full_disk_nothing_is_claimed_and_the_journal_recovers(void **state)
{
	struct rlimit none = {0, RLIM_INFINITY}, before;
	struct journal *journal = open_journal();
	struct journal_entry entry = entry_of(KEY), *entries = &entry;
	struct outcome o;
	bool taken;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(state_in(journal, KEY), JOURNAL_UNKNOWN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	o = journal_claim(journal, &entries, 1, &taken);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	assert_true(o.alarm);
	assert_memory_equal(o.dsn, "4.3.", 4);
	assert_int_equal(state_in(journal, KEY), JOURNAL_UNKNOWN);
	journal_entry_clear(&entry);
	entry = entry_of(KEY);
	assert_true(claim(journal, &entry));
	journal_entry_clear(&entry);
	journal_close(&journal);
}

static void
a_folder_that_cannot_be_made_is_an_error(void **state)
{
	struct journal_options options = {.state_dir = "/proc/nowhere"};
	struct journal *journal;
	struct outcome o = journal_open(&options, &journal);

	(void)state;
	assert_null(journal);
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
}

static bool
count_one(void *arg, const struct journal_entry *entry)
{
	size_t *count = arg;

	assert_string_equal(entry->address, "you@y.example");
	++*count;
	return true;
}

static size_t
listed(struct journal *journal, const char *name)
{
	size_t count = 0;
	struct outcome o = journal_list(journal, name, count_one, &count);

	assert_string_equal(o.condition, "ok");
	return count;
}

static void
rows_are_listed_by_queue_id_or_the_start_of_their_key(void **state)
{
	struct journal *journal = open_journal();
	struct journal_entry entry = entry_of(KEY), other = entry_of(OTHER);

	(void)state;
	free(other.queue_id);
	other.queue_id = NULL;
	write_entry(journal, &entry, JOURNAL_DONE);
	write_entry(journal, &other, JOURNAL_BEGUN);
	assert_int_equal(listed(journal, NULL), 2);
	assert_int_equal(listed(journal, "4bXz"), 1);
	assert_int_equal(listed(journal, "ffee"), 1);
	assert_int_equal(listed(journal, KEY), 1);
	assert_int_equal(listed(journal, "ff"), 0); /* too short to mean one */
	assert_int_equal(listed(journal, "*"), 0);
	journal_entry_clear(&entry);
	journal_entry_clear(&other);
	journal_close(&journal);
}

static void
only_what_is_in_doubt_can_be_resolved(void **state)
{
	struct outcome bounced = outcome_make("local", "unconfirmed", NULL);
	struct journal *journal = open_journal();
	struct journal_entry entry = entry_of(KEY), other = entry_of(OTHER), found;
	struct outcome o;
	int64_t count;

	(void)state;
	write_entry(journal, &entry, JOURNAL_DOUBT);
	write_entry(journal, &other, JOURNAL_BEGUN);
	o = journal_resolve(journal, "4bXz", JOURNAL_DONE, &bounced, &count);
	assert_string_equal(o.condition, "ok");
	assert_int_equal(count, 1);
	assert_int_equal(state_in(journal, OTHER), JOURNAL_BEGUN);
	found = look_in(journal, KEY);
	assert_int_equal(found.state, JOURNAL_DONE);
	assert_int_equal(found.outcome.class, OUTCOME_PERMANENT);
	journal_entry_clear(&found);
	journal_entry_clear(&entry);
	journal_entry_clear(&other);
	journal_close(&journal);
}

/* What the journal says of those whose Email has the stamp of all these tests. */
static struct journal_company
company_at(struct journal *journal, int64_t then)
{
	const struct stamp stamp = {STAMP};
	struct journal_company company;
	struct outcome o = journal_company(journal, &stamp, then, &company);

	assert_string_equal(o.condition, "ok");
	return company;
}

static void
an_email_is_needed_while_one_of_its_recipients_is_in_doubt(void **state)
{
	struct journal *journal = open_journal();
	struct journal_entry sent = entry_of(KEY), other = entry_of(OTHER);
	int64_t now = clock_wall();

	(void)state;
	assert_false(company_at(journal, now).open || company_at(journal, now).sent);
	write_entry(journal, &sent, JOURNAL_DONE);
	write_entry(journal, &other, JOURNAL_DOUBT);
	assert_true(company_at(journal, now).open && company_at(journal, now).sent);
	write_entry(journal, &other, JOURNAL_IMPORTED);
	assert_false(company_at(journal, now).open);
	assert_true(claim(journal, &other));
	assert_true(company_at(journal, now).open);
	assert_false(company_at(journal, now - 90000).open); /* no try lasts so long */
	journal_entry_clear(&sent);
	journal_entry_clear(&other);
	journal_close(&journal);
}

static void
pruning_removes_what_is_older(void **state)
{
	struct journal *journal = open_journal();
	struct journal_entry entry = entry_of(KEY);
	int64_t count;

	(void)state;
	write_entry(journal, &entry, JOURNAL_DONE);
	(void)journal_prune(journal, 3600, &count);
	assert_int_equal(count, 0);
	(void)journal_prune(journal, -1, &count);
	assert_int_equal(count, 1);
	assert_int_equal(listed(journal, NULL), 0);
	journal_entry_clear(&entry);
	journal_close(&journal);
}

static void
who_keeps_looking_sees_one_time_until_a_rest_and_can_claim_nothing_that_changed(void **state)
{
	struct journal *journal = open_journal(), *other = open_journal();
	struct journal_entry entry = entry_of(KEY), theirs = entry_of(OTHER);

	(void)state;
	assert_int_equal(keep_looking(journal, &entry), JOURNAL_UNKNOWN);
	write_entry(other, &theirs, JOURNAL_DONE);
	journal_entry_clear(&entry);
	entry = entry_of(OTHER);
	assert_int_equal(keep_looking(journal, &entry), JOURNAL_UNKNOWN);
	assert_false(claim(journal, &entry));
	assert_int_equal(entry.state, JOURNAL_DONE);
	assert_int_equal(keep_looking(journal, &entry), JOURNAL_UNKNOWN);
	journal_rest(journal);
	assert_int_equal(keep_looking(journal, &entry), JOURNAL_DONE);
	journal_entry_clear(&entry);
	journal_entry_clear(&theirs);
	journal_close(&other);
	journal_close(&journal);
}

static void
who_looks_once_sees_what_is_there_now_and_so_does_who_keeps_looking_after(void **state)
{
	struct journal *journal = open_journal(), *other = open_journal();
	struct journal_entry entry = entry_of(KEY), theirs = entry_of(KEY);

	(void)state;
	assert_int_equal(keep_looking(journal, &entry), JOURNAL_UNKNOWN);
	write_entry(other, &theirs, JOURNAL_DONE);
	assert_int_equal(state_in(journal, KEY), JOURNAL_DONE);
	assert_int_equal(keep_looking(journal, &entry), JOURNAL_DONE);
	journal_rest(journal);
	journal_rest(journal);
	journal_entry_clear(&entry);
	journal_entry_clear(&theirs);
	journal_close(&other);
	journal_close(&journal);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, empty_folder)
	const struct CMUnitTest tests[] = {
	    TEST(what_was_never_seen_is_unknown),
	    TEST(every_state_is_found_again_after_a_crash),
	    TEST(a_refusal_is_remembered_in_the_services_own_words),
	    TEST(what_another_process_is_at_cannot_be_claimed),
	    TEST(what_a_dead_process_was_at_is_in_doubt),
	    TEST(a_writer_waits_until_others_are_through),
	    TEST(a_claim_older_than_any_try_is_in_doubt),
	    TEST(a_claim_fails_where_the_row_changed_since_it_was_read),
	    TEST(a_group_is_claimed_as_far_as_it_can_be),
	    TEST(a_claim_may_be_renewed_by_who_has_it),
	    TEST(
	        who_keeps_looking_sees_one_time_until_a_rest_and_can_claim_nothing_that_changed),
	    TEST(who_looks_once_sees_what_is_there_now_and_so_does_who_keeps_looking_after),
	    TEST(old_rows_go_when_new_ones_come),
	    TEST(rows_of_an_earlier_version_are_kept),
	    TEST(a_damaged_file_stops_everything_until_a_person_acts),
	    TEST(a_damaged_file_is_set_aside_where_that_is_allowed),
	    TEST(a_file_that_is_replaced_is_noticed_by_who_has_it_open),
	    TEST(on_a_full_disk_nothing_is_claimed_and_the_journal_recovers),
	    TEST(a_folder_that_cannot_be_made_is_an_error),
	    TEST(rows_are_listed_by_queue_id_or_the_start_of_their_key),
	    TEST(only_what_is_in_doubt_can_be_resolved),
	    TEST(an_email_is_needed_while_one_of_its_recipients_is_in_doubt),
	    TEST(pruning_removes_what_is_older),
	};

	return cmocka_run_group_tests(tests, make_folder, scratch_remove);
}
