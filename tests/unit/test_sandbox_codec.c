/* The sandbox's small encodings, and sets of words. */
#include <string.h>

#include "sandbox/codec.h"
#include "sandbox/words.h"
#include "tests/unit/unit.h"

static void
base64_goes_there_and_back_for_every_length(void **state)
{
	unsigned char bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 37 + 200);
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		struct buf text = BUF_INIT, back = BUF_INIT;

		base64_encode(bytes, length, &text);
		assert_int_equal(text.len % 4, 0);
		assert_true(base64_decode(buf_str(&text), text.len, &back));
		assert_int_equal(back.len, length);
		assert_memory_equal(buf_str(&back), bytes, length);
		buf_reset(&text);
		buf_reset(&back);
		base64url_encode(bytes, length, &text);
		assert_null(strpbrk(buf_str(&text), "+/="));
		assert_true(base64url_decode(buf_str(&text), text.len, &back));
		assert_memory_equal(buf_str(&back), bytes, length);
		buf_free(&text);
		buf_free(&back);
	}
}

static void
line_ends_in_base64_are_skipped_and_damage_is_told(void **state)
{
	static const struct {
		const char *text;
		bool good;
		const char *decoded;
	} rows[] = {{"YW\r\nJj\r\n", true, "abc"}, {"YWI=", true, "ab"}, {"YWI", false, "ab"},
	    {"YWI==", false, "ab"}, {"Y", false, ""}, {"YW=I", false, "a"},
	    {"YWJj%", false, "abc"}, {"", true, ""}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT;

		assert_int_equal(
		    base64_decode(rows[i].text, strlen(rows[i].text), &out), rows[i].good);
		assert_string_equal(buf_str(&out), rows[i].decoded);
		buf_free(&out);
	}
}

static void
base64url_is_strict(void **state)
{
	static const char *const bad[] = {"YW=", "Y W", "YW\n", "Y", "YW+/", "YWJj."};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf out = BUF_INIT;

		assert_false(base64url_decode(bad[i], strlen(bad[i]), &out));
		buf_free(&out);
	}
}

static void
utf_8_is_told_from_what_looks_like_it(void **state)
{
	static const char *const good[] = {"", "a", "\xc3\xbc", "\xe2\x82\xac",
	    "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\xff", "\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf",
	    "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xf8\x88\x80\x80\x80"};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
		buf_reset(&out);
		utf8_clean(bad[i], strlen(bad[i]), &out);
		assert_true(utf8_valid(out.data, out.len));
	}
	buf_free(&out);
}

static void
hexadecimal_goes_there_and_back(void **state)
{
	struct buf text = BUF_INIT;
	unsigned char bytes[3];

	(void)state;
	hex_encode("\x00\xab\xff", 3, &text);
	assert_string_equal(text.data, "00abff");
	assert_true(hex_decode("00ABff", bytes, 3));
	assert_memory_equal(bytes, "\x00\xab\xff", 3);
	assert_false(hex_decode("00abf", bytes, 3));
	assert_false(hex_decode("00abfg", bytes, 3));
	buf_free(&text);
}

static void
a_set_of_words_holds_each_once(void **state)
{
	struct buf set = BUF_INIT;

	(void)state;
	words_add(&set, "$seen");
	words_add(&set, "work");
	words_add(&set, "$seen");
	assert_string_equal(set.data, " $seen work ");
	assert_true(words_has(set.data, "work"));
	assert_false(words_has(set.data, "wor"));
	assert_int_equal(words_count(set.data), 2);
	assert_int_equal(words_count(""), 0);
	assert_false(words_has("", ""));
	buf_free(&set);
}

static void
a_set_of_numbers_is_walked_in_order(void **state)
{
	struct buf set = BUF_INIT;
	const char *cursor;
	int64_t number;

	(void)state;
	words_add_number(&set, 12);
	words_add_number(&set, 7);
	assert_true(words_has_number(set.data, 7));
	assert_false(words_has_number(set.data, 1));
	cursor = set.data;
	assert_true(words_next_number(&cursor, &number));
	assert_int_equal(number, 12);
	assert_true(words_next_number(&cursor, &number));
	assert_int_equal(number, 7);
	assert_false(words_next_number(&cursor, &number));
	buf_free(&set);
}

/* FIPS 180-4's example, and of more bytes than it takes at a time. */
static void
hashes_are_those_of_the_standard(void **state)
{
	static char many[1000000];
	unsigned char hash[SHA1_BYTES];
	struct buf text = BUF_INIT;

	(void)state;
	memset(many, 'a', sizeof(many));
	sha1("abc", 3, hash);
	hex_encode(hash, sizeof(hash), &text);
	buf_addc(&text, ' ');
	sha1(many, sizeof(many), hash);
	hex_encode(hash, sizeof(hash), &text);
	assert_string_equal(text.data, "a9993e364706816aba3e25717850c26c9cd0d89d "
	                               "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64_goes_there_and_back_for_every_length),
	    cmocka_unit_test(line_ends_in_base64_are_skipped_and_damage_is_told),
	    cmocka_unit_test(base64url_is_strict),
	    cmocka_unit_test(utf_8_is_told_from_what_looks_like_it),
	    cmocka_unit_test(hexadecimal_goes_there_and_back),
	    cmocka_unit_test(a_set_of_words_holds_each_once),
	    cmocka_unit_test(a_set_of_numbers_is_walked_in_order),
	    cmocka_unit_test(hashes_are_those_of_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
