/* The sandbox's MIME parser. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/body.h"
#include "sandbox/mime.h"
#include "sandbox/mime_address.h"
#include "sandbox/mime_field.h"
#include "tests/unit/unit.h"

static struct mime_part *
parse(const char *text)
{
	return mime_parse(text, strlen(text));
}

static void
decodes_to(const char *value, const char *expected)
{
	struct buf out = BUF_INIT;

	field_text(value, strlen(value), &out);
	assert_string_equal(buf_str(&out), expected);
	buf_free(&out);
}

static void
a_message_is_header_fields_and_a_body(void **state)
{
	struct mime_part *m = parse("A: 1\r\nB:\r\n two\r\nnoise\r\n\r\nbody");

	(void)state;
	assert_int_equal(m->header_count, 2);
	assert_int_equal(mime_header(m, "b")->value_length, strlen("\r\n two"));
	assert_null(mime_header(m, "C"));
	assert_memory_equal(m->body, "body", 4);
	assert_string_equal(m->type, "text/plain");
	assert_string_equal(m->part_id, "1");
	mime_free(&m);
}

static void
line_feeds_alone_end_lines_too(void **state)
{
	struct mime_part *m = parse("A: 1\nB: 2\n\nbody");

	(void)state;
	assert_int_equal(m->header_count, 2);
	assert_int_equal(m->body_length, 4);
	mime_free(&m);
}

static void
nothing_at_all_is_an_empty_text(void **state)
{
	struct mime_part *m = mime_parse(NULL, 0);

	(void)state;
	assert_int_equal(m->header_count, 0);
	assert_int_equal(m->body_length, 0);
	mime_free(&m);
}

static void
the_last_field_of_a_name_counts(void **state)
{
	struct mime_part *m = parse("X: 1\r\nx: 2\r\n\r\n");

	(void)state;
	assert_memory_equal(mime_header(m, "X")->value, " 2", 2);
	mime_free(&m);
}

static void
a_multipart_is_cut_at_its_boundary_only(void **state)
{
	struct mime_part *m = parse(
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\none\r\n--bb\r\n"
	    "--b \r\nContent-Type: text/html\r\n\r\n--b--\r\n--b\r\nepilogue");
	const struct mime_part *first = m->children, *second = first->next;

	(void)state;
	assert_int_equal(first->body_length, strlen("one\r\n--bb"));
	assert_string_equal(second->type, "text/html");
	assert_int_equal(second->body_length, 0);
	assert_null(second->next);
	assert_null(m->part_id);
	assert_ptr_equal(mime_find(m, "2"), second);
	assert_ptr_equal(mime_after(second), NULL);
	mime_free(&m);
}

static void
a_multipart_cut_short_keeps_what_came(void **state)
{
	struct mime_part *m = parse(
	    "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nX: y\r\n\r\npart");

	(void)state;
	assert_non_null(m->children);
	assert_memory_equal(m->children->body, "part", 4);
	mime_free(&m);
}

static void
depth_and_number_of_parts_are_bounded(void **state)
{
	struct buf text = BUF_INIT;
	struct mime_part *m;
	unsigned parts = 0;

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_addf(&text, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n",
		    i, i);
	m = mime_parse(text.data, text.len);
	for (const struct mime_part *p = m; p != NULL; p = mime_after(p))
		parts++;
	assert_in_range(parts, 2, 100);
	mime_free(&m);
	buf_reset(&text);
	buf_adds(&text, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 100000; i++)
		buf_adds(&text, "--b\r\n");
	m = mime_parse(text.data, text.len);
	parts = 0;
	for (const struct mime_part *p = m; p != NULL; p = mime_after(p))
		parts++;
	assert_in_range(parts, 100, 3000);
	mime_free(&m);
	buf_free(&text);
}

static void
encoded_words_are_decoded_and_blanks_between_them_dropped(void **state)
{
	(void)state;
	decodes_to(
	    " =?utf-8?Q?a_=C3=BC?= =?ISO-8859-1?b?/A==?=\r\n b ", "a \xc3\xbc\xc3\xbc b");
	decodes_to("=?utf-8*de?Q?x?= y =?utf-8?q?z?=", "x y z");
}

static void
what_only_looks_like_an_encoded_word_stays(void **state)
{
	(void)state;
	decodes_to("=?utf-8?X?a?=", "=?utf-8?X?a?=");
	decodes_to("=?utf-8?Q?a", "=?utf-8?Q?a");
	decodes_to("=?=?", "=?=?");
	decodes_to("1 = 2", "1 = 2");
	decodes_to("", "");
}

static void
text_is_always_utf_8(void **state)
{
	(void)state;
	decodes_to("\xff", "\xef\xbf\xbd");
	decodes_to("=?utf-8?Q?=FF?=", "\xef\xbf\xbd");
	decodes_to("=?no-such?Q?a=FF?=", "a\xef\xbf\xbd");
}

static void
parameter_is(const char *value, const char *name, const char *expected)
{
	char *found = field_parameter(value, strlen(value), name);

	if (expected == NULL) {
		assert_null(found);
	} else {
		assert_non_null(found);
		assert_string_equal(found, expected);
	}
	free(found);
}

static void
parameters_are_quoted_continued_or_extended(void **state)
{
	(void)state;
	parameter_is("text/plain; charset=utf-8", "charset", "utf-8");
	parameter_is("a/b; NAME=\"x \\\"y\\\"; z\"; q=1", "name", "x \"y\"; z");
	parameter_is("a/b; n*=utf-8''%C3%BC%20x", "n", "\xc3\xbc x");
	parameter_is("a/b; n*0=\"a b\"; n*1*=%20c; n*2=d", "n", "a b cd");
	parameter_is("a/b; n*0*=iso-8859-1'de'%FC; n*1=x", "n", "\xc3\xbcx");
	parameter_is("a/b; n=\"=?utf-8?Q?=C3=BC?=\"", "n", "\xc3\xbc");
	parameter_is("a/b; name=x", "nam", NULL);
	parameter_is("a/b; n", "n", NULL);
	parameter_is("a/b;;;", "n", NULL);
	parameter_is("a/b; n=\"unclosed", "n", "unclosed");
	parameter_is("a/b; n*1=late", "n", NULL);
}

static void
date_is(const char *value, int64_t seconds, int zone)
{
	int64_t found;
	int found_zone;

	assert_true(field_date(value, strlen(value), &found, &found_zone));
	assert_int_equal(found, seconds);
	assert_int_equal(found_zone, zone);
}

static void
dates_old_and_new_are_read(void **state)
{
	int64_t seconds;
	int zone;

	(void)state;
	date_is(" Thu, 1 Jan 1970 00:00:01 +0000", 1, 0);
	date_is("1 Jan 70 01:00 +0100 (CET)", 0, 60);
	date_is("Wed, 31 Dec 1969 19:00:00 EST", 0, -300);
	date_is("Thu, 01 (a \\( comment) Jan 1970\r\n 00:00:00 nonsense", 0, 0);
	assert_false(field_date("never", 5, &seconds, &zone));
	assert_false(field_date("99 Jan 2000 00:00:00", 20, &seconds, &zone));
}

/* "name <email>" of each address, joined by "|". */
static void
addresses_are(const char *value, const char *expected)
{
	json_t *list = address_list(value, strlen(value));
	struct buf text = BUF_INIT;
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item) {
		const char *name = json_string_value(json_object_get(item, "name"));

		buf_addf(&text, "%s%s<%s>", i > 0 ? "|" : "", name != NULL ? name : "",
		    json_string_value(json_object_get(item, "email")));
	}
	assert_string_equal(buf_str(&text), expected);
	buf_free(&text);
	json_decref(list);
}

