/*
 * One client of the LMTP server: its socket, its thread, its session.
 *
 * The thread reads, feeds the session, and writes the replies; delivering a message is a
 * call that takes as long as it takes.  A client that goes away meanwhile changes nothing:
 * the message was accepted, and the journal will know what came of it when the client's
 * queue tries again.
 *
 * Patience.  A client has the idle time-out to complete each command, and between any two
 * pieces of a message; and for a whole message no longer than a delivery may take, so that
 * a byte now and then keeps no connection.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "transport/lmtp_parts.h"
#include "transport/lmtp_session.h"
#include "transport/sender.h"
#include "transport/split.h"

#define STACK_BYTES  (1u << 20) /* what is not touched takes no memory */
#define READ_BYTES   8192       /* on the stack, of a hundred threads */
#define SEND_SECONDS 60

/* Postfix waits 600 s for the reply to the dot (lmtp_data_done_timeout), and then nobody
 * knows whether the message was taken. */
#define ANSWER_MS 540000

struct connection {
	struct lmtp_server *server;
	int fd;
	struct setup *setup; /* of the transaction, or NULL */
	struct lmtp_session session;
	struct deadline patience;
	struct buf out;
};

/* --- what the session asks for */

static void
offer(void *arg, struct courier_offer *offer_r)
{
	struct connection *c = arg;
	struct setup *setup = setup_hold(&c->server->setups);

	courier_offer(setup->courier, offer_r);
	setup_release(&c->server->setups, &setup);
}

static struct outcome
begin(void *arg, struct delivery *delivery)
{
	struct connection *c = arg;
	struct outcome o;

	c->setup = setup_hold(&c->server->setups);
	delivery->account = sender_account(c->setup->config, delivery->sender, &o);
	delivery->message.spool.directory = c->setup->spool_directory;
	header_filter_strip(&delivery->message.filter, c->setup->config->transport.strip);
	split_want(c->setup->config, &delivery->message.filter);
	if (!outcome_is_ok(&o))
		setup_release(&c->server->setups, &c->setup);
	return o;
}

static void
data(void *arg, struct delivery *delivery)
{
	struct connection *c = arg;

	delivery->began = clock_ms();
	delivery->deadline = deadline_in_ms(c->setup->config->transport.deadline_ms);
}

static struct outcome
take(void *arg, struct delivery *delivery, const char *bytes, size_t length)
{
	(void)arg;
	return message_add(&delivery->message, bytes, length);
}

static void
deliver(void *arg, struct delivery *delivery)
{
	struct connection *c = arg;
	struct outcome o = message_end(&delivery->message);
	int64_t began = clock_ms();

	delivery->deadline = deadline_min(
	    deadline_in_ms(c->setup->config->transport.deadline_ms), deadline_in_ms(ANSWER_MS));
	if (outcome_is_ok(&o)) {
		courier_deliver(c->setup->courier, delivery);
	} else {
		delivery_settle(delivery, &o);
		delivery_log(delivery);
	}
	monitor_observe(&c->server->latency, clock_ms() - began);
}

static void
end(void *arg, struct delivery *delivery)
{
	struct connection *c = arg;

	(void)delivery;
	setup_release(&c->server->setups, &c->setup);
}

/* --- the socket */

static void
be_patient(struct connection *c)
{
	struct setup *setup = setup_hold(&c->server->setups);

	c->patience = deadline_in_ms(setup->config->transport.idle_timeout_ms);
	setup_release(&c->server->setups, &setup);
}

/* Send the replies there are.  False if the client does not take them. */
static bool
flush(struct connection *c)
{
	size_t sent = 0;

	if (c->out.len != 0)
		be_patient(c);
	while (sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + sent, c->out.len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		sent += (size_t)n;
	}
	buf_reset(&c->out);
	return true;
}

enum event { CLIENT_SPOKE, CLIENT_IS_SILENT, SERVER_STOPS };

static enum event
wait_for_client(struct connection *c)
{
	bool between = lmtp_session_is_between(&c->session);
	struct deadline patience = c->session.in_data
	                               ? deadline_min(c->patience, c->session.delivery.deadline)
	                               : c->patience;
	struct pollfd fds[] = {
	    {.fd = c->fd, .events = POLLIN},
	    {.fd = between ? c->server->stop : -1, .events = POLLIN},
	};

	for (;;) {
		int64_t left = deadline_left_ms(patience);

		if (left == 0)
			return CLIENT_IS_SILENT;
		if (poll(fds, 2, (int)(left < 60000 ? left : 60000)) > 0)
			return fds[1].revents != 0 ? SERVER_STOPS : CLIENT_SPOKE;
	}
}

/* Let it say more, and take that.  False if the conversation is over. */
static bool
hear(struct connection *c)
{
	char bytes[READ_BYTES];
	ssize_t got;

	switch (wait_for_client(c)) {
	case CLIENT_IS_SILENT:
		lmtp_goodbye(&c->out, "4.4.2", "too slow");
		return false;
	case SERVER_STOPS:
		lmtp_goodbye(&c->out, "4.3.2", "the server stops");
		return false;
	case CLIENT_SPOKE:
		break;
	}
	do
		got = recv(c->fd, bytes, sizeof(bytes), 0);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	if (c->session.in_data)
		be_patient(c);
	return lmtp_session_feed(&c->session, bytes, (size_t)got, &c->out);
}

static void
converse(struct connection *c)
{
	struct setup *setup = setup_hold(&c->server->setups);
	const struct lmtp_host host = {
	    .offer = offer,
	    .begin = begin,
	    .data = data,
	    .write = take,
	    .deliver = deliver,
	    .end = end,
	    .arg = c,
	    .name = c->server->name,
	    .recipients_max = setup->config->transport.recipients_max,
	};

	setup_release(&c->server->setups, &setup);
	be_patient(c);
	lmtp_session_init(&c->session, &host, &c->out);
	while (flush(c))
		if (!hear(c)) {
			(void)flush(c);
			break;
		}
	lmtp_session_free(&c->session);
}

static void *
run(void *arg)
{
	struct connection *c = arg;
	struct lmtp_server *server = c->server;

	converse(c);
	close(c->fd);
	buf_free(&c->out);
	free(c);
	pthread_mutex_lock(&server->lock);
	server->connections--;
	(void)eventfd_write(server->ended, 1);
	pthread_mutex_unlock(&server->lock);
	return NULL;
}

bool
lmtp_connection_start(struct lmtp_server *server, int fd)
{
	const struct timeval patience = {.tv_sec = SEND_SECONDS};
	struct connection *c = xcalloc(1, sizeof(*c));
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	*c = (struct connection){.server = server, .fd = fd};
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	server->connections++;
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	error = pthread_create(&thread, &attributes, run, c);
	pthread_attr_destroy(&attributes);
	if (error != 0) {
		server->connections--;
		free(c);
	}
	return error == 0;
}
