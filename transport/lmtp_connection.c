/*
 * One client of the LMTP server: its socket, its session, its deliveries.
 *
 * Nothing here waits for the client.  Nor for a service: a delivery that needs nothing but a
 * place in a request is an errand of the courier's, any other is the crew's, and the loop is
 * called when it is through.  A client that goes away meanwhile changes nothing: the message
 * was accepted, and the journal will know what came of it when the client's queue tries
 * again.
 *
 * Patience.  A client has the idle time-out to complete each command, and between any two
 * pieces of a message; and for a whole message no longer than a delivery may take, so that
 * a byte now and then keeps no connection.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "transport/lmtp_parts.h"
#include "transport/sender.h"
#include "transport/split.h"

#define READ_BYTES 16384
#define SEND_MS    60000 /* that a client may take to read a piece of its replies */

/* Postfix waits 600 s for the reply to the dot (lmtp_data_done_timeout), and then nobody
 * knows whether the message was taken. */
#define ANSWER_MS 540000

/* --- what the session asks for */

static void
offer(void *arg, struct courier_offer *offer_r)
{
	struct lmtp_connection *c = arg;
	struct setup *setup = setup_hold(&c->server->setups);

	courier_offer(setup->courier, offer_r);
	setup_release(&c->server->setups, &setup);
}

static struct outcome
begin(void *arg, struct delivery *delivery)
{
	struct lmtp_connection *c = arg;
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
	struct lmtp_connection *c = arg;

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
call_loop(void *arg)
{
	lmtp_loop_call(arg);
}

/* In a thread of the crew. */
static void
deliver_patiently(struct crew_job *job)
{
	struct lmtp_connection *c =
	    (struct lmtp_connection *)(void *)((char *)job -
	                                       offsetof(struct lmtp_connection, job));

	courier_deliver(c->setup->courier, &c->session.delivery);
	lmtp_loop_call(c);
}

/* Nobody can take it. */
static void
refuse(struct delivery *delivery, const struct outcome *o)
{
	delivery_settle(delivery, o);
	delivery_log(delivery);
}

void
lmtp_connection_rest(struct lmtp_server *server)
{
	if (server->begun != NULL)
		courier_rest(server->begun);
	server->begun = NULL;
}

static bool
begin_errand(struct lmtp_connection *c, struct delivery *delivery)
{
	if (c->server->begun != c->setup->courier)
		lmtp_connection_rest(c->server);
	c->server->begun = c->setup->courier;
	return courier_begin(c->setup->courier, delivery, call_loop, c, &c->errand);
}

static bool
deliver(void *arg, struct delivery *delivery)
{
	struct lmtp_connection *c = arg;
	struct outcome o = message_end(&delivery->message);

	c->asked_ms = clock_ms();
	delivery->deadline = deadline_min(
	    deadline_in_ms(c->setup->config->transport.deadline_ms), deadline_in_ms(ANSWER_MS));
	if (outcome_is_ok(&o)) {
		c->job.run = deliver_patiently;
		if (begin_errand(c, delivery) || crew_do(c->server->crew, &c->job))
			return false;
		o = outcome_make("local", "io", "cannot start a thread");
	}
	refuse(delivery, &o);
	return true;
}

static void
end(void *arg, struct delivery *delivery)
{
	struct lmtp_connection *c = arg;

	(void)delivery;
	if (c->server->begun == c->setup->courier)
		lmtp_connection_rest(c->server); /* it may be the last that the courier has */
	setup_release(&c->server->setups, &c->setup);
}

/* --- the socket */

static void
be_patient(struct lmtp_connection *c)
{
	struct setup *setup = setup_hold(&c->server->setups);

	c->patience = deadline_in_ms(setup->config->transport.idle_timeout_ms);
	setup_release(&c->server->setups, &setup);
}

struct lmtp_connection *
lmtp_connection_new(struct lmtp_server *server, int fd)
{
	struct lmtp_connection *c = xcalloc(1, sizeof(*c));

	c->server = server;
	c->fd = fd;
	return c;
}

void
lmtp_connection_free(struct lmtp_connection **c)
{
	lmtp_session_free(&(*c)->session);
	close((*c)->fd);
	buf_free(&(*c)->out);
	free(*c);
	*c = NULL;
}

void
lmtp_connection_greet(struct lmtp_connection *c)
{
	struct setup *setup = setup_hold(&c->server->setups);

	c->host = (struct lmtp_host){
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
	lmtp_session_init(&c->session, &c->host, &c->out);
}

bool
lmtp_connection_hear(struct lmtp_connection *c)
{
	char bytes[READ_BYTES];
	ssize_t got;

	do
		got = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	if (c->session.in_data)
		be_patient(c);
	c->over = !lmtp_session_feed(&c->session, bytes, (size_t)got, &c->out);
	return true;
}

void
lmtp_connection_delivered(struct lmtp_connection *c)
{
	if (c->errand != NULL)
		courier_end(&c->errand);
	monitor_observe(&c->server->latency, clock_ms() - c->asked_ms);
	c->over = !lmtp_session_delivered(&c->session, &c->out);
}

void
lmtp_connection_leave(struct lmtp_connection *c, const char *dsn, const char *why)
{
	lmtp_goodbye(&c->out, dsn, why);
	c->over = true;
}

bool
lmtp_connection_flush(struct lmtp_connection *c)
{
	if (c->out.len == 0)
		return true;
	while (c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n < 0)
			return false;
		c->sent += (size_t)n;
		c->patience = deadline_in_ms(SEND_MS);
	}
	be_patient(c);
	c->sent = 0;
	buf_reset(&c->out);
	return true;
}

struct deadline
lmtp_connection_deadline(const struct lmtp_connection *c)
{
	if (c->session.delivering)
		return DEADLINE_NEVER;
	return c->session.in_data ? deadline_min(c->patience, c->session.delivery.deadline)
	                          : c->patience;
}
