/*
 * front - ferry-transport for pipe(8), by way of a server that runs
 *
 * Postfix starts a process for every message that it pipes.  To start one that speaks JMAP
 * costs ten times what it costs to hand a message to somebody who does, so the program that
 * is installed as ferry-transport is small, and knows only how to do that: where an LMTP
 * server (lmtp_server.h) listens, it passes the message on and tells pipe(8) what became of
 * it.  Where none does, and for everything else, it becomes the whole program.
 */
#ifndef FERRY_FRONT_H
#define FERRY_FRONT_H

#include <sys/types.h>

#include "transport/arguments.h"

/*
 * Hand the message on descriptor input to the server at the socket.  False if nothing was
 * read from input, so that somebody else can do it: nobody listens, the server has no time,
 * it is not ours, or the envelope cannot be said in LMTP.  Otherwise *o_r is what came of it,
 * for all recipients (front_common()).
 *
 * If parent is not our parent any more when the input ends, the message may have been cut
 * short: it is not completed, so the server drops it, and the outcome is local/truncated.
 */
bool front_deliver(const struct arguments *args, const char *path, int input, pid_t parent,
    struct outcome *o_r);

#endif
