/*
 * delay - connections that are to be answered later
 *
 * A thread of the server serves many connections, so it must not sleep for one of them: the
 * connection is suspended, and resumed when its time has come.
 */
#ifndef SANDBOX_DELAY_H
#define SANDBOX_DELAY_H

#include <stdint.h>

struct MHD_Connection;
struct delays;

struct delays *delays_start(void);

/* Suspend a connection for so long; to be called from its handler, which then returns. */
void delays_add(struct delays *d, struct MHD_Connection *connection, int64_t milliseconds);

/* Resume all that wait, and end.  Before the server stops. */
void delays_stop(struct delays **d);

#endif
