/* A database as memory: schema steps, sticky errors, rehearsal. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/settings/store.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

static const char *const one_step[] = {"CREATE TABLE t(a INTEGER, b TEXT)", NULL};
static const char *const two_steps[] = {
    "CREATE TABLE t(a INTEGER, b TEXT)", "ALTER TABLE t ADD COLUMN c TEXT DEFAULT 'new'", NULL};

static struct store *
open_store(const char *path, const char *const *steps)
{
	struct store_options options = {.steps = steps, .exclusive = true};
	struct store *s;
	struct outcome o = store_open(path, &options, &s);

	assert_true(outcome_is_ok(&o));
	return s;
}

static void
what_is_stored_is_there_when_opened_again(void **state)
{
	struct store *s = open_store("again", one_step);
	struct outcome o;
	struct stat st;
	char *text;

	(void)state;
	store_begin(s);
	assert_int_equal(
	    store_run(s, "INSERT INTO t VALUES(?, ?)", "it", (int64_t)7, "seven"), 1);
	o = store_commit(s);
	assert_true(outcome_is_ok(&o));
	store_close(&s);
	assert_null(s);
	assert_int_equal(stat("again", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	s = open_store("again", one_step);
	assert_int_equal(store_number(s, -1, "SELECT a FROM t WHERE b = ?", "t", "seven"), 7);
	assert_int_equal(store_number(s, -1, "SELECT a FROM t WHERE b = ?", "t", "x"), -1);
	text = store_text(s, "SELECT b FROM t", "");
	assert_string_equal(text, "seven");
	free(text);
	store_close(&s);
}

static void
an_older_schema_is_brought_up_to_date_with_its_rows(void **state)
{
	struct store *s = open_store("older", one_step);
	char *text;

	(void)state;
	store_run(s, "INSERT INTO t VALUES(1, 'kept')", "");
	store_close(&s);
	s = open_store("older", two_steps);
	text = store_text(s, "SELECT b || ' ' || c FROM t", "");
	assert_string_equal(text, "kept new");
	free(text);
	store_close(&s);
}

static void
a_newer_schema_is_refused_and_left_alone(void **state)
{
	struct store_options options = {.steps = one_step};
	struct store *s = open_store("newer", two_steps);
	struct outcome o;

	(void)state;
	store_close(&s);
	o = store_open("newer", &options, &s);
	assert_null(s);
	assert_true(outcome_is(&o, "local/database"));
	assert_non_null(strstr(o.text, "newer version"));
	s = open_store("newer", two_steps);
	store_close(&s);
}

static void
a_file_that_is_no_database_is_refused(void **state)
{
	struct store_options options = {.steps = one_step};
	struct store *s;
	struct outcome o = file_write_atomic(AT_FDCWD, "junk",
	    "this is not a database, but it is long enough to be taken for one by mistake.....",
	    80, 0600);

	(void)state;
	assert_true(outcome_is_ok(&o));
	o = store_open("junk", &options, &s);
	assert_null(s);
	assert_true(outcome_is(&o, "local/damaged"));
}

static void
a_second_process_finds_it_locked(void **state)
{
	struct store_options options = {.steps = one_step, .exclusive = true};
	struct store *first = open_store("locked", one_step), *second;
	struct outcome o;

	(void)state;
	store_run(first, "INSERT INTO t VALUES(1, 'x')", "");
	o = store_open("locked", &options, &second);
	assert_null(second);
	assert_true(outcome_is(&o, "local/locked"));
	store_close(&first);
}

static void
the_first_failure_sticks_and_takes_the_transaction_back(void **state)
{
	struct store *s = open_store("sticky", one_step);
	struct outcome o;

	(void)state;
	store_begin(s);
	store_run(s, "INSERT INTO t VALUES(1, 'x')", "");
	store_run(s, "INSERT INTO missing VALUES(1)", "");
	store_run(s, "INSERT INTO t VALUES(2, 'y')", "");
	o = store_commit(s);
	assert_true(outcome_is(&o, "local/database"));
	assert_non_null(strstr(o.text, "missing"));
	store_close(&s);
	s = open_store("sticky", one_step);
	assert_int_equal(store_number(s, -1, "SELECT count(*) FROM t", ""), 0);
	store_close(&s);
}

static void
a_rehearsal_sees_its_changes_and_leaves_none(void **state)
{
	struct store *s = open_store("rehearsal", one_step);
	struct outcome o;

	(void)state;
	store_rehearse(s);
	store_begin(s);
	store_run(s, "INSERT INTO t VALUES(1, 'x')", "");
	o = store_commit(s);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(store_number(s, -1, "SELECT count(*) FROM t", ""), 1);
	store_close(&s);
	s = open_store("rehearsal", one_step);
	assert_int_equal(store_number(s, -1, "SELECT count(*) FROM t", ""), 0);
	store_close(&s);
}

static void
damage_is_found(void **state)
{
	struct store *s = open_store("damaged", one_step);
	char junk[4096];
	struct outcome o;
	int fd;

	(void)state;
	for (int64_t i = 0; i < 2000; i++)
		store_run(s, "INSERT INTO t VALUES(?, 'row')", "i", i);
	o = store_check(s);
	assert_true(outcome_is_ok(&o));
	store_close(&s);
	memset(junk, 0x55, sizeof(junk));
	fd = open("damaged", O_WRONLY);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 3 * 4096), sizeof(junk));
	close(fd);
	s = open_store("damaged", one_step);
	o = store_check(s);
	assert_true(outcome_is(&o, "local/damaged"));
	store_close(&s);
}

static void
commits_are_durable_while_that_is_asked_for(void **state)
{
	struct store *s = open_store("durable", one_step);

	(void)state;
	assert_int_equal(store_number(s, -1, "PRAGMA synchronous", ""), 1);
	store_durable(s, true);
	assert_int_equal(store_number(s, -1, "PRAGMA synchronous", ""), 2);
	store_durable(s, false);
	assert_int_equal(store_number(s, -1, "PRAGMA synchronous", ""), 1);
	store_close(&s);
}

/* A process that was started before anything was opened; it works when it is told to. */
struct helper {
	pid_t pid;
	int go; /* a pipe's end */
};

