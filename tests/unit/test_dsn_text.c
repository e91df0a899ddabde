/* The encodings of ESMTP's values. */
#include <string.h>

#include "tests/unit/unit.h"
#include "transport/dsn_text.h"

static void
xtext_is_decoded(void **state)
{
	static const struct {
		const char *text, *decoded; /* NULL: it is none */
	} cases[] = {
	    {"", ""},
	    {"abc", "abc"},
	    {"a+2Bb+3Dc+20d", "a+b=c d"},
	    {"+C3+BC", "\xc3\xbc"},
	    {"+", NULL},
	    {"+2", NULL},
	    {"+2b", NULL},
	    {"+GG", NULL},
	    {"+00", NULL},
	    {"+0A", NULL},
	    {"+7F", NULL},
	    {"a=b", NULL},
	    {"a b", NULL},
	    {"\xc3\xbc", NULL},
	};
	struct buf decoded = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&decoded);
		assert_int_equal(dsn_xtext(cases[i].text, &decoded), cases[i].decoded != NULL);
		if (cases[i].decoded != NULL)
			assert_string_equal(buf_str(&decoded), cases[i].decoded);
	}
	buf_free(&decoded);
}

static void
original_recipients_are_decoded_by_their_type(void **state)
{
	static const struct {
		const char *text, *decoded; /* NULL: it is none */
	} cases[] = {
	    {"rfc822;user@x.example", "rfc822;user@x.example"},
	    {"RFC822;a+2Bb@x.example", "RFC822;a+b@x.example"},
	    {"x400;/c=de/", NULL},
	    {"x400;/c+3Dde/", "x400;/c=de/"},
	    {"rfc822;\xc3\xbc@x.example", NULL},
	    {"rfc822;a\\x{FC}@x.example", "rfc822;a\\x{FC}@x.example"},
	    {"utf-8;\xc3\xbc@x.example", "utf-8;\xc3\xbc@x.example"},
	    {"utf-8;gr\\x{FC}\\x{df}e@x.example", "utf-8;gr\xc3\xbc\xc3\x9f"
	                                          "e@x.example"},
	    {"UTF-8;a\\x{2B}b\\x{3D}c\\x{5C}d@x", "UTF-8;a+b=c\\d@x"},
	    {"utf-8;\\x{20AC}\\x{10348}@x", "utf-8;\xe2\x82\xac\xf0\x90\x8d\x88@x"},
	    {"utf-8;\\x{10FFFF}\\x{00FC}", "utf-8;\xf4\x8f\xbf\xbf\xc3\xbc"},
	    {"utf-8;a+b=c@x", "utf-8;a+b=c@x"},
	    {"utf-8;\\x{}", NULL},
	    {"utf-8;\\x{FC", NULL},
	    {"utf-8;\\x{GG}", NULL},
	    {"utf-8;\\xFC", NULL},
	    {"utf-8;\\", NULL},
	    {"utf-8;a\\x{0}b", NULL},
	    {"utf-8;a\\x{0A}b", NULL},
	    {"utf-8;a\\x{7F}b", NULL},
	    {"utf-8;\\x{D800}", NULL},
	    {"utf-8;\\x{110000}", NULL},
	    {"utf-8;\\x{00000FC}", NULL},
	    {"utf-8;\xc3", NULL},
	    {"utf-8;a b", NULL},
	    {"utf-8;", NULL},
	    {";a@x", NULL},
	    {"a@x", NULL},
	    {"\xc3\xbc;a@x", NULL},
	};
	struct buf decoded = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = cases[i].decoded != NULL;

		buf_reset(&decoded);
		buf_adds(&decoded, "before ");
		assert_int_equal(dsn_original_recipient(cases[i].text, NULL), good);
		assert_int_equal(dsn_original_recipient(cases[i].text, &decoded), good);
		assert_string_equal(
		    buf_str(&decoded) + strlen("before "), good ? cases[i].decoded : "");
	}
	buf_free(&decoded);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(xtext_is_decoded),
	    cmocka_unit_test(original_recipients_are_decoded_by_their_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
