/* A client's conversation: each command's replies, and what the host is asked for. */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/unit/unit.h"
#include "transport/lmtp_session.h"
#include "transport/lmtp_syntax.h"

/* The host: it notes what it is asked for, and says what it was told to say. */
static struct {
	struct buf notes, message;
	struct courier_offer offer;
	struct outcome at_begin, at_write, at_delivery;
	int64_t hold_until;
	int open;   /* transactions begun and not ended */
	bool later; /* deliveries are through only when everybody has been asked to wait */
} host;

static void
offer(void *arg, struct courier_offer *offer_r)
{
	(void)arg;
	*offer_r = host.offer;
}

static struct outcome
begin(void *arg, struct delivery *delivery)
{
	(void)arg;
	buf_addf(&host.notes, "from=<%s> id=%s", delivery->sender,
	    delivery->queue_id != NULL ? delivery->queue_id : "");
	if (delivery->ret != NULL)
		buf_addf(&host.notes, " ret=%s", delivery->ret);
	if (delivery->envid != NULL)
		buf_addf(&host.notes, " envid=%s", delivery->envid);
	host.hold_until = delivery->hold_until;
	host.open += outcome_is_ok(&host.at_begin);
	return host.at_begin;
}

static void
data(void *arg, struct delivery *delivery)
{
	(void)arg;
	buf_reset(&host.message);
	for (size_t i = 0; i < delivery->recipient_count; i++) {
		const struct recipient *r = &delivery->recipients[i];

		buf_addf(&host.notes, " to=<%s>", r->address);
		if (r->notify != NULL)
			buf_addf(&host.notes, " notify=%s", r->notify);
		if (r->orcpt != NULL)
			buf_addf(&host.notes, " orcpt=%s", r->orcpt);
	}
}

static struct outcome
take(void *arg, struct delivery *delivery, const char *bytes, size_t length)
{
	(void)arg, (void)delivery;
	buf_add(&host.message, bytes, length);
	return host.at_write;
}

/* Recipients that start with "bad" are refused, others fare as it was told; at once or not. */
static bool
deliver(void *arg, struct delivery *delivery)
{
	(void)arg;
	buf_adds(&host.notes, " delivered;");
	for (size_t i = 0; i < delivery->recipient_count; i++)
		delivery->recipients[i].outcome =
		    strncmp(delivery->recipients[i].address, "bad", 3) == 0
		        ? outcome_make("set", "invalidRecipients", NULL)
		        : host.at_delivery;
	return !host.later;
}

static void
end(void *arg, struct delivery *delivery)
{
	(void)arg, (void)delivery;
	host.open--;
}

static const struct lmtp_host functions = {
    .offer = offer,
    .begin = begin,
    .data = data,
    .write = take,
    .deliver = deliver,
    .end = end,
    .name = "here.test",
    .recipients_max = 3,
};

static int
reset_host(void **state)
{
	(void)state;
	buf_reset(&host.notes);
	buf_reset(&host.message);
	host.offer = (struct courier_offer){0};
	host.at_begin = host.at_write = host.at_delivery = outcome_ok();
	host.open = 0;
	host.later = false;
	return 0;
}

#define GREETING "220 here.test LMTP ferry-transport\r\n"
#define HELLO    "LHLO x\r\n"
#define HELLO_REPLIES                                                         \
	"250-here.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n" \
	"250-SIZE\r\n250-XFORWARD IDENT\r\n"                                  \
	"250 ENHANCEDSTATUSCODES\r\n"
#define STARTED "250 2.1.0 ok\r\n"
#define TAKEN   "250 2.1.5 ok\r\n"
#define DONE    "250 2.0.0 ok\r\n"
#define GO      "354 end it with <CRLF>.<CRLF>\r\n"
#define REFUSED "550 5.1.1 the recipient was refused\r\n"

/* Say it all, in pieces of so many bytes; the replies are in *out.  True if it is not over. */
static bool
talk(const char *said, size_t length, size_t piece, struct buf *out)
{
	struct lmtp_session session;
	bool open = true;

	buf_reset(out);
	lmtp_session_init(&session, &functions, out);
	for (size_t at = 0; at < length && open; at += piece) {
		open = lmtp_session_feed(
		    &session, said + at, piece < length - at ? piece : length - at, out);
		assert_true(host.later || !session.delivering);
		while (session.delivering) {
			assert_false(lmtp_session_is_between(&session));
			open = lmtp_session_delivered(&session, out);
		}
	}
	lmtp_session_free(&session);
	assert_int_equal(host.open, 0);
	return open;
}

