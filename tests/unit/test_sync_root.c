/* The mark in the Maildir's root, and what it says together with the database. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "sync/root.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

static void
a_mark_that_was_made_is_read_again(void **state)
{
	struct root first, second;
	struct outcome o = root_open(&first, "marked");

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_false(first.marked);
	assert_true(first.usable);
	o = root_make(&first);
	assert_true(outcome_is_ok(&o));
	o = root_mark(&first, 7, "api.example", "u1");
	assert_true(outcome_is_ok(&o));
	o = root_open(&second, "marked");
	assert_true(outcome_is_ok(&o));
	assert_true(second.marked);
	assert_string_equal(second.uuid, first.uuid);
	assert_int_equal(second.epoch, 7);
	assert_string_equal(second.service, "api.example");
	assert_string_equal(second.account, "u1");
	root_close(&first);
	root_close(&second);
}

static void
a_mark_that_makes_no_sense_is_refused(void **state)
{
	static const char *const texts[] = {"", "uuid: short\nepoch: 1\n",
	    "uuid: 0123456789abcdef0123456789abcdef\nepoch: 0\nservice: a\naccount: b\n",
	    "uuid: 0123456789abcdef0123456789abcdef\nepoch: 3\n"};
	struct root root;

	(void)state;
	assert_int_equal(mkdir("odd", 0700), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct outcome o = file_write_atomic(
		    AT_FDCWD, "odd/" ROOT_MARKER, texts[i], strlen(texts[i]), 0600);

		assert_true(outcome_is_ok(&o));
		o = root_open(&root, "odd");
		assert_true(outcome_is(&o, "local/wrong-folder"));
		root_close(&root);
	}
}

static void
an_empty_folder_and_a_maildir_may_be_taken_but_nothing_else(void **state)
{
	struct root root;
	struct outcome o;

	(void)state;
	mkdir("empty", 0700);
	o = root_open(&root, "empty");
	assert_true(outcome_is_ok(&o) && root.usable);
	root_close(&root);
	mkdir("maildir", 0700);
	mkdir("maildir/cur", 0700);
	o = root_open(&root, "maildir");
	assert_true(outcome_is_ok(&o) && !root.usable);
	root_close(&root);
	mkdir("maildir/new", 0700);
	mkdir("maildir/tmp", 0700);
	o = root_open(&root, "maildir");
	assert_true(outcome_is_ok(&o) && root.usable);
	root_close(&root);
}

static void
folder_and_database_tell_together_what_happened(void **state)
{
	static const struct {
		const char *folder_uuid, *database_uuid;
		int64_t folder_epoch, database_epoch;
		bool running, usable;
		enum root_verdict verdict;
	} rows[] = {
	    {NULL, NULL, 0, 0, false, true, ROOT_FRESH},
	    {NULL, NULL, 0, 0, false, false, ROOT_UNUSABLE},
	    {"a", NULL, 3, 0, false, true, ROOT_NO_DATABASE},
	    {NULL, "a", 0, 3, false, true, ROOT_UNMARKED},
	    {"a", "b", 3, 3, false, true, ROOT_STRANGER},
	    {"a", "a", 3, 3, false, true, ROOT_KNOWN},
	    {"a", "a", 3, 3, true, true, ROOT_CRASHED},
	    {"a", "a", 4, 3, false, true, ROOT_OLD_DATABASE},
	    {"a", "a", 4, 3, true, true, ROOT_OLD_DATABASE},
	    {"a", "a", 2, 3, false, true, ROOT_OLD_FOLDER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct root root = {.marked = rows[i].folder_uuid != NULL,
		    .epoch = rows[i].folder_epoch,
		    .usable = rows[i].usable};

		if (root.marked)
			strcpy(root.uuid, rows[i].folder_uuid);
		assert_int_equal(root_judge(&root, rows[i].database_uuid,
		                     rows[i].database_epoch, rows[i].running),
		    rows[i].verdict);
	}
}

static void
a_refusal_says_what_to_type(void **state)
{
	struct root root = {.path = "/mail", .fd = -1};
	struct outcome o = root_refusal(&root, ROOT_UNMARKED, "me");

	(void)state;
	assert_true(outcome_is(&o, "local/wrong-folder"));
	assert_non_null(strstr(o.text, "mounted"));
	assert_non_null(strstr(o.hint, "ferry-sync --rebuild me"));
	o = root_refusal(&root, ROOT_CRASHED, "me");
	assert_true(outcome_is_ok(&o));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_mark_that_was_made_is_read_again),
	    cmocka_unit_test(a_mark_that_makes_no_sense_is_refused),
	    cmocka_unit_test(an_empty_folder_and_a_maildir_may_be_taken_but_nothing_else),
	    cmocka_unit_test(folder_and_database_tell_together_what_happened),
	    cmocka_unit_test(a_refusal_says_what_to_type),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_remove);
}
