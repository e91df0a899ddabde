/*
 * A message from pipe(8) to the LMTP server.
 *
 * All that comes before the message is sent at once, LHLO to DATA: the server is our own, and
 * takes commands in groups.  Until the message's first byte is read, the whole program can
 * still take over; after that, what goes wrong is temporary, and the journal will know
 * whether the message left all the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "transport/front.h"
#include "transport/front_reply.h"
#include "transport/lmtp_data.h"
#include "transport/lmtp_syntax.h"

#define READ_BYTES    65536
#define ADDRESS_MAX   2000 /* of a command, which may have 4096 bytes */
#define REPLY_MAX     2048 /* longer is no reply of ours */
#define REPLIES_BYTES 4096

struct front {
	int server;
	struct front_recipient *recipients;
	size_t count;
	char bytes[REPLIES_BYTES]; /* of replies: read, */
	size_t used, filled;       /* and how far */
	struct buf line;
};

/* Can it be said as "<address>", and be understood as it is? */
static bool
is_sayable(const char *address)
{
	char *path = xasprintf("<%s>", address), *rest = path;
	struct buf said = BUF_INIT;
	bool sayable = strlen(address) <= ADDRESS_MAX && lmtp_path(&rest, &said) &&
	               *rest == '\0' && strcmp(buf_str(&said), address) == 0;

	buf_free(&said);
	free(path);
	return sayable;
}

static bool
all_sayable(const struct arguments *args)
{
	if (!is_sayable(args->sender))
		return false;
	for (size_t i = 0; i < args->recipient_count; i++)
		if (!is_sayable(args->recipients[i]))
			return false;
	return true;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
send_envelope(struct front *f, const struct arguments *args)
{
	struct buf said = BUF_INIT;
	bool sent;

	buf_adds(&said, "LHLO ferry-transport\r\n");
	buf_addf(&said, "XFORWARD IDENT=%s\r\n",
	    args->queue_id != NULL ? args->queue_id : "[UNAVAILABLE]");
	buf_addf(&said, "MAIL FROM:<%s>\r\n", args->sender);
	for (size_t i = 0; i < args->recipient_count; i++)
		buf_addf(&said, "RCPT TO:<%s>\r\n", args->recipients[i]);
	buf_adds(&said, "DATA\r\n");
	sent = file_write_full(f->server, said.data, said.len) == 0;
	buf_free(&said);
	return sent;
}

/* Read one line into f->line, without its end. */
static bool
read_line(struct front *f)
{
	buf_reset(&f->line);
	for (;;) {
		ssize_t got;

		while (f->used < f->filled) {
			char c = f->bytes[f->used++];

			if (c == '\n')
				return true;
			if (f->line.len >= REPLY_MAX)
				return false;
			if (c != '\r')
				buf_addc(&f->line, c);
		}
		do
			got = read(f->server, f->bytes, sizeof(f->bytes));
		while (got < 0 && errno == EINTR);
		if (got <= 0)
			return false;
		f->used = 0;
		f->filled = (size_t)got;
	}
}

/* The last line of a reply; NULL if the server is gone, or says that it goes. */
static const char *
read_reply(struct front *f)
{
	do
		if (!read_line(f))
			return NULL;
	while (f->line.len > 3 && f->line.data[3] == '-');
	return strncmp(buf_str(&f->line), "421", 3) != 0 ? buf_str(&f->line) : NULL;
}

/* Is the next reply of the class? */
static bool
reply_is(struct front *f, char class)
{
	const char *reply = read_reply(f);

	return reply != NULL && *reply == class;
}

/* What of the envelope was taken. */
enum envelope { ENVELOPE_TAKEN, ENVELOPE_REFUSED, ENVELOPE_UNHEARD };

static enum envelope
hear_envelope(struct front *f)
{
	bool refused = false, any = false;
	const char *reply;

	/* Greeting, LHLO, XFORWARD: no server of ours refuses these. */
	for (int i = 0; i < 3; i++)
		if (!reply_is(f, '2'))
			return ENVELOPE_UNHEARD;
	reply = read_reply(f);
	if (reply == NULL)
		return ENVELOPE_UNHEARD;
	refused = *reply != '2';
	for (size_t i = 0; refused && i < f->count; i++)
		f->recipients[i].outcome = front_outcome(reply);
	for (size_t i = 0; i < f->count; i++) {
		reply = read_reply(f);
		if (reply == NULL)
			return ENVELOPE_UNHEARD;
		if (!refused)
			f->recipients[i].outcome = front_outcome(reply);
		any |= outcome_is_ok(&f->recipients[i].outcome);
	}
	if (refused || !any)
		return ENVELOPE_REFUSED;
	return reply_is(f, '3') ? ENVELOPE_TAKEN : ENVELOPE_UNHEARD;
}

static struct outcome
lost_server(void)
{
	return outcome_make("net", "cut-sent", "the server on this machine ended");
}

/* Pass the input on; its end is not sent yet. */
static struct outcome
pass_on(struct front *f, int input, enum lmtp_data_state *state, struct buf *out)
{
	static char bytes[READ_BYTES];
	bool empty = true;
	ssize_t got;

	while ((got = read(input, bytes, sizeof(bytes))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return file_error("cannot read", "the message");
		empty = false;
		buf_reset(out);
		lmtp_data_encode(state, bytes, (size_t)got, out);
		if (file_write_full(f->server, out->data, out->len) < 0)
			return lost_server();
	}
	return empty ? outcome_make("local", "truncated", "it is empty") : outcome_ok();
}

/* Read the replies behind the dot, one for each recipient that was taken. */
static void
hear_outcomes(struct front *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const char *reply;

		if (!outcome_is_ok(&f->recipients[i].outcome))
			continue;
		reply = read_reply(f);
		f->recipients[i].outcome = reply != NULL ? front_outcome(reply) : lost_server();
	}
}

static struct outcome
send_message(struct front *f, int input, pid_t parent)
{
	enum lmtp_data_state state = LMTP_DATA_LINE;
	struct buf out = BUF_INIT;
	struct outcome o = pass_on(f, input, &state, &out);

	if (outcome_is_ok(&o) && getppid() != parent)
		o = outcome_make("local", "truncated", "its sender ended first");
	if (outcome_is_ok(&o)) {
		buf_reset(&out);
		lmtp_data_finish(&state, &out);
		if (file_write_full(f->server, out.data, out.len) < 0)
			o = lost_server();
	}
	buf_free(&out);
	if (!outcome_is_ok(&o))
		return o;
	hear_outcomes(f);
	return front_common(f->recipients, f->count);
}

bool
front_deliver(const struct arguments *args, const char *path, int input, pid_t parent,
    struct outcome *o_r)
{
	struct front f = {.count = args->recipient_count};
	enum envelope heard = ENVELOPE_UNHEARD;

	if (!all_sayable(args))
		return false;
	f.server = connect_to(path);
	if (f.server < 0)
		return false;
	f.recipients = xcalloc(f.count, sizeof(*f.recipients));
	for (size_t i = 0; i < f.count; i++)
		f.recipients[i].address = args->recipients[i];
	if (send_envelope(&f, args))
		heard = hear_envelope(&f);
	if (heard == ENVELOPE_TAKEN)
		*o_r = send_message(&f, input, parent);
	else if (heard == ENVELOPE_REFUSED)
		*o_r = front_common(f.recipients, f.count);
	close(f.server);
	free(f.recipients);
	buf_free(&f.line);
	return heard != ENVELOPE_UNHEARD;
}
