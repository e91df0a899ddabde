/*
 * deliver - what an SMTP server would do with a submitted message
 *
 * Recipients of the sandbox's own domain get the message in their Inbox, with the trace
 * fields of a delivery before it; all messages are put into the outbox.  One recipient that
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

/* Will a checked envelope be refused?  A SetError or NULL. */
json_t *deliver_refusal(struct jmap_request *r, const json_t *envelope);

/*
 * Deliver a message to the recipients of an envelope that is not refused, within a write.  Its
 * number in the outbox, and the deliveryStatus of the submission in *status_r; or 0 if the
 * disk is full.
 */
int64_t deliver(struct jmap_request *r, const json_t *envelope, const struct blob *message,
    json_t **status_r);

/* Is it an address of the sandbox's domain? */
bool deliver_is_local(const struct jmap_request *r, const char *email);

/* Put a message into the Inbox of a local recipient, if there is such an account; false if
 * the disk is full. */
bool deliver_locally(struct jmap_request *r, const json_t *envelope, const char *email,
    int64_t number, const struct blob *message);

#endif
