/* A message as an Email object: its text, its parts and what is uploaded. */
#include <string.h>

#include "tests/unit/compose_fixture.h"
#include "tests/unit/unit.h"
#include "transport/compose.h"

static json_t *
sub(const json_t *part, size_t i)
{
	json_t *child = json_array_get(json_object_get(part, "subParts"), i);

	assert_non_null(child);
	return child;
}

static void
expect_upload(size_t i, const char *bytes, size_t length, const char *type)
{
	assert_true(i < uploaded()->count);
	assert_int_equal(uploaded()->bytes[i].len, length);
	assert_memory_equal(uploaded()->bytes[i].data, bytes, length);
	assert_string_equal(uploaded()->types[i], type);
}

static void
latin1_text_becomes_utf8(void **state)
{
	json_t *part = structure("From: a@b\nContent-Type: text/plain; charset=iso-8859-1\n"
	                         "Content-Transfer-Encoding: 8bit\n\nGr\xfc\xdf"
	                         "e\n");

	(void)state;
	assert_string_equal(value_of(part), "Grüße\n");
	assert_string_equal(text_at(part, "type"), "text/plain");
	assert_null(json_object_get(part, "charset"));
	assert_int_equal(uploaded()->count, 0);
}

static void
quoted_printable_is_decoded(void **state)
{
	json_t *part = structure("Content-Type: text/plain; charset=utf-8\n"
	                         "Content-Transfer-Encoding: Quoted-Printable\n\n"
	                         "gr=C3=BC=c3=9f=\ne=20 \n1 + 1 = 2 =zz\nend=");

	(void)state;
	assert_string_equal(value_of(part), "grüße \n1 + 1 = 2 =zz\nend");
}

static void
base64_text_is_decoded(void **state)
{
	json_t *part = structure("Content-Type: text/html; charset=\"UTF-8\"\n"
	                         "Content-Transfer-Encoding: base64\n\nPHA+w7\n w8L3A+DQo=\n");

	(void)state;
	assert_string_equal(value_of(part), "<p>ü</p>\n");
	assert_string_equal(text_at(part, "type"), "text/html");
}

static void
other_charsets_are_converted(void **state)
{
	(void)state;
	assert_string_equal(
	    value_of(structure("Content-Type: text/plain; charset=koi8-r\n\n\xf0\xd2\xc9\n")),
	    "При\n");
	assert_string_equal(
	    value_of(structure("Content-Type: text/plain; charset=ISO-2022-JP\n\n"
	                       "\x1b$B$3$s\x1b(B.\n")),
	    "こん.\n");
	/* It holds letters back in case a point follows. */
	assert_string_equal(
	    value_of(structure("Content-Type: text/plain; charset=windows-1255\n\n\xf9\xec")),
	    "של");
}

static void
text_that_its_charset_does_not_know_is_uploaded_with_it(void **state)
{
	json_t *part = structure("Content-Type: text/plain; charset=utf-8\n\na\xff"
	                         "b\n");

	(void)state;
	assert_string_equal(text_at(part, "charset"), "utf-8");
	assert_string_equal(text_at(part, "blobId"), "b0");
	assert_null(json_object_get(part, "partId"));
	expect_upload(0,
	    "a\xff"
	    "b\r\n",
	    5, "text/plain");
}

static void
text_of_a_charset_nobody_knows_is_uploaded_with_it(void **state)
{
	json_t *part = structure("Content-Type: text/plain; charset=x-elvish\n\nhi\n");

	(void)state;
	assert_string_equal(text_at(part, "charset"), "x-elvish");
	expect_upload(0, "hi\r\n", 4, "text/plain");
}

static void
a_charset_cannot_ask_iconv_to_guess(void **state)
{
	(void)state;
	refused("Content-Type: text/plain; charset=\"us-ascii//IGNORE\"\n\na\xff\n",
	    "charset has no proper name");
}

static void
eight_bits_without_a_charset_stay_bytes(void **state)
{
	json_t *part = structure("From: a@b\n\n\xfc\n");

	(void)state;
	assert_string_equal(text_at(part, "type"), "text/plain");
	assert_null(json_object_get(part, "charset"));
	expect_upload(0, "\xfc\r\n", 3, "text/plain");
}

