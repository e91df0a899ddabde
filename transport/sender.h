/*
 * sender - whose mail leaves through which account
 */
#ifndef FERRY_SENDER_H
#define FERRY_SENDER_H

#include "common/settings/config.h"

/*
 * The account that sends for an envelope sender: the one that lists the address, else whose
 * own address it is, else that lists its domain, else the transport's; the null sender is
 * the transport's too.  The only account of a configuration is the transport's unless that
 * names it itself.  NULL, and local/sender (permanent, 5.7.1) in *o, if nobody sends for it.
 */
const struct account *
sender_account(const struct config *config, const char *sender, struct outcome *o);

/* May the account, as far as its configuration tells, send with this address? */
bool sender_is_own(const struct account *account, const char *own_address, const char *address);

#endif
