/*
 * One thread for all clients.
 *
 *	   a client speaks                     its delivery is through
 *	         |                                       |
 *	      epoll(7) --> the loop's thread <-- list of those who call
 *	                    |          ^
 *	       courier_begin() or     lmtp_loop_call()
 *	            the crew -----> delivering
 *
 * A client that waits for its delivery is not listened to.  If it says something
 * nevertheless, or goes away, it is taken out of the descriptors that are waited for until
 * the delivery is through: level-triggered, it would be told of without end.
 *
 * Deadlines are not kept in order: the earliest that was ever set says when all of them are
 * looked at again, which is about once an idle time-out, since most are put off by then.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "transport/lmtp_parts.h"

#define EVENTS_MAX 64
#define WAIT_MS    60000

struct lmtp_loop {
	struct lmtp_server *server;
	pthread_t thread;
	int epoll;
	int bell;                      /* eventfd: somebody calls */
	struct lmtp_connection *first; /* all clients, a list */
	int64_t sweep_ms;              /* when deadlines are to be looked at */
	bool stop_heard;

	pthread_mutex_t lock; /* of: */
	struct lmtp_connection *called, **last_called;
	bool ending;
};

/* --- one client */

static void
put_in(struct lmtp_loop *loop, struct lmtp_connection *c)
{
	c->known = true;
	c->next = loop->first;
	if (c->next != NULL)
		c->next->previous = c;
	loop->first = c;
}

static void
let_go(struct lmtp_loop *loop, struct lmtp_connection *c)
{
	struct lmtp_server *server = loop->server;

	*(c->previous != NULL ? &c->previous->next : &loop->first) = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	lmtp_connection_free(&c);
	server->connections--;
	(void)eventfd_write(server->ended, 1);
}

/* Be told of these events.  False if that cannot be. */
static bool
watch(struct lmtp_loop *loop, struct lmtp_connection *c, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = c};
	int operation = events == 0       ? EPOLL_CTL_DEL
	                : c->watched == 0 ? EPOLL_CTL_ADD
	                                  : EPOLL_CTL_MOD;

	if (events == c->watched)
		return true;
	c->watched = events;
	return epoll_ctl(loop->epoll, operation, c->fd, &event) == 0;
}

static void
heed_deadline(struct lmtp_loop *loop, const struct lmtp_connection *c)
{
	struct deadline d = lmtp_connection_deadline(c);

	if (d.at_ms < loop->sweep_ms)
		loop->sweep_ms = d.at_ms;
}

/* Something was done for the client: send what there is to be sent, and see what is next. */
static void
proceed(struct lmtp_loop *loop, struct lmtp_connection *c)
{
	uint32_t events = EPOLLIN;
	bool here = lmtp_connection_flush(c);

	if (here && loop->server->stopping && !c->over &&
	    lmtp_session_is_between(&c->session)) {
		lmtp_connection_leave(c, "4.3.2", "the server stops");
		here = lmtp_connection_flush(c);
	}
	if (c->out.len != 0)
		events = EPOLLOUT;
	else if (c->over)
		here = false;
	if (!c->session.delivering && (!here || !watch(loop, c, events)))
		let_go(loop, c);
	else
		heed_deadline(loop, c);
}

static void
attend(struct lmtp_loop *loop, struct lmtp_connection *c)
{
	if (c->session.delivering) {
		(void)watch(loop, c, 0);
	} else if (c->out.len != 0 || lmtp_connection_hear(c)) {
		proceed(loop, c);
	} else {
		let_go(loop, c);
	}
}

/* --- all of them */

static struct lmtp_connection *
take_called(struct lmtp_loop *loop, bool *ending_r)
{
	struct lmtp_connection *called;

	pthread_mutex_lock(&loop->lock);
	called = loop->called;
	loop->called = NULL;
	loop->last_called = &loop->called;
	*ending_r = loop->ending;
	pthread_mutex_unlock(&loop->lock);
	return called;
}

