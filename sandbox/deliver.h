/*
 * deliver - what an SMTP server would do with a submitted message
 *
 * Recipients of the sandbox's own domain get the message in their Inbox, with the trace
 * fields of a delivery before it; all messages are put into the outbox.  One recipient that
 * is refused, and nothing is sent.  "user+detail" is the account "user".
 */
#ifndef SANDBOX_DELIVER_H
#define SANDBOX_DELIVER_H

#include <jansson.h>

#include "sandbox/blobs.h"
#include "sandbox/jmap.h"

/* Will a checked envelope be refused?  A SetError or NULL. */
json_t *deliver_refusal(struct jmap_request *r, const json_t *envelope);

/*
 * Deliver a message to the recipients of an envelope that is not refused, within a write.  Its
 * number in the outbox, and the deliveryStatus of the submission in *status_r; or 0 if the
 * disk is full.
 */
int64_t deliver(struct jmap_request *r, const json_t *envelope, const struct blob *message,
    json_t **status_r);

#endif
