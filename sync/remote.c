/*
 * Mailbox/changes and Email/changes, with the objects fetched by reference in the same
 * request.
 *
 * Objects come from /get, which may be newer than the /changes before it in the request; that
 * is harmless, because the next changes will name them again.  The state that is stored is
 * the one of /changes, never that of /get.
 *
 * What is recorded before the state is stored may have come and gone when the run after a crash
 * asks again, and then it is in no list: until then it is noted as being ahead, and asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "sync/remote.h"
#include "sync/state.h"

/* Pages of changes beyond those that a full listing would have: a service that never ends is
 * a broken one. */
#define ROUNDS_MAX 64

/* One of the two objects whose changes are asked for, and the answers of one round. */
struct track {
	const char *key; /* of its state in meta */
	char *since;
	bool more;
	const char *changes, *created, *updated; /* call ids */
	json_t *result;
};

/* What to ask for of each Email or Mailbox that was created, or updated.  Most Emails that were
 * updated are here. */
static json_t *
properties_of(bool emails, bool updated)
{
	if (!emails)
		return remote_mailbox_properties();
	return updated ? remote_changing_properties() : remote_email_properties();
}

/* The calls of one track in a round: changes, and what was created and updated by reference. */
static void
add_calls(struct jmap_request *request, struct track *t, bool emails, int64_t max_changes)
{
	static const char *const paths[] = {"/created", "/updated"};
	const char *method = emails ? "Email/changes" : "Mailbox/changes";
	const char *gets[2];

	t->changes = emails ? jmap_email_changes_call(request, t->since, max_changes)
	                    : jmap_mailbox_changes_call(request, t->since, max_changes);
	for (size_t i = 0; i < 2; i++) {
		json_t *args = json_object();

		jmap_refer(args, "ids", t->changes, method, paths[i]);
		json_object_set_new(args, "properties", properties_of(emails, i == 1));
		gets[i] = jmap_call(request, emails ? "Email/get" : "Mailbox/get", args);
	}
	t->created = gets[0];
	t->updated = gets[1];
}

/* Read a track's changes; *list_r if there is no sense in them. */
static struct outcome
read_changes(struct track *t, const struct jmap_response *response, bool *list_r)
{
	static const char *const lists[] = {"created", "updated", "destroyed"};
	struct outcome o = jmap_result(response, t->changes, NULL, &t->result);
	const char *state;

	if (outcome_is(&o, "method/cannotCalculateChanges") ||
	    outcome_is(&o, "method/invalidArguments")) {
		*list_r = true;
		return outcome_ok();
	}
	if (!outcome_is_ok(&o))
		return o;
	state = json_get_string(t->result, "newState");
	if (state == NULL)
		return outcome_make("answer", "missing", "newState");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const json_t *list = json_object_get(t->result, lists[i]);

		if (list != NULL && !json_is_array(list) && !json_is_null(list))
			return outcome_make(
			    "answer", "missing", "a list of what was %s", lists[i]);
	}
	t->more = json_get_bool(t->result, "hasMoreChanges", false);
	if (t->more && strcmp(state, t->since) == 0)
		*list_r = true;
	free(t->since);
	t->since = xstrdup(state);
	return outcome_ok();
}

/* With a mailbox go all its messages: that is worth a question. */
static struct outcome
prove_destroyed(struct mirror *m, const json_t *destroyed)
{
	json_t *known = json_array(), *id;
	struct outcome o;
	size_t i;

	json_array_foreach (destroyed, i, id) {
		if (json_is_id(id) &&
		    mailboxes_by_id(&m->mailboxes, json_string_value(id)) != NULL)
			json_array_append(known, id);
	}
	o = remote_prove_mailboxes(m, known);
	json_decref(known);
	return o;
}

/* The mailboxes created or updated: what came with the changes, or more than one Mailbox/get
 * takes. */
static struct outcome
read_mailboxes(struct mirror *m, const json_t *ids, const struct jmap_response *response,
    const char *call, json_t *list)
{
	json_t *result, *properties;
	struct outcome o = jmap_result(response, call, NULL, &result);

	if (outcome_is_ok(&o))
		json_array_extend(list, json_get_array(result, "list"));
	if (!outcome_is(&o, "method/requestTooLarge"))
		return o;
	properties = remote_mailbox_properties();
	o = remote_get_mailboxes(m, ids, properties, list, NULL);
	json_decref(properties);
	return o;
}

