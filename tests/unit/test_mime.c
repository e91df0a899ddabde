/* Mail as anybody may have written it: fields, values, bodies and the tree of parts. */
#include <stdlib.h>
#include <string.h>

#include "common/wire/mime.h"
#include "tests/unit/unit.h"

static struct mime_span
span(const char *text)
{
	return (struct mime_span){text, strlen(text)};
}

static void
expect(struct mime_span actual, const char *expected)
{
	assert_int_equal(actual.length, strlen(expected));
	assert_memory_equal(actual.bytes, expected, actual.length);
}

static void
a_message_is_parted_at_its_empty_line(void **state)
{
	static const struct {
		const char *message, *header, *body;
	} cases[] = {
	    {"A: b\r\n\r\nc\r\n", "A: b\r\n", "c\r\n"},
	    {"A: b\n\nc\n\nd", "A: b\n", "c\n\nd"},
	    {"\r\nc", "", "c"},
	    {"\n", "", ""},
	    {"A: b\r\n", "A: b\r\n", ""},
	    {"A: b", "A: b", ""},
	    {"", "", ""},
	};
	struct mime_span header, body;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mime_split(span(cases[i].message), &header, &body);
		expect(header, cases[i].header);
		expect(body, cases[i].body);
	}
}

static void
a_field_is_its_name_and_its_raw_value(void **state)
{
	struct mime_span header = span("A: b\r\n\tc\r\n \r\nD \t:\nE:f");
	struct mime_field field;

	(void)state;
	assert_true(mime_next_field(&header, &field));
	assert_true(mime_field_is(&field, "a"));
	expect(field.value, " b\r\n\tc\r\n ");
	assert_true(mime_next_field(&header, &field));
	expect(field.name, "D");
	expect(field.value, "");
	assert_true(mime_next_field(&header, &field));
	expect(field.value, "f");
	assert_false(mime_next_field(&header, &field));
	assert_int_equal(header.length, 0);
}

static void
what_is_no_field_ends_the_fields(void **state)
{
	static const char *const cases[] = {"no field\r\n", ": a\r\n", " folded: a\r\n",
	    "a b: c\r\n", "\xc3\xbc: a\r\n", "From a@b Mon\r\n", "name\r\n: a\r\n"};
	struct mime_field field;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mime_span header = span(cases[i]);

		assert_false(mime_next_field(&header, &field));
		assert_int_equal(header.length, strlen(cases[i]));
		assert_non_null(mime_check_header(header));
	}
}

static void
unfolding_leaves_the_blanks_inside(void **state)
{
	struct buf line = BUF_INIT;

	(void)state;
	mime_unfold(span(" \r\n a\r\n\t b  \r\n "), &line);
	assert_string_equal(line.data, "a\t b");
	buf_free(&line);
}

static void
a_value_has_parameters(void **state)
{
	struct mime_value v;

	(void)state;
	assert_null(mime_value_read(
	    span(" Text/Plain (a (b)) ; Charset = \"UTF\\-8\" (c);\r\n x=a@b;"), true, &v));
	assert_string_equal(v.text, "text/plain");
	assert_int_equal(v.count, 2);
	assert_string_equal(mime_parameter(&v, "charset")->value, "UTF-8");
	assert_string_equal(mime_parameter(&v, "x")->value, "a@b");
	assert_null(mime_parameter(&v, "y"));
	mime_value_free(&v);
}

static void
a_parameter_in_a_charset_nobody_knows_has_no_value(void **state)
{
	struct mime_value v;

	(void)state;
	assert_null(mime_value_read(
	    span("attachment; a*=x-elvish''%E4; b*=utf-8''%FF; c*=utf-8''%00"), false, &v));
	assert_int_equal(v.count, 3);
	for (size_t i = 0; i < v.count; i++)
		assert_null(v.parameters[i].value);
	mime_value_free(&v);
}

static void
a_value_that_cannot_be_read_is_a_fault(void **state)
{
	static const char *const cases[] = {"", "text", "text/", "/plain",
	    "text/plain charset=x", "text/plain; charset",
	    "text/plain; charset=", "text/plain; a=b c",
	    "text/pl\x01"
	    "ain",
	    "text/plain; a=\"b", "text/plain;; a=b"};
	struct mime_value v;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (mime_value_read(span(cases[i]), true, &v) == NULL)
			fail_msg("\"%s\" was read", cases[i]);
		assert_null(v.text);
		mime_value_free(&v);
	}
}

