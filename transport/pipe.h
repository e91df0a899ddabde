/*
 * pipe - ferry-transport's dress for Postfix's pipe(8): one message, its result as an exit
 * status and a line
 */
#ifndef FERRY_PIPE_H
#define FERRY_PIPE_H

#include <sys/types.h>

#include "common/settings/config.h"
#include "transport/arguments.h"

/* The account to send from: the command line's, else the sender's; NULL, and why in *o, if
 * there is none. */
const struct account *
pipe_account(const struct config *config, const struct arguments *args, struct outcome *o);

/*
 * Deliver the message on descriptor fd.  parent is the process that started us: if it is
 * gone when the message has been read, or right before it would be sent, the message may be
 * cut short, and local/truncated is all that comes of it.  One line is logged.
 *
 * What is returned is for all recipients, because pipe(8) knows no other result: if some
 * were sent to and others refused for good, it is temporary, and says who was refused.
 */
struct outcome pipe_deliver(const struct config *config, const struct account *account,
    const struct arguments *args, int fd, pid_t parent);

/* Say what came of it, in the way that pipe(8) understands; returns the exit status. */
int pipe_report(const struct outcome *o);

#endif
