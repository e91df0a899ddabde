/* Writing JSON as text: what jansson reads of it, and writes itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/json.h"
#include "common/wire/json_text.h"
#include "tests/unit/unit.h"

/* The text is this value; both are let go. */
static void
assert_reads_as(struct buf *text, json_t *expected)
{
	json_t *value;
	struct outcome o = json_parse(buf_str(text), text->len, &value);

	assert_true(outcome_is_ok(&o));
	assert_non_null(expected);
	assert_true(json_equal(value, expected));
	json_decref(value);
	json_decref(expected);
	buf_free(text);
}

static void
what_is_written_reads_back_the_same(void **state)
{
	struct buf text = BUF_INIT;
	json_t *value = json_pack("{s:i, s:[n]}", "n", -7, "list");

	(void)state;
	json_text_open(&text, NULL, '{');
	json_text_string(&text, "name", "caf\xc3\xa9 \"x\" \\ \x01\r\n");
	json_text_open(&text, "list", '[');
	json_text_string(&text, NULL, "");
	json_text_null(&text, NULL);
	json_text_open(&text, NULL, '{');
	json_text_close(&text, '}');
	json_text_open(&text, NULL, '[');
	json_text_close(&text, ']');
	json_text_bool(&text, NULL, false);
	json_text_close(&text, ']');
	json_text_bool(&text, "a \"key\":", true);
	json_text_value(&text, "value", value);
	json_text_null(&text, "nothing");
	json_text_close(&text, '}');
	assert_reads_as(&text, json_pack("{s:s, s:[s, n, {}, [], b], s:b, s:o, s:n}", "name",
	                           "caf\xc3\xa9 \"x\" \\ \x01\r\n", "list", "", 0,
	                           "a \"key\":", 1, "value", value, "nothing"));
}

static void
no_last_byte_of_a_string_is_taken_for_the_place_of_a_first_value(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	json_text_open(&text, NULL, '[');
	json_text_string(&text, NULL, "{");
	json_text_string(&text, NULL, "[");
	json_text_string(&text, NULL, ":");
	json_text_string(&text, NULL, ",");
	json_text_close(&text, ']');
	assert_reads_as(&text, json_pack("[s, s, s, s]", "{", "[", ":", ","));
}

static void
members_are_written_without_their_braces(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	json_text_string(&text, "a", "1");
	json_text_bool(&text, "b", true);
	assert_string_equal(text.data, "\"a\":\"1\",\"b\":true");
	buf_free(&text);
}

static void
every_character_is_written_as_jansson_writes_it(void **state)
{
	(void)state;
	for (char c = 1; c > 0 && c < 127; c++) {
		const char string[] = {'x', c, 'y', c, '\0'};
		json_t *value = json_string(string);
		char *expected = json_dumps(value, JSON_ENCODE_ANY);
		struct buf text = BUF_INIT;

		json_text_string(&text, NULL, string);
		assert_string_equal(text.data, expected);
		buf_free(&text);
		free(expected);
		json_decref(value);
	}
}

static void
bytes_become_a_string_if_they_are_text(void **state)
{
	static const char bytes[] =
	    "Subject: caf\xc3\xa9\r\n\r\n\"all\" of it, \xf0\x9f\x90\xa7";
	struct buf text = BUF_INIT;

	(void)state;
	json_text_open(&text, NULL, '{');
	assert_true(json_text_bytes(&text, "data", bytes, sizeof(bytes) - 1, SIZE_MAX));
	json_text_close(&text, '}');
	assert_reads_as(&text, json_pack("{s:s}", "data", bytes));
}

/* It is refused, and nothing was written. */
static void
refuse(const char *bytes, size_t length, size_t most)
{
	struct buf text = BUF_INIT;

	json_text_open(&text, NULL, '[');
	assert_false(json_text_bytes(&text, NULL, bytes, length, most));
	assert_string_equal(text.data, "[");
	assert_int_equal(text.len, 1);
	buf_free(&text);
}

static void
bytes_that_are_no_text_are_refused_wherever_that_shows(void **state)
{
	static const char *const wrong[] = {"\x80", "\xc3", "\xff", "\xed\xa0\x80", "\xc0\xaf"};
	char bytes[40];

	(void)state;
	for (size_t at = 0; at < 20; at++) {
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			memset(bytes, 'x', sizeof(bytes));
			memcpy(bytes + at, wrong[i], strlen(wrong[i]));
			refuse(bytes, sizeof(bytes), SIZE_MAX);
			refuse(bytes, at + strlen(wrong[i]), SIZE_MAX);
		}
		memset(bytes, 'x', sizeof(bytes));
		bytes[at] = '\0';
		refuse(bytes, sizeof(bytes), SIZE_MAX);
	}
}

static void
bytes_that_would_take_too_many_are_refused(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	refuse("a\nb", 3, 5);
	assert_true(json_text_bytes(&text, NULL, "a\nb", 3, 6));
	assert_string_equal(text.data, "\"a\\nb\"");
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_reads_back_the_same),
	    cmocka_unit_test(no_last_byte_of_a_string_is_taken_for_the_place_of_a_first_value),
	    cmocka_unit_test(members_are_written_without_their_braces),
	    cmocka_unit_test(every_character_is_written_as_jansson_writes_it),
	    cmocka_unit_test(bytes_become_a_string_if_they_are_text),
	    cmocka_unit_test(bytes_that_are_no_text_are_refused_wherever_that_shows),
	    cmocka_unit_test(bytes_that_would_take_too_many_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
