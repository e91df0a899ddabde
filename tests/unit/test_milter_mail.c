/* A message's envelope and header, as events bring them: what is kept, and how much. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/mail.h"
#include "tests/unit/unit.h"

static struct mail mail;

static int
setup(void **state)
{
	(void)state;
	mail_init(&mail);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mail_free(&mail);
	return 0;
}

static void
assert_fault(const char *condition)
{
	struct outcome o = mail_fault(&mail);

	assert_string_equal(o.condition, condition);
}

#define WITH_MAIL(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void
addresses_are_kept_as_given_and_without_their_brackets(void **state)
{
	(void)state;
	mail_sender(&mail, "<>", NULL);
	mail_recipient(&mail, "<Bob@X.example>", NULL);
	mail_recipient(&mail, "eve@x.example", NULL);
	assert_string_equal(mail.sender.given, "<>");
	assert_string_equal(mail.sender.address, "");
	assert_string_equal(mail.recipients[0].given, "<Bob@X.example>");
	assert_string_equal(mail.recipients[0].address, "Bob@X.example");
	assert_string_equal(mail.recipients[1].given, "eve@x.example");
	assert_string_equal(mail.recipients[1].address, "eve@x.example");
	assert_int_equal(mail.recipient_count, 2);
}

static void
arguments_are_kept_in_one_text(void **state)
{
	char notify[] = "NOTIFY=NEVER", orcpt[] = "ORCPT=rfc822;b@x.example";
	char *arguments[] = {notify, orcpt, NULL};

	(void)state;
	mail_recipient(&mail, "<b@x.example>", arguments);
	mail_recipient(&mail, "<c@x.example>", arguments + 2);
	assert_string_equal(
	    mail.recipients[0].arguments, "NOTIFY=NEVER ORCPT=rfc822;b@x.example");
	assert_null(mail.recipients[1].arguments);
}

static void
fields_of_a_name_are_numbered_in_any_case_of_letters(void **state)
{
	(void)state;
	mail_field(&mail, "Received", "a");
	mail_field(&mail, "To", "b");
	mail_field(&mail, "RECEIVED", "c");
	assert_int_equal(mail.fields[0].index, 1);
	assert_int_equal(mail.fields[1].index, 1);
	assert_int_equal(mail.fields[2].index, 2);
	assert_ptr_equal(mail_find(&mail, "received", 1), &mail.fields[2]);
	assert_null(mail_find(&mail, "received", 2));
}

static void
values_have_lf_and_no_blank_before_them(void **state)
{
	(void)state;
	mail_field(&mail, "To", " a@x,\r\n\tb@x");
	mail_field(&mail, "Subject", "  two");
	assert_string_equal(mail.fields[0].value, "a@x,\n\tb@x");
	assert_string_equal(mail.fields[1].value, " two");
}

static void
a_header_beyond_all_measure_is_a_fault_and_is_not_kept(void **state)
{
	char *value = xcalloc(1, MAIL_HEADER_MAX + 1);

	(void)state;
	memset(value, 'x', MAIL_HEADER_MAX - 10);
	mail_field(&mail, "Subject", value);
	assert_fault("ok");
	mail_field(&mail, "Subject", "four");
	assert_fault("local/too-large");
	assert_int_equal(mail.field_count, 1);
	free(value);
}

static void
too_many_fields_are_a_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < MAIL_FIELDS_MAX; i++)
		mail_field(&mail, "X", "y");
	assert_fault("ok");
	mail_field(&mail, "X", "y");
	assert_fault("local/too-large");
	assert_int_equal(mail.field_count, MAIL_FIELDS_MAX);
}

static void
too_many_recipients_are_a_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < MAIL_RECIPIENTS_MAX; i++)
		mail_recipient(&mail, "<a@x>", NULL);
	assert_fault("ok");
	mail_recipient(&mail, "<a@x>", NULL);
	assert_fault("local/too-large");
}

static void
an_envelope_beyond_all_measure_is_a_fault(void **state)
{
	char *argument = xcalloc(1, MAIL_ENVELOPE_MAX + 1);
	char *arguments[] = {argument, NULL};

	(void)state;
	memset(argument, 'x', MAIL_ENVELOPE_MAX);
	mail_recipient(&mail, "<a@x>", arguments);
	assert_fault("local/too-large");
	assert_int_equal(mail.recipient_count, 0);
	free(argument);
}

static void
the_next_message_of_a_client_begins_with_nothing_but_the_client(void **state)
{
	(void)state;
	mail.client.ss_family = AF_INET;
	mail.login = xstrdup("me");
	mail.queue_id = xstrdup("4bX");
	mail_sender(&mail, "<me@x>", NULL);
	mail_recipient(&mail, "<a@x>", NULL);
	mail_field(&mail, "To", "a@x");
	mail_reset(&mail);
	assert_int_equal(mail.client.ss_family, AF_INET);
	assert_null(mail.login);
	assert_null(mail.queue_id);
	assert_null(mail.sender.address);
	assert_int_equal(mail.recipient_count + mail.field_count, 0);
	assert_int_equal(mail.header_bytes + mail.envelope_bytes, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_MAIL(addresses_are_kept_as_given_and_without_their_brackets),
	    WITH_MAIL(arguments_are_kept_in_one_text),
	    WITH_MAIL(fields_of_a_name_are_numbered_in_any_case_of_letters),
	    WITH_MAIL(values_have_lf_and_no_blank_before_them),
	    WITH_MAIL(a_header_beyond_all_measure_is_a_fault_and_is_not_kept),
	    WITH_MAIL(too_many_fields_are_a_fault),
	    WITH_MAIL(too_many_recipients_are_a_fault),
	    WITH_MAIL(an_envelope_beyond_all_measure_is_a_fault),
	    WITH_MAIL(the_next_message_of_a_client_begins_with_nothing_but_the_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
