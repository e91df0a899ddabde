/*
 * alias_deliver - between the submissions of JMAP and the alias service's mail
 */
#ifndef SANDBOX_ALIAS_DELIVER_H
#define SANDBOX_ALIAS_DELIVER_H

#include <jansson.h>

#include "sandbox/jmap.h"

/*
 * The envelope without the recipients that are the alias service's, a new reference; those
 * are in *theirs_r, an array of addresses.
 */
json_t *alias_deliver_split(struct sandbox *s, const json_t *envelope, json_t **theirs_r);

/*
 * Hand a message to the alias service, within a write, for recipients that are an array of
 * addresses; file what leaves the service in the outbox, and deliver what is local.  The SMTP
 * answer, a new string, or NULL if something could not be stored.  The numbers in the outbox
 * are appended to numbers.
 */
char *alias_deliver(struct jmap_request *r, const char *sender, const json_t *recipients,
    const char *bytes, size_t length, json_t *numbers);

/* Add the delivery status (RFC 8621 §7) that the answer means, for each recipient. */
void alias_deliver_status(const json_t *recipients, const char *reply, json_t *status);

/*
 * The same for a message that came from elsewhere: {"reply": ..., "outbox": [numbers]}, or
 * NULL.  Makes its own write.
 */
json_t *alias_deliver_foreign(struct sandbox *s, const char *sender, const json_t *recipients,
    const char *bytes, size_t length);

#endif
