/*
 * listen - a listening socket, and the URL to reach it by
 */
#ifndef SANDBOX_LISTEN_H
#define SANDBOX_LISTEN_H

#include "common/base/outcome.h"

/* Listen on "ADDRESS:PORT", "[ADDRESS]:PORT" or ":PORT"; the socket, or -1 with *o set. */
int listen_on(const char *where, struct outcome *o);

/* "http://ADDRESS:PORT" of the socket, which the caller free()s. */
char *listen_url(int fd);

#endif
