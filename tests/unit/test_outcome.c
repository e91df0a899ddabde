/* The outcome table and its renderings. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"
#include "tests/unit/unit.h"

/* Split the row's key and make its outcome again from the two parts. */
static struct outcome
remake(const struct outcome_row *row)
{
	char family[16];
	const char *slash = strchr(row->condition, '/');

	assert_non_null(slash);
	snprintf(family, sizeof(family), "%.*s", (int)(slash - row->condition), row->condition);
	return outcome_make(family, slash + 1, NULL);
}

static void
every_row_is_found_and_keeps_its_codes(void **state)
{
	const struct outcome_row *row;

	(void)state;
	for (size_t i = 0; (row = outcome_table_row(i)) != NULL; i++) {
		struct outcome o = remake(row);

		assert_string_equal(o.condition, row->condition);
		assert_int_equal(o.class, row->class);
		assert_int_equal(o.ambiguous, row->ambiguous);
		assert_string_equal(o.dsn, row->dsn);
	}
}

static void
codes_of_a_row_agree_with_its_class(void **state)
{
	const struct outcome_row *row;

	(void)state;
	for (size_t i = 0; (row = outcome_table_row(i)) != NULL; i++) {
		char digit = row->class == OUTCOME_PERMANENT ? '5' : '4';

		assert_int_equal(row->dsn[0], digit);
		assert_int_equal(row->smtp / 100, digit - '0');
		if (row->class == OUTCOME_TEMPORARY)
			assert_int_equal(row->exit, EX_TEMPFAIL);
		else
			assert_true(row->exit != EX_TEMPFAIL && row->exit >= EX__BASE &&
			            row->exit <= EX__MAX && !row->ambiguous);
	}
}

static void
every_row_renders_as_one_line_that_postfix_reads(void **state)
{
	const struct outcome_row *row;
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; (row = outcome_table_row(i)) != NULL; i++) {
		struct outcome o = remake(row);
		struct milter_answer milter = outcome_milter_answer(&o);
		char start[32];

		buf_reset(&b);
		outcome_pipe_line(&o, &b);
		assert_memory_equal(b.data, row->dsn, strlen(row->dsn));
		assert_ptr_equal(strchr(b.data, '\n'), b.data + b.len - 1);

		buf_reset(&b);
		outcome_lmtp_reply(&o, &b);
		snprintf(start, sizeof(start), "%d %s ", row->smtp, row->dsn);
		assert_memory_equal(b.data, start, strlen(start));
		assert_true(b.len <= 512);
		assert_string_equal(b.data + b.len - 2, "\r\n");

		assert_int_equal(milter.verdict,
		    row->class == OUTCOME_PERMANENT ? MILTER_REJECT : MILTER_TEMPFAIL);
		assert_int_equal(milter.code[0], row->dsn[0]);
	}
	buf_free(&b);
}

static void
ok_is_250_and_status_0(void **state)
{
	struct outcome o = outcome_ok();
	struct buf b = BUF_INIT;

	(void)state;
	outcome_lmtp_reply(&o, &b);
	assert_string_equal(b.data, "250 2.0.0 ok\r\n");
	assert_int_equal(o.exit, 0);
	assert_int_equal(outcome_milter_answer(&o).verdict, MILTER_CONTINUE);
	buf_free(&b);
}

static void
an_unknown_name_is_temporary_and_named_in_the_text(void **state)
{
	static const char *const families[] = {"net", "auth", "pow", "http", "request",
	    "method", "set", "answer", "local", "martian"};

	(void)state;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		struct outcome o = outcome_make(families[i], "neverHeardOf", NULL);

		assert_int_equal(o.class, OUTCOME_TEMPORARY);
		assert_int_equal(o.exit, EX_TEMPFAIL);
		assert_non_null(strstr(o.text, "neverHeardOf"));
	}
}

static void
an_unknown_limit_is_a_limit(void **state)
{
	struct outcome o = outcome_make("request", "limit/maxNew", NULL);

	(void)state;
	assert_string_equal(o.condition, "request/limit");
}

static void
http_statuses_fall_back_to_their_class(void **state)
{
	struct outcome o;

	(void)state;
	o = outcome_http(204, NULL);
	assert_true(outcome_is_ok(&o));
	o = outcome_http(418, NULL);
	assert_string_equal(o.condition, "http/4xx");
	assert_false(o.ambiguous);
	o = outcome_http(507, "full");
	assert_string_equal(o.condition, "http/5xx");
	assert_true(o.ambiguous);
	assert_non_null(strstr(o.text, "HTTP 507"));
	assert_non_null(strstr(o.text, ": full"));
	o = outcome_http(0, NULL);
	assert_string_equal(o.condition, "http/*");
	o = outcome_http(301, NULL);
	assert_string_equal(o.condition, "http/3xx");
}

