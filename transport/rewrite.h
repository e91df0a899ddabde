/*
 * rewrite - a message made one that its account may send (rewrite-from, ferry.conf(5))
 *
 * From becomes the account's own address (from_rewrite.h), Sender goes, and who wrote is put
 * into Reply-To unless the message has one.  The envelope's sender becomes the account's
 * address too; the null sender stays.  The two are judged apart: a message of the account's
 * may well be sent by a daemon.
 *
 * What is decided follows from the configuration and the message alone, and never from what a
 * service said today: every try of a delivery has to make the same bytes.
 */
#ifndef FERRY_REWRITE_H
#define FERRY_REWRITE_H

#include "transport/delivery.h"

/*
 * To be called once, between receiving and stamping.  Without rewrite-from it does nothing.
 * The account's address is asked for, with a login if need be, where neither the
 * configuration nor an earlier login tells it.  local/header if the header has more, or longer,
 * fields to rewrite than can be.  Thread-safe for different deliveries.
 */
struct outcome rewrite_from(struct delivery *delivery);

/* The part that needs no service: own_address is the account's. */
struct outcome
rewrite_message(struct message *m, const struct account *account, const char *own_address);

/* Does this envelope sender become the account's address? */
bool rewrite_wants_sender(
    const struct account *account, const char *own_address, const char *sender);

#endif
