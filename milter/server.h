/*
 * server - the daemon: its start, its signals, its end
 */
#ifndef FERRY_MILTER_SERVER_H
#define FERRY_MILTER_SERVER_H

#include "milter/arguments.h"

/* Serve until SIGTERM or SIGINT; SIGHUP reads the configuration again.  Returns an exit status
 * of sysexits(3). */
int milter_serve(const struct milter_arguments *args, const char *ident);

#endif
