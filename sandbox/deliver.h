/*
 * deliver - what an SMTP server would do with a submitted message
 *
 * Recipients of the sandbox's own domain get the message in their Inbox, with the trace
 * fields of a delivery before it; all messages are filed in the outbox.  One recipient that
 * is refused, and nothing is sent.  "user+detail" is the account "user".
 */
#ifndef SANDBOX_DELIVER_H
#define SANDBOX_DELIVER_H

#include <jansson.h>

#include "sandbox/blobs.h"
#include "sandbox/jmap.h"

/*
 * Deliver a message to the recipients of a checked envelope, within a write.  NULL and the
 * deliveryStatus of the submission in *status_r; or a SetError.
 */
json_t *deliver(struct jmap_call *call, const json_t *envelope, const struct blob *message,
    json_t **status_r);

#endif
