/*
 * delay - connections that are to be answered later
 *
 * A thread of the server serves many connections, so it must not sleep for one of them: the
 * connection is suspended, and resumed when its time has come.  Where each connection has a
 * thread of its own, that thread sleeps.
 */
#ifndef SANDBOX_DELAY_H
#define SANDBOX_DELAY_H

#include <stdbool.h>
#include <stdint.h>

struct MHD_Connection;
struct delays;

struct delays *delays_start(bool thread_per_connection);

/*
 * Let so much time pass, in the connection's handler.  False: the connection was suspended,
 * so the handler returns and is called again later.
 */
bool delays_wait(struct delays *d, struct MHD_Connection *connection, int64_t milliseconds);

/* End all waits, and wait no more.  Before the server stops. */
void delays_stop(struct delays *d);

/* After it has stopped. */
void delays_free(struct delays **d);

#endif