static struct outcome
record_mailboxes(struct mirror *m, const struct track *t, const struct jmap_response *response)
{
	json_t *list = json_array(), *object;
	struct outcome o =
	    read_mailboxes(m, json_get_array(t->result, "created"), response, t->created, list);
	size_t i;

	if (outcome_is_ok(&o))
		o = read_mailboxes(
		    m, json_get_array(t->result, "updated"), response, t->updated, list);
	if (outcome_is_ok(&o)) {
		json_array_foreach (list, i, object) {
			if (mailboxes_record(&m->mailboxes, m->store, object))
				remote_forget_made(m, json_get_id(object, "id"));
		}
		o = prove_destroyed(m, json_get_array(t->result, "destroyed"));
	}
	json_decref(list);
	return o;
}

/* Unless strangers is NULL, the list has what may change alone: it gets the ids of those of which
 * that says too little. */
static struct outcome
record_list(struct mirror *m, const json_t *list, json_t *strangers)
{
	struct outcome o = remote_know_mailboxes(m, list);
	json_t *email;
	size_t i;

	if (!outcome_is_ok(&o))
		return o;
	store_begin(m->store);
	json_array_foreach (list, i, email) {
		if (strangers != NULL && remote_is_stranger(m, email))
			json_array_append(strangers, json_object_get(email, "id"));
		else
			remote_record_email(m, email);
	}
	return store_commit(m->store);
}

/* More than one Email/get takes, or has given: page through the ids of Email/changes. */
static struct outcome
record_by_ids(struct mirror *m, const json_t *ids)
{
	struct outcome o = outcome_ok();
	size_t count = json_array_size(ids);

	for (size_t i = 0; i < count && outcome_is_ok(&o); i += m->page) {
		json_t *page = json_array(), *result;
		struct jmap_response *response = NULL;
		size_t j;

		for (j = i; j < count && j < i + m->page; j++)
			json_array_append(page, json_array_get(ids, j));
		o = remote_get_emails(m, json_incref(page), &response, &result);
		if (outcome_is_ok(&o))
			o = remote_check_whole(page, result);
		json_decref(page);
		if (outcome_is_ok(&o))
			o = record_list(m, json_get_array(result, "list"), NULL);
		jmap_response_free(&response);
	}
	return o;
}

/* The messages updated and created.  Recording them is idempotent, and what is recorded
 * before the state is stored is recorded again if the run ends in between, or asked for.  Those
 * that are new are noted until then, and from the first note on each message costs a look. */
static struct outcome
record_emails(struct mirror *m, const struct track *t, const struct jmap_response *response)
{
	static const char *const lists[] = {"updated", "created"};
	const char *calls[] = {t->updated, t->created};
	struct outcome o = outcome_ok();

	for (size_t c = 0; c < 2 && outcome_is_ok(&o); c++) {
		const json_t *ids = json_get_array(t->result, lists[c]);
		json_t *result, *ask;

		o = jmap_result(response, calls[c], NULL, &result);
		if (outcome_is(&o, "method/requestTooLarge")) {
			o = record_by_ids(m, ids);
			continue;
		}
		if (!outcome_is_ok(&o))
			break;
		ask = remote_left_out(ids, result);
		o = record_list(m, json_get_array(result, "list"), c == 0 ? ask : NULL);
		if (outcome_is_ok(&o))
			o = record_by_ids(m, ask);
		json_decref(ask);
	}
	return o;
}

/* Store the state a round has reached, unless it is the one we had. */
static void
store_state(struct mirror *m, const struct track *t)
{
	char *old = state_get(m->store, t->key);

	if (old == NULL || strcmp(old, t->since) != 0)
		state_set(m->store, t->key, t->since);
	free(old);
}

/* Write down what a round brought. */
static struct outcome
record_round(struct mirror *m, struct track tracks[2], const struct jmap_response *response,
    bool *list_r)
{
	struct track *boxes = &tracks[0], *emails = &tracks[1];
	struct outcome o = outcome_ok();
	json_t *id;
	size_t i;

	if (boxes->result != NULL) {
		store_begin(m->store);
		o = record_mailboxes(m, boxes, response);
		if (!outcome_is_ok(&o)) {
			store_rollback(m->store);
			return o;
		}
		if (mailboxes_settle(&m->mailboxes, m->store, m->config))
			*list_r = true;
		store_state(m, boxes);
		o = store_commit(m->store);
	}
	if (emails->result == NULL || !outcome_is_ok(&o) || *list_r)
		return o;
	/* Destroyed first: what Email/get has found is not. */
	store_begin(m->store);
	json_array_foreach (json_get_array(emails->result, "destroyed"), i, id) {
		if (json_is_id(id))
			remote_record_destroyed(m, json_string_value(id));
	}
	o = store_commit(m->store);
	m->new_is = STATE_AHEAD;
	if (outcome_is_ok(&o))
		o = record_emails(m, emails, response);
	m->new_is = NULL;
	if (!outcome_is_ok(&o))
		return o;
	store_begin(m->store);
	store_state(m, emails);
	remote_forget_ahead(m);
	return store_commit(m->store);
}

