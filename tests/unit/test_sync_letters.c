/* Keywords as letters, and Dovecot's file that explains them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/file.h"
#include "sync/letters.h"
#include "sync/state.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/ferry-test-letters.XXXXXX";
static struct store *store;

static int
enter_folder(void **state)
{
	struct outcome o;

	(void)state;
	if (mkdtemp(folder) == NULL || chdir(folder) < 0)
		return -1;
	o = state_open("", &store);
	return outcome_is_ok(&o) ? 0 : -1;
}

static int
leave_folder(void **state)
{
	char command[64];

	(void)state;
	store_close(&store);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") < 0 || system(command) != 0;
}

static void
a_keyword_keeps_its_letter(void **state)
{
	struct letters l = {0};
	bool fresh;

	(void)state;
	assert_int_equal(letters_give(&l, "todo", &fresh), 'a');
	assert_true(fresh);
	assert_int_equal(letters_give(&l, "later", &fresh), 'b');
	assert_int_equal(letters_give(&l, "TODO", &fresh), 'a');
	assert_false(fresh);
	assert_int_equal(letters_find(&l, "never"), '\0');
	letters_free(&l);
}

static void
the_twenty_seventh_keyword_gets_none(void **state)
{
	struct letters l = {0};
	char name[8];
	bool fresh;

	(void)state;
	for (int i = 0; i < 26; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		assert_true(letters_left(&l));
		assert_int_equal(letters_give(&l, name, &fresh), 'a' + i);
	}
	assert_false(letters_left(&l));
	assert_int_equal(letters_give(&l, "one-more", &fresh), '\0');
	assert_false(fresh);
	letters_free(&l);
}

static void
lines_that_make_no_sense_are_skipped(void **state)
{
	struct letters l = {0};

	(void)state;
	letters_parse(&l, "0 zero\n\nx y\n99 far\n-1 minus\n5\n6 \n25 last\r\n3 zero\n");
	assert_int_equal(letters_find(&l, "last"), 'z');
	assert_int_equal(letters_find(&l, "zero"), 'd');
	assert_null(l.keyword[0]);
	assert_int_equal(letters_find(&l, "far"), '\0');
	letters_free(&l);
}

static void
the_file_is_right_where_it_and_the_state_differ(void **state)
{
	struct letters l = {0}, again = {0};
	struct buf text = BUF_INIT;
	struct outcome o;
	bool fresh;

	(void)state;
	letters_give(&l, "ours", &fresh);
	o = letters_save(&l, store, 1, AT_FDCWD, "", false);
	assert_true(outcome_is_ok(&o));
	o = file_read(AT_FDCWD, "dovecot-keywords", 100, &text);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(text.data, "0 ours\n");
	o = file_write_atomic(AT_FDCWD, "dovecot-keywords", "0 theirs\n1 ours\n", 16, 0600);
	assert_true(outcome_is_ok(&o));
	o = letters_load(&again, store, 1, AT_FDCWD, "");
	assert_true(outcome_is_ok(&o));
	assert_int_equal(letters_find(&again, "theirs"), 'a');
	assert_int_equal(letters_find(&again, "ours"), 'b');
	letters_free(&l);
	letters_free(&again);
	buf_free(&text);
}

static void
the_state_remembers_what_a_lost_file_said(void **state)
{
	struct letters l = {0}, again = {0};
	struct outcome o;
	bool fresh;

	(void)state;
	letters_give(&l, "kept", &fresh);
	o = letters_save(&l, store, 2, AT_FDCWD, "", false);
	assert_true(outcome_is_ok(&o));
	unlink("dovecot-keywords");
	o = letters_load(&again, store, 2, AT_FDCWD, "");
	assert_true(outcome_is_ok(&o));
	assert_int_equal(letters_find(&again, "kept"), 'a');
	letters_free(&l);
	letters_free(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_keyword_keeps_its_letter),
	    cmocka_unit_test(the_twenty_seventh_keyword_gets_none),
	    cmocka_unit_test(lines_that_make_no_sense_are_skipped),
	    cmocka_unit_test(the_file_is_right_where_it_and_the_state_differ),
	    cmocka_unit_test(the_state_remembers_what_a_lost_file_said),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