static void
address_lists_are_read_in_all_their_forms(void **state)
{
	(void)state;
	addresses_are("a@b", "<a@b>");
	addresses_are("A B <a@b>, \"C, D\" <c@d>", "A B<a@b>|C, D<c@d>");
	addresses_are("G: a@b, c@d; , e@f", "<a@b>|<c@d>|<e@f>");
	addresses_are("undisclosed-recipients:;", "");
	addresses_are("a@b (Name (nested)) , <@r,@s:c@d>", "Name (nested)<a@b>|<c@d>");
	addresses_are("\"quoted local\"@b", "<\"quoted local\"@b>");
	addresses_are("=?utf-8?Q?=C3=BC?= x <a@b>", "\xc3\xbc x<a@b>");
	addresses_are(",,,", "");
	addresses_are("\"unclosed <a@b>", "<\"unclosed <a@b>>");
	addresses_are("<a@b", "<a@b>");
	addresses_are("((((", "");
}

static void
addresses_for_an_envelope_are_checked(void **state)
{
	static const char *const good[] = {"a@b", "a.b+c@d.example", "\"a b\"@c",
	    "a@[127.0.0.1]", "\xc3\xbc@\xc3\xbc.example"};
	static const char *const bad[] = {"", "a", "@b", "a@", "a b@c", "a@b c", ".a@b", "a.@b",
	    "a..b@c", "a@.b", "a@b..c", "a@b.", "a@[1", "\"a@b", "<a@b>", "a@b,c@d", "a\r\n@b"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(address_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(address_valid(bad[i]));
}

static void
an_alternative_offers_text_and_html_of_the_same(void **state)
{
	struct mime_part *m =
	    parse("Content-Type: multipart/alternative; boundary=b\r\n\r\n"
	          "--b\r\n\r\nt\r\n--b\r\nContent-Type: text/html\r\n\r\nh\r\n--b--");
	struct body b = body_divide(m);

	(void)state;
	assert_int_equal(b.text.count, 1);
	assert_int_equal(b.html.count, 1);
	assert_string_equal(b.text.parts[0]->part_id, "1");
	assert_string_equal(b.html.parts[0]->part_id, "2");
	assert_int_equal(b.attachments.count, 0);
	body_free(&b);
	mime_free(&m);
}

static void
a_named_text_after_the_first_is_attached(void **state)
{
	struct mime_part *m =
	    parse("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nt\r\n"
	          "--b\r\nContent-Type: text/plain; name=a.txt\r\n\r\na\r\n"
	          "--b\r\nContent-Type: image/png\r\n\r\ni\r\n--b--");
	struct body b = body_divide(m);

	(void)state;
	assert_int_equal(b.text.count, 2);
	assert_int_equal(b.attachments.count, 1);
	assert_string_equal(b.attachments.parts[0]->part_id, "2");
	assert_true(body_has_attachment(m));
	body_free(&b);
	mime_free(&m);
}

static void
quoted_printable_undoes_soft_breaks_and_keeps_what_is_malformed(void **state)
{
	struct buf out = BUF_INIT;
	static const char text[] = "a=3Db =\r\nc= \nd=XYe=";

	(void)state;
	assert_false(quoted_printable_decode(text, strlen(text), false, &out));
	assert_string_equal(buf_str(&out), "a=b cd=XYe");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_is_header_fields_and_a_body),
	    cmocka_unit_test(line_feeds_alone_end_lines_too),
	    cmocka_unit_test(nothing_at_all_is_an_empty_text),
	    cmocka_unit_test(the_last_field_of_a_name_counts),
	    cmocka_unit_test(a_multipart_is_cut_at_its_boundary_only),
	    cmocka_unit_test(a_multipart_cut_short_keeps_what_came),
	    cmocka_unit_test(depth_and_number_of_parts_are_bounded),
	    cmocka_unit_test(encoded_words_are_decoded_and_blanks_between_them_dropped),
	    cmocka_unit_test(what_only_looks_like_an_encoded_word_stays),
	    cmocka_unit_test(text_is_always_utf_8),
	    cmocka_unit_test(parameters_are_quoted_continued_or_extended),
	    cmocka_unit_test(dates_old_and_new_are_read),
	    cmocka_unit_test(address_lists_are_read_in_all_their_forms),
	    cmocka_unit_test(addresses_for_an_envelope_are_checked),
	    cmocka_unit_test(an_alternative_offers_text_and_html_of_the_same),
	    cmocka_unit_test(a_named_text_after_the_first_is_attached),
	    cmocka_unit_test(quoted_printable_undoes_soft_breaks_and_keeps_what_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