/* Behind the greeting, these words have these replies, whole and byte by byte, whether or not
 * deliveries take their time. */
static void
expect(const char *said, const char *replies)
{
	struct buf out = BUF_INIT;

	for (int way = 0; way < 4; way++) {
		buf_reset(&host.notes);
		host.later = way >= 2;
		talk(said, strlen(said), way % 2 ? strlen(said) : 1, &out);
		assert_memory_equal(out.data, GREETING, strlen(GREETING));
		if (strcmp(out.data + strlen(GREETING), replies) != 0)
			fail_msg("to\n%s\ncame\n%s\nnot\n%s", said, out.data + strlen(GREETING),
			    replies);
	}
	buf_free(&out);
}

/* The same behind LHLO. */
static void
expect_after_hello(const char *said, const char *replies)
{
	struct buf words = BUF_INIT, answers = BUF_INIT;

	buf_addf(&words, HELLO "%s", said);
	buf_addf(&answers, HELLO_REPLIES "%s", replies);
	expect(words.data, answers.data);
	buf_free(&words);
	buf_free(&answers);
}

/* And what the host was asked for. */
static void
expect_notes(const char *notes)
{
	assert_string_equal(buf_str(&host.notes), notes);
}

static void
a_message_goes_to_its_recipients(void **state)
{
	(void)state;
	expect_after_hello(
	    "MAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nDATA\r\nA: b\r\n\r\n..c\r\n.\r\n"
	    "QUIT\r\n",
	    STARTED TAKEN GO DONE "221 2.0.0 goodbye\r\n");
	expect_notes("from=<s@x> id= to=<a@x> delivered;");
	assert_string_equal(host.message.data, "A: b\r\n\r\n.c\r\n");
}

static void
what_is_said_while_a_message_is_delivered_is_obeyed_behind_its_replies(void **state)
{
	static const char said[] = HELLO "MAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nDATA\r\n.\r\n"
	                                 "MAIL FROM:<t@x>\r\nRCPT TO:<bad@x>\r\nDATA\r\n"
	                                 "x\r\n.\r\nNOOP\r\nQUIT\r\n";
	struct lmtp_session session;
	struct buf out = BUF_INIT;

	(void)state;
	host.later = true;
	lmtp_session_init(&session, &functions, &out);
	buf_reset(&out);
	assert_true(lmtp_session_feed(&session, said, sizeof(said) - 1, &out));
	assert_string_equal(out.data, HELLO_REPLIES STARTED TAKEN GO);
	assert_true(session.delivering);
	buf_reset(&out);
	assert_true(lmtp_session_delivered(&session, &out));
	assert_string_equal(out.data, DONE STARTED TAKEN GO);
	assert_true(session.delivering);
	buf_reset(&out);
	assert_false(lmtp_session_delivered(&session, &out));
	assert_string_equal(out.data, REFUSED DONE "221 2.0.0 goodbye\r\n");
	lmtp_session_free(&session);
	buf_free(&out);
	assert_int_equal(host.open, 0);
}

static void
each_recipient_has_a_reply_of_its_own(void **state)
{
	(void)state;
	expect_after_hello(
	    "MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nRCPT TO:<bad@x>\r\nRCPT TO:<c@x>\r\n"
	    "DATA\r\n.\r\n",
	    STARTED TAKEN TAKEN TAKEN GO DONE REFUSED DONE);
	expect_notes("from=<> id= to=<a@x> to=<bad@x> to=<c@x> delivered;");
}

static void
commands_come_in_any_case_with_blanks(void **state)
{
	(void)state;
	expect_after_hello(
	    "mail from: <s@x> \r\nRcpt tO:<a@x>\r\ndata \r\n.\r\nnoop x\r\nVRFY a\r\n",
	    STARTED TAKEN GO DONE DONE "252 2.5.0 send to it and see\r\n");
}

static void
several_messages_share_a_connection(void **state)
{
	(void)state;
	expect_after_hello(
	    "XFORWARD IDENT=Q1\r\nMAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nDATA\r\n.\r\n"
	    "RSET\r\nMAIL FROM:<s@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n.\r\n",
	    DONE STARTED TAKEN GO DONE DONE STARTED TAKEN GO DONE);
	expect_notes("from=<s@x> id=Q1 to=<a@x> delivered;from=<s@x> id= to=<b@x> delivered;");
}

