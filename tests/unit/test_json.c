/* Reading JSON that may be anything. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/wire/json.h"
#include "tests/unit/unit.h"

static json_t *
parse(const char *text)
{
	json_t *value;
	struct outcome o = json_parse(text, strlen(text), &value);

	assert_true(outcome_is_ok(&o));
	return value;
}

/* Parse what must be refused. */
static struct outcome
refuse(const char *text, size_t length)
{
	json_t *value;
	struct outcome o = json_parse(text, length, &value);

	assert_true(outcome_is(&o, "answer/json"));
	assert_null(value);
	return o;
}

static char *
repeat(const char *text, size_t times)
{
	struct buf b = BUF_INIT;

	while (times-- != 0)
		buf_adds(&b, text);
	return buf_steal(&b);
}

static void
what_is_not_json_is_refused_with_where_and_why(void **state)
{
	static const char *const texts[] = {"", " ", "{", "{\"a\":1,}", "{} x",
	    "{\"a\":1 \"b\":2}", "nul", "\"\\ud800\"", "\"\xff\"", "\"a\nb\"", "[1e999]",
	    "99999999999999999999", "\"\\"};
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refuse(texts[i], strlen(texts[i]));
	o = refuse("{\n \"a\" 1}", 10);
	assert_non_null(strstr(o.text, "line 2"));
}

static void
the_text_of_a_refusal_quotes_nothing(void **state)
{
	static const char text[] = "{\"apiKey\": s3cret";
	struct outcome o = refuse(text, strlen(text));

	(void)state;
	assert_null(strstr(o.text, "s3cret"));
}

static void
duplicate_keys_and_nuls_are_refused(void **state)
{
	(void)state;
	refuse("{\"a\":1,\"a\":2}", 13);
	refuse("\"a\\u0000b\"", 10);
	refuse("{}\0", 3);
}

static void
nesting_is_refused_beyond_64_levels(void **state)
{
	char *open = repeat("[", 64), *close = repeat("]", 64);
	struct buf text = BUF_INIT;
	json_t *value;

	(void)state;
	buf_addf(&text, "%s%s", open, close);
	json_decref(parse(text.data));
	buf_reset(&text);
	buf_addf(&text, "[%s%s]", open, close);
	refuse(text.data, text.len);
	buf_reset(&text);
	/* Brackets in strings nest nothing. */
	buf_addf(&text, "[\"\\\"%s%s\"]", open, open);
	value = parse(text.data);
	assert_int_equal(json_array_size(value), 1);
	json_decref(value);
	buf_free(&text);
	free(open);
	free(close);
}

static void
text_that_would_swell_in_memory_is_refused(void **state)
{
	char *many = repeat("[],", 300000);
	struct buf text = BUF_INIT;

	(void)state;
	buf_addf(&text, "[%s0]", many);
	refuse(text.data, text.len);
	buf_free(&text);
	free(many);
	many = repeat("0,", 1600000);
	buf_addf(&text, "[%s0]", many);
	refuse(text.data, text.len);
	buf_free(&text);
	free(many);
}

static void
members_of_another_type_are_not_there(void **state)
{
	json_t *value = parse("{\"string\":\"s\",\"number\":1,\"object\":{},\"array\":[],"
	                      "\"true\":true,\"null\":null}");

	(void)state;
	assert_string_equal(json_get_string(value, "string"), "s");
	assert_null(json_get_string(value, "number"));
	assert_null(json_get_string(value, "none"));
	assert_non_null(json_get_object(value, "object"));
	assert_null(json_get_object(value, "array"));
	assert_non_null(json_get_array(value, "array"));
	assert_null(json_get_array(value, "object"));
	assert_true(json_get_bool(value, "true", false));
	assert_true(json_get_bool(value, "null", true));
	assert_false(json_get_bool(value, "number", false));
	json_decref(value);

	value = parse("[1]");
	assert_null(json_get_string(value, "string"));
	assert_null(json_get_string(NULL, "string"));
	assert_int_equal(json_get_count(NULL, "number", 7), 7);
	json_decref(value);
}

