/* What sendmail(1) is given: the message's end, the envelope, and what the header lacks. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/file.h"
#include "tests/unit/unit.h"
#include "transport/sendmail.h"
#include "transport/sendmail_envelope.h"
#include "transport/sendmail_input.h"

#define DOMAIN "host.example"

/* Open a descriptor from which the text can be read. */
static int
from_text(const char *text)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(file_write_full(fds[1], text, strlen(text)), 0);
	close(fds[1]);
	return fds[0];
}

static void
receive(struct delivery *delivery, const char *text, bool ignore_dots)
{
	int fd = from_text(text);
	struct outcome o;

	delivery_init(delivery, "test", "/nonexistent");
	sendmail_want(&delivery->message.filter);
	o = sendmail_receive(&delivery->message, fd, ignore_dots);
	assert_string_equal(o.condition, "ok");
	close(fd);
}

/* This much is taken for the message. */
static void
is_received_as(const char *text, bool ignore_dots, const char *expected)
{
	struct delivery delivery;
	struct spool *spool = &delivery.message.spool;

	receive(&delivery, text, ignore_dots);
	assert_int_equal(spool->size, strlen(expected));
	assert_memory_equal(spool->memory.data, expected, strlen(expected));
	delivery_free(&delivery);
}

static void
a_lone_dot_ends_a_message(void **state)
{
	(void)state;
	is_received_as("A: b\n\nc\n.\nd\n", false, "A: b\r\n\r\nc\r\n");
	is_received_as("A: b\n\nc\r\n.\r\nd\r\n", false, "A: b\r\n\r\nc\r\n");
	is_received_as("A: b\n\nc\n.", false, "A: b\r\n\r\nc\r\n");
	is_received_as("A: b\n.\nC: d\n", false, "A: b\r\n");
}

static void
a_dot_with_company_does_not(void **state)
{
	(void)state;
	is_received_as("A: b\n\n..\n. \n.c\nd.\n.\re\n", false,
	    "A: b\r\n\r\n..\r\n. \r\n.c\r\nd.\r\n.\re\r\n");
}

static void
nor_does_any_with_i(void **state)
{
	(void)state;
	is_received_as("A: b\n\n.\nc\n", true, "A: b\r\n\r\n.\r\nc\r\n");
}

static void
it_does_not_matter_where_the_input_is_cut(void **state)
{
	static const char text[] = "a\n.b\n.\r\nc";
	struct dot_reader reader;
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		reader = (struct dot_reader){DOT_START};
		buf_reset(&out);
		dot_reader_feed(&reader, text, cut, &out);
		dot_reader_feed(&reader, text + cut, strlen(text) - cut, &out);
		assert_string_equal(buf_str(&out), "a\n.b\n");
		assert_int_equal(reader.state, DOT_END);
	}
	buf_free(&out);
}

static void
an_empty_message_is_one(void **state)
{
	(void)state;
	is_received_as("", false, "\r\n");
	is_received_as(".\n", false, "\r\n");
}

static void
a_signal_ends_the_reading(void **state)
{
	struct message m;
	struct outcome o;
	int fd = from_text("A: b\n");

	(void)state;
	message_init(&m, "/nonexistent");
	cancel_set(2);
	o = sendmail_receive(&m, fd, false);
	cancel_set(0);
	assert_true(outcome_is(&o, "local/cancelled"));
	close(fd);
	message_free(&m);
}

/* The recipients, separated by blanks, or the condition of the failure. */
static void
recipients_are(struct delivery *delivery, const struct outcome *o, const char *expected)
{
	struct buf got = BUF_INIT;

	if (!outcome_is_ok(o))
		buf_adds(&got, o->condition);
	else
		for (size_t i = 0; i < delivery->recipient_count; i++)
			buf_addf(
			    &got, "%s%s", i != 0 ? " " : "", delivery->recipients[i].address);
	assert_string_equal(buf_str(&got), expected);
	buf_free(&got);
}