static void
lhlo_comes_first_and_is_lmtp(void **state)
{
	(void)state;
	expect("MAIL FROM:<s@x>\r\n", "503 5.5.1 say LHLO first\r\n");
	expect("EHLO x\r\n", "500 5.5.1 this is LMTP: say LHLO\r\n");
	expect("HELO x\r\n", "500 5.5.1 this is LMTP: say LHLO\r\n");
	expect("LHLO\r\n", "501 5.5.4 LHLO needs a name\r\n");
	expect("LHLO \r\n", "501 5.5.4 LHLO needs a name\r\n");
	expect("NOOP\r\nQUIT\r\n", DONE "221 2.0.0 goodbye\r\n");
}

static void
what_the_host_offers_is_announced(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	host.offer = (struct courier_offer){.size_max = 1000, .dsn = true, .hold_max = 3600};
	talk(HELLO, strlen(HELLO), 1, &out);
	assert_non_null(strstr(out.data, "\r\n250-SIZE 1000\r\n"));
	assert_non_null(strstr(out.data, "\r\n250-DSN\r\n"));
	assert_non_null(strstr(out.data, "\r\n250-FUTURERELEASE 3600 20"));
	buf_free(&out);
}

static void
commands_out_of_sequence_are_refused(void **state)
{
	(void)state;
	expect_after_hello("RCPT TO:<a@x>\r\n", "503 5.5.1 say MAIL first\r\n");
	expect_after_hello("DATA\r\n", "503 5.5.1 say MAIL first\r\n");
	expect_after_hello(
	    "MAIL FROM:<s@x>\r\nDATA\r\n", STARTED "503 5.5.1 there is no valid recipient\r\n");
	expect_after_hello("MAIL FROM:<s@x>\r\nMAIL FROM:<s@x>\r\n",
	    STARTED "503 5.5.1 there is a transaction already\r\n");
	expect_after_hello("MAIL FROM:<s@x>\r\nXFORWARD IDENT=Q\r\n",
	    STARTED "503 5.5.1 a transaction is open\r\n");
	expect_after_hello("MAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nRSET\r\nDATA\r\n",
	    STARTED TAKEN DONE "503 5.5.1 say MAIL first\r\n");
	expect("LHLO x\r\nMAIL FROM:<s@x>\r\nLHLO x\r\nRCPT TO:<a@x>\r\n",
	    HELLO_REPLIES STARTED HELLO_REPLIES "503 5.5.1 say MAIL first\r\n");
}

static void
commands_that_are_none_are_refused(void **state)
{
	(void)state;
	expect_after_hello("BDAT 1\r\n", "500 5.5.1 no such command\r\n");
	expect_after_hello("\r\n", "500 5.5.1 no such command\r\n");
	expect_after_hello("LHLOX x\r\n", "500 5.5.1 no such command\r\n");
	expect_after_hello("MAIL TO:<s@x>\r\n", "501 5.5.4 say MAIL FROM:<address>\r\n");
	expect_after_hello("MAIL FROM:s@x\r\n", "501 5.5.4 say MAIL FROM:<address>\r\n");
	expect_after_hello("MAIL FROM:<s@x>\r\nRCPT TO:a\r\nDATA x\r\n",
	    STARTED "501 5.5.4 say RCPT TO:<address>\r\n501 5.5.4 DATA stands alone\r\n");
}

static void
an_unknown_sender_is_refused_before_anything_is_received(void **state)
{
	(void)state;
	host.at_begin = outcome_make("local", "sender", NULL);
	expect_after_hello("MAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nDATA\r\n",
	    "550 5.7.1 no account sends for this sender\r\n"
	    "503 5.5.1 say MAIL first\r\n503 5.5.1 say MAIL first\r\n");
}

static void
addresses_that_jmap_cannot_express_are_refused(void **state)
{
	(void)state;
	expect_after_hello("MAIL FROM:<s\xfc@x>\r\n",
	    "553 5.1.3 the address cannot be sent to: the sender's is not UTF-8\r\n");
	expect_after_hello("MAIL FROM:<s@x>\r\nRCPT TO:<\xfc@x>\r\nRCPT TO:<>\r\n",
	    STARTED "553 5.1.3 the address cannot be sent to: the recipient's is not UTF-8\r\n"
	            "501 5.1.3 a recipient has an address\r\n");
	expect_after_hello(
	    "MAIL FROM:<\xc3\xbc@x> SMTPUTF8\r\nRCPT TO:<\"a b\"@x>\r\n", STARTED TAKEN);
}