static void
counts_are_whole_and_not_beyond_53_bits(void **state)
{
	static const struct {
		const char *text;
		int64_t count;
	} cases[] = {
	    {"0", 0},
	    {"9007199254740991", INT64_C(9007199254740991)},
	    {"9007199254740992", -7},
	    {"9223372036854775807", -7},
	    {"-1", -7},
	    {"1e3", 1000},
	    {"4096.0", 4096},
	    {"4096.5", -7},
	    {"-0.5", -7},
	    {"1e300", -7},
	    {"\"1\"", -7},
	    {"null", -7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf text = BUF_INIT;
		json_t *value;

		buf_addf(&text, "{\"n\":%s}", cases[i].text);
		value = parse(text.data);
		assert_int_equal(json_get_count(value, "n", -7), cases[i].count);
		json_decref(value);
		buf_free(&text);
	}
}

static void
ids_cannot_leave_a_directory_or_a_line(void **state)
{
	static const char *const bad[] = {"", ".", "..", "a/b", "/", "a\nb", "a\tb", "\x7f"};
	static const char *const good[] = {
	    "M1", "...", "alice@lab.example", "G-_9", "\xc3\xa9"};
	char *longest = repeat("x", 255), *longer = repeat("x", 256);
	json_t *object = json_object();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_object_set_new(object, "id", json_string(bad[i]));
		assert_null(json_get_id(object, "id"));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		json_object_set_new(object, "id", json_string(good[i]));
		assert_string_equal(json_get_id(object, "id"), good[i]);
	}
	json_object_set_new(object, "id", json_string(longest));
	assert_string_equal(json_get_id(object, "id"), longest);
	json_object_set_new(object, "id", json_string(longer));
	assert_null(json_get_id(object, "id"));
	json_object_set_new(object, "id", json_integer(1));
	assert_null(json_get_id(object, "id"));
	json_decref(object);
	free(longest);
	free(longer);
}

static void
dates_are_read_with_their_zone(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2014-10-30T14:12:00+08:00", 1414649520},
	    {"2014-10-30T06:12:00Z", 1414649520},
	    {"2014-10-30T06:12:00.123Z", 1414649520},
	    {"2014-10-30t00:12:00-06:00", 1414649520},
	    {"1969-12-31T23:59:59Z", -1},
	    {"2016-12-31T23:59:60Z", 1483228800},
	    {"2014-10-30", -7},
	    {"2014-10-30T06:12:00", -7},
	    {"2014-10-30T06:12Z", -7},
	    {"2014-13-30T06:12:00Z", -7},
	    {"2014-00-30T06:12:00Z", -7},
	    {"2014-10-32T06:12:00Z", -7},
	    {"2014-10-30T24:12:00Z", -7},
	    {"2014-10-30T06:60:00Z", -7},
	    {"2014-10-30T06:12:61Z", -7},
	    {"2014-10-30T06:12:00+24:00", -7},
	    {"2014-10-30T06:12:00+08", -7},
	    {"2014-10-30T06:12:00Zx", -7},
	    {"+014-10-30T06:12:00Z", -7},
	    {"", -7},
	};
	json_t *object = json_object();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_object_set_new(object, "date", json_string(cases[i].text));
		assert_int_equal(json_get_date(object, "date", -7), cases[i].seconds);
	}
	json_decref(object);
}

static void
writing_appends_the_compact_form(void **state)
{
	json_t *value = parse(" { \"a\" : [ 1, true, \"\xc3\xa9\" ] } ");
	struct buf text = BUF_INIT;

	(void)state;
	buf_adds(&text, "x=");
	json_write(value, &text);
	assert_string_equal(text.data, "x={\"a\":[1,true,\"\xc3\xa9\"]}");
	json_decref(value);
	buf_free(&text);
}

static void
every_value_is_written_as_jansson_writes_it(void **state)
{
	json_t *value = parse("{\"real\":[0.5,1e30,-2.0],\"whole\":[0,-9223372036854775808],"
	                      "\"others\":[true,false,null,[],{}],\"\\\"key\\n\":\"\"}");
	struct buf text = BUF_INIT;
	char *wanted;

	(void)state;
	for (unsigned char c = 1; c < 0x80; c++) {
		char word[] = {'a', (char)c, 'b', (char)c, '\0'};

		json_object_set_new(value, word, json_stringn(word + 1, c % 4));
	}
	json_object_set_new(value, "nul", json_stringn("a\0b", 3));
	wanted = json_dumps(value, JSON_COMPACT);
	json_write(value, &text);
	assert_string_equal(buf_str(&text), wanted);
	free(wanted);
	buf_free(&text);
	json_decref(value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_not_json_is_refused_with_where_and_why),
	    cmocka_unit_test(the_text_of_a_refusal_quotes_nothing),
	    cmocka_unit_test(duplicate_keys_and_nuls_are_refused),
	    cmocka_unit_test(nesting_is_refused_beyond_64_levels),
	    cmocka_unit_test(text_that_would_swell_in_memory_is_refused),
	    cmocka_unit_test(members_of_another_type_are_not_there),
	    cmocka_unit_test(counts_are_whole_and_not_beyond_53_bits),
	    cmocka_unit_test(ids_cannot_leave_a_directory_or_a_line),
	    cmocka_unit_test(dates_are_read_with_their_zone),
	    cmocka_unit_test(writing_appends_the_compact_form),
	    cmocka_unit_test(every_value_is_written_as_jansson_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
