/*
 * refusal - refusals that a test orders by the addresses it sends to
 *
 *   reply+NNN@any.domain          as sender or recipient: the SMTP command that names it is
 *   reply+NNN.X.Y.Z@any.domain    answered NNN, with that enhanced status code
 *   data+NNN@..., data+NNN.X.Y.Z  as recipient: the message itself is answered so
 *   jmap+TYPE@any.domain          as either: the SetError is of that type
 *
 * What an SMTP reply means in JMAP follows Cyrus: the enhanced status code decides.
 */
#ifndef SANDBOX_REFUSAL_H
#define SANDBOX_REFUSAL_H

#include <stdbool.h>

#define REFUSAL_TEXT 64

struct refusal_order {
	char type[REFUSAL_TEXT];        /* of the SetError */
	char description[REFUSAL_TEXT]; /* "5.1.1 refused as asked" */
};

/* Is a refusal ordered by an address where it names a sender or recipient, or, with data, at
 * the end of the message?  A 2NN reply is none. */
bool refusal_ordered(const char *email, bool data, struct refusal_order *r);

/* The type of SetError for an enhanced status code ("5.1.1"). */
const char *refusal_type(const char *enhanced);

#endif
