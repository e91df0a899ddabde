/*
 * sender - whose mail leaves through which account
 */
#ifndef FERRY_SENDER_H
#define FERRY_SENDER_H

#include "common/settings/config.h"

/*
 * The account that sends for an envelope sender: the one that names the address itself, else
 * its domain, else the transport's own; the null sender is that one's too.  NULL, and
 * local/sender (permanent, 5.7.1) in *o, if nobody sends for it.
 */
const struct account *
sender_account(const struct config *config, const char *sender, struct outcome *o);

#endif
