/* The growable buffer. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"
#include "tests/unit/unit.h"

static void
an_empty_buffer_is_an_empty_string(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void
it_grows_and_stays_terminated(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		buf_addf(&b, "%d,", i % 10);
		assert_int_equal(b.data[b.len], 0);
	}
	assert_int_equal(b.len, 20000);
	buf_free(&b);
}

static void
it_keeps_nul_bytes(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "a\0b", 3);
	assert_memory_equal(b.data, "a\0b", 4);
	buf_truncate(&b, 1);
	assert_string_equal(b.data, "a");
	buf_wipe(&b);
	assert_null(b.data);
}

static void
characters_and_numbers_go_to_its_end(void **state)
{
	static const int64_t numbers[] = {0, 7, -7, 10, 1795698284, INT64_MAX, INT64_MIN};
	struct buf b = BUF_INIT;
	char *printed;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		buf_reset(&b);
		for (size_t k = 0; k < 100 * i; k++)
			buf_addc(&b, 'a');
		assert_int_equal(b.len, 100 * i);
		buf_addi(&b, numbers[i]);
		printed = xasprintf("%lld", (long long)numbers[i]);
		assert_string_equal(buf_str(&b) + 100 * i, printed);
		assert_int_equal(b.len, strlen(b.data));
		free(printed);
	}
	buf_free(&b);
}

static void
a_stolen_string_belongs_to_the_caller(void **state)
{
	struct buf b = BUF_INIT;
	char *text;

	(void)state;
	buf_adds(&b, "mail");
	text = buf_steal(&b);
	assert_string_equal(text, "mail");
	assert_null(b.data);
	free(text);
	text = buf_steal(&b);
	assert_string_equal(text, "");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_buffer_is_an_empty_string),
	    cmocka_unit_test(it_grows_and_stays_terminated),
	    cmocka_unit_test(it_keeps_nul_bytes),
	    cmocka_unit_test(characters_and_numbers_go_to_its_end),
	    cmocka_unit_test(a_stolen_string_belongs_to_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