static void
text_with_a_lone_cr_is_uploaded(void **state)
{
	(void)state;
	structure("Content-Transfer-Encoding: quoted-printable\n\na=0Db\n");
	expect_upload(0, "a\rb\r\n", 5, "text/plain");
}

static void
text_with_a_signature_inside_keeps_its_bytes(void **state)
{
	static const char body[] = "-----BEGIN PGP SIGNED MESSAGE-----\r\n\xfc\r\n";

	(void)state;
	structure("Content-Type: text/plain; charset=iso-8859-1\n\n"
	          "-----BEGIN PGP SIGNED MESSAGE-----\n\xfc\n");
	expect_upload(0, body, sizeof(body) - 1, "text/plain");
}

static void
long_text_is_uploaded(void **state)
{
	struct buf message = BUF_INIT;

	(void)state;
	buf_adds(&message, "Subject: long\n\n");
	for (size_t i = 0; i < 100000; i++)
		buf_adds(&message, "seven \n");
	structure(message.data);
	assert_int_equal(uploaded()->count, 1);
	assert_int_equal(uploaded()->bytes[0].len, 800000);
	buf_free(&message);
}

static void
a_message_without_type_is_text(void **state)
{
	json_t *part = structure("From: a@b\n\nhello\n\nworld\n");

	(void)state;
	assert_string_equal(text_at(part, "type"), "text/plain");
	assert_string_equal(value_of(part), "hello\n\nworld\n");
}

static void
an_empty_body_is_an_empty_text(void **state)
{
	(void)state;
	assert_string_equal(value_of(structure("From: a@b\n\n")), "");
	assert_string_equal(value_of(structure("From: a@b\n")), "");
	assert_string_equal(value_of(structure("")), "");
}

static void
an_empty_attachment_is_not_uploaded(void **state)
{
	json_t *part = structure("Content-Type: application/pdf\n"
	                         "Content-Disposition: attachment; filename=a.pdf\n\n");

	(void)state;
	assert_string_equal(value_of(part), "");
	assert_string_equal(text_at(part, "type"), "application/pdf");
	assert_string_equal(text_at(part, "name"), "a.pdf");
}

static const char nested[] =
    "Content-Type: multipart/mixed; boundary=o\n\npreamble\n"
    "--o\nContent-Type: multipart/related; boundary=\"o i\";\n"
    " type=\"multipart/alternative\"\n\n"
    "--o i\nContent-Type: multipart/alternative; boundary=oo\n\n"
    "--oo\n\nplain\n\n--oo\nContent-Type: text/html\n\n<p>\n--oo--\n"
    "--o i \nContent-Type: image/png\nContent-ID: <logo@x>\n"
    "Content-Disposition: inline\nContent-Transfer-Encoding: base64\n\n"
    "iVBORw==\n--o i--\n"
    "--o\nContent-Type: message/rfc822\n\nSubject: in\n\n--x\n"
    "--o--\nepilogue\n--o\n\nno part\n";

static void
multiparts_keep_their_nesting(void **state)
{
	json_t *mixed = structure(nested), *related = sub(mixed, 0);
	json_t *alternative = sub(related, 0);

	(void)state;
	assert_string_equal(text_at(mixed, "type"), "multipart/mixed");
	assert_string_equal(text_at(related, "type"), "multipart/related");
	assert_string_equal(text_at(alternative, "type"), "multipart/alternative");
	assert_string_equal(value_of(sub(alternative, 0)), "plain\n");
	assert_string_equal(value_of(sub(alternative, 1)), "<p>");
	assert_int_equal(json_array_size(json_object_get(mixed, "subParts")), 2);
}

static void
an_inline_image_keeps_its_id(void **state)
{
	json_t *image = sub(sub(structure(nested), 0), 1);

	(void)state;
	assert_string_equal(text_at(image, "cid"), "logo@x");
	assert_string_equal(text_at(image, "disposition"), "inline");
	assert_string_equal(text_at(image, "blobId"), "b0");
	expect_upload(0, "\x89PNG", 4, "image/png");
}

static void
a_message_in_a_message_keeps_its_bytes(void **state)
{
	json_t *part = sub(structure(nested), 1);

	(void)state;
	assert_string_equal(text_at(part, "type"), "message/rfc822");
	expect_upload(1, "Subject: in\r\n\r\n--x", 18, "application/octet-stream");
}