static void
parameters_are_those_that_were_announced(void **state)
{
	static const struct {
		const char *parameters, *replies;
	} cases[] = {
	    {"SIZE=999 BODY=8BITMIME SMTPUTF8", STARTED},
	    {"body=7bit size=0", STARTED},
	    {"SIZE=1001", "552 5.3.4 the message is larger than the service takes\r\n"},
	    {"SIZE=99999999999999999999",
	        "552 5.3.4 the message is larger than the service takes\r\n"},
	    {"SIZE", "501 5.5.4 a parameter's value is wrong\r\n"},
	    {"SIZE=", "501 5.5.4 a parameter's value is wrong\r\n"},
	    {"SIZE=x", "501 5.5.4 a parameter's value is wrong\r\n"},
	    {"SIZE=-1", "501 5.5.4 a parameter's value is wrong\r\n"},
	    {"SIZE=1 SIZE=1", "501 5.5.4 a parameter is there twice\r\n"},
	    {"BODY=BINARYMIME", "501 5.5.4 a parameter's value is wrong\r\n"},
	    {"SMTPUTF8=1", "501 5.5.4 a parameter's value is wrong\r\n"},
	    {"RET=HDRS", "555 5.5.4 a parameter is not known\r\n"},
	    {"HOLDFOR=1", "555 5.5.4 a parameter is not known\r\n"},
	    {"AUTH=<>", "555 5.5.4 a parameter is not known\r\n"},
	};
	struct buf said = BUF_INIT, out = BUF_INIT;

	(void)state;
	host.offer.size_max = 1000;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&said);
		buf_addf(&said, HELLO "MAIL FROM:<s@x> %s\r\n", cases[i].parameters);
		talk(said.data, said.len, said.len, &out);
		assert_string_equal(
		    strstr(out.data, "STATUSCODES\r\n") + strlen("STATUSCODES\r\n"),
		    cases[i].replies);
	}
	buf_free(&said);
	buf_free(&out);
}

/* What the replies behind LHLO's are. */
static const char *
replies_to(const char *said, struct buf *out)
{
	struct buf words = BUF_INIT;

	buf_reset(&host.notes);
	buf_addf(&words, HELLO "%s", said);
	talk(words.data, words.len, words.len, out);
	buf_free(&words);
	return strstr(out->data, "STATUSCODES\r\n") + strlen("STATUSCODES\r\n");
}

static void
delivery_reports_are_asked_for_with_dsn(void **state)
{
	static const char *const wrong[] = {
	    "RET=ALL", "RET", "ENVID=", "ENVID=a=b", "ENVID=+0A"};
	static const char *const wrong_of_rcpt[] = {"NOTIFY=", "NOTIFY=NEVER,DELAY",
	    "NOTIFY=SOMETIMES", "NOTIFY=DELAY,", "ORCPT=a@x", "ORCPT=;a", "ORCPT=rfc822;",
	    "ORCPT=rfc822;a=b", "ORCPT=utf-8;\\x{D800}", "NOTIFY=DELAY NOTIFY=DELAY", "SIZE=1"};
	struct buf out = BUF_INIT, said = BUF_INIT;

	(void)state;
	host.offer.dsn = true;
	assert_string_equal(
	    replies_to("MAIL FROM:<s@x> RET=HDRS ENVID=e+2B\r\n"
	               "RCPT TO:<a@x> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+40x\r\n"
	               "RCPT TO:<b@x> NOTIFY=NEVER ORCPT=utf-8;\xc3\xbc@x\r\nDATA\r\n.\r\n",
	        &out),
	    STARTED TAKEN TAKEN GO DONE DONE);
	expect_notes(
	    "from=<s@x> id= ret=HDRS envid=e+2B to=<a@x> notify=SUCCESS,DELAY "
	    "orcpt=rfc822;a+40x to=<b@x> notify=NEVER orcpt=utf-8;\xc3\xbc@x delivered;");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		buf_reset(&said);
		buf_addf(&said, "MAIL FROM:<s@x> %s\r\n", wrong[i]);
		assert_memory_equal(replies_to(said.data, &out), "501 5.5.4", 9);
	}
	for (size_t i = 0; i < sizeof(wrong_of_rcpt) / sizeof(wrong_of_rcpt[0]); i++) {
		buf_reset(&said);
		buf_addf(&said, "MAIL FROM:<s@x>\r\nRCPT TO:<a@x> %s\r\n", wrong_of_rcpt[i]);
		assert_memory_equal(replies_to(said.data, &out), STARTED "5", 15);
	}
	buf_free(&said);
	buf_free(&out);
}