static void
set_errors_that_look_permanent_obey_the_code_in_their_description(void **state)
{
	static const struct {
		const char *type, *description, *dsn;
		enum outcome_class class;
	} cases[] = {
	    {"forbiddenToSend", NULL, "4.7.1", OUTCOME_TEMPORARY},
	    {"forbiddenToSend", "4.3.0 later", "4.3.0", OUTCOME_TEMPORARY},
	    {"forbiddenToSend", "5.7.0 never", "5.7.0", OUTCOME_PERMANENT},
	    {"forbiddenToSend", "554 5.7.0 never", "5.7.0", OUTCOME_PERMANENT},
	    {"forbiddenToSend", "554 never", "5.7.1", OUTCOME_PERMANENT},
	    {"invalidRecipients", "no such user", "5.1.1", OUTCOME_PERMANENT},
	    {"invalidRecipients", "4.1.1 greylisted", "4.1.1", OUTCOME_TEMPORARY},
	    {"invalidRecipients", "450 4.1.1 greylisted", "4.1.1", OUTCOME_TEMPORARY},
	    {"tooLarge", "4.3.4 not now", "4.3.4", OUTCOME_TEMPORARY},
	    {"tooLarge", NULL, "5.3.4", OUTCOME_PERMANENT},
	    {"tooManyRecipients", "5.5.3 too many", "5.5.3", OUTCOME_PERMANENT},
	    {"smtpProtocolError", "4.2.1 mailbox busy", "4.2.1", OUTCOME_TEMPORARY},
	    {"smtpProtocolError", "5.2.1 mailbox closed", "5.2.1", OUTCOME_PERMANENT},
	    /* Not a code: a number that happens to stand there. */
	    {"forbiddenToSend", "5000 mails today", "4.7.1", OUTCOME_TEMPORARY},
	    {"forbiddenToSend", "5.12345.1 x", "4.7.1", OUTCOME_TEMPORARY},
	    {"forbiddenToSend", "", "4.7.1", OUTCOME_TEMPORARY},
	    /* A type whose description is prose alone. */
	    {"overQuota", "5.2.2 full", "4.2.2", OUTCOME_TEMPORARY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o = outcome_set_error(cases[i].type, cases[i].description);

		assert_string_equal(o.dsn, cases[i].dsn);
		assert_int_equal(o.class, cases[i].class);
		assert_int_equal(o.smtp / 100, o.dsn[0] - '0');
		assert_int_equal(o.exit == EX_TEMPFAIL, o.class == OUTCOME_TEMPORARY);
	}
}

static void
what_a_server_says_stays_one_printable_line(void **state)
{
	struct outcome o = outcome_make(
	    "set", "forbidden", "%s", "a\r\nb\x01\xff\xc3\xa9\xe2\x82\xac\xc2\x85z");
	char long_text[OUTCOME_TEXT_MAX * 2];

	(void)state;
	assert_non_null(strstr(o.text, "a  b??\xc3\xa9\xe2\x82\xac??z"));

	memset(long_text, 'x', sizeof(long_text));
	for (size_t i = 0; i + 1 < sizeof(long_text); i += 2)
		memcpy(long_text + i, "\xc3\xa9", 2);
	long_text[sizeof(long_text) - 2] = '\0';
	o = outcome_make("set", "forbidden", "%s", long_text);
	assert_true(strlen(o.text) >= OUTCOME_TEXT_MAX - 2);
	assert_int_equal((unsigned char)o.text[strlen(o.text) - 1], 0xa9);
}

static void
the_hint_goes_to_the_operator_in_brackets(void **state)
{
	struct outcome o = outcome_make("auth", "refused", NULL);
	struct buf b = BUF_INIT;

	(void)state;
	outcome_hint(&o, "run %s", "ferryctl check");
	outcome_pipe_line(&o, &b);
	assert_string_equal(
	    b.data, "4.7.8 the service refused the login (run ferryctl check)\n");
	buf_free(&b);
}

static void
permanent_is_worse_than_temporary(void **state)
{
	struct outcome ok = outcome_ok();
	struct outcome temporary = outcome_make("http", "429", NULL);
	struct outcome permanent = outcome_make("http", "413", NULL);

	(void)state;
	assert_int_equal(outcome_worse(ok, temporary).class, OUTCOME_TEMPORARY);
	assert_int_equal(outcome_worse(permanent, temporary).class, OUTCOME_PERMANENT);
	assert_true(outcome_ambiguous(temporary).ambiguous);
	assert_false(outcome_ambiguous(permanent).ambiguous);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_is_found_and_keeps_its_codes),
	    cmocka_unit_test(codes_of_a_row_agree_with_its_class),
	    cmocka_unit_test(every_row_renders_as_one_line_that_postfix_reads),
	    cmocka_unit_test(ok_is_250_and_status_0),
	    cmocka_unit_test(an_unknown_name_is_temporary_and_named_in_the_text),
	    cmocka_unit_test(an_unknown_limit_is_a_limit),
	    cmocka_unit_test(http_statuses_fall_back_to_their_class),
	    cmocka_unit_test(set_errors_that_look_permanent_obey_the_code_in_their_description),
	    cmocka_unit_test(what_a_server_says_stays_one_printable_line),
	    cmocka_unit_test(the_hint_goes_to_the_operator_in_brackets),
	    cmocka_unit_test(permanent_is_worse_than_temporary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
