/*
 * lmtp_server - ferry-transport's dress for Postfix's lmtp(8): a server that stays
 *
 * Listens where the configuration says, or on the socket that systemd passed, and serves as
 * many clients as the configuration says.  SIGTERM and SIGINT: no more
 * clients are accepted, what was accepted is delivered and answered, then it ends; a second
 * one ends it at once, which loses nothing but answers.  SIGHUP: the configuration is read
 * again, all of it, and replaces the old one if it is in order.
 */
#ifndef FERRY_LMTP_SERVER_H
#define FERRY_LMTP_SERVER_H

#include "transport/arguments.h"

/*
 * Serve until a signal says that it is enough.  Returns the exit status: 0, or, with one line
 * on standard error and in the log, what of sysexits(3) fits why it could not start.
 */
int lmtp_serve(const struct arguments *args, const char *ident);

#endif
