/*
 * milter-client - hand a message to a filter as an MTA does, and print what it answers
 *
 * usage: milter-client [OPTION]... SOCKET RECIPIENT... < MESSAGE
 *
 *   -f SENDER    of the envelope (me@sandbox.test); "" is the null sender
 *   -a USER      who is logged in
 *   -c NAME/IP   the client (localhost/127.0.0.1)
 *   -i ID        the queue id (CLIENT)
 *   -s           as Postfix does for sendmail(1): no angle brackets, nobody is logged in
 *   -o FILE      write the message there as it leaves
 *   -t SECONDS   to wait for each answer, and from one progress report to the next (60)
 *   -n COUNT     hand it over so often, to one recipient after another, who is put in its To;
 *                print how long it took, without the edits
 *   -h COUNT     open so many sessions, up to the recipients, and hold them until there is no
 *                more to read on standard input
 *
 * SOCKET is a path or a port of the loopback interface.  SENDER and RECIPIENT may have arguments
 * of ESMTP after a blank: "you@far.example NOTIFY=NEVER".
 *
 * Each edit is a line: chgfrom, addrcpt, delrcpt, chgheader, insheader, addheader, replbody,
 * quarantine, progress; with \n for the line ends in it, and "missed" before one that found
 * nothing.  Then comes the decision: accept, reject, tempfail, discard, reply TEXT, or lost
 * WHY.  If the message is let through, the lines leaves-from and leaves-to say with which
 * envelope.
 *
 * Exit status: 0 let through, 69 refused, 75 refused for now, 70 the filter got lost (an MTA
 * that is to fail safely then refuses for now), 65 discarded, 1 what should not be.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "common/base/xalloc.h"
#include "tests/integration/milter-mail.h"
#include "tests/integration/milter-wire.h"

#define CHUNK 65535 /* bytes of a body in one packet */

struct client {
	const char *socket;
	const char *user; /* NULL: nobody is logged in */
	const char *name, *ip;
	const char *queue_id;
	const char *output;
	bool local; /* as for sendmail(1) */
	int seconds;
	long count, hold;
	struct mail mail;
	const struct mail_address *recipient; /* that the macros speak of */
	struct wire wire;
};

static void
print_text(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\n')
			fputs("\\n", stdout);
		else if (*text == '\r')
			fputs("\\r", stdout);
		else
			putchar(*text);
}

static const char *
host_of(const struct mail_address *a)
{
	const char *at = strrchr(a->address, '@');

	return at == NULL ? "" : at + 1;
}

/* What Postfix tells; arg is the client. */
static const char *
macro(void *arg, const char *name)
{
	const struct client *c = arg;
	const struct {
		const char *name, *value;
	} table[] = {
	    {"j", "lab.test"},
	    {"v", "Postfix 3.7.11"},
	    {"{daemon_name}", "lab.test"},
	    {"{daemon_addr}", "127.0.0.1"},
	    {"i", c->recipient == &c->mail.from && !c->local ? NULL : c->queue_id},
	    {"{client_addr}", c->ip},
	    {"{client_name}", c->name},
	    {"{client_connections}", "1"},
	    {"{auth_authen}", c->user},
	    {"{auth_type}", c->user == NULL ? NULL : "PLAIN"},
	    {"{mail_addr}", c->mail.from.address},
	    {"{mail_host}", c->local ? NULL : host_of(&c->mail.from)},
	    {"{mail_mailer}", c->local ? NULL : "smtp"},
	    {"{rcpt_addr}", c->recipient == NULL ? NULL : c->recipient->address},
	    {"{rcpt_host}", c->local || c->recipient == NULL ? NULL : host_of(c->recipient)},
	    {"{rcpt_mailer}", c->local ? NULL : "smtp"},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].value;
	return NULL;
}

/* One step of the dialogue: what the filter answers, SMFIR_CONTINUE where it gives no answer. */
static char
step(struct client *c, enum stage stage, uint32_t unwanted, uint32_t unanswered,
    const struct buf *data, struct buf *answer)
{
	if (!wire_wants(&c->wire, unwanted))
		return SMFIR_CONTINUE;
	wire_macros(&c->wire, stage, macro, c);
	wire_send(&c->wire, wire_letter(stage), buf_str(data), data->len);
	return wire_wants(&c->wire, unanswered) ? wire_receive(&c->wire, answer)
	                                        : SMFIR_CONTINUE;
}

static void
add_string(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text) + 1);
}

static char
say_connect(struct client *c, struct buf *answer)
{
	struct buf data = BUF_INIT;
	uint16_t port = htons(54321);
	char got;

	add_string(&data, c->name);
	buf_addc(&data, SMFIA_INET);
	buf_add(&data, &port, sizeof port);
	add_string(&data, c->ip);
	got = step(c, STAGE_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN, &data, answer);
	buf_reset(&data);
	add_string(&data, c->name);
	if (got == SMFIR_CONTINUE)
		got = step(c, STAGE_HELO, SMFIP_NOHELO, SMFIP_NR_HELO, &data, answer);
	buf_free(&data);
	return got;
}

