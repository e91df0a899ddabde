/* What a message's header says, for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sync/header_text.h"
#include "tests/unit/unit.h"

static void
encoded_words_are_decoded_as_well_as_can_be(void **state)
{
	static const struct {
		const char *text, *decoded;
	} rows[] = {
	    {"plain", "plain"},
	    {"", ""},
	    {"=?utf-8?Q?caf=C3=A9?=", "café"},
	    {"=?UTF-8?b?Y2Fmw6k=?= au lait", "café au lait"},
	    {"=?iso-8859-1?q?J=F6rg_M?= <j@x>", "Jörg M <j@x>"},
	    {"=?utf-8*en?Q?a?=", "a"},
	    {"=?utf-8?Q?a?= \t =?utf-8?Q?b?= c", "ab c"},
	    {"=?utf-8?Q?a_?= =?utf-8?Q?_b?=", "a  b"},
	    {"x =?utf-8?Q?a?= y", "x a y"},
	    {"=?nobody-knows?Q?a?=", "=?nobody-knows?Q?a?="},
	    {"=?utf-8?Q?a?= =?nobody-knows?Q?b?=", "a =?nobody-knows?Q?b?="},
	    {"=?utf-8?B?***?=", "=?utf-8?B?***?="},
	    {"=?utf-8?X?a?=", "=?utf-8?X?a?="},
	    {"=?utf-8?Q?a", "=?utf-8?Q?a"},
	    {"=?utf-8?Q?a b?=", "=?utf-8?Q?a b?="},
	    {"=?utf-8?", "=?utf-8?"},
	    {"=?", "=?"},
	    {"=??Q?a?=", "=??Q?a?="},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT;

		header_text_decode(rows[i].text, &out);
		assert_string_equal(out.data, rows[i].decoded);
		buf_free(&out);
	}
}

static void
what_a_terminal_would_obey_is_left_out(void **state)
{
	static const struct {
		const char *text, *clean;
	} rows[] = {
	    {"a\nb\x1b[31m\x7f", "ab[31m"},
	    {"a\xc2\x9b"
	     "b",
	        "ab"},
	    {"caf\xe9!", "caf?!"},
	    {"\xe2\x9c", "??"},
	    {"caf\xc3\xa9\xa9", "café?"},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&out);
		header_text_clean(rows[i].text, &out);
		assert_string_equal(out.data, rows[i].clean);
	}
	buf_free(&out);
}

static void
text_is_cut_between_characters(void **state)
{
	char text[HEADER_TEXT_MAX + 20];
	struct buf out = BUF_INIT;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text + HEADER_TEXT_MAX - 1, "é", 3);
	header_text_clean(text, &out);
	assert_int_equal(out.len, HEADER_TEXT_MAX - 1);
	buf_free(&out);
}

static void
the_first_fields_of_a_file_are_read(void **state)
{
	static const char text[] =
	    "Received: x\r\nfrom: =?utf-8?Q?=C3=A4?= <a@x>\r\n"
	    "SUBJECT: one\r\n two\r\nSubject: three\r\n\r\nFrom: body\r\n";
	char path[] = "/tmp/ferry-test-header.XXXXXX";
	struct buf from = BUF_INIT, subject = BUF_INIT;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	header_text_read(path, &from, &subject);
	assert_string_equal(from.data, "ä <a@x>");
	assert_string_equal(subject.data, "one two");
	unlink(path);
	buf_reset(&from);
	buf_reset(&subject);
	header_text_read(path, &from, &subject);
	assert_string_equal(from.data, "");
	assert_string_equal(subject.data, "");
	buf_free(&from);
	buf_free(&subject);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(encoded_words_are_decoded_as_well_as_can_be),
	    cmocka_unit_test(what_a_terminal_would_obey_is_left_out),
	    cmocka_unit_test(text_is_cut_between_characters),
	    cmocka_unit_test(the_first_fields_of_a_file_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
