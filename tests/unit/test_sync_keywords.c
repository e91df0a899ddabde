/* Sets of keywords as text. */
#include <stdlib.h>

#include "sync/keywords.h"
#include "tests/unit/unit.h"

static void
assert_set(const char *json, const char *expected)
{
	json_t *object = json_loads(json, 0, NULL);
	char *text = keywords_from_json(object);

	assert_string_equal(text, expected);
	free(text);
	json_decref(object);
}

static void
a_set_is_lower_case_sorted_and_without_repeats(void **state)
{
	(void)state;
	assert_set("{\"todo\":true,\"$Seen\":true,\"$seen\":true}", "$seen todo");
	assert_set("{}", "");
}

static void
what_cannot_be_a_keyword_is_left_out(void **state)
{
	(void)state;
	assert_set("{\"a b\":true,\"\":true,\"x\\\\y\":true,\"\\u00e9\":true,\"(\":true,"
	           "\"\\n\":true,\"ok\":true}",
	    "ok");
	assert_set("{\"off\":false,\"odd\":1,\"null\":null}", "");
	assert_set("[\"a\"]", "");
}

static void
a_set_is_cut_into_its_words(void **state)
{
	struct keywords set;

	(void)state;
	keywords_parse("$seen todo", &set);
	assert_int_equal(set.count, 2);
	assert_true(keywords_has(&set, "todo"));
	assert_false(keywords_has(&set, "tod"));
	keywords_free(&set);
	keywords_parse(NULL, &set);
	assert_int_equal(set.count, 0);
	assert_false(keywords_has(&set, "todo"));
}

static void
five_keywords_are_maildir_flags(void **state)
{
	(void)state;
	assert_int_equal(keyword_flag("$seen"), 'S');
	assert_int_equal(keyword_flag("$flagged"), 'F');
	assert_int_equal(keyword_flag("$answered"), 'R');
	assert_int_equal(keyword_flag("$draft"), 'D');
	assert_int_equal(keyword_flag("$forwarded"), 'P');
	assert_int_equal(keyword_flag("todo"), '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_set_is_lower_case_sorted_and_without_repeats),
	    cmocka_unit_test(what_cannot_be_a_keyword_is_left_out),
	    cmocka_unit_test(a_set_is_cut_into_its_words),
	    cmocka_unit_test(five_keywords_are_maildir_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
