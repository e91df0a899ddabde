/* The writer of JSON, beside jansson's. */
#include <stdlib.h>

#include "common/base/json_write.h"
#include "tests/unit/unit.h"

static void
what_is_written_is_what_jansson_writes(void **state)
{
	static const char *const documents[] = {"{}", "[]", "[[],{}]",
	    "{\"a\":{\"b\":[1,2,3]}}", "[true,false,null]",
	    "[0,-1,9223372036854775807,-9223372036854775808,1234567890]", "[0.5,-1e300,1.0]",
	    "[\"\",\"plain\",\"\\\"\\\\/\"]",
	    "[\"\\b\\f\\n\\r\\t\\u0001\\u000b\\u001f\\u007f\"]", "[\"a\\nb\\r\\nc\"]",
	    "{\"k\\\"\\n\":\"\xc3\xa9 \xf0\x9f\x98\x80\",\"z\":1,\"a\":2}"};

	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		json_t *value = json_loads(documents[i], 0, NULL);
		char *mine = json_write_text(value);
		char *other = json_dumps(value, JSON_COMPACT);

		assert_non_null(value);
		assert_string_equal(mine, other);
		free(mine);
		free(other);
		json_decref(value);
	}
}

static void
a_value_is_appended_to_what_is_there(void **state)
{
	json_t *value = json_pack("[s, i]", "x", -7);
	struct buf text = BUF_INIT;

	(void)state;
	buf_adds(&text, "data: ");
	json_write(value, &text);
	assert_string_equal(text.data, "data: [\"x\",-7]");
	buf_free(&text);
	json_decref(value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_what_jansson_writes),
	    cmocka_unit_test(a_value_is_appended_to_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
