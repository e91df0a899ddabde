/* Durable writes, locks, and secrets. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

static void
put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(file_write_full(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
an_atomic_write_replaces_the_file_and_leaves_no_other(void **state)
{
	struct outcome o;
	struct buf b = BUF_INIT;
	struct stat st;

	(void)state;
	put("token", "old", 0644);
	o = file_write_atomic(AT_FDCWD, "token", "new", 3, 0600);
	assert_true(outcome_is_ok(&o));
	o = file_read(AT_FDCWD, "token", 100, &b);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(b.data, "new");
	assert_int_equal(stat("token", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(system("test $(ls | wc -l) -eq 1"), 0);
	unlink("token");
	buf_free(&b);
}

static void
a_write_into_a_missing_directory_says_which(void **state)
{
	struct outcome o = file_write_atomic(AT_FDCWD, "none/token", "x", 1, 0600);

	(void)state;
	assert_true(outcome_is(&o, "local/io"));
	assert_non_null(strstr(o.text, "none/token"));
}

static void
a_file_over_the_limit_is_refused(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o;

	(void)state;
	put("big", "0123456789", 0600);
	o = file_read(AT_FDCWD, "big", 9, &b);
	assert_false(outcome_is_ok(&o));
	buf_reset(&b);
	o = file_read(AT_FDCWD, "big", 10, &b);
	assert_true(outcome_is_ok(&o));
	buf_free(&b);
}

static void
directories_are_made_with_their_parents(void **state)
{
	struct outcome o = file_make_dirs("a/b/c", 0700);

	(void)state;
	assert_true(outcome_is_ok(&o));
	o = file_make_dirs("a/b/c", 0700);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(access("a/b/c", X_OK), 0);
}

static void
a_second_lock_waits_for_its_deadline(void **state)
{
	struct outcome o;
	int first, second;

	(void)state;
	o = file_lock(AT_FDCWD, "lock", DEADLINE_NEVER, &first);
	assert_true(outcome_is_ok(&o));
	o = file_lock(AT_FDCWD, "lock", deadline_in_ms(30), &second);
	assert_true(outcome_is(&o, "local/locked"));
	assert_int_equal(second, -1);
	close(first);
	o = file_lock(AT_FDCWD, "lock", deadline_in_ms(30), &second);
	assert_true(outcome_is_ok(&o));
	close(second);
}

static void
a_secret_is_its_first_line(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o;

	(void)state;
	put("key", "s3cret\nrest\n", 0600);
	o = file_read_secret("key", 100, &b);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(b.data, "s3cret");
	buf_wipe(&b);
}

static void
a_secret_others_can_read_is_refused_with_the_chmod_to_type(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o;

	(void)state;
	put("open", "s3cret\n", 0640);
	o = file_read_secret("open", 100, &b);
	assert_true(outcome_is(&o, "auth/secret"));
	assert_string_equal(o.hint, "chmod 600 open");
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void
an_empty_or_missing_secret_is_refused(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o;

	(void)state;
	put("empty", "\n", 0600);
	o = file_read_secret("empty", 100, &b);
	assert_true(outcome_is(&o, "auth/secret"));
	o = file_read_secret("missing", 100, &b);
	assert_true(outcome_is(&o, "auth/secret"));
	o = file_read_secret("/dev/null", 100, &b);
	assert_true(outcome_is(&o, "auth/secret"));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_atomic_write_replaces_the_file_and_leaves_no_other),
	    cmocka_unit_test(a_write_into_a_missing_directory_says_which),
	    cmocka_unit_test(a_file_over_the_limit_is_refused),
	    cmocka_unit_test(directories_are_made_with_their_parents),
	    cmocka_unit_test(a_second_lock_waits_for_its_deadline),
	    cmocka_unit_test(a_secret_is_its_first_line),
	    cmocka_unit_test(a_secret_others_can_read_is_refused_with_the_chmod_to_type),
	    cmocka_unit_test(an_empty_or_missing_secret_is_refused),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_remove);
}
