/*
 * lmtp_parts - what the files of the LMTP server share
 *
 *	lmtp_server.c		start, signals, end; accepts clients
 *	lmtp_loop.c		one thread that waits for all clients
 *	lmtp_connection.c	a client: its socket, its session, its deliveries
 */
#ifndef FERRY_LMTP_PARTS_H
#define FERRY_LMTP_PARTS_H

#include <stdatomic.h>

#include "common/wire/monitor.h"
#include "transport/crew.h"
#include "transport/lmtp_session.h"
#include "transport/lmtp_setup.h"

struct lmtp_loop;

struct lmtp_server {
	struct setups setups;
	struct lmtp_loop *loop;
	struct crew *crew; /* for deliveries that wait for more than a place in a request */
	char *name;        /* of this machine */
	int stop;          /* eventfd: can be read once the server is stopping */
	int ended;         /* eventfd: can be read when connections ended */
	atomic_bool stopping;
	atomic_uint connections;          /* there are */
	atomic_ullong accepted;           /* there were, in all */
	atomic_ullong sent_away;          /* because there were too many */
	struct monitor_histogram latency; /* from the final dot to the replies */

	/* The loop's own: who is to have a courier_rest() before it waits, or NULL. */
	struct courier *begun;
};

/* A client.  Only the loop's thread touches it, and meanwhile who delivers for it. */
struct lmtp_connection {
	struct lmtp_server *server;
	int fd;
	struct setup *setup; /* of the transaction, or NULL */
	struct lmtp_host host;
	struct lmtp_session session;
	struct deadline patience;
	struct buf out;
	size_t sent; /* bytes of it */
	bool over;   /* it has the last replies */

	struct errand *errand; /* the delivery under way, or NULL: the crew's */
	struct crew_job job;
	int64_t asked_ms; /* when that began */

	/* The loop's own. */
	bool known;       /* it is in the list of all */
	uint32_t watched; /* what epoll(7) is to tell of it; 0: it is not in there */
	struct lmtp_connection *next, *previous;
	struct lmtp_connection *next_called;
};

struct lmtp_connection *lmtp_connection_new(struct lmtp_server *server, int fd);
void lmtp_connection_free(struct lmtp_connection **c); /* no delivery is under way */

/* Greet. */
void lmtp_connection_greet(struct lmtp_connection *c);

/* Hear what it says, obey, and reply.  False if it is gone. */
bool lmtp_connection_hear(struct lmtp_connection *c);

/* The delivery under way is through: reply, and obey what was said meanwhile. */
void lmtp_connection_delivered(struct lmtp_connection *c);

/* Say so, and let it be over. */
void lmtp_connection_leave(struct lmtp_connection *c, const char *dsn, const char *why);

/* Send the replies there are, as far as the client takes them.  False if it is gone. */
bool lmtp_connection_flush(struct lmtp_connection *c);

/* The loop is about to wait: errands that were begun need nothing more of their courier now. */
void lmtp_connection_rest(struct lmtp_server *server);

/* Until when it has to do what is expected of it. */
struct deadline lmtp_connection_deadline(const struct lmtp_connection *c);

/* Start the thread; false if there can be none. */
bool lmtp_loop_start(struct lmtp_server *server);
void lmtp_loop_end(struct lmtp_server *server); /* no client is left */

/* Serve the client on this descriptor. */
void lmtp_loop_take(struct lmtp_server *server, int fd);

/* A delivery is through.  From any thread. */
void lmtp_loop_call(struct lmtp_connection *c);

/* What the server does, for the monitor; the server must outlive the table. */
struct monitor_table lmtp_metrics(struct lmtp_server *server);

#endif