static json_t *
subscription_properties(void)
{
	return json_pack("[s, s]", "id", "isSubscribed");
}

/* Servers do not count somebody's subscribing as a change of the mailbox (Cyrus): each time all
 * of them are looked at. */
static const char *
add_subscriptions(const struct mirror *m, struct jmap_request *request)
{
	if (!m->config->subscriptions)
		return NULL;
	return jmap_mailbox_get_call(request, NULL, subscription_properties());
}

/* Of all mailboxes that are known, where all at once are too many. */
static struct outcome
page_subscriptions(struct mirror *m, json_t *list)
{
	json_t *ids = json_array(), *properties = subscription_properties();
	struct outcome o;

	for (size_t i = 0; i < m->mailboxes.count; i++)
		if (!m->mailboxes.v[i]->gone)
			json_array_append_new(ids, json_string(m->mailboxes.v[i]->id));
	o = remote_get_mailboxes(m, ids, properties, list, NULL);
	json_decref(properties);
	json_decref(ids);
	return o;
}

static struct outcome
record_subscriptions(struct mirror *m, const struct jmap_response *response, const char *call)
{
	struct outcome o;
	json_t *list, *result, *object;
	size_t i;

	if (call == NULL)
		return outcome_ok();
	list = json_array();
	o = jmap_result(response, call, NULL, &result);
	if (outcome_is_ok(&o))
		json_array_extend(list, json_get_array(result, "list"));
	else if (outcome_is(&o, "method/requestTooLarge"))
		o = page_subscriptions(m, list);
	if (outcome_is_ok(&o)) {
		store_begin(m->store);
		json_array_foreach (list, i, object)
			mailboxes_record_subscription(&m->mailboxes, m->store, object);
		o = store_commit(m->store);
	}
	json_decref(list);
	return o;
}

static struct outcome
one_round(struct mirror *m, struct track tracks[2], int64_t max_changes, bool *list_r)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	const char *subscriptions = NULL;
	struct outcome o;

	for (int i = 0; i < 2; i++) {
		tracks[i].result = NULL;
		tracks[i].changes = NULL;
		if (tracks[i].more)
			add_calls(request, &tracks[i], i == 1, max_changes);
	}
	if (tracks[0].more)
		subscriptions = add_subscriptions(m, request);
	o = remote_send(m, request, &response);
	for (int i = 0; i < 2 && outcome_is_ok(&o); i++)
		if (tracks[i].more)
			o = read_changes(&tracks[i], response, list_r);
	if (outcome_is_ok(&o) && !*list_r)
		o = record_round(m, tracks, response, list_r);
	if (outcome_is_ok(&o))
		o = record_subscriptions(m, response, subscriptions);
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

struct outcome
remote_changes(struct mirror *m, bool *list_r)
{
	struct track tracks[2] = {
	    {.key = STATE_MAILBOX, .more = true}, {.key = STATE_EMAIL, .more = true}};
	struct outcome o = outcome_ok();
	int64_t max_changes = 0, rounds;

	*list_r = false;
	/* The last number is not below the count, and to count would take longer than all else. */
	rounds = ROUNDS_MAX +
	         store_number(m->store, 0, "SELECT max(n) FROM email", "") / (int64_t)m->page;
	for (int i = 0; i < 2; i++) {
		tracks[i].since = state_get(m->store, tracks[i].key);
		if (tracks[i].since == NULL)
			*list_r = true;
	}
	while (!*list_r && (tracks[0].more || tracks[1].more)) {
		if (rounds-- == 0) {
			*list_r = true;
			break;
		}
		o = one_round(m, tracks, max_changes, list_r);
		/* No limit at first: servers have lost changes between pages. */
		if (outcome_is(&o, "net/too-large") && max_changes == 0) {
			max_changes = REMOTE_PAGE;
			o = outcome_ok();
		}
		if (!outcome_is_ok(&o))
			break;
	}
	free(tracks[0].since);
	free(tracks[1].since);
	if (outcome_is_ok(&o) && !*list_r)
		o = remote_ask_made(m);
	return outcome_is_ok(&o) && !*list_r ? remote_ask_imports(m) : o;
}