static void
argument_names(const char *argument, const char *expected)
{
	struct delivery delivery;
	struct outcome o;

	delivery_init(&delivery, "test", "/nonexistent");
	o = sendmail_add_recipients(&delivery, argument, strlen(argument), DOMAIN);
	recipients_are(&delivery, &o, expected);
	delivery_free(&delivery);
}

static void
an_argument_names_one_or_more_recipients(void **state)
{
	(void)state;
	argument_names("a@x", "a@x");
	argument_names("root", "root@" DOMAIN);
	argument_names("Me <a@x>, b@y", "a@x b@y");
	argument_names("\"a b\"@x", "\"a b\"@x");
	argument_names("\xc3\xbc@x", "\xc3\xbc@x");
	argument_names("a@x,a@x", "a@x");
}

static void
what_is_no_address_is_refused(void **state)
{
	(void)state;
	argument_names("a b", "local/address");
	argument_names("a@", "local/address");
	argument_names("\xff@x", "local/address");
}

static void
header_names(const char *text, const char *expected)
{
	struct delivery delivery;
	struct outcome o;

	receive(&delivery, text, false);
	o = sendmail_header_recipients(&delivery, DOMAIN);
	recipients_are(&delivery, &o, expected);
	delivery_free(&delivery);
}

static void
the_header_names_recipients(void **state)
{
	(void)state;
	header_names(
	    "To: a@x\nCc: B <b@y>,\n c\nBcc: d@z (D)\n\nTo: e@x\n", "a@x b@y c@" DOMAIN " d@z");
	header_names("Bcc: d@z\n\n", "d@z");
	header_names("To: undisclosed-recipients:;\nTo: a@x\nFrom: f@y\n\n", "a@x");
	header_names("To: Us: a@x, b@y;\n\n", "a@x b@y");
	header_names("Subject: hi\n\n", "");
}

static void
of_a_message_sent_again_the_resent_fields_count(void **state)
{
	(void)state;
	header_names("Resent-From: f@x\nResent-To: a@x\nResent-Bcc: b@x\nReceived: r\n"
	             "Resent-Cc: old@x\nTo: c@x\nBcc: d@x\n\n",
	    "a@x b@x");
	header_names("Resent-From: f@x\nTo: c@x\n\n", "c@x");
}

static void
a_header_that_cannot_be_read_is_refused(void **state)
{
	(void)state;
	header_names("To: a@x\nCc: a b c\n\n", "local/address");
}

static void
too_many_recipients_are_refused(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	for (int i = 0; i <= SENDMAIL_RECIPIENTS_MAX; i++)
		buf_addf(&text, "%s%d@x", i != 0 ? "," : "", i);
	argument_names(text.data, "local/address");
	buf_reset(&text);
	for (int i = 0; i <= HEADER_NOTED_MAX; i++)
		buf_addf(&text, "To: %d@x\n", i);
	header_names(text.data, "local/header");
	buf_free(&text);
}

/* The envelope sender of what -f says; "" is the null sender; NULL: it is refused. */
static void
sender_is(const char *given, const char *expected)
{
	char *sender;
	struct outcome o = sendmail_sender(given, DOMAIN, &sender);

	if (expected != NULL)
		assert_string_equal(sender, expected);
	else
		assert_true(outcome_is(&o, "local/address"));
	free(sender);
}

static void
the_sender_is_what_f_says(void **state)
{
	(void)state;
	sender_is("me@x", "me@x");
	sender_is("Me <me@x>", "me@x");
	sender_is("www-data", "www-data@" DOMAIN);
	sender_is("", "");
	sender_is("<>", "");
	sender_is("a b", NULL);
	sender_is("a@x, b@x", NULL);
	sender_is("a\n@x", NULL);
}

static void
else_it_is_the_user(void **state)
{
	(void)state;
	setenv("LOGNAME", "somebody", 1);
	sender_is(NULL, "somebody@" DOMAIN);
}