static void
sending_can_be_put_off_with_futurerelease(void **state)
{
	struct buf out = BUF_INIT, said = BUF_INIT;
	int64_t now = clock_wall();

	(void)state;
	host.offer.hold_max = 3600;
	assert_string_equal(replies_to("MAIL FROM:<s@x> HOLDFOR=3600\r\n", &out), STARTED);
	assert_true(host.hold_until >= now + 3600 && host.hold_until <= clock_wall() + 3600);
	buf_adds(&said, "MAIL FROM:<s@x> HOLDUNTIL=");
	buf_adds(&said, clock_date(now + 60).text);
	buf_adds(&said, "\r\n");
	assert_string_equal(replies_to(said.data, &out), STARTED);
	assert_int_equal(host.hold_until, now + 60);

	assert_memory_equal(replies_to("MAIL FROM:<s@x> HOLDFOR=9999\r\n", &out), "501", 3);
	assert_memory_equal(replies_to("MAIL FROM:<s@x> HOLDFOR=-1\r\n", &out), "501", 3);
	assert_memory_equal(
	    replies_to("MAIL FROM:<s@x> HOLDUNTIL=tomorrow\r\n", &out), "501", 3);
	assert_memory_equal(
	    replies_to("MAIL FROM:<s@x> HOLDUNTIL=2999-01-01T00:00:00Z\r\n", &out), "501", 3);
	assert_memory_equal(
	    replies_to("MAIL FROM:<s@x> HOLDFOR=1 HOLDUNTIL=1999-01-01T00:00:00Z\r\n", &out),
	    "501", 3);
	buf_free(&out);
	buf_free(&said);
}

static void
xforward_names_the_queue_file(void **state)
{
	(void)state;
	expect_after_hello("XFORWARD NAME=[UNAVAILABLE] ADDR=[TEMPUNAVAIL] SOURCE=LOCAL\r\n"
	                   "xforward ident=4bXzYd2l1Kz helo=a+20b\r\nMAIL FROM:<s@x>\r\n",
	    DONE DONE STARTED);
	expect_notes("from=<s@x> id=4bXzYd2l1Kz");
	expect_after_hello(
	    "XFORWARD IDENT=Q\r\nXFORWARD IDENT=[UNAVAILABLE]\r\nMAIL FROM:<s@x>\r\n",
	    DONE DONE STARTED);
	expect_notes("from=<s@x> id=");
	expect_after_hello(
	    "XFORWARD IDENT=Q\r\nRSET\r\nMAIL FROM:<s@x>\r\n", DONE DONE STARTED);
	expect_notes("from=<s@x> id=");
	expect_after_hello("XFORWARD IDENT=a+20b\r\n", "501 5.5.4 IDENT is no queue id\r\n");
	expect_after_hello(
	    "XFORWARD IDENT=a+3A+20sent\r\n", "501 5.5.4 IDENT is no queue id\r\n");
	expect_after_hello("XFORWARD LOGIN=a\r\n", "501 5.5.4 an attribute is not known\r\n");
	expect_after_hello("XFORWARD NAME\r\n", "501 5.5.4 a parameter's value is wrong\r\n");
	expect_after_hello(
	    "XFORWARD NAME=+0A\r\n", "501 5.5.4 a parameter's value is wrong\r\n");
	expect_after_hello("XFORWARD\r\n", "501 5.5.4 XFORWARD needs an attribute\r\n");
}

static void
recipients_have_a_limit(void **state)
{
	(void)state;
	expect_after_hello(
	    "MAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nRCPT TO:<c@x>\r\n"
	    "RCPT TO:<d@x>\r\nDATA\r\n.\r\n",
	    STARTED TAKEN TAKEN TAKEN "452 4.5.3 too many recipients\r\n" GO DONE DONE DONE);
}