/* Attend to those who call: new clients, and those whose delivery is through. */
static bool
answer_calls(struct lmtp_loop *loop)
{
	struct lmtp_connection *next;
	eventfd_t rung;
	bool ending;

	(void)eventfd_read(loop->bell, &rung);
	for (struct lmtp_connection *c = take_called(loop, &ending); c != NULL; c = next) {
		next = c->next_called;
		if (c->known) {
			lmtp_connection_delivered(c);
		} else {
			put_in(loop, c);
			lmtp_connection_greet(c);
		}
		proceed(loop, c);
	}
	return !ending;
}

/* The server stops: so do all with whom nothing is under way. */
static void
hear_stop(struct lmtp_loop *loop)
{
	struct lmtp_connection *next;

	(void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->server->stop, NULL);
	for (struct lmtp_connection *c = loop->first; c != NULL; c = next) {
		next = c->next;
		if (!c->session.delivering)
			proceed(loop, c);
	}
}

static void
sweep(struct lmtp_loop *loop)
{
	struct lmtp_connection *next;

	loop->sweep_ms = INT64_MAX;
	for (struct lmtp_connection *c = loop->first; c != NULL; c = next) {
		next = c->next;
		if (!deadline_passed(lmtp_connection_deadline(c))) {
			heed_deadline(loop, c);
		} else if (c->out.len != 0) {
			let_go(loop, c); /* it does not read */
		} else {
			lmtp_connection_leave(c, "4.4.2", "too slow");
			proceed(loop, c);
		}
	}
}

static int
wait_ms(const struct lmtp_loop *loop)
{
	int64_t left = deadline_left_ms((struct deadline){loop->sweep_ms});

	return (int)(left < WAIT_MS ? left : WAIT_MS);
}

/*
 * What may let go of any client comes when the events at hand are all seen to: by then, none
 * of these is of a client that is gone.
 */
static void *
run(void *arg)
{
	struct lmtp_loop *loop = arg;
	bool called = true;

	while (!called || answer_calls(loop)) {
		struct epoll_event events[EVENTS_MAX];
		bool stop = false;
		int count;

		lmtp_connection_rest(loop->server);
		count = epoll_wait(loop->epoll, events, EVENTS_MAX, wait_ms(loop));
		called = false;
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == &loop->bell)
				called = true;
			else if (events[i].data.ptr == loop->server)
				stop = true;
			else
				attend(loop, events[i].data.ptr);
		}
		if (stop)
			hear_stop(loop);
		if (clock_ms() >= loop->sweep_ms)
			sweep(loop);
	}
	return NULL;
}

/* --- from other threads */

static void
ring(struct lmtp_loop *loop, struct lmtp_connection *c)
{
	bool first;

	pthread_mutex_lock(&loop->lock);
	first = loop->called == NULL;
	if (c != NULL) {
		c->next_called = NULL;
		*loop->last_called = c;
		loop->last_called = &c->next_called;
	}
	pthread_mutex_unlock(&loop->lock);
	if (first)
		(void)eventfd_write(loop->bell, 1);
}

void
lmtp_loop_call(struct lmtp_connection *c)
{
	ring(c->server->loop, c);
}

void
lmtp_loop_take(struct lmtp_server *server, int fd)
{
	server->connections++;
	ring(server->loop, lmtp_connection_new(server, fd));
}

static bool
listen_to(struct lmtp_loop *loop, int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool
lmtp_loop_start(struct lmtp_server *server)
{
	struct lmtp_loop *loop = xcalloc(1, sizeof(*loop));

	loop->server = server;
	loop->sweep_ms = INT64_MAX;
	loop->last_called = &loop->called;
	pthread_mutex_init(&loop->lock, NULL);
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll >= 0 && loop->bell >= 0 && listen_to(loop, loop->bell, &loop->bell) &&
	    listen_to(loop, server->stop, server) &&
	    pthread_create(&loop->thread, NULL, run, loop) == 0) {
		server->loop = loop;
		return true;
	}
	close(loop->epoll);
	close(loop->bell);
	free(loop);
	return false;
}

void
lmtp_loop_end(struct lmtp_server *server)
{
	struct lmtp_loop *loop = server->loop;

	if (loop == NULL)
		return;
	pthread_mutex_lock(&loop->lock);
	loop->ending = true;
	pthread_mutex_unlock(&loop->lock);
	ring(loop, NULL);
	pthread_join(loop->thread, NULL);
	close(loop->epoll);
	close(loop->bell);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
	server->loop = NULL;
}
