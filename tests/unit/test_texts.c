/* Texts that are kept, and forgotten, together. */
#include <string.h>

#include "common/base/texts.h"
#include "tests/unit/unit.h"

#define MANY 3000

static void
texts_stay_where_they_are_and_as_they_are(void **state)
{
	static char long_text[100000];
	struct texts texts = {0};
	char *kept[MANY];

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t i = 0; i < MANY; i++)
		kept[i] = texts_add_part(&texts, long_text, i % 700 == 699 ? i * 30 : i % 60);
	for (size_t i = 0; i < MANY; i++) {
		size_t length = i % 700 == 699 ? i * 30 : i % 60;

		assert_int_equal(strlen(kept[i]), length);
		assert_memory_equal(kept[i], long_text, length);
	}
	texts_free(&texts);
}

static void
what_is_written_into_one_is_in_no_other(void **state)
{
	struct texts texts = {0};
	char *before = texts_add(&texts, "before");
	char *room = texts_take(&texts, 1000), *after = texts_add(&texts, "after");

	(void)state;
	memset(room, 'x', 1000);
	assert_string_equal(before, "before");
	assert_string_equal(after, "after");
	assert_string_equal(texts_add(&texts, ""), "");
	assert_null(texts_add(&texts, NULL));
	texts_free(&texts);
}

static void
others_come_after_all_are_forgotten(void **state)
{
	struct texts texts = {0};

	(void)state;
	texts_free(&texts);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(texts_add(&texts, "text"), "text");
		texts_free(&texts);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_stay_where_they_are_and_as_they_are),
	    cmocka_unit_test(what_is_written_into_one_is_in_no_other),
	    cmocka_unit_test(others_come_after_all_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
