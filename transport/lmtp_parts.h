/*
 * lmtp_parts - what the files of the LMTP server share
 */
#ifndef FERRY_LMTP_PARTS_H
#define FERRY_LMTP_PARTS_H

#include <stdatomic.h>

#include "common/wire/monitor.h"
#include "transport/lmtp_setup.h"

struct lmtp_server {
	struct setups setups;
	char *name; /* of this machine */
	int stop;   /* eventfd: can be read once the server is stopping */
	int ended;  /* eventfd: can be read when connections ended */
	atomic_bool stopping;
	pthread_mutex_t lock;    /* held by a client's thread while it counts itself out */
	atomic_uint connections; /* there are */
	atomic_ullong accepted;  /* there were, in all */
	atomic_ullong sent_away; /* because there were too many */
	struct monitor_histogram latency; /* from the final dot to the replies */
};

/* Serve a client in a thread of its own, which closes the descriptor and counts itself out
 * of server->connections.  False if no thread can be had; nothing was done then. */
bool lmtp_connection_start(struct lmtp_server *server, int fd);

/* What the server does, for the monitor; the server must outlive the table. */
struct monitor_table lmtp_metrics(struct lmtp_server *server);

#endif
