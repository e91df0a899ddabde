/*
 * subscriptions - isSubscribed at the service and Dovecot's subscriptions here, kept alike
 */
#ifndef FERRY_SYNC_SUBSCRIPTIONS_H
#define FERRY_SYNC_SUBSCRIPTIONS_H

#include "sync/mirror.h"

/*
 * If the configuration wants it, and when the folders are as they shall be: do on each side
 * what the other one has changed since both agreed, as far as each mailbox's direction goes.
 * No request if nothing has changed.
 */
struct outcome subscriptions_settle(struct mirror *m);

#endif