/* The arguments of MAIL or RCPT: the address, and each of ESMTP. */
static char
say_address(
    struct client *c, enum stage stage, const struct mail_address *a, struct buf *answer)
{
	struct buf data = BUF_INIT;
	char *args = xstrdup(a->args), *rest = NULL;
	bool mail = stage == STAGE_MAIL;
	char got;

	buf_addf(&data, c->local ? "%s" : "<%s>", a->address);
	buf_addc(&data, '\0');
	for (char *arg = strtok_r(args, " ", &rest); arg != NULL;
	     arg = strtok_r(NULL, " ", &rest))
		add_string(&data, arg);
	c->recipient = a;
	got = step(c, stage, mail ? SMFIP_NOMAIL : SMFIP_NORCPT,
	    mail ? SMFIP_NR_MAIL : SMFIP_NR_RCPT, &data, answer);
	free(args);
	buf_free(&data);
	return got;
}

static char
say_envelope(struct client *c, struct buf *answer)
{
	char got = say_address(c, STAGE_MAIL, &c->mail.from, answer);

	for (size_t i = 0; got == SMFIR_CONTINUE && i < c->mail.to_count; i++)
		got = say_address(c, STAGE_RCPT, &c->mail.to[i], answer);
	return got;
}

/* A field; unless the filter wants it, without the first blank. */
static char
say_field(struct client *c, const struct mail_field *f, struct buf *answer)
{
	struct buf data = BUF_INIT;
	size_t skip = f->value.len > 0 && f->value.data[0] == ' ' &&
	              wire_wants(&c->wire, SMFIP_HDR_LEADSPC);

	if (!wire_wants(&c->wire, SMFIP_NOHDRS))
		return SMFIR_CONTINUE;
	add_string(&data, f->name);
	buf_add(&data, buf_str(&f->value) + skip, f->value.len - skip + 1);
	wire_send(&c->wire, SMFIC_HEADER, data.data, data.len);
	buf_free(&data);
	return wire_wants(&c->wire, SMFIP_NR_HDR) ? wire_receive(&c->wire, answer)
	                                          : SMFIR_CONTINUE;
}

static char
say_body(struct client *c, struct buf *answer)
{
	const struct buf *body = &c->mail.body;
	char got = SMFIR_CONTINUE;

	if (!wire_wants(&c->wire, SMFIP_NOBODY))
		return got;
	for (size_t at = 0; got == SMFIR_CONTINUE && at < body->len; at += CHUNK) {
		wire_send(&c->wire, SMFIC_BODY, body->data + at,
		    body->len - at < CHUNK ? body->len - at : CHUNK);
		if (wire_wants(&c->wire, SMFIP_NR_BODY))
			got = wire_receive(&c->wire, answer);
	}
	return got == SMFIR_SKIP ? SMFIR_CONTINUE : got;
}

static char
say_content(struct client *c, struct buf *answer)
{
	const struct buf nothing = BUF_INIT;
	char got;

	c->recipient = NULL;
	got = step(c, STAGE_DATA, SMFIP_NODATA, SMFIP_NR_DATA, &nothing, answer);
	for (size_t i = 0; got == SMFIR_CONTINUE && i < c->mail.field_count; i++)
		got = say_field(c, &c->mail.fields[i], answer);
	if (got == SMFIR_CONTINUE)
		got = step(c, STAGE_EOH, SMFIP_NOEOH, SMFIP_NR_EOH, &nothing, answer);
	if (got == SMFIR_CONTINUE)
		got = say_body(c, answer);
	if (got != SMFIR_CONTINUE)
		return got;
	wire_macros(&c->wire, STAGE_EOM, macro, c);
	wire_send(&c->wire, SMFIC_BODYEOB, NULL, 0);
	return wire_receive(&c->wire, answer);
}

/* The strings of a packet, one after another. */
static const char *
next_string(const struct buf *data, size_t *at)
{
	const char *text = buf_str(data) + *at;

	if (*at >= data->len)
		return NULL;
	*at += strlen(text) + 1;
	return text;
}