static struct helper
start_helper(void (*work)(void))
{
	struct helper helper;
	int ends[2];
	char c;

	assert_int_equal(pipe(ends), 0);
	helper.pid = fork();
	assert_true(helper.pid >= 0);
	helper.go = ends[1];
	if (helper.pid != 0) {
		close(ends[0]);
		return helper;
	}
	close(ends[1]);
	if (read(ends[0], &c, 1) != 1)
		_exit(3);
	work();
	_exit(0);
}

static void
let_work(const struct helper *helper)
{
	int status = -1;

	assert_int_equal(write(helper->go, "", 1), 1);
	close(helper->go);
	assert_int_equal(waitpid(helper->pid, &status, 0), helper->pid);
	assert_int_equal(status, 0);
}

static struct store *
open_shared(void)
{
	const struct store_options options = {.steps = one_step};
	struct store *s;
	struct outcome o = store_open("shared", &options, &s);

	if (!outcome_is_ok(&o))
		_exit(1);
	return s;
}

/* The last that closes a database takes its log away; this is not the last. */
static void
open_and_close(void)
{
	struct store *s = open_shared();

	store_close(&s);
}

static void
count_rows(void)
{
	struct store *s = open_shared();

	if (store_number(s, -1, "SELECT count(*) FROM t", "") != 2)
		_exit(2);
	store_close(&s);
}

static void
insert(struct store *s)
{
	struct outcome o;

	store_begin(s);
	assert_int_equal(store_run(s, "INSERT INTO t VALUES(1, 'x')", ""), 1);
	o = store_commit(s);
	assert_string_equal(o.condition, "ok");
}

static void
a_second_connection_that_is_closed_leaves_the_first_one_its_locks(void **state)
{
	struct helper passer_by = start_helper(open_and_close),
	              reader = start_helper(count_rows);
	struct store *first = open_shared(), *second;

	(void)state;
	insert(first);
	second = open_shared();
	store_close(&second);
	let_work(&passer_by);
	insert(first);
	let_work(&reader);
	store_close(&first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_stored_is_there_when_opened_again),
	    cmocka_unit_test(an_older_schema_is_brought_up_to_date_with_its_rows),
	    cmocka_unit_test(a_newer_schema_is_refused_and_left_alone),
	    cmocka_unit_test(a_file_that_is_no_database_is_refused),
	    cmocka_unit_test(a_second_process_finds_it_locked),
	    cmocka_unit_test(the_first_failure_sticks_and_takes_the_transaction_back),
	    cmocka_unit_test(a_rehearsal_sees_its_changes_and_leaves_none),
	    cmocka_unit_test(damage_is_found),
	    cmocka_unit_test(commits_are_durable_while_that_is_asked_for),
	    cmocka_unit_test(a_second_connection_that_is_closed_leaves_the_first_one_its_locks),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_remove);
}
