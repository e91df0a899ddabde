/*
 * envelope - the envelope of a submission (RFC 8621 §7)
 */
#ifndef SANDBOX_ENVELOPE_H
#define SANDBOX_ENVELOPE_H

#include <jansson.h>

#include "sandbox/mime.h"
#include "sandbox/options.h"

/*
 * The envelope to use: the one given, completed (each address gets its parameters, {} if
 * there are none), or if given is NULL or null, the one the message's fields mean: Sender or
 * From, and To, Cc and Bcc.  A new reference; NULL with a SetError in *error_r if it has the
 * wrong shape, or parameters that are not good at this time.
 */
json_t *envelope_make(const struct options *o, const json_t *given,
    const struct mime_part *message, int64_t now, json_t **error_r);

/* What the account may not send: no recipients, too many, bad addresses, a sender or a From
 * that is not its inbox, nor of a domain that all may send as.  A SetError or NULL. */
json_t *envelope_check(const struct options *o, const json_t *envelope,
    const struct mime_part *message, const char *inbox);

#endif