static void
edit_field(struct client *c, char letter, const struct buf *data)
{
	size_t at = letter == SMFIR_ADDHEADER ? 0 : sizeof(uint32_t);
	uint32_t number = 0;
	const char *name, *value;
	char *field;

	if (data->len > at)
		memcpy(&number, data->data, at);
	number = ntohl(number);
	name = next_string(data, &at);
	value = next_string(data, &at);
	if (name == NULL || value == NULL)
		wire_broken("a header field without name or value");
	field =
	    *value == '\0' && letter == SMFIR_CHGHEADER
	        ? xstrdup("")
	        : xasprintf("%s%s", wire_wants(&c->wire, SMFIP_HDR_LEADSPC) ? " " : "", value);
	if (letter == SMFIR_ADDHEADER)
		printf("addheader %s:", name);
	else
		printf("%s %u %s:", letter == SMFIR_CHGHEADER ? "chgheader" : "insheader",
		    number, name);
	print_text(field);
	putchar('\n');
	if (letter == SMFIR_CHGHEADER)
		mail_change_field(&c->mail, number, name, field);
	else
		mail_insert_field(
		    &c->mail, letter == SMFIR_ADDHEADER ? UINT32_MAX : number, name, field);
	free(field);
}

/* "ADDRESS ARGS" out of two strings, of which the second may be missing. */
static char *
with_args(const struct buf *data)
{
	size_t at = 0;
	const char *address = next_string(data, &at), *args = next_string(data, &at);

	return xasprintf("%s%s%s", address == NULL ? "" : address, args == NULL ? "" : " ",
	    args == NULL ? "" : args);
}

static void
edit_envelope(struct client *c, char letter, const struct buf *data)
{
	char *text = with_args(data);

	if (letter == SMFIR_CHGFROM) {
		printf("chgfrom %s\n", text);
		mail_set_from(&c->mail, text);
	} else if (letter != SMFIR_DELRCPT) {
		printf("addrcpt %s\n", text);
		mail_add_to(&c->mail, text);
	} else {
		bool found = mail_remove_to(&c->mail, text);

		printf("%sdelrcpt %s\n", found ? "" : "missed ", text);
	}
	free(text);
}

/* Make an edit; false if it is none, but a decision. */
static bool
edit(struct client *c, char letter, const struct buf *data)
{
	switch (letter) {
	case SMFIR_CHGFROM:
	case SMFIR_ADDRCPT:
	case SMFIR_ADDRCPT_PAR:
	case SMFIR_DELRCPT:
		edit_envelope(c, letter, data);
		return true;
	case SMFIR_CHGHEADER:
	case SMFIR_INSHEADER:
	case SMFIR_ADDHEADER:
		edit_field(c, letter, data);
		return true;
	case SMFIR_REPLBODY:
		printf("replbody %zu\n", data->len);
		return true;
	case SMFIR_QUARANTINE:
		printf("quarantine %s\n", buf_str(data));
		return true;
	case SMFIR_PROGRESS:
		puts("progress");
		return true;
	default:
		return false;
	}
}

static void
print_leaving(const struct client *c)
{
	printf("leaves-from <%s>%s%s\n", c->mail.from.address,
	    *c->mail.from.args == '\0' ? "" : " ", c->mail.from.args);
	for (size_t i = 0; i < c->mail.to_count; i++)
		printf("leaves-to <%s>%s%s\n", c->mail.to[i].address,
		    *c->mail.to[i].args == '\0' ? "" : " ", c->mail.to[i].args);
}

static int
let_through(struct client *c)
{
	FILE *out;

	puts("accept");
	print_leaving(c);
	if (c->output == NULL)
		return EX_OK;
	out = fopen(c->output, "w");
	if (out == NULL) {
		perror(c->output);
		return EXIT_FAILURE;
	}
	mail_write(&c->mail, out);
	return fclose(out) == 0 ? EX_OK : EXIT_FAILURE;
}

static int
decide(struct client *c, char letter, const struct buf *data)
{
	switch (letter) {
	case SMFIR_ACCEPT:
	case SMFIR_CONTINUE:
		return let_through(c);
	case SMFIR_REJECT:
		puts("reject");
		return EX_UNAVAILABLE;
	case SMFIR_TEMPFAIL:
		puts("tempfail");
		return EX_TEMPFAIL;
	case SMFIR_DISCARD:
		puts("discard");
		return EX_DATAERR;
	case SMFIR_REPLYCODE:
		fputs("reply ", stdout);
		print_text(buf_str(data));
		putchar('\n');
		return buf_str(data)[0] == '4' ? EX_TEMPFAIL : EX_UNAVAILABLE;
	case '\0':
		printf("lost %s\n", buf_str(data));
		return EX_SOFTWARE;
	default:
		wire_broken("an answer that there is not");
	}
}

static int
one_message(struct client *c)
{
	struct buf answer = BUF_INIT;
	char got = say_envelope(c, &answer);
	int status;

	if (got == SMFIR_CONTINUE)
		got = say_content(c, &answer);
	while (edit(c, got, &answer))
		got = wire_receive(&c->wire, &answer);
	status = decide(c, got, &answer);
	buf_free(&answer);
	return status;
}