/* What stands before the message once it is complete, but for a Date. */
static void
is_completed_with(const char *text, const char *name, const char *expected)
{
	struct delivery delivery;
	struct buf *fields = &delivery.message.added;
	char *date;

	receive(&delivery, text, false);
	sendmail_complete(&delivery.message, "me@x", name, DOMAIN);
	date = strstr(buf_str(fields), "Date: ");
	if (date != NULL)
		buf_truncate(fields, (size_t)(date - fields->data));
	assert_string_equal(buf_str(fields), expected);
	delivery_free(&delivery);
}

static void
a_message_without_from_gets_one(void **state)
{
	(void)state;
	is_completed_with("To: a@x\n\n", "CronDaemon", "From: CronDaemon <me@x>\r\n");
	is_completed_with("To: a@x\n\n", "J\xc3\xbc", "From: =?UTF-8?B?SsO8?= <me@x>\r\n");
	is_completed_with("To: a@x\n\n", "", "From: me@x\r\n");
}

static void
a_from_without_domain_gets_one(void **state)
{
	(void)state;
	is_completed_with(
	    "From: root (Cron Daemon)\n\n", NULL, "From: Cron Daemon <root@" DOMAIN ">\r\n");
	is_completed_with("From: Me <me@y>\n\n", NULL, "");
}

static void
a_message_without_date_gets_one(void **state)
{
	struct delivery delivery;

	(void)state;
	receive(&delivery, "From: me@y\n\n", false);
	sendmail_complete(&delivery.message, "me@x", NULL, DOMAIN);
	assert_memory_equal(delivery.message.added.data, "Date: ", 6);
	delivery_free(&delivery);
	receive(&delivery, "From: me@y\ndate: today\n\n", false);
	sendmail_complete(&delivery.message, "me@x", NULL, DOMAIN);
	assert_int_equal(delivery.message.added.len, 0);
	delivery_free(&delivery);
}

static void
the_configured_domain_is_taken(void **state)
{
	char *domain = sendmail_domain("d.example");

	(void)state;
	assert_string_equal(domain, "d.example");
	free(domain);
	domain = sendmail_domain(NULL);
	assert_true(strlen(domain) > 0);
	assert_null(strpbrk(domain, " \r\n"));
	free(domain);
}

static void
it_knows_when_it_is_called(void **state)
{
	char sendmail[] = "/usr/sbin/sendmail", mailq[] = "mailq", own[] = "ferry-transport",
	     flag[] = "--sendmail", other[] = "-f";
	char *by_name[] = {sendmail, NULL}, *as_mailq[] = {mailq, NULL};
	char *by_flag[] = {own, flag, NULL}, *not [] = {own, other, flag, NULL};

	(void)state;
	assert_true(sendmail_is_called(1, by_name));
	assert_true(sendmail_is_called(1, as_mailq));
	assert_true(sendmail_is_called(2, by_flag));
	assert_false(sendmail_is_called(3, not ));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_lone_dot_ends_a_message),
	    cmocka_unit_test(a_dot_with_company_does_not),
	    cmocka_unit_test(nor_does_any_with_i),
	    cmocka_unit_test(it_does_not_matter_where_the_input_is_cut),
	    cmocka_unit_test(an_empty_message_is_one),
	    cmocka_unit_test(a_signal_ends_the_reading),
	    cmocka_unit_test(an_argument_names_one_or_more_recipients),
	    cmocka_unit_test(what_is_no_address_is_refused),
	    cmocka_unit_test(the_header_names_recipients),
	    cmocka_unit_test(of_a_message_sent_again_the_resent_fields_count),
	    cmocka_unit_test(a_header_that_cannot_be_read_is_refused),
	    cmocka_unit_test(too_many_recipients_are_refused),
	    cmocka_unit_test(the_sender_is_what_f_says),
	    cmocka_unit_test(else_it_is_the_user),
	    cmocka_unit_test(a_message_without_from_gets_one),
	    cmocka_unit_test(a_from_without_domain_gets_one),
	    cmocka_unit_test(a_message_without_date_gets_one),
	    cmocka_unit_test(the_configured_domain_is_taken),
	    cmocka_unit_test(it_knows_when_it_is_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
