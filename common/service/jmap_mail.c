/*
 * What Ferry asks of RFC 8621, as calls on a request, and what submitting needs to know of
 * an account.
 *
 * The latter (mailboxes by role, identities) is asked once and kept beside the session, so
 * that a process which submits one message spends its requests on the message.
 */
#include <string.h>
#include <strings.h>

#include "common/service/jmap_parts.h"
#include "common/wire/json.h"

#define SENDING_FILE "sending.json"
#define SENDING_MAX  (1u << 20)

/* Set args[key] to a stolen value unless it is NULL. */
static void
set_given(json_t *args, const char *key, json_t *value)
{
	if (value != NULL)
		json_object_set_new(args, key, value);
}

/* Go on after this id, if there is one. */
static void
set_anchor(json_t *args, const char *anchor)
{
	if (anchor == NULL)
		return;
	set_given(args, "anchor", json_string(anchor));
	set_given(args, "anchorOffset", json_integer(1));
}

static const char *
get_call(struct jmap_request *request, const char *method, json_t *ids, json_t *properties)
{
	json_t *args = json_object();

	set_given(args, "ids", ids);
	set_given(args, "properties", properties);
	return jmap_call(request, method, args);
}

static const char *
changes_call(
    struct jmap_request *request, const char *method, const char *since, int64_t max_changes)
{
	json_t *args = json_pack("{s:s}", "sinceState", since);

	if (max_changes > 0)
		set_given(args, "maxChanges", json_integer(max_changes));
	return jmap_call(request, method, args);
}

static const char *
set_call(struct jmap_request *request, const char *method, json_t *create, json_t *update,
    json_t *destroy, const char *if_in_state)
{
	json_t *args = json_object();

	set_given(args, "create", create);
	set_given(args, "update", update);
	set_given(args, "destroy", destroy);
	if (if_in_state != NULL)
		set_given(args, "ifInState", json_string(if_in_state));
	return jmap_call(request, method, args);
}

const char *
jmap_mailbox_get_call(struct jmap_request *request, json_t *ids, json_t *properties)
{
	return get_call(request, "Mailbox/get", ids, properties);
}

const char *
jmap_mailbox_changes_call(struct jmap_request *request, const char *since, int64_t max_changes)
{
	return changes_call(request, "Mailbox/changes", since, max_changes);
}

const char *
jmap_mailbox_query_call(
    struct jmap_request *request, json_t *filter, const char *anchor, int64_t limit)
{
	json_t *args = json_pack("{s:I}", "limit", (json_int_t)limit);

	set_given(args, "filter", filter);
	set_anchor(args, anchor);
	return jmap_call(request, "Mailbox/query", args);
}

const char *
jmap_mailbox_set_call(
    struct jmap_request *request, json_t *create, json_t *update, json_t *destroy)
{
	return set_call(request, "Mailbox/set", create, update, destroy, NULL);
}

const char *
jmap_email_get_call(struct jmap_request *request, json_t *ids, json_t *properties)
{
	return get_call(request, "Email/get", ids, properties);
}

const char *
jmap_email_changes_call(struct jmap_request *request, const char *since, int64_t max_changes)
{
	return changes_call(request, "Email/changes", since, max_changes);
}

const char *
jmap_email_query_call(struct jmap_request *request, json_t *filter, bool newest_first,
    const char *anchor, int64_t limit)
{
	json_t *args = json_pack("{s:[{s:s, s:b}], s:I}", "sort", "property", "receivedAt",
	    "isAscending", newest_first ? 0 : 1, "limit", (json_int_t)limit);

	set_given(args, "filter", filter);
	set_anchor(args, anchor);
	return jmap_call(request, "Email/query", args);
}

const char *
jmap_email_set_call(struct jmap_request *request, json_t *create, json_t *update,
    json_t *destroy, const char *if_in_state)
{
	return set_call(request, "Email/set", create, update, destroy, if_in_state);
}

const char *
jmap_email_import_call(struct jmap_request *request, json_t *emails)
{
	return jmap_call(request, "Email/import", json_pack("{s:o}", "emails", emails));
}

const char *
jmap_identity_get_call(struct jmap_request *request)
{
	return get_call(request, "Identity/get", NULL, NULL);
}

struct outcome
jmap_identity_result(
    const struct jmap_response *response, const char *call_id, const json_t **identities_r)
{
	json_t *result;
	struct outcome o = jmap_result(response, call_id, "Identity/get", &result);

	*identities_r = json_get_array(result, "list");
	if (outcome_is(&o, "method/requestTooLarge"))
		outcome_hint(&o,
		    "remove identities at the service: there are more than its "
		    "maxObjectsInGet, and JMAP has no way to ask for some of them");
	return o;
}

const char *
jmap_mailbox_role_call(struct jmap_request *request, const char *role)
{
	return jmap_mailbox_query_call(request, json_pack("{s:s}", "role", role), NULL, 1);
}

struct outcome
jmap_mailbox_role_result(
    const struct jmap_response *response, const char *call_id, const char **mailbox_id_r)
{
	json_t *result;
	struct outcome o = jmap_result(response, call_id, "Mailbox/query", &result);
	const json_t *id = json_array_get(json_get_array(result, "ids"), 0);

	*mailbox_id_r = json_is_id(id) ? json_string_value(id) : NULL;
	return o;
}

/* {id, email} of each. */
static json_t *
digest_identities(const json_t *identities)
{
	json_t *list = json_array(), *identity;
	size_t i;

	json_array_foreach (identities, i, identity) {
		const char *id = json_get_id(identity, "id");
		const char *email = json_get_string(identity, "email");

		if (id != NULL)
			json_array_append_new(list, json_pack("{s:s, s:s}", "id", id, "email",
			                                email != NULL ? email : ""));
	}
	return list;
}

