/* Paths, parameters and dates of LMTP commands. */
#include <string.h>

#include "tests/unit/unit.h"
#include "transport/lmtp_syntax.h"

static void
paths_become_addresses(void **state)
{
	static const struct {
		const char *text, *address, *rest; /* NULL: it is no path */
	} cases[] = {
	    {"<a@b>", "a@b", ""},
	    {" <a@b> SIZE=1", "a@b", " SIZE=1"},
	    {"<>", "", ""},
	    {"<> BODY=7BIT", "", " BODY=7BIT"},
	    {"<\"odd local\"@b>", "\"odd local\"@b", ""},
	    {"<\"a>b\\\"c\"@d> X", "\"a>b\\\"c\"@d", " X"},
	    {"<@one,@two:a@b>", "a@b", ""},
	    {"<a@[IPv6:::1]>", "a@[IPv6:::1]", ""},
	    {"<postmaster>", "postmaster", ""},
	    {"<\xc3\xbc@\xc3\xa4.test>", "\xc3\xbc@\xc3\xa4.test", ""},
	    {"", NULL, ""},
	    {"a@b", NULL, ""},
	    {"<a@b", NULL, ""},
	    {"<a@b>c", NULL, ""},
	    {"<a b@c>", NULL, ""},
	    {"<a<b@c>", NULL, ""},
	    {"<\"a@b>", NULL, ""},
	    {"<\"a\\\">", NULL, ""},
	    {"<\"a\\", NULL, ""},
	    {"<@one,@two>", NULL, ""},
	    {"<@one:>", NULL, ""},
	};
	struct buf address = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char copy[128], *rest = copy;

		strcpy(copy, cases[i].text);
		assert_int_equal(lmtp_path(&rest, &address), cases[i].address != NULL);
		if (cases[i].address == NULL)
			continue;
		assert_string_equal(buf_str(&address), cases[i].address);
		assert_string_equal(rest, cases[i].rest);
	}
	buf_free(&address);
}

static void
parameters_are_cut_at_blanks_and_at_the_first_equals_sign(void **state)
{
	char text[] = "  SIZE=1  SMTPUTF8 ENVID=a=b X=";
	char *rest = text;
	struct lmtp_parameter p;

	(void)state;
	assert_true(lmtp_parameter(&rest, &p));
	assert_string_equal(p.key, "SIZE");
	assert_string_equal(p.value, "1");
	assert_true(lmtp_parameter(&rest, &p));
	assert_string_equal(p.key, "SMTPUTF8");
	assert_null(p.value);
	assert_true(lmtp_parameter(&rest, &p));
	assert_string_equal(p.value, "a=b");
	assert_true(lmtp_parameter(&rest, &p));
	assert_string_equal(p.value, "");
	assert_false(lmtp_parameter(&rest, &p));
}

static void
numbers_are_digits_within_their_bounds(void **state)
{
	int64_t number;

	(void)state;
	assert_true(lmtp_number("0", 10, &number));
	assert_int_equal(number, 0);
	assert_true(lmtp_number("9223372036854775807", INT64_MAX, &number));
	assert_true(number == INT64_MAX);
	assert_false(lmtp_number("9223372036854775808", INT64_MAX, &number));
	assert_false(lmtp_number("99999999999999999999999", INT64_MAX, &number));
	assert_false(lmtp_number("11", 10, &number));
	assert_false(lmtp_number("", 10, &number));
	assert_false(lmtp_number("-1", 10, &number));
	assert_false(lmtp_number("1 ", 10, &number));
}

static void
dates_are_those_of_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* 0: it is none */
	} cases[] = {
	    {"2026-09-01T12:00:00Z", 1788264000},
	    {"2026-09-01t12:00:00z", 1788264000},
	    {"2026-09-01T12:00:00.25Z", 1788264000},
	    {"2026-09-01T14:00:00+02:00", 1788264000},
	    {"2026-09-01T06:30:00-05:30", 1788264000},
	    {"1970-01-01T00:00:01Z", 1},
	    {"", 0},
	    {"2026-09-01", 0},
	    {"2026-09-01T12:00:00", 0},
	    {"2026-09-01T12:00:00+02", 0},
	    {"2026-09-01T12:00:00+02:00x", 0},
	    {"2026-09-01T12:00:00+24:00", 0},
	    {"2026-09-01T12:00:00+02:60", 0},
	    {"2026-09-01T12:00:00+02:-1", 0},
	    {"2026-13-01T12:00:00Z", 0},
	    {"2026-00-01T12:00:00Z", 0},
	    {"2026-09-32T12:00:00Z", 0},
	    {"2026-09-01T24:00:00Z", 0},
	    {"2026-09-01 12:00:00Z", 0},
	    {"20260901T120000Z", 0},
	};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (lmtp_date(cases[i].text, &seconds) != (cases[i].seconds != 0))
			fail_msg("%s", cases[i].text);
		if (cases[i].seconds != 0)
			assert_int_equal(seconds, cases[i].seconds);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_become_addresses),
	    cmocka_unit_test(parameters_are_cut_at_blanks_and_at_the_first_equals_sign),
	    cmocka_unit_test(numbers_are_digits_within_their_bounds),
	    cmocka_unit_test(dates_are_those_of_rfc_3339),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
