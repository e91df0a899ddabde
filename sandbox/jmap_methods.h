/*
 * jmap_methods - the functions behind the table of methods
 */
#ifndef SANDBOX_JMAP_METHODS_H
#define SANDBOX_JMAP_METHODS_H

#include "sandbox/jmap.h"

json_t *mailbox_get(struct jmap_call *call);
json_t *mailbox_query(struct jmap_call *call);
json_t *mailbox_changes(struct jmap_call *call);
json_t *mailbox_set(struct jmap_call *call);

json_t *email_get(struct jmap_call *call);
json_t *email_query(struct jmap_call *call);
json_t *email_changes(struct jmap_call *call);
json_t *email_set(struct jmap_call *call);
json_t *email_import(struct jmap_call *call);

json_t *thread_get(struct jmap_call *call);
json_t *identity_get(struct jmap_call *call);

json_t *submission_get(struct jmap_call *call);
json_t *submission_query(struct jmap_call *call);
json_t *submission_changes(struct jmap_call *call);
json_t *submission_set(struct jmap_call *call);

json_t *blob_upload(struct jmap_call *call);
json_t *blob_get(struct jmap_call *call);
json_t *blob_lookup(struct jmap_call *call);

#endif
