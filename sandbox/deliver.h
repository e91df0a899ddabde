/*
 * deliver - what an SMTP server would do with a submitted message
 *
 * Recipients of the sandbox's own domain get the message in their Inbox, with the trace
 * fields of a delivery before it; all messages are filed in the outbox.  One recipient that
 * is refused, and nothing is sent.  "user+detail" is the account "user".
 *
 * Recipients in the domains of the alias service get what that service sends on, after one
 * SMTP transaction with it (alias_mail.h).  The outbox has what leaves: the message as it was
 * submitted for the other recipients, and each one that the alias service made of it.
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

/* Is it an address of the sandbox's domain? */
bool deliver_is_local(const struct jmap_request *r, const char *email);

/* Put a message into the Inbox of a local recipient, if there is such an account; false if
 * the disk is full. */
bool deliver_locally(struct jmap_request *r, const json_t *envelope, const char *email,
    int64_t number, const struct blob *message);

#endif