static void
words_are_decoded_only_without_loss(void **state)
{
	static const struct {
		const char *text, *decoded;
	} cases[] = {
	    {"plain", "plain"},
	    {"=?utf-8?Q?a=C3=A4?=", "aä"},
	    {"=?utf-8?B?w6Q=?= =?ISO-8859-1?q?=FC_b?= c", "äü b c"},
	    {"=?x-elvish?Q?a?=", NULL},
	    {"=?utf-8?B?/w==?=", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *decoded = mime_decode_words(cases[i].text);

		if (cases[i].decoded == NULL)
			assert_null(decoded);
		else
			assert_string_equal(decoded, cases[i].decoded);
		free(decoded);
	}
}

/* Decode in pieces of every size up to 5; NULL expected means that it is broken. */
static void
decodes(enum mime_encoding encoding, const char *body, const char *expected)
{
	for (size_t piece = 1; piece <= 5; piece++) {
		struct buf out = BUF_INIT;
		struct mime_decoder d;
		ssize_t got;

		mime_decoder_init(&d, encoding, span(body));
		while ((got = mime_decode(&d, buf_reserve(&out, piece), piece)) > 0)
			out.len += (size_t)got;
		buf_add(&out, "", 0);
		assert_int_equal(got, expected == NULL ? -1 : 0);
		if (expected != NULL)
			assert_string_equal(out.data, expected);
		buf_free(&out);
	}
}

static void
base64_is_decoded_strictly(void **state)
{
	(void)state;
	decodes(MIME_BASE64, "", "");
	decodes(MIME_BASE64, "QQ==", "A");
	decodes(MIME_BASE64, " Q\r\nU I=\r\n", "AB");
	decodes(MIME_BASE64, "QUJDREU=", "ABCDE");
	decodes(MIME_BASE64, "QUI", "AB");
	decodes(MIME_BASE64, "QUJDR", NULL);
	decodes(MIME_BASE64, "Q*==", NULL);
	decodes(MIME_BASE64, "QQ==QQ==", NULL);
	decodes(MIME_BASE64, "QQ===", NULL);
	decodes(MIME_BASE64, "Q===", NULL);
	decodes(MIME_BASE64, "====", NULL);
}

static void
quoted_printable_is_decoded_as_all_readers_do(void **state)
{
	(void)state;
	decodes(MIME_QUOTED_PRINTABLE, "a=3Db=c3=BC", "a=bü");
	decodes(MIME_QUOTED_PRINTABLE, "a=\r\nb= \t\nc=", "abc");
	decodes(MIME_QUOTED_PRINTABLE, "a \t\r\nb =20\r\n c  ", "a\r\nb  \r\n c");
	decodes(MIME_QUOTED_PRINTABLE, "a = b =zz =4", "a = b =zz =4");
}

static void
utf8_is_known_from_what_only_looks_like_it(void **state)
{
	static const char *const bad[] = {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf",
	    "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
	    "a\xff"};

	(void)state;
	assert_true(mime_is_utf8("aü€\xf0\x9f\x98\x80", 10));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mime_is_utf8(bad[i], strlen(bad[i])));
}

static void
text_over_the_limit_is_not_converted(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	buf_adds(&text, "before");
	assert_true(mime_to_utf8(MIME_IDENTITY, span("\xfc"), "latin1", 2, &text));
	assert_false(mime_to_utf8(MIME_IDENTITY, span("\xfc"), "latin1", 1, &text));
	assert_false(mime_to_utf8(MIME_IDENTITY, span("a"), "utf-8//TRANSLIT", 1, &text));
	assert_string_equal(text.data, "beforeü");
	buf_free(&text);
}

static void
an_outer_boundary_ends_what_is_in_it(void **state)
{
	struct mime_part *root, *inner;

	(void)state;
	assert_null(
	    mime_read(span("Content-Type: multipart/mixed; boundary=o\n\n"
	                   "--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\none\n"
	                   "--o \t\n\ntwo\n--o-\n--oo\n--o--\n--o\n\nthree\n"),
	        &root));
	inner = root->parts;
	expect(inner->parts->body, "one");
	assert_null(inner->parts->next);
	expect(inner->next->body, "two\n--o-\n--oo");
	assert_null(inner->next->next);
	mime_part_free(&root);
	assert_null(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_is_parted_at_its_empty_line),
	    cmocka_unit_test(a_field_is_its_name_and_its_raw_value),
	    cmocka_unit_test(what_is_no_field_ends_the_fields),
	    cmocka_unit_test(unfolding_leaves_the_blanks_inside),
	    cmocka_unit_test(a_value_has_parameters),
	    cmocka_unit_test(a_parameter_in_a_charset_nobody_knows_has_no_value),
	    cmocka_unit_test(a_value_that_cannot_be_read_is_a_fault),
	    cmocka_unit_test(words_are_decoded_only_without_loss),
	    cmocka_unit_test(base64_is_decoded_strictly),
	    cmocka_unit_test(quoted_printable_is_decoded_as_all_readers_do),
	    cmocka_unit_test(utf8_is_known_from_what_only_looks_like_it),
	    cmocka_unit_test(text_over_the_limit_is_not_converted),
	    cmocka_unit_test(an_outer_boundary_ends_what_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
