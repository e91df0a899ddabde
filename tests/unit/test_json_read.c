/* Reading JSON, beside jansson. */
#include <stdbool.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/json_read.h"
#include "tests/unit/unit.h"

/* Both readers say the same of a document, which has a value or has none. */
static void
read_alike(const char *bytes, size_t length, bool good)
{
	json_t *mine = json_read(bytes, length);
	json_t *other = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);

	if (good) {
		assert_non_null(mine);
		assert_non_null(other);
		assert_true(json_equal(mine, other));
	} else {
		assert_null(mine);
		assert_null(other);
	}
	json_decref(mine);
	json_decref(other);
}

static void
what_is_json_is_read(void **state)
{
	static const char *const documents[] = {"{}", "[]", " [ ] ", "\t{\r\n}\n",
	    "{\"a\":1,\"b\":[true,false,null]}", "[0,-0,1,-12,9223372036854775807]",
	    "[-9223372036854775808]", "[0.5,-1.25e3,1E-2,1e+2,0e0]", "[\"\",\"plain\"]",
	    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"line\\r\\nline\\r\\n\"]",
	    "[\"\\u0041\\u00e9\\u20ac\\uD83D\\ude00\"]",
	    "[\"Gr\xc3\xbc\xc3\x9f"
	    "e \xf0\x9f\x98\x80\"]",
	    "{\"a\\u0062\":{\"c\\n\":\"d\\n\"},\"ab\\n\":\"e\"}", "{\"\":{\"\":{}}}",
	    "{ \"a\" : [ 1 , { \"b\" : 2 } ] , \"c\" : \"x\\ty\" }", "[\"\x7f\"]"};

	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		read_alike(documents[i], strlen(documents[i]), true);
}

static void
what_is_no_json_is_refused(void **state)
{
	static const char *const documents[] = {"", " ", "1", "\"a\"", "true", "{", "[", "]",
	    "}", "[1", "[1,", "[1,]", "[,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
	    "{a:1}", "{1:1}", "{\"a\":1 \"b\":2}", "[] []", "[]x", "[tru]", "[nul", "[True]",
	    "[01]", "[-]", "[+1]", "[1.]", "[.5]", "[1e]", "[1e+]", "[0x1]", "[1e999]",
	    "[9223372036854775808]", "[NaN]", "[\"", "[\"a", "[\"a\\", "[\"\\x\"]",
	    "[\"\\u12\"]", "[\"\\u12g4\"]", "[\"\\u0000\"]", "[\"\\ud800\"]", "[\"\\ud800x\"]",
	    "[\"\\ud800\\u0041\"]", "[\"\\udc00\"]", "[\"a\nb\"]", "[\"a\tb\"]", "[\"\x80\"]",
	    "[\"\xc3\"]", "[\"\xc0\xaf\"]", "[\"\xed\xa0\x80\"]", "['a']", "{\"a\":1,\"a\":2}",
	    "{\"a\":1,\"\\u0061\":2}", "[/**/]", "\xef\xbb\xbf[]"};

	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		read_alike(documents[i], strlen(documents[i]), false);
	read_alike("[\"a\0b\"]", 7, false);
	read_alike("[]\0", 3, false);
}

static void
a_document_ends_where_its_bytes_end(void **state)
{
	static const char document[] = "[\"a\\u00e9\",true,12]";

	(void)state;
	for (size_t i = 0; i < strlen(document); i++)
		read_alike(document, i, false);
	read_alike(document, strlen(document), true);
}

static void
what_ends_a_plain_stretch_is_seen_wherever_it_stands(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		bool plain = c >= ' ' && c < 0x80 && c != '"' && c != '\\';

		for (size_t at = 2; at < 22; at++) {
			char document[] = "[\"aaaaaaaaaaaaaaaaaaaa\"]";

			document[at] = (char)c;
			read_alike(document, sizeof(document) - 1, plain);
		}
	}
}

static void
depth_is_bounded(void **state)
{
	struct buf deep = BUF_INIT;
	json_t *value;

	(void)state;
	for (int i = 0; i < JSON_READ_DEPTH; i++)
		buf_addc(&deep, '[');
	for (int i = 0; i < JSON_READ_DEPTH; i++)
		buf_addc(&deep, ']');
	read_alike(deep.data, deep.len, true);
	buf_reset(&deep);
	for (int i = 0; i <= JSON_READ_DEPTH; i++)
		buf_addc(&deep, '[');
	for (int i = 0; i <= JSON_READ_DEPTH; i++)
		buf_addc(&deep, ']');
	read_alike(deep.data, deep.len, false);
	buf_reset(&deep);
	for (int i = 0; i < 1000000; i++)
		buf_addc(&deep, '[');
	value = json_read(deep.data, deep.len);
	assert_null(value);
	buf_free(&deep);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_json_is_read),
	    cmocka_unit_test(what_is_no_json_is_refused),
	    cmocka_unit_test(a_document_ends_where_its_bytes_end),
	    cmocka_unit_test(what_ends_a_plain_stretch_is_seen_wherever_it_stands),
	    cmocka_unit_test(depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