static void
a_digest_is_of_messages(void **state)
{
	json_t *part = structure("Content-Type: multipart/digest; boundary=b\n\n"
	                         "--b\n\nSubject: in\n\nhi\n--b--\n");

	(void)state;
	assert_string_equal(text_at(sub(part, 0), "type"), "message/rfc822");
}

static void
a_last_boundary_may_be_missing(void **state)
{
	json_t *part =
	    structure("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n");

	(void)state;
	assert_string_equal(value_of(sub(part, 1)), "two\n");
}

static void
languages_and_location_are_properties(void **state)
{
	json_t *part = structure("Content-Language: de, en-GB\nContent-Location: http://x/y\n"
	                         "Content-Description: a\n b\n\nhi\n");
	json_t *languages = json_object_get(part, "language");

	(void)state;
	assert_int_equal(json_array_size(languages), 2);
	assert_string_equal(json_string_value(json_array_get(languages, 1)), "en-GB");
	assert_string_equal(text_at(part, "location"), "http://x/y");
	assert_string_equal(text_at(part, "header:Content-Description:asRaw"), " a\r\n b");
}

static void
odd_fields_of_a_part_go_raw(void **state)
{
	json_t *part =
	    structure("Content-Language: de (German)\nContent-Location: a b\n"
	              "Content-ID: no brackets\nContent-Foo: x\ncontent-foo: y\n\nhi\n");
	json_t *both = json_object_get(part, "header:Content-Foo:asRaw:all");

	(void)state;
	assert_string_equal(text_at(part, "header:Content-Language:asRaw"), " de (German)");
	assert_string_equal(text_at(part, "header:Content-Location:asRaw"), " a b");
	assert_string_equal(text_at(part, "header:Content-ID:asRaw"), " no brackets");
	assert_int_equal(json_array_size(both), 2);
}

static void
what_tells_of_the_encoding_stays_behind(void **state)
{
	json_t *part = structure("Content-Transfer-Encoding: 7bit\nContent-Length: 4\n"
	                         "Content-MD5: abc\n\nhi\n");

	(void)state;
	assert_int_equal(json_object_size(part), 2); /* partId, type */
}

static void
the_same_bytes_give_the_same_object(void **state)
{
	json_t *first = json_incref(composed(nested));

	(void)state;
	assert_true(json_equal(first, composed(nested)));
	json_decref(first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(latin1_text_becomes_utf8),
	    cmocka_unit_test(quoted_printable_is_decoded),
	    cmocka_unit_test(base64_text_is_decoded),
	    cmocka_unit_test(other_charsets_are_converted),
	    cmocka_unit_test(text_that_its_charset_does_not_know_is_uploaded_with_it),
	    cmocka_unit_test(text_of_a_charset_nobody_knows_is_uploaded_with_it),
	    cmocka_unit_test(a_charset_cannot_ask_iconv_to_guess),
	    cmocka_unit_test(eight_bits_without_a_charset_stay_bytes),
	    cmocka_unit_test(text_with_a_lone_cr_is_uploaded),
	    cmocka_unit_test(text_with_a_signature_inside_keeps_its_bytes),
	    cmocka_unit_test(long_text_is_uploaded),
	    cmocka_unit_test(a_message_without_type_is_text),
	    cmocka_unit_test(an_empty_body_is_an_empty_text),
	    cmocka_unit_test(an_empty_attachment_is_not_uploaded),
	    cmocka_unit_test(multiparts_keep_their_nesting),
	    cmocka_unit_test(an_inline_image_keeps_its_id),
	    cmocka_unit_test(a_message_in_a_message_keeps_its_bytes),
	    cmocka_unit_test(a_digest_is_of_messages),
	    cmocka_unit_test(a_last_boundary_may_be_missing),
	    cmocka_unit_test(languages_and_location_are_properties),
	    cmocka_unit_test(odd_fields_of_a_part_go_raw),
	    cmocka_unit_test(what_tells_of_the_encoding_stays_behind),
	    cmocka_unit_test(the_same_bytes_give_the_same_object),
	};

	return cmocka_run_group_tests(tests, NULL, forget_composed);
}