static bool
is_edit(char letter)
{
	return letter != '\0' && strchr("e+2-mihbqp", letter) != NULL;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The message to one recipient alone: how long it takes, without making the edits; *status is
 * not EX_OK if it is refused. */
static double
time_one(struct client *c, int *status)
{
	struct buf answer = BUF_INIT;
	double began = now_us(), took;
	char got = say_envelope(c, &answer);

	if (got == SMFIR_CONTINUE)
		got = say_content(c, &answer);
	while (is_edit(got))
		got = wire_receive(&c->wire, &answer);
	took = now_us() - began;
	*status =
	    got == SMFIR_CONTINUE || got == SMFIR_ACCEPT ? EX_OK : decide(c, got, &answer);
	buf_free(&answer);
	return took;
}

static int
time_messages(struct client *c)
{
	double *times = xcalloc((size_t)c->count, sizeof(*times));
	struct mail_address *all = c->mail.to;
	size_t all_count = c->mail.to_count;
	int status = EX_OK;

	c->mail.to_count = 1;
	for (long i = 0; status == EX_OK && i < c->count; i++) {
		char *value;

		c->mail.to = &all[(size_t)i % all_count];
		value = xasprintf(" %s", c->mail.to->address);
		mail_change_field(&c->mail, 1, "To", value);
		free(value);
		times[i] = time_one(c, &status);
	}
	c->mail.to = all;
	c->mail.to_count = all_count;
	if (status == EX_OK) {
		qsort(times, (size_t)c->count, sizeof(*times), by_size);
		printf("microseconds a message: median %.0f, 99 %% below %.0f\n",
		    times[c->count / 2], times[c->count * 99 / 100]);
	}
	free(times);
	return status;
}

/* Open many sessions, each as far as the recipients, say so, and wait. */
static int
hold_sessions(struct client *c)
{
	struct wire *wires = xcalloc((size_t)c->hold, sizeof(*wires));
	struct buf answer = BUF_INIT;

	for (long i = 0; i < c->hold; i++) {
		wire_open(&c->wire, c->socket, c->seconds);
		if (say_connect(c, &answer) != SMFIR_CONTINUE ||
		    say_envelope(c, &answer) != SMFIR_CONTINUE)
			wire_broken("it does not want the session");
		wires[i] = c->wire;
	}
	puts("open");
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	for (long i = 0; i < c->hold; i++)
		wire_close(&wires[i]);
	free(wires);
	buf_free(&answer);
	return EX_OK;
}

static void __attribute__((noreturn)) usage(void)
{
	fputs("usage: milter-client [-s] [-f sender] [-a user] [-c name/ip] [-i id] [-o file]\n"
	      "       [-t seconds] [-n count | -h count] socket recipient... < message\n",
	    stderr);
	exit(EX_USAGE);
}

static void
set_client(struct client *c, char *text)
{
	char *slash = strchr(text, '/');

	if (slash == NULL)
		usage();
	*slash = '\0';
	c->name = text;
	c->ip = slash + 1;
}

static void
read_options(struct client *c, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "f:a:c:i:so:t:n:h:")) != -1)
		switch (option) {
		case 'f':
			mail_set_from(&c->mail, optarg);
			break;
		case 'a':
			c->user = optarg;
			break;
		case 'c':
			set_client(c, optarg);
			break;
		case 'i':
			c->queue_id = optarg;
			break;
		case 's':
			c->local = true;
			break;
		case 'o':
			c->output = optarg;
			break;
		case 't':
			c->seconds = atoi(optarg);
			break;
		case 'n':
			c->count = atol(optarg);
			break;
		case 'h':
			c->hold = atol(optarg);
			break;
		default:
			usage();
		}
	if (argc - optind < 2)
		usage();
	c->socket = argv[optind];
	for (int i = optind + 1; i < argc; i++)
		mail_add_to(&c->mail, argv[i]);
}

static int
one_session(struct client *c)
{
	struct buf answer = BUF_INIT;
	char got;
	int status;

	wire_open(&c->wire, c->socket, c->seconds);
	got = say_connect(c, &answer);
	if (got != SMFIR_CONTINUE)
		status = decide(c, got, &answer);
	else
		status = c->count > 0 ? time_messages(c) : one_message(c);
	wire_close(&c->wire);
	buf_free(&answer);
	return status;
}

int
main(int argc, char **argv)
{
	struct client c = {
	    .name = "localhost", .ip = "127.0.0.1", .queue_id = "CLIENT", .seconds = 60};
	int status;

	signal(SIGPIPE, SIG_IGN);
	mail_set_from(&c.mail, "me@sandbox.test");
	read_options(&c, argc, argv);
	if (c.hold > 0) {
		status = hold_sessions(&c);
	} else {
		mail_read(&c.mail, stdin);
		status = one_session(&c);
	}
	mail_free(&c.mail);
	return fflush(stdout) == 0 ? status : EXIT_FAILURE;
}