static void
a_message_beyond_the_announced_size_is_read_and_refused(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	host.offer.size_max = 10;
	assert_string_equal(
	    replies_to("MAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\n"
	               "DATA\r\n12345678\r\n.\r\nMAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\n"
	               "RCPT TO:<b@x>\r\nDATA\r\n123456789\r\n.\r\nNOOP\r\n",
	        &out),
	    STARTED TAKEN TAKEN GO DONE DONE STARTED TAKEN TAKEN GO
	    "552 5.3.4 the message is larger than the service takes\r\n"
	    "552 5.3.4 the message is larger than the service takes\r\n" DONE);
	expect_notes(
	    "from=<s@x> id= to=<a@x> to=<b@x> delivered;from=<s@x> id= to=<a@x> to=<b@x>");
	buf_free(&out);
}

static void
a_message_that_cannot_be_kept_is_read_and_put_off(void **state)
{
	(void)state;
	host.at_write = outcome_make("local", "disk-full", NULL);
	expect_after_hello(
	    "MAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nDATA\r\na\r\nb\r\n.\r\nNOOP\r\n",
	    STARTED TAKEN GO "451 4.3.1 the disk is full\r\n" DONE);
	expect_notes("from=<s@x> id= to=<a@x>");
}

static void
a_client_that_goes_before_the_dot_has_sent_nothing(void **state)
{
	static const char whole[] =
	    HELLO "MAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nDATA\r\nA: b\r\n\r\nc\r\n.\r\n";
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		talk(whole, length, 7, &out);
		assert_null(strstr(buf_str(&host.notes), "delivered"));
	}
	talk(whole, sizeof(whole) - 1, 7, &out);
	assert_non_null(strstr(buf_str(&host.notes), "delivered"));
	buf_free(&out);
}

/* What a generous reader would take for the end of a message, and for a second one. */
static void
nothing_in_a_message_is_obeyed_however_it_is_cut(void **state)
{
	static const char *const ends[] = {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r\n", "\r\n.\r",
	    "\r.\r", "\n.\r", "\r.\n", "\r\n.\r\r\n", "\r\r\n.\n", "\r\n .\r\n", "\r\n..\r\n",
	    "\n\r.\n\r", "\n.\n\r"};
	struct buf said = BUF_INIT, out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		buf_reset(&said);
		buf_addf(&said,
		    HELLO
		    "MAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nDATA\r\na%sMAIL FROM:<evil@x>\r\n"
		    "RCPT TO:<b@x>\r\nDATA\r\nb\r\n.\r\nNOOP\r\n",
		    ends[i]);
		for (size_t piece = 1; piece <= said.len; piece++) {
			buf_reset(&host.notes);
			talk(said.data, said.len, piece, &out);
			expect_notes("from=<s@x> id= to=<a@x> delivered;");
			assert_string_equal(out.data + strlen(GREETING HELLO_REPLIES),
			    STARTED TAKEN GO DONE DONE);
		}
	}
	buf_free(&said);
	buf_free(&out);
}

static void
a_command_with_a_stray_line_end_or_nul_is_refused_whole(void **state)
{
	static const struct {
		const char *said;
		size_t length;
	} cases[] = {
#define CASE(text) {text, sizeof(text) - 1}
	    CASE("NOOP\nMAIL FROM:<s@x>\r\n"),
	    CASE("NOOP\rMAIL FROM:<s@x>\r\n"),
	    CASE("NOOP\r\rMAIL FROM:<s@x>\r\n"),
	    CASE("MAIL FROM:<s@x>\n\r\n"),
	    CASE("MAIL FROM:<s\0@x>\r\n"),
	    CASE("MAIL FROM:<s@x>\0\r\n"),
	    CASE("MAIL\tFROM:<s@x>\r\n"),
	    CASE("\0\r\n"),
#undef CASE
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t piece = 1; piece <= cases[i].length; piece++) {
			talk(cases[i].said, cases[i].length, piece, &out);
			assert_string_equal(out.data,
			    GREETING "500 5.5.2 there are control characters in the line\r\n");
			expect_notes("");
		}
	buf_free(&out);
}

static void
a_line_that_is_too_long_is_refused_and_the_next_is_obeyed(void **state)
{
	static const size_t lengths[] = {LMTP_LINE_MAX, LMTP_LINE_MAX + 1, 1000000};
	struct buf said = BUF_INIT, out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		buf_reset(&said);
		buf_adds(&said, "NOOP ");
		memset(buf_reserve(&said, lengths[i] - 7), 'x', lengths[i] - 7);
		said.len += lengths[i] - 7;
		buf_adds(&said, "\r\nQUIT\r\n");
		for (size_t piece = 1; piece < 4096; piece = piece * 5 + 1) {
			talk(said.data, said.len, piece, &out);
			assert_string_equal(out.data + strlen(GREETING),
			    lengths[i] <= LMTP_LINE_MAX
			        ? DONE "221 2.0.0 goodbye\r\n"
			        : "500 5.5.2 the line is too long\r\n221 2.0.0 goodbye\r\n");
		}
	}
	buf_free(&said);
	buf_free(&out);
}

