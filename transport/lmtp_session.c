/*
 * One client's conversation in LMTP.
 *
 * Commands are a table of words and functions.  A transaction is the struct delivery that
 * MAIL begins, RCPT extends, and the final dot or a RSET ends.
 */
#include <stdarg.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "transport/address_check.h"
#include "transport/lmtp_parameters.h"
#include "transport/lmtp_session.h"
#include "transport/lmtp_syntax.h"

static void
reply(struct lmtp_session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void
mistake(struct lmtp_session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
reply(struct lmtp_session *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_addv(s->out, format, args);
	va_end(args);
	buf_adds(s->out, "\r\n");
}

void
lmtp_goodbye(struct buf *out, const char *dsn, const char *why)
{
	buf_addf(out, "421 %s %s\r\n", dsn, why);
}

static void
close_with(struct lmtp_session *s, const char *dsn, const char *why)
{
	lmtp_goodbye(s->out, dsn, why);
	s->closing = true;
}

/* A reply to what no client should have said. */
static void
mistake(struct lmtp_session *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_addv(s->out, format, args);
	va_end(args);
	buf_adds(s->out, "\r\n");
	if (++s->errors >= LMTP_ERRORS_MAX)
		close_with(s, "4.7.0", "too many errors");
}

/* Not the right moment.  After a MAIL that was refused, a client that sends commands in
 * groups could not know better. */
static void
out_of_sequence(struct lmtp_session *s, const char *text)
{
	if (s->refused)
		reply(s, "503 5.5.1 %s", text);
	else
		mistake(s, "503 5.5.1 %s", text);
}

static void
end_transaction(struct lmtp_session *s)
{
	if (s->in_mail) {
		s->host->end(s->host->arg, &s->delivery);
		delivery_free(&s->delivery);
	}
	s->in_mail = s->in_data = s->refused = false;
	s->queue_id[0] = '\0';
}

/* --- commands */

static void
announce(struct lmtp_session *s)
{
	reply(s, "250-%s", s->host->name);
	reply(s, "250-PIPELINING");
	reply(s, "250-8BITMIME");
	reply(s, "250-SMTPUTF8");
	if (s->offer.size_max > 0)
		reply(s, "250-SIZE %lld", (long long)s->offer.size_max);
	else
		reply(s, "250-SIZE");
	if (s->offer.dsn)
		reply(s, "250-DSN");
	if (s->offer.hold_max > 0)
		reply(s, "250-FUTURERELEASE %lld %s", (long long)s->offer.hold_max,
		    clock_date(clock_wall() + s->offer.hold_max).text);
	reply(s, "250-XFORWARD IDENT");
	reply(s, "250 ENHANCEDSTATUSCODES");
}

static void
do_lhlo(struct lmtp_session *s, char *text)
{
	if (text[strspn(text, " ")] == '\0') {
		mistake(s, "501 5.5.4 LHLO needs a name");
		return;
	}
	end_transaction(s);
	s->host->offer(s->host->arg, &s->offer);
	s->greeted = true;
	announce(s);
}

static void
do_helo(struct lmtp_session *s, char *text)
{
	(void)text;
	mistake(s, "500 5.5.1 this is LMTP: say LHLO");
}

/* Put what MAIL said into a new delivery and have the host accept it. */
static void
begin_transaction(struct lmtp_session *s, const char *sender, char *parameters)
{
	struct delivery *delivery = &s->delivery;
	struct outcome o;
	const char *error;

	delivery_init(delivery, "lmtp", NULL);
	delivery->sender = xstrdup(sender);
	if (s->queue_id[0] != '\0')
		delivery->queue_id = xstrdup(s->queue_id);
	error = lmtp_mail_parameters(parameters, &s->offer, delivery);
	if (error != NULL) {
		mistake(s, "%s", error);
	} else {
		o = address_check(sender, "sender");
		if (outcome_is_ok(&o))
			o = s->host->begin(s->host->arg, delivery);
		if (outcome_is_ok(&o))
			reply(s, "250 2.1.0 ok");
		else
			outcome_lmtp_reply(&o, s->out);
		s->in_mail = outcome_is_ok(&o);
	}
	s->refused = !s->in_mail;
	if (!s->in_mail)
		delivery_free(delivery);
}

static void
do_mail(struct lmtp_session *s, char *text)
{
	struct buf sender = BUF_INIT;

	if (!s->greeted) {
		mistake(s, "503 5.5.1 say LHLO first");
	} else if (s->in_mail) {
		mistake(s, "503 5.5.1 there is a transaction already");
	} else if (!lmtp_word(&text, "FROM:") || !lmtp_path(&text, &sender)) {
		mistake(s, "501 5.5.4 say MAIL FROM:<address>");
		s->refused = true;
	} else {
		begin_transaction(s, buf_str(&sender), text);
	}
	buf_free(&sender);
}

static void
add_recipient(struct lmtp_session *s, const char *address, char *parameters)
{
	struct outcome o = address_check(address, "recipient");
	struct recipient given = {0};
	struct recipient *recipient;
	const char *error;

	if (!outcome_is_ok(&o)) {
		outcome_lmtp_reply(&o, s->out);
		return;
	}
	error = lmtp_rcpt_parameters(parameters, &s->offer, &given);
	if (error != NULL) {
		mistake(s, "%s", error);
		return;
	}
	recipient = delivery_add_recipient(&s->delivery, address);
	recipient->notify = xstrdup(given.notify);
	recipient->orcpt = xstrdup(given.orcpt);
	reply(s, "250 2.1.5 ok");
}

static void
do_rcpt(struct lmtp_session *s, char *text)
{
	struct buf address = BUF_INIT;

	if (!s->in_mail)
		out_of_sequence(s, "say MAIL first");
	else if (!lmtp_word(&text, "TO:") || !lmtp_path(&text, &address))
		mistake(s, "501 5.5.4 say RCPT TO:<address>");
	else if (address.len == 0)
		mistake(s, "501 5.1.3 a recipient has an address");
	else if (s->delivery.recipient_count >= s->host->recipients_max)
		reply(s, "452 4.5.3 too many recipients");
	else
		add_recipient(s, buf_str(&address), text);
	buf_free(&address);
}

static void
do_data(struct lmtp_session *s, char *text)
{
	if (*text != '\0') {
		mistake(s, "501 5.5.4 DATA stands alone");
	} else if (!s->in_mail) {
		out_of_sequence(s, "say MAIL first");
	} else if (s->delivery.recipient_count == 0) {
		/* RFC 2033 §4.2: not 354, so that there is nothing to answer behind the dot. */
		reply(s, "503 5.5.1 there is no valid recipient");
	} else {
		s->in_data = true;
		s->data = LMTP_DATA_LINE;
		s->received = outcome_ok();
		s->size = 0;
		s->host->data(s->host->arg, &s->delivery);
		reply(s, "354 end it with <CRLF>.<CRLF>");
	}
}

static void
do_rset(struct lmtp_session *s, char *text)
{
	(void)text;
	end_transaction(s);
	reply(s, "250 2.0.0 ok");
}

static void
do_noop(struct lmtp_session *s, char *text)
{
	(void)text;
	reply(s, "250 2.0.0 ok");
}

static void
do_vrfy(struct lmtp_session *s, char *text)
{
	(void)text;
	reply(s, "252 2.5.0 send to it and see");
}

static void
do_quit(struct lmtp_session *s, char *text)
{
	(void)text;
	reply(s, "221 2.0.0 goodbye");
	s->closing = true;
}

static void
do_xforward(struct lmtp_session *s, char *text)
{
	const char *error;

	if (s->in_mail) {
		mistake(s, "503 5.5.1 a transaction is open");
		return;
	}
	error = lmtp_xforward(text, s->queue_id, sizeof(s->queue_id));
	if (error != NULL)
		mistake(s, "%s", error);
	else
		reply(s, "250 2.0.0 ok");
}

/*
 * A web page can make a browser send commands to a port of this machine, as the body of a
 * request.  Nothing that comes behind a request's first line is obeyed.
 */
static void
do_http(struct lmtp_session *s, char *text)
{
	(void)text;
	close_with(s, "4.7.0", "this is no web server");
}

static const struct {
	const char *word;
	void (*run)(struct lmtp_session *s, char *text);
	bool idle; /* it brings no message nearer */
} commands[] = {
    {"LHLO", do_lhlo, true},
    {"MAIL", do_mail, false},
    {"RCPT", do_rcpt, false},
    {"DATA", do_data, false},
    {"RSET", do_rset, true},
    {"NOOP", do_noop, true},
    {"QUIT", do_quit, true},
    {"VRFY", do_vrfy, true},
    {"XFORWARD", do_xforward, true},
    {"HELO", do_helo, true},
    {"EHLO", do_helo, true},
    {"CONNECT", do_http, true},
    {"DELETE", do_http, true},
    {"GET", do_http, true},
    {"HEAD", do_http, true},
    {"OPTIONS", do_http, true},
    {"PATCH", do_http, true},
    {"POST", do_http, true},
    {"PUT", do_http, true},
    {"TRACE", do_http, true},
};

/* Obey one command; text is its line. */
static void
run_command(struct lmtp_session *s, char *text)
{
	size_t length = strcspn(text, " ");

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		char *rest = text;

		if (strlen(commands[i].word) != length || !lmtp_word(&rest, commands[i].word))
			continue;
		if (commands[i].idle && ++s->idle > LMTP_IDLE_MAX)
			close_with(s, "4.7.0", "too many commands without a message");
		else
			commands[i].run(s, rest + strspn(rest, " "));
		return;
	}
	mistake(s, "500 5.5.1 no such command");
}

/* --- lines */

/* Take bytes up to the end of the line; how many that is. */
static size_t
take_line(struct lmtp_session *s, const char *bytes, size_t length, bool *complete_r)
{
	const char *lf = memchr(bytes, '\n', length);
	size_t run = lf != NULL ? (size_t)(lf - bytes) + 1 : length;
	char before = run > 1 ? bytes[run - 2] : s->last;

	s->last = bytes[run - 1];
	s->overlong |= s->line.len + run > LMTP_LINE_MAX;
	if (!s->overlong)
		buf_add(&s->line, bytes, run);
	*complete_r = lf != NULL && before == '\r';
	return run;
}

/* A line is complete. */
static void
end_line(struct lmtp_session *s)
{
	if (s->overlong) {
		mistake(s, "500 5.5.2 the line is too long");
	} else {
		buf_truncate(&s->line, s->line.len - 2);
		if (strlen(buf_str(&s->line)) != s->line.len ||
		    text_has_control(buf_str(&s->line)))
			mistake(s, "500 5.5.2 there are control characters in the line");
		else
			run_command(s, s->line.data);
	}
	buf_reset(&s->line);
	s->overlong = false;
	s->last = '\0';
}

static size_t
feed_line(struct lmtp_session *s, const char *bytes, size_t length)
{
	bool complete;
	size_t taken = take_line(s, bytes, length, &complete);

	if (complete)
		end_line(s);
	return taken;
}

/* --- the message */

/* A reply for each recipient, in their order (RFC 2033 §4.2). */
static void
answer_message(struct lmtp_session *s)
{
	struct delivery *delivery = &s->delivery;

	s->delivering = false;
	for (size_t i = 0; i < delivery->recipient_count; i++)
		outcome_lmtp_reply(&delivery->recipients[i].outcome, s->out);
	s->errors = s->idle = 0;
	end_transaction(s);
}

static void
end_message(struct lmtp_session *s)
{
	struct delivery *delivery = &s->delivery;

	buf_free(&s->text); /* it may take long, and a hundred of them be waiting */
	s->in_data = false;
	s->delivering = true;
	if (!outcome_is_ok(&s->received)) {
		delivery_settle(delivery, &s->received);
		delivery_log(delivery);
	} else if (!s->host->deliver(s->host->arg, delivery)) {
		return;
	}
	answer_message(s);
}

static size_t
feed_message(struct lmtp_session *s, const char *bytes, size_t length)
{
	size_t taken;

	buf_reset(&s->text);
	taken = lmtp_data_decode(&s->data, bytes, length, &s->text);
	s->size += (int64_t)s->text.len;
	if (outcome_is_ok(&s->received) && s->offer.size_max > 0 && s->size > s->offer.size_max)
		s->received = outcome_make("local", "too-large", NULL);
	if (outcome_is_ok(&s->received) && s->text.len != 0)
		s->received =
		    s->host->write(s->host->arg, &s->delivery, s->text.data, s->text.len);
	if (s->data == LMTP_DATA_END)
		end_message(s);
	return taken;
}

void
lmtp_session_init(struct lmtp_session *s, const struct lmtp_host *host, struct buf *out)
{
	*s = (struct lmtp_session){.host = host, .out = out};
	reply(s, "220 %s LMTP ferry-transport", host->name);
}

void
lmtp_session_free(struct lmtp_session *s)
{
	end_transaction(s);
	buf_free(&s->line);
	buf_free(&s->text);
	buf_free(&s->ahead);
}

bool
lmtp_session_feed(struct lmtp_session *s, const char *bytes, size_t length, struct buf *out)
{
	const char *end = bytes + length;

	s->out = out;
	while (bytes < end && !s->closing && !s->delivering)
		bytes += s->in_data ? feed_message(s, bytes, (size_t)(end - bytes))
		                    : feed_line(s, bytes, (size_t)(end - bytes));
	if (s->delivering)
		buf_add(&s->ahead, bytes, (size_t)(end - bytes));
	return !s->closing;
}

bool
lmtp_session_delivered(struct lmtp_session *s, struct buf *out)
{
	struct buf ahead = s->ahead;
	bool open;

	s->out = out;
	s->ahead = (struct buf)BUF_INIT;
	answer_message(s);
	open = lmtp_session_feed(s, buf_str(&ahead), ahead.len, out);
	buf_free(&ahead);
	return open;
}

bool
lmtp_session_is_between(const struct lmtp_session *s)
{
	return !s->in_data && !s->delivering && s->line.len == 0 && !s->overlong;
}
