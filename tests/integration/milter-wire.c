/*
 * The MTA's end of a connection to a filter.
 *
 * What is offered is all that version 6 has, so that the filter chooses; what it is told are
 * the macros that Postfix tells by default, unless it asks for others.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "tests/integration/milter-wire.h"

#define PACKET_MAX (16u << 20)

static const char stage_letters[STAGE_COUNT] = {
    SMFIC_CONNECT, SMFIC_HELO, SMFIC_MAIL, SMFIC_RCPT, SMFIC_DATA, SMFIC_BODYEOB, SMFIC_EOH};

/* milter_*_macros of Postfix 3.7. */
static const char *const default_macros[STAGE_COUNT] = {
    "j {daemon_name} {daemon_addr} v",
    "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
    "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
    "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
    "i",
    "i",
    "i",
};

void
wire_broken(const char *what)
{
	fprintf(stderr, "milter-client: the filter does not keep to the protocol: %s\n", what);
	exit(EXIT_FAILURE);
}

char
wire_letter(enum stage stage)
{
	return stage_letters[stage];
}

bool
wire_wants(const struct wire *w, uint32_t flag)
{
	return (w->leave_out & flag) == 0;
}

void
wire_send(struct wire *w, char command, const char *data, size_t length)
{
	struct buf packet = BUF_INIT;
	uint32_t size = htonl((uint32_t)length + 1);

	buf_add(&packet, &size, sizeof size);
	buf_addc(&packet, command);
	buf_add(&packet, data, length);
	/* If the filter is gone, that is found out by who waits for its answer. */
	(void)file_write_full(w->fd, packet.data, packet.len);
	buf_free(&packet);
}

/* Read so many bytes; false with the reason in *why. */
static bool
take(struct wire *w, char *to, size_t length, struct buf *why)
{
	while (length > 0) {
		struct pollfd p = {.fd = w->fd, .events = POLLIN};
		int ready = poll(&p, 1, w->seconds * 1000);
		ssize_t n = ready > 0 ? read(w->fd, to, length) : -1;

		if (ready > 0 && n > 0) {
			to += n;
			length -= (size_t)n;
		} else if (ready <= 0 || errno != EINTR || n == 0) {
			buf_reset(why);
			buf_adds(why, ready == 0 ? "no answer in time" : "connection closed");
			return false;
		}
	}
	return true;
}

char
wire_receive(struct wire *w, struct buf *data)
{
	uint32_t size;
	char letter;

	if (!take(w, (char *)&size, sizeof size, data))
		return '\0';
	size = ntohl(size);
	if (size == 0 || size > PACKET_MAX)
		wire_broken("a packet of impossible length");
	if (!take(w, &letter, 1, data))
		return '\0';
	buf_reset(data);
	buf_reserve(data, size);
	if (!take(w, data->data, size - 1, data))
		return '\0';
	data->len = size - 1;
	data->data[data->len] = '\0';
	return letter;
}

/* The lists of macros that the filter asks for, after its options. */
static void
read_lists(struct wire *w, const char *at, const char *end)
{
	while (at < end) {
		uint32_t stage;

		if ((size_t)(end - at) <= sizeof stage ||
		    memchr(at + 4, '\0', (size_t)(end - at) - 4) == NULL)
			wire_broken("a list of macros that does not end");
		memcpy(&stage, at, sizeof stage);
		stage = ntohl(stage);
		if (stage >= STAGE_COUNT)
			wire_broken("macros for a stage that there is not");
		at += sizeof stage;
		free(w->macros[stage]);
		w->macros[stage] = xstrdup(at);
		at += strlen(at) + 1;
	}
}

static void
negotiate(struct wire *w)
{
	uint32_t offer[3] = {
	    htonl(SMFI_PROT_VERSION), htonl(SMFI_CURR_ACTS), htonl(SMFI_CURR_PROT)};
	uint32_t answer[3];
	struct buf data = BUF_INIT;

	wire_send(w, SMFIC_OPTNEG, (const char *)offer, sizeof offer);
	if (wire_receive(w, &data) != SMFIC_OPTNEG || data.len < sizeof answer)
		wire_broken(data.len > 0 ? data.data : "another answer to the offer");
	memcpy(answer, data.data, sizeof answer);
	w->leave_out = ntohl(answer[2]);
	if (ntohl(answer[0]) != SMFI_PROT_VERSION)
		wire_broken("another version");
	if ((ntohl(answer[1]) & ~(uint32_t)SMFI_CURR_ACTS) != 0 ||
	    (w->leave_out & ~(uint32_t)SMFI_CURR_PROT) != 0)
		wire_broken("it takes what was not offered");
	read_lists(w, data.data + sizeof answer, data.data + data.len);
	buf_free(&data);
}

static int
connect_to(const char *address)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	bool port = address[strspn(address, "0123456789")] == '\0';
	int fd = socket(port ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!port && strlen(address) >= sizeof un.sun_path)
		return -1;
	if (port)
		in.sin_port = htons((uint16_t)strtoul(address, NULL, 10));
	else
		memcpy(un.sun_path, address, strlen(address) + 1);
	if (fd >= 0 && connect(fd, port ? (struct sockaddr *)&in : (struct sockaddr *)&un,
	                   port ? sizeof in : sizeof un) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void
wire_open(struct wire *w, const char *address, int seconds)
{
	*w = (struct wire){.fd = connect_to(address), .seconds = seconds};
	if (w->fd < 0) {
		fprintf(stderr, "milter-client: cannot connect to %s: %s\n", address,
		    strerror(errno));
		exit(EXIT_FAILURE);
	}
	for (int i = 0; i < STAGE_COUNT; i++)
		w->macros[i] = xstrdup(default_macros[i]);
	negotiate(w);
}

void
wire_close(struct wire *w)
{
	wire_send(w, SMFIC_QUIT, NULL, 0);
	close(w->fd);
	for (int i = 0; i < STAGE_COUNT; i++)
		free(w->macros[i]);
}

void
wire_macros(struct wire *w, enum stage stage, const char *(*value)(void *arg, const char *name),
    void *arg)
{
	char *names = xstrdup(w->macros[stage]), *rest = NULL;
	struct buf data = BUF_INIT;

	buf_addc(&data, stage_letters[stage]);
	for (char *name = strtok_r(names, " ,", &rest); name != NULL;
	     name = strtok_r(NULL, " ,", &rest)) {
		const char *text = value(arg, name);

		if (text == NULL)
			continue;
		buf_add(&data, name, strlen(name) + 1);
		buf_add(&data, text, strlen(text) + 1);
	}
	wire_send(w, SMFIC_MACRO, data.data, data.len);
	buf_free(&data);
	free(names);
}
