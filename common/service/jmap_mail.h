/*
 * jmap_mail - what Ferry asks of RFC 8621, as calls on a request
 *
 * Each jmap_*_call() adds one method call and returns its id (see jmap_call()); the answer is
 * read from the response by the caller.  They exist so that argument names are written
 * once.  Arrays and objects given are stolen references; NULL leaves an argument out.
 */
#ifndef FERRY_JMAP_MAIL_H
#define FERRY_JMAP_MAIL_H

#include "common/service/jmap.h"

/* The properties of an Email that a mirror needs, and nothing more. */
#define JMAP_EMAIL_MIRROR_PROPERTIES \
	"id", "blobId", "mailboxIds", "keywords", "size", "receivedAt"

const char *
jmap_mailbox_get_call(struct jmap_request *request, json_t *ids, json_t *properties);
const char *
jmap_mailbox_changes_call(struct jmap_request *request, const char *since, int64_t max_changes);
const char *jmap_mailbox_set_call(
    struct jmap_request *request, json_t *create, json_t *update, json_t *destroy);
const char *jmap_email_get_call(struct jmap_request *request, json_t *ids, json_t *properties);
const char *jmap_email_changes_call(
    struct jmap_request *request, const char *since, int64_t max_changes); /* 0: no limit */

/* One page of ids; anchor (an id, or NULL) with offset 1 continues after it.  The second has the
 * oldest or newest first, by receivedAt. */
const char *jmap_mailbox_query_call(
    struct jmap_request *request, json_t *filter, const char *anchor, int64_t limit);
const char *jmap_email_query_call(struct jmap_request *request, json_t *filter,
    bool newest_first, const char *anchor, int64_t limit);
const char *jmap_email_set_call(struct jmap_request *request, json_t *create, json_t *update,
    json_t *destroy, const char *if_in_state);
const char *jmap_email_import_call(struct jmap_request *request, json_t *emails);

/*
 * All identities, Identity objects borrowed from the response.  There is no way to ask for some
 * of them without knowing their ids (RFC 8621 has no Identity/query): where they are more than
 * maxObjectsInGet, method/requestTooLarge is the end of it, and the hint says so.
 */
const char *jmap_identity_get_call(struct jmap_request *request);
struct outcome jmap_identity_result(
    const struct jmap_response *response, const char *call_id, const json_t **identities_r);

/*
 * The mailbox with a role, by Mailbox/query: Mailbox/get of all fails where there are more of
 * them than maxObjectsInGet.  *mailbox_id_r is borrowed from the response, or NULL if none has
 * the role.
 */
const char *jmap_mailbox_role_call(struct jmap_request *request, const char *role);
struct outcome jmap_mailbox_role_result(
    const struct jmap_response *response, const char *call_id, const char **mailbox_id_r);

/*
 * What submitting needs to know of an account beside the session: asked once, kept in the
 * account's directory, asked again by jmap_sending_forget() when the server says an id is
 * gone.  Strings stay the jmap's.
 */
struct jmap_sending {
	const char *drafts_id; /* mailbox with role drafts, else inbox */
	const char *sent_id;   /* mailbox with role sent, or NULL */
};
struct outcome
jmap_sending(struct jmap *jmap, struct deadline d, struct jmap_sending *sending_r);

/*
 * The identity that sends as this address: an exact match (domain case-insensitive), else
 * one with "*@domain", else the only or first one.  *identity_id_r stays the jmap's.
 * No identity at all is answer/missing.
 */
struct outcome jmap_identity_for(
    struct jmap *jmap, const char *address, struct deadline d, const char **identity_id_r);

void jmap_sending_forget(struct jmap *jmap);

#endif