static void
mistakes_and_idle_talk_have_an_end(void **state)
{
	struct buf said = BUF_INIT, out = BUF_INIT;

	(void)state;
	for (int i = 0; i < LMTP_ERRORS_MAX + 5; i++)
		buf_adds(&said, "WHAT\r\n");
	assert_false(talk(said.data, said.len, 100, &out));
	assert_string_equal(strstr(out.data, "421"), "421 4.7.0 too many errors\r\n");
	buf_reset(&said);
	for (int i = 0; i < LMTP_IDLE_MAX + 5; i++)
		buf_adds(&said, "NOOP\r\n");
	assert_false(talk(said.data, said.len, 100, &out));
	assert_string_equal(
	    strstr(out.data, "421"), "421 4.7.0 too many commands without a message\r\n");
	buf_free(&said);
	buf_free(&out);
}

static void
a_refused_sender_with_many_recipients_is_no_mistake(void **state)
{
	struct buf said = BUF_INIT, out = BUF_INIT;

	(void)state;
	host.at_begin = outcome_make("local", "sender", NULL);
	buf_adds(&said, HELLO "MAIL FROM:<s@x>\r\n");
	for (int i = 0; i < 100; i++)
		buf_adds(&said, "RCPT TO:<a@x>\r\n");
	buf_adds(&said, "DATA\r\n");
	assert_true(talk(said.data, said.len, 100, &out));
	buf_free(&said);
	buf_free(&out);
}

static void
a_web_page_is_not_listened_to(void **state)
{
	(void)state;
	expect("POST / HTTP/1.1\r\nHost: x\r\n\r\n" HELLO "MAIL FROM:<s@x>\r\n",
	    "421 4.7.0 this is no web server\r\n");
	expect("GET / HTTP/1.1\r\n", "421 4.7.0 this is no web server\r\n");
}

static void
nothing_is_said_after_goodbye(void **state)
{
	(void)state;
	expect("QUIT\r\nNOOP\r\n", "221 2.0.0 goodbye\r\n");
}

#define TEST(name) cmocka_unit_test_setup(name, reset_host)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_message_goes_to_its_recipients),
	    TEST(what_is_said_while_a_message_is_delivered_is_obeyed_behind_its_replies),
	    TEST(each_recipient_has_a_reply_of_its_own),
	    TEST(commands_come_in_any_case_with_blanks),
	    TEST(several_messages_share_a_connection),
	    TEST(lhlo_comes_first_and_is_lmtp),
	    TEST(what_the_host_offers_is_announced),
	    TEST(commands_out_of_sequence_are_refused),
	    TEST(commands_that_are_none_are_refused),
	    TEST(an_unknown_sender_is_refused_before_anything_is_received),
	    TEST(addresses_that_jmap_cannot_express_are_refused),
	    TEST(parameters_are_those_that_were_announced),
	    TEST(delivery_reports_are_asked_for_with_dsn),
	    TEST(sending_can_be_put_off_with_futurerelease),
	    TEST(xforward_names_the_queue_file),
	    TEST(recipients_have_a_limit),
	    TEST(a_message_beyond_the_announced_size_is_read_and_refused),
	    TEST(a_message_that_cannot_be_kept_is_read_and_put_off),
	    TEST(a_client_that_goes_before_the_dot_has_sent_nothing),
	    TEST(nothing_in_a_message_is_obeyed_however_it_is_cut),
	    TEST(a_command_with_a_stray_line_end_or_nul_is_refused_whole),
	    TEST(a_line_that_is_too_long_is_refused_and_the_next_is_obeyed),
	    TEST(mistakes_and_idle_talk_have_an_end),
	    TEST(a_refused_sender_with_many_recipients_is_no_mistake),
	    TEST(a_web_page_is_not_listened_to),
	    TEST(nothing_is_said_after_goodbye),
	};
	int failures = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&host.notes);
	buf_free(&host.message);
	return failures;
}
