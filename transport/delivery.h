/*
 * delivery - one message from pipe(8): received, stamped, submitted, logged
 */
#ifndef FERRY_DELIVERY_H
#define FERRY_DELIVERY_H

#include <sys/types.h>

#include "common/settings/config.h"
#include "transport/arguments.h"

/* The account to send from: the command line's, else the configuration's; NULL, and
 * local/config in *o, if there is none. */
const struct account *
delivery_account(const struct config *config, const struct arguments *args, struct outcome *o);

/* What becomes of a message with this outcome, as the log says it: "sent", "deferred", ... */
const char *delivery_event(const struct outcome *o);

/*
 * Deliver the message on descriptor fd.  parent is the process that started us: if it is
 * gone when the message has been read, or right before it would be sent, the message may be
 * cut short, and local/truncated is all that comes of it.  One line is logged.
 */
struct outcome delivery_run(const struct config *config, const struct account *account,
    const struct arguments *args, int fd, pid_t parent);

#endif
