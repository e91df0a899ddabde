/* A message as an Email object: its header fields, and the names of parts. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/compose_fixture.h"
#include "tests/unit/unit.h"

static void
fields_are_kept_raw(void **state)
{
	json_t *email =
	    composed("From: \"A\" <a@b>,\n\tc@d\nSubject:  two blanks \n"
	             "Date: Tue, 1 Jul 2025 10:52:37 +0200 (CEST)\nX-None:\nodd : x\n\n");

	(void)state;
	assert_string_equal(text_at(email, "header:From:asRaw"), " \"A\" <a@b>,\r\n\tc@d");
	assert_string_equal(text_at(email, "header:Subject:asRaw"), "  two blanks ");
	assert_string_equal(
	    text_at(email, "header:Date:asRaw"), " Tue, 1 Jul 2025 10:52:37 +0200 (CEST)");
	assert_string_equal(text_at(email, "header:X-None:asRaw"), "");
	assert_string_equal(text_at(email, "header:odd:asRaw"), " x");
}

static void
repeated_fields_stay_in_their_order(void **state)
{
	json_t *email = composed("Received: one\nX-A: 1\nreceived: two\nReceived: three\n\n");
	json_t *all = json_object_get(email, "header:Received:asRaw:all");

	(void)state;
	assert_int_equal(json_array_size(all), 3);
	assert_string_equal(json_string_value(json_array_get(all, 1)), " two");
	assert_string_equal(json_string_value(json_array_get(all, 2)), " three");
	assert_null(json_object_get(email, "header:received:asRaw"));
}

static void
long_references_are_kept(void **state)
{
	struct buf message = BUF_INIT;
	size_t start;

	(void)state;
	buf_adds(&message, "References:");
	start = message.len;
	for (int i = 0; i < 2000; i++)
		buf_addf(&message, "\n <%d.with.a.long.name@host.example>", i);
	buf_adds(&message, "\n\nhi\n");
	assert_int_equal(strlen(text_at(composed(message.data), "header:References:asRaw")),
	    strlen(message.data + start) - strlen("\n\nhi\n") + 2000);
	buf_free(&message);
}

static const char *
id(const json_t *email, const char *property, size_t i)
{
	return json_string_value(json_array_get(json_object_get(email, property), i));
}

static void
ids_are_properties(void **state)
{
	json_t *email = composed("Message-ID:\n <a@b>\nIn-Reply-To: <c@d>\n\t<e@f>\n\n");

	(void)state;
	assert_string_equal(id(email, "messageId", 0), "a@b");
	assert_string_equal(id(email, "inReplyTo", 0), "c@d");
	assert_string_equal(id(email, "inReplyTo", 1), "e@f");
	assert_null(json_object_get(email, "header:Message-ID:asRaw"));
}

static void
words_between_ids_are_left_out(void **state)
{
	json_t *email =
	    composed("In-Reply-To: Your mail of <Monday noon>, <c@d> (\"Eve\")\n\n");

	(void)state;
	assert_int_equal(json_array_size(json_object_get(email, "inReplyTo")), 1);
	assert_string_equal(id(email, "inReplyTo", 0), "c@d");
	assert_null(json_object_get(composed("In-Reply-To: your mail\n\n"), "inReplyTo"));
}

static void
a_message_id_that_is_none_is_refused(void **state)
{
	(void)state;
	refused("Message-ID: a@b\n\n", "Message-ID");
	refused("Message-ID: <a b@c>\n\n", "Message-ID");
	refused("Message-ID: <a@b>\nMessage-Id: <c@d>\n\n", "Message-ID");
}

static void
raw_utf8_stays_raw(void **state)
{
	(void)state;
	assert_string_equal(
	    text_at(composed("Subject: Grüße\n\n"), "header:Subject:asRaw"), " Grüße");
}

static void
hidden_recipients_and_content_are_no_fields_of_the_email(void **state)
{
	json_t *email = composed("BCC: x@y\nResent-Bcc: x@y\nMIME-Version: 1.0\n"
	                         "Content-Type: text/plain\nContent-Foo: bar\nTo: a@b\n\n");

	(void)state;
	assert_int_equal(json_object_size(email), 3); /* To, bodyStructure, bodyValues */
	assert_string_equal(text_at(email, "header:To:asRaw"), " a@b");
}

/* The part of a message with these two fields, which is a file. */
static json_t *
file(const char *type, const char *disposition)
{
	struct buf message = BUF_INIT;
	json_t *part;

	buf_addf(&message, "Content-Type: %s\n", type);
	if (disposition != NULL)
		buf_addf(&message, "Content-Disposition: %s\n", disposition);
	buf_adds(&message, "\nx\n");
	part = structure(message.data);
	buf_free(&message);
	return part;
}

static void
names_are_decoded(void **state)
{
	static const char *const dispositions[] = {
	    "attachment; filename=\"\xc3\xa4 \\\"b\\\".pdf\"",
	    "attachment; filename*=utf-8'de'%C3%A4%20%22b%22.pdf",
	    "attachment; filename*=iso-8859-1''%E4%20%22b%22.pdf",
	    "attachment; filename*0*=iso-8859-1''%E4%20;\n filename*1=\"\\\"b\\\".p\"; "
	    "filename*2*=df",
	    "attachment; filename*1*=%22b%22.pdf; filename*0*=utf-8''%C3%A4%20",
	    "attachment; filename=\"?\"; filename*=utf-8''%C3%A4%20%22b%22.pdf;",
	    "attachment; filename=\"=?iso-8859-1?Q?=E4_=22b=22.pdf?=\"",
	    "attachment (as a file); filename=\"=?utf-8?B?w6Q=?= =?utf-8?B?ICJiIi5wZGY=?=\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dispositions) / sizeof(dispositions[0]); i++) {
		json_t *part = file("application/pdf", dispositions[i]);

		assert_string_equal(text_at(part, "name"), "ä \"b\".pdf");
		assert_string_equal(text_at(part, "disposition"), "attachment");
		assert_string_equal(text_at(part, "type"), "application/pdf");
	}
}

