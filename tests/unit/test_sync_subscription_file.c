/* Dovecot's file of subscriptions. */
#include <string.h>

#include "sync/subscription_file.h"
#include "tests/unit/unit.h"

static void
parse(struct subscription_file *file, const char *text)
{
	subscription_file_parse(file, text, strlen(text));
}

static void
assert_printed(struct subscription_file *file, const char *expected)
{
	struct buf text = BUF_INIT;

	subscription_file_print(file, &text);
	assert_string_equal(buf_str(&text), expected);
	buf_free(&text);
	subscription_file_free(file);
}

static void
levels_are_separated_by_tabs_in_version_2(void **state)
{
	struct subscription_file file;

	(void)state;
	parse(&file, "V\t2\n\nINBOX\nA\tB\n");
	assert_true(subscription_file_has(&file, LAYOUT_MAILDIRPP, ""));
	assert_true(subscription_file_has(&file, LAYOUT_MAILDIRPP, ".A.B"));
	assert_true(subscription_file_has(&file, LAYOUT_FS, "A/B"));
	assert_false(subscription_file_has(&file, LAYOUT_MAILDIRPP, ".A"));
	assert_false(subscription_file_has(&file, LAYOUT_MAILDIRPP, ".B"));
	subscription_file_set(&file, LAYOUT_MAILDIRPP, ".A", true);
	subscription_file_set(&file, LAYOUT_MAILDIRPP, ".A.C", true);
	subscription_file_set(&file, LAYOUT_MAILDIRPP, "", false);
	assert_printed(&file, "V\t2\n\nA\tB\nA\nA\tC\n");
}

static void
an_old_file_stays_an_old_file(void **state)
{
	struct subscription_file file;

	(void)state;
	parse(&file, "INBOX\nA.B\nx y");
	assert_true(subscription_file_has(&file, LAYOUT_MAILDIRPP, ".A.B"));
	assert_true(subscription_file_has(&file, LAYOUT_MAILDIRPP, ".x y"));
	subscription_file_set(&file, LAYOUT_MAILDIRPP, ".A.B", false);
	subscription_file_set(&file, LAYOUT_MAILDIRPP, ".C.D", true);
	assert_printed(&file, "INBOX\nx y\nC.D\n");
	parse(&file, "A/B\n");
	assert_true(subscription_file_has(&file, LAYOUT_FS, "A/B"));
	assert_true(file.there);
	subscription_file_free(&file);
}

static void
what_is_there_twice_goes_twice_and_is_not_added(void **state)
{
	struct subscription_file file;

	(void)state;
	parse(&file, "V\t2\n\nA\nB\nA\n");
	subscription_file_set(&file, LAYOUT_MAILDIRPP, ".B", true);
	subscription_file_set(&file, LAYOUT_MAILDIRPP, ".A", false);
	assert_printed(&file, "V\t2\n\nB\n");
}

static void
a_file_with_nothing_in_it_is_none(void **state)
{
	struct subscription_file file;

	(void)state;
	subscription_file_parse(&file, NULL, 0);
	assert_false(file.there);
	subscription_file_set(&file, LAYOUT_FS, "INBOX", true);
	assert_true(subscription_file_has(&file, LAYOUT_FS, "INBOX"));
	assert_printed(&file, "V\t2\n\nINBOX\n");
	subscription_file_parse(&file, "\0A\n", 3);
	assert_false(file.there);
	subscription_file_free(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(levels_are_separated_by_tabs_in_version_2),
	    cmocka_unit_test(an_old_file_stays_an_old_file),
	    cmocka_unit_test(what_is_there_twice_goes_twice_and_is_not_added),
	    cmocka_unit_test(a_file_with_nothing_in_it_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
