/*
 * push - tell the service what was done to messages here: flags, moves, copies, deletions
 */
#ifndef FERRY_SYNC_PUSH_H
#define FERRY_SYNC_PUSH_H

#include "sync/mirror.h"

/*
 * Tell of all that near_look() and uploads have found, in as few requests as the session's
 * limits allow; none if it is nothing.  What the service refuses of one message is reported,
 * and told again by the next run.
 */
struct outcome push_changes(struct mirror *m);

#endif