static void
a_name_that_cannot_be_decoded_stays_in_its_field(void **state)
{
	json_t *part = file("application/pdf; name=\"=?x-elvish?Q?=E4?=\"",
	    "attachment; filename*=x-elvish''%E4");

	(void)state;
	assert_string_equal(text_at(part, "header:Content-Disposition:asRaw"),
	    " attachment; filename*=x-elvish''%E4");
	assert_null(json_object_get(part, "name"));
	assert_null(json_object_get(part, "disposition"));
	refused("Content-Type: image/png; name*=x-elvish''%E4\n\nx\n", "name cannot be read");
}

static void
an_encoded_word_that_cannot_be_decoded_stays_a_word(void **state)
{
	json_t *part = file("application/pdf", "attachment; filename=\"=?x-elvish?Q?=E4?=\"");

	(void)state;
	assert_string_equal(text_at(part, "name"), "=?x-elvish?Q?=E4?=");
}

static void
a_name_alone_makes_no_attachment(void **state)
{
	json_t *part = file("image/png; name=\"a.png\"", NULL);

	(void)state;
	assert_string_equal(text_at(part, "name"), "a.png");
	assert_string_equal(text_at(part, "disposition"), "inline");
}

static void
the_name_of_the_disposition_goes_before_the_types(void **state)
{
	(void)state;
	assert_string_equal(
	    text_at(file("image/png; name=b.png", "inline; filename=a.png"), "name"), "a.png");
	assert_string_equal(
	    text_at(file("image/png; name=b.png", "attachment; size=3"), "name"), "b.png");
}

static void
a_parameter_more_keeps_the_whole_disposition(void **state)
{
	json_t *part = file("application/pdf", "attachment; filename=a.pdf; size=3");

	(void)state;
	assert_string_equal(text_at(part, "header:Content-Disposition:asRaw"),
	    " attachment; filename=a.pdf; size=3");
	assert_string_equal(text_at(part, "type"), "application/pdf");
	assert_null(json_object_get(part, "name"));
}

static void
flowed_text_is_kept_as_its_lines_are(void **state)
{
	json_t *part = structure(
	    "Content-Type: text/plain; charset=utf-8;\n\tformat=flowed; delsp=yes\n\na \nb\n");

	(void)state;
	assert_string_equal(text_at(part, "type"), "text/plain");
	assert_string_equal(value_of(part), "a \nb\n");
}

static void
a_text_file_keeps_its_charset_and_bytes(void **state)
{
	json_t *part = file("text/csv; charset=iso-8859-1; header=present; x-mac-type=0",
	    "attachment; filename=a.csv");

	(void)state;
	assert_string_equal(text_at(part, "charset"), "iso-8859-1");
	assert_int_equal(uploaded()->count, 1);
}

static void
parameters_that_matter_are_refused(void **state)
{
	static const char *const fields[] = {
	    "text/calendar; method=REQUEST",
	    "multipart/report; report-type=delivery-status; boundary=b",
	    "message/partial; id=x; number=1; total=2",
	    "message/external-body; access-type=URL; url=x",
	    "video/mp4; codecs=avc1",
	};
	struct buf message = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		buf_reset(&message);
		buf_addf(&message, "Content-Type: %s\n\n--b\n\nhi\n--b--\n", fields[i]);
		refused(message.data, "has a parameter");
	}
	buf_free(&message);
}

static void
a_root_that_is_not_the_first_part_is_refused(void **state)
{
	static const char parts[] = "\n\n--b\nContent-ID: <a@x>\n\nhi\n--b\n"
	                            "Content-ID: <b@x>\n\nho\n--b--\n";
	struct buf message = BUF_INIT;

	(void)state;
	buf_addf(
	    &message, "Content-Type: multipart/related; boundary=b; start=\"<a@x>\"%s", parts);
	assert_string_equal(text_at(structure(message.data), "type"), "multipart/related");
	buf_reset(&message);
	buf_addf(
	    &message, "Content-Type: multipart/related; boundary=b; start=\"<b@x>\"%s", parts);
	refused(message.data, "another than the first");
	buf_free(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_are_kept_raw),
	    cmocka_unit_test(repeated_fields_stay_in_their_order),
	    cmocka_unit_test(long_references_are_kept),
	    cmocka_unit_test(ids_are_properties),
	    cmocka_unit_test(words_between_ids_are_left_out),
	    cmocka_unit_test(a_message_id_that_is_none_is_refused),
	    cmocka_unit_test(raw_utf8_stays_raw),
	    cmocka_unit_test(hidden_recipients_and_content_are_no_fields_of_the_email),
	    cmocka_unit_test(names_are_decoded),
	    cmocka_unit_test(a_name_that_cannot_be_decoded_stays_in_its_field),
	    cmocka_unit_test(an_encoded_word_that_cannot_be_decoded_stays_a_word),
	    cmocka_unit_test(a_name_alone_makes_no_attachment),
	    cmocka_unit_test(the_name_of_the_disposition_goes_before_the_types),
	    cmocka_unit_test(a_parameter_more_keeps_the_whole_disposition),
	    cmocka_unit_test(flowed_text_is_kept_as_its_lines_are),
	    cmocka_unit_test(a_text_file_keeps_its_charset_and_bytes),
	    cmocka_unit_test(parameters_that_matter_are_refused),
	    cmocka_unit_test(a_root_that_is_not_the_first_part_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, forget_composed);
}