/* What is worth keeping of the answers: {drafts, sent, identities: [{id, email}]}. */
static struct outcome
digest_sending(
    const char *drafts, const char *sent, const json_t *identities, json_t **sending_r)
{
	json_t *list = digest_identities(identities);

	if (drafts == NULL || json_array_size(list) == 0) {
		json_decref(list);
		return outcome_make("answer", "missing", "%s",
		    drafts == NULL ? "no mailbox has role drafts or inbox"
		                   : "the account has no identity to send as");
	}
	*sending_r =
	    json_pack("{s:s, s:s?, s:o}", "drafts", drafts, "sent", sent, "identities", list);
	return outcome_ok();
}

static struct outcome
fetch_sending(struct jmap *jmap, struct deadline d)
{
	static const char *const roles[] = {"drafts", "sent", "inbox"};
	struct jmap_request *request = jmap_request_new(JMAP_USING_SUBMISSION);
	const char *calls[3], *ids[3] = {NULL, NULL, NULL}, *identities;
	struct jmap_response *response;
	const json_t *senders = NULL;
	struct outcome o;

	for (size_t i = 0; i < 3; i++)
		calls[i] = jmap_mailbox_role_call(request, roles[i]);
	identities = jmap_identity_get_call(request);
	o = jmap_send(jmap, request, true, d, &response);
	for (size_t i = 0; i < 3 && outcome_is_ok(&o); i++)
		o = jmap_mailbox_role_result(response, calls[i], &ids[i]);
	if (outcome_is_ok(&o))
		o = jmap_identity_result(response, identities, &senders);
	if (outcome_is_ok(&o))
		o = digest_sending(
		    ids[0] != NULL ? ids[0] : ids[2], ids[1], senders, &jmap->sending);
	o.ambiguous = false; /* nothing but questions was asked */
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/* Is what was kept of use, and of the account the session names now? */
static bool
sending_is_good(const json_t *sending, const struct jmap_session *session)
{
	const char *account = json_get_string(sending, "account");

	return account != NULL && session->submission_id != NULL &&
	       strcmp(account, session->submission_id) == 0 &&
	       json_get_id(sending, "drafts") != NULL &&
	       json_array_size(json_get_array(sending, "identities")) != 0;
}

static void
recall_sending(struct jmap *jmap, const struct jmap_session *session)
{
	struct buf text = BUF_INIT;
	json_t *kept = NULL;
	struct outcome o =
	    credentials_read_file(jmap->credentials, SENDING_FILE, SENDING_MAX, &text);

	if (outcome_is_ok(&o))
		o = json_parse(buf_str(&text), text.len, &kept);
	if (outcome_is_ok(&o) && sending_is_good(kept, session))
		jmap->sending = json_incref(kept);
	json_decref(kept);
	buf_free(&text);
}

static void
keep_sending(struct jmap *jmap, const char *account)
{
	struct buf text = BUF_INIT;

	json_object_set_new(jmap->sending, "account", json_string(account));
	json_write(jmap->sending, &text);
	(void)credentials_write_file(jmap->credentials, SENDING_FILE, text.data, text.len);
	buf_free(&text);
}

/* Have jmap->sending, from memory, disk or the server. */
static struct outcome
know_sending(struct jmap *jmap, struct deadline d)
{
	const struct jmap_session *session;
	struct outcome o = jmap_session(jmap, d, &session);

	if (!outcome_is_ok(&o) || jmap->sending != NULL)
		return o;
	recall_sending(jmap, session);
	if (jmap->sending != NULL)
		return o;
	o = fetch_sending(jmap, d);
	if (!outcome_is_ok(&o))
		return o;
	/* The answer may have made the session be forgotten. */
	o = jmap_session(jmap, d, &session);
	if (outcome_is_ok(&o))
		keep_sending(jmap, session->submission_id);
	return o;
}

struct outcome
jmap_sending(struct jmap *jmap, struct deadline d, struct jmap_sending *sending_r)
{
	struct outcome o = know_sending(jmap, d);

	*sending_r = (struct jmap_sending){NULL, NULL};
	if (outcome_is_ok(&o)) {
		sending_r->drafts_id = json_get_id(jmap->sending, "drafts");
		sending_r->sent_id = json_get_id(jmap->sending, "sent");
	}
	return o;
}

void
jmap_sending_forget(struct jmap *jmap)
{
	json_decref(jmap->sending);
	jmap->sending = NULL;
	credentials_remove_file(jmap->credentials, SENDING_FILE);
}

/* How well an identity's address suits: 2 exactly, 1 its whole domain, 0 not. */
static int
suits(const char *identity, const char *address)
{
	const char *domain = strrchr(address, '@');

	if (strcasecmp(identity, address) == 0)
		return 2;
	return domain != NULL && identity[0] == '*' && strcasecmp(identity + 1, domain) == 0;
}

struct outcome
jmap_identity_for(
    struct jmap *jmap, const char *address, struct deadline d, const char **identity_id_r)
{
	struct outcome o = know_sending(jmap, d);
	json_t *identity;
	int best = -1;
	size_t i;

	*identity_id_r = NULL;
	if (!outcome_is_ok(&o))
		return o;
	json_array_foreach (json_get_array(jmap->sending, "identities"), i, identity) {
		const char *email = json_get_string(identity, "email");
		int score = suits(email != NULL ? email : "", address);

		if (score > best && json_get_id(identity, "id") != NULL) {
			best = score;
			*identity_id_r = json_get_id(identity, "id");
		}
	}
	if (*identity_id_r == NULL)
		return outcome_make("answer", "missing", "no identity to send as");
	return o;
}
