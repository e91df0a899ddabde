/* Three-way merge of sets. */
#include <stdlib.h>

#include "sync/merge.h"
#include "tests/unit/unit.h"

static void
assert_mailboxes(const char *base, const char *side, const char *added, const char *removed)
{
	struct numbers from, to;
	struct mailbox_change change;
	char *text;

	numbers_parse(base, &from);
	numbers_parse(side, &to);
	merge_mailboxes(&from, &to, &change);
	text = numbers_text(&change.added);
	assert_string_equal(text, added);
	free(text);
	text = numbers_text(&change.removed);
	assert_string_equal(text, removed);
	free(text);
	mailbox_change_free(&change);
	numbers_free(&from);
	numbers_free(&to);
}

static void
what_a_side_added_and_removed_is_its_change(void **state)
{
	(void)state;
	assert_mailboxes("1 2 3", "2 3 4", "4", "1");
	assert_mailboxes("", "5 1", "1 5", "");
	assert_mailboxes("1 5", NULL, "", "1 5");
	assert_mailboxes("7", "7", "", "");
}

static void
a_set_of_numbers_is_sorted_and_without_repeats(void **state)
{
	struct numbers set;
	char *text;

	(void)state;
	numbers_parse("10 9 10 2", &set);
	text = numbers_text(&set);
	assert_string_equal(text, "2 9 10");
	assert_true(numbers_has(&set, 9));
	assert_false(numbers_has(&set, 1));
	free(text);
	numbers_free(&set);
}

static void
text_that_is_no_set_ends_at_the_mistake(void **state)
{
	struct numbers set;

	(void)state;
	numbers_parse("3 x 4", &set);
	assert_int_equal(set.count, 1);
	numbers_free(&set);
}

static void
keywords_change_one_by_one(void **state)
{
	struct keywords base, side;
	struct keyword_change change;

	(void)state;
	keywords_parse("$flagged $seen", &base);
	keywords_parse("$seen todo", &side);
	merge_keywords(&base, &side, &change);
	assert_int_equal(change.added_count, 1);
	assert_string_equal(change.added[0], "todo");
	assert_int_equal(change.removed_count, 1);
	assert_string_equal(change.removed[0], "$flagged");
	keyword_change_free(&change);
	keywords_free(&base);
	keywords_free(&side);
}

static void
assert_merged(const char *base, const char *near, const char *far, const char *expected)
{
	struct numbers sets[3], merged;
	char *text;

	numbers_parse(base, &sets[0]);
	numbers_parse(near, &sets[1]);
	numbers_parse(far, &sets[2]);
	merge_both_mailboxes(&sets[0], &sets[1], &sets[2], &merged);
	text = numbers_text(&merged);
	assert_string_equal(text, expected);
	free(text);
	numbers_free(&merged);
	for (size_t i = 0; i < 3; i++)
		numbers_free(&sets[i]);
}

static void
mailboxes_get_the_changes_of_both_sides(void **state)
{
	(void)state;
	assert_merged("1", "1", "1", "1");
	assert_merged("1", "2", "1", "2");
	assert_merged("1", "1", "3", "3");
	assert_merged("1", "2", "3", "2 3");
	assert_merged("1", "2", "2", "2");
	assert_merged("1 2", "1", "1 2 3", "1 3");
	assert_merged("1", "", "1", "");
	assert_merged("1", "", "3", "3");
	assert_merged("1", "2", "", "2");
	assert_merged("1", "1", "", "");
	assert_merged("", "1", "2", "1 2");
}

static void
a_message_that_nobody_deleted_stays_where_the_service_has_it(void **state)
{
	(void)state;
	assert_merged("1 2", "2", "1", "1");
	assert_merged("1 2 3", "3", "1", "1");
}

static void
assert_merged_words(const char *base, const char *near, const char *far, const char *expected)
{
	char *text = merge_both_keywords(base, near, far);

	assert_string_equal(text, expected);
	free(text);
}

static void
keywords_get_the_changes_of_both_sides(void **state)
{
	(void)state;
	assert_merged_words("$seen", "$seen", "$seen", "$seen");
	assert_merged_words("", "$seen", "$flagged", "$flagged $seen");
	assert_merged_words("$seen todo", "todo", "$seen todo", "todo");
	assert_merged_words("$seen todo", "todo", "$seen", "");
	assert_merged_words("a", "b", "c", "b c");
	assert_merged_words("a", "a b", "a b", "a b");
}

static void
with_no_base_nothing_was_removed(void **state)
{
	(void)state;
	assert_merged_words(NULL, "$seen", "todo", "$seen todo");
	assert_merged_words(NULL, "", "todo", "todo");
}

static const char *
conflict(const char *base, const char *near, const char *far, bool here, bool there)
{
	struct numbers sets[3];
	const char *kind;

	numbers_parse(base, &sets[0]);
	numbers_parse(near, &sets[1]);
	numbers_parse(far, &sets[2]);
	kind = merge_conflict(&sets[0], &sets[1], &sets[2], here, there);
	for (size_t i = 0; i < 3; i++)
		numbers_free(&sets[i]);
	return kind != NULL ? kind : "none";
}

static void
a_conflict_is_what_cannot_be_had_on_both_sides(void **state)
{
	(void)state;
	assert_string_equal(conflict("1", "1", "2", true, true), "none");
	assert_string_equal(conflict("1", "2", "2", false, false), "none");
	assert_string_equal(conflict("1", "2", "3", false, false), "moved");
	assert_string_equal(conflict("1", "", "1", false, false), "none");
	assert_string_equal(conflict("1", "", "1", false, true), "deleted-here");
	assert_string_equal(conflict("1", "", "2", false, false), "deleted-here");
	assert_string_equal(conflict("1", "1", "", false, false), "none");
	assert_string_equal(conflict("1", "1", "", true, false), "deleted-there");
	assert_string_equal(conflict("1", "2", "", false, false), "deleted-there");
	assert_string_equal(conflict("1", "", "", true, true), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_side_added_and_removed_is_its_change),
	    cmocka_unit_test(a_set_of_numbers_is_sorted_and_without_repeats),
	    cmocka_unit_test(text_that_is_no_set_ends_at_the_mistake),
	    cmocka_unit_test(keywords_change_one_by_one),
	    cmocka_unit_test(mailboxes_get_the_changes_of_both_sides),
	    cmocka_unit_test(a_message_that_nobody_deleted_stays_where_the_service_has_it),
	    cmocka_unit_test(keywords_get_the_changes_of_both_sides),
	    cmocka_unit_test(with_no_base_nothing_was_removed),
	    cmocka_unit_test(a_conflict_is_what_cannot_be_had_on_both_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
