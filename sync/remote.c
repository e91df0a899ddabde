/*
 * Mailbox/changes and Email/changes, with the objects fetched by reference in the same
 * request.
 *
 * Objects come from /get, which may be newer than the /changes before it in the request; that
 * is harmless, because the next changes will name them again.  The state that is stored is
 * the one of /changes, never that of /get.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "sync/keywords.h"
#include "sync/merge.h"
#include "sync/remote.h"
#include "sync/state.h"

#define REQUEST_MS 180000
#define ROUNDS_MAX 100000 /* pages of changes: a service that never ends is a broken one */

/* One of the two objects whose changes are asked for, and the answers of one round. */
struct track {
	const char *key; /* of its state in meta */
	char *since;
	bool more;
	const char *changes, *created, *updated; /* call ids */
	json_t *result;
};

struct outcome
remote_send(struct mirror *m, struct jmap_request *request, struct jmap_response **response_r)
{
	m->report->requests++;
	report_progress(m->report);
	return jmap_send(m->jmap, request, true, deadline_in_ms(REQUEST_MS), response_r);
}

static json_t *
strings(const char *const *names, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(names[i]));
	return array;
}

json_t *
remote_email_properties(void)
{
	static const char *const names[] = {JMAP_EMAIL_MIRROR_PROPERTIES};

	return strings(names, sizeof(names) / sizeof(names[0]));
}

json_t *
remote_mailbox_properties(void)
{
	static const char *const names[] = {"id", "name", "parentId", "role"};

	return strings(names, sizeof(names) / sizeof(names[0]));
}

/* The mailboxes a message is to be in, of those that are mirrored. */
static void
wanted_mailboxes(const struct mirror *m, const json_t *email, struct numbers *set)
{
	const char *id;
	json_t *value;

	*set = (struct numbers){0};
	json_object_foreach (json_get_object(email, "mailboxIds"), id, value) {
		const struct mailbox *mb = mailboxes_by_id(&m->mailboxes, id);

		if (json_is_true(value) && mb != NULL && mb->selected && !mb->gone)
			numbers_add(set, mb->n);
	}
}

/* The mirrored mailboxes it has places in, as text. */
static char *
base_mailboxes(struct mirror *m, int64_t n)
{
	struct numbers set = {0};
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT mailbox FROM place JOIN mailbox ON mailbox.n = mailbox"
	    " WHERE email = ? AND selected",
	    "i", n);
	char *text;

	while (store_row(m->store, q))
		numbers_add(&set, sqlite3_column_int64(q, 0));
	text = numbers_text(&set);
	numbers_free(&set);
	return text;
}

static int64_t
rank_of(const struct mirror *m, const struct numbers *mailboxes)
{
	for (size_t i = 0; i < mailboxes->count; i++)
		if (mailboxes_by_n(&m->mailboxes, mailboxes->v[i])->inbox)
			return 0;
	return 1;
}

static void
plan_new(struct mirror *m, const json_t *email, const char *id, const char *keywords,
    const struct numbers *mailboxes)
{
	const char *blob = json_get_id(email, "blobId");
	int64_t size = json_get_count(email, "size", -1);
	char *wanted;

	if (mailboxes->count == 0)
		return;
	if (blob == NULL || size < 0) {
		struct outcome o = outcome_make("answer", "missing", "blobId or size");

		report_error(m->report, id, &o);
		return;
	}
	wanted = numbers_text(mailboxes);
	store_run(m->store,
	    "INSERT INTO email(id, blob, size, received, rank, want_keywords, want_mailboxes)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?)",
	    "ttiiitt", id, blob, size, json_get_date(email, "receivedAt", 0),
	    rank_of(m, mailboxes), keywords, wanted);
	m->report->wanted++;
	m->report->wanted_bytes += size;
	free(wanted);
}

static void
plan_known(struct mirror *m, int64_t n, const char *agreed, const char *keywords,
    const struct numbers *mailboxes)
{
	char *base = base_mailboxes(m, n), *wanted = numbers_text(mailboxes);

	if (agreed == NULL && *base == '\0' && *wanted == '\0')
		store_run(m->store, "DELETE FROM email WHERE n = ?", "i", n);
	else if (agreed != NULL && strcmp(agreed, keywords) == 0 && strcmp(base, wanted) == 0)
		store_run(m->store,
		    "UPDATE email SET want_keywords = NULL, want_mailboxes = NULL"
		    " WHERE n = ? AND want_mailboxes IS NOT NULL",
		    "i", n);
	else
		store_run(m->store,
		    "UPDATE email SET want_keywords = ?, want_mailboxes = ? WHERE n = ?", "tti",
		    keywords, wanted, n);
	free(base);
	free(wanted);
}

void
remote_record_email(struct mirror *m, const json_t *email)
{
	const char *id = json_get_id(email, "id");
	struct numbers mailboxes;
	char *keywords, *agreed = NULL;
	int64_t n = -1;
	sqlite3_stmt *q;

	if (id == NULL)
		return;
	wanted_mailboxes(m, email, &mailboxes);
	m->drained = false;
	keywords = keywords_from_json(json_get_object(email, "keywords"));
	q = store_query(m->store, "SELECT n, keywords FROM email WHERE id = ?", "t", id);
	if (store_row(m->store, q)) {
		n = sqlite3_column_int64(q, 0);
		agreed = store_copy(q, 1);
		store_done(q);
	}
	if (n < 0)
		plan_new(m, email, id, keywords, &mailboxes);
	else
		plan_known(m, n, agreed, keywords, &mailboxes);
	numbers_free(&mailboxes);
	free(keywords);
	free(agreed);
}

void
remote_record_destroyed(struct mirror *m, const char *id)
{
	m->drained = false;
	store_run(m->store,
	    "DELETE FROM email WHERE id = ? AND NOT EXISTS"
	    " (SELECT 1 FROM place WHERE place.email = email.n)",
	    "t", id);
	store_run(m->store,
	    "UPDATE email SET want_keywords = coalesce(keywords, ''), want_mailboxes = ''"
	    " WHERE id = ?",
	    "t", id);
}

struct outcome
remote_get_emails(
    struct mirror *m, json_t *ids, struct jmap_response **response_r, json_t **result_r)
{
	struct jmap_request *request = jmap_request_new(0);
	const char *call = jmap_email_get_call(request, ids, remote_email_properties());
	struct outcome o = remote_send(m, request, response_r);

	if (outcome_is_ok(&o))
		o = jmap_result(*response_r, call, NULL, result_r);
	jmap_request_free(&request);
	return o;
}

/* Mailboxes the state has and the list has not: gone, if the service says so. */
static struct outcome
prove_missing_mailboxes(struct mirror *m, json_t *missing)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	const char *call = jmap_mailbox_get_call(request, missing, remote_mailbox_properties());
	struct outcome o = remote_send(m, request, &response);
	json_t *result, *id;
	size_t i;

	if (outcome_is_ok(&o))
		o = jmap_result(response, call, NULL, &result);
	if (outcome_is_ok(&o)) {
		json_array_foreach (json_get_array(result, "notFound"), i, id) {
			if (json_is_id(id))
				mailboxes_record_gone(
				    &m->mailboxes, m->store, json_string_value(id));
		}
	}
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

struct outcome
remote_record_all_mailboxes(struct mirror *m, const json_t *list, const char *state)
{
	json_t *missing = json_array(), *present = json_object(), *object;
	struct outcome o = outcome_ok();
	size_t i;

	json_array_foreach (list, i, object) {
		if (mailboxes_record(&m->mailboxes, m->store, object))
			json_object_set_new(present, json_get_id(object, "id"), json_true());
	}
	for (i = 0; i < m->mailboxes.count; i++) {
		const struct mailbox *mb = m->mailboxes.v[i];

		if (!mb->gone && json_object_get(present, mb->id) == NULL)
			json_array_append_new(missing, json_string(mb->id));
	}
	json_decref(present);
	if (json_array_size(missing) != 0)
		o = prove_missing_mailboxes(m, json_incref(missing));
	json_decref(missing);
	if (outcome_is_ok(&o))
		state_set(m->store, STATE_MAILBOX, state);
	return o;
}

static struct outcome
ask_for_all_mailboxes(struct mirror *m)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	const char *call = jmap_mailbox_get_call(request, NULL, remote_mailbox_properties());
	struct outcome o = remote_send(m, request, &response);
	const char *state = NULL;
	json_t *result;

	if (outcome_is_ok(&o))
		o = jmap_result(response, call, NULL, &result);
	if (outcome_is_ok(&o) && (state = json_get_string(result, "state")) == NULL)
		o = outcome_make("answer", "missing", "state of Mailbox/get");
	if (outcome_is_ok(&o)) {
		store_begin(m->store);
		o = remote_record_all_mailboxes(m, json_get_array(result, "list"), state);
		mailboxes_settle(&m->mailboxes, m->store, m->config);
		if (outcome_is_ok(&o))
			o = store_commit(m->store);
		else
			store_rollback(m->store);
	}
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

struct outcome
remote_know_mailboxes(struct mirror *m, const json_t *emails)
{
	json_t *email, *value;
	const char *id;
	size_t i;

	json_array_foreach (emails, i, email) {
		json_object_foreach (json_get_object(email, "mailboxIds"), id, value) {
			if (mailboxes_by_id(&m->mailboxes, id) == NULL)
				return ask_for_all_mailboxes(m);
		}
	}
	return outcome_ok();
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
		json_object_set_new(args, "properties",
		    emails ? remote_email_properties() : remote_mailbox_properties());
		gets[i] = jmap_call(request, emails ? "Email/get" : "Mailbox/get", args);
	}
	t->created = gets[0];
	t->updated = gets[1];
}

/* Read a track's changes; *list_r if there is no sense in them. */
static struct outcome
read_changes(struct track *t, const struct jmap_response *response, bool *list_r)
{
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
	t->more = json_get_bool(t->result, "hasMoreChanges", false);
	if (t->more && strcmp(state, t->since) == 0)
		*list_r = true;
	free(t->since);
	t->since = xstrdup(state);
	return outcome_ok();
}

static struct outcome
record_mailboxes(struct mirror *m, const struct track *t, const struct jmap_response *response)
{
	const char *calls[] = {t->created, t->updated};
	json_t *result, *object;
	size_t i;

	for (size_t c = 0; c < 2; c++) {
		struct outcome o = jmap_result(response, calls[c], NULL, &result);

		if (!outcome_is_ok(&o))
			return o;
		json_array_foreach (json_get_array(result, "list"), i, object)
			mailboxes_record(&m->mailboxes, m->store, object);
	}
	json_array_foreach (json_get_array(t->result, "destroyed"), i, object) {
		if (json_is_id(object))
			mailboxes_record_gone(
			    &m->mailboxes, m->store, json_string_value(object));
	}
	return outcome_ok();
}

/* More than one Email/get takes: page through the ids that Email/changes gave. */
static struct outcome
record_by_ids(struct mirror *m, const json_t *ids)
{
	struct outcome o = outcome_ok();
	size_t count = json_array_size(ids);

	for (size_t i = 0; i < count && outcome_is_ok(&o); i += m->page) {
		json_t *page = json_array(), *result, *email;
		struct jmap_response *response = NULL;
		size_t j;

		for (j = i; j < count && j < i + m->page; j++)
			json_array_append(page, json_array_get(ids, j));
		o = remote_get_emails(m, page, &response, &result);
		if (outcome_is_ok(&o))
			o = remote_know_mailboxes(m, json_get_array(result, "list"));
		if (outcome_is_ok(&o)) {
			store_begin(m->store);
			json_array_foreach (json_get_array(result, "list"), j, email)
				remote_record_email(m, email);
			o = store_commit(m->store);
		}
		jmap_response_free(&response);
	}
	return o;
}

/* The messages created and updated.  Recording them is idempotent, and what is recorded
 * before the state is stored is recorded again if the run ends in between. */
static struct outcome
record_emails(struct mirror *m, const struct track *t, const struct jmap_response *response)
{
	static const char *const lists[] = {"created", "updated"};
	const char *calls[] = {t->created, t->updated};

	for (size_t c = 0; c < 2; c++) {
		json_t *result, *email;
		struct outcome o = jmap_result(response, calls[c], NULL, &result);
		size_t i;

		if (outcome_is(&o, "method/requestTooLarge")) {
			o = record_by_ids(m, json_get_array(t->result, lists[c]));
			if (!outcome_is_ok(&o))
				return o;
			continue;
		}
		if (outcome_is_ok(&o))
			o = remote_know_mailboxes(m, json_get_array(result, "list"));
		if (!outcome_is_ok(&o))
			return o;
		store_begin(m->store);
		json_array_foreach (json_get_array(result, "list"), i, email)
			remote_record_email(m, email);
		o = store_commit(m->store);
		if (!outcome_is_ok(&o))
			return o;
	}
	return outcome_ok();
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
	if (outcome_is_ok(&o))
		o = record_emails(m, emails, response);
	if (!outcome_is_ok(&o))
		return o;
	store_begin(m->store);
	store_state(m, emails);
	return store_commit(m->store);
}

static struct outcome
one_round(struct mirror *m, struct track tracks[2], int64_t max_changes, bool *list_r)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	struct outcome o;

	for (int i = 0; i < 2; i++) {
		tracks[i].result = NULL;
		tracks[i].changes = NULL;
		if (tracks[i].more)
			add_calls(request, &tracks[i], i == 1, max_changes);
	}
	o = remote_send(m, request, &response);
	for (int i = 0; i < 2 && outcome_is_ok(&o); i++)
		if (tracks[i].more)
			o = read_changes(&tracks[i], response, list_r);
	if (outcome_is_ok(&o) && !*list_r)
		o = record_round(m, tracks, response, list_r);
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
	int64_t max_changes = 0;

	*list_r = false;
	for (int i = 0; i < 2; i++) {
		tracks[i].since = state_get(m->store, tracks[i].key);
		if (tracks[i].since == NULL)
			*list_r = true;
	}
	for (int round = 0; !*list_r && (tracks[0].more || tracks[1].more); round++) {
		if (round == ROUNDS_MAX) {
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
	return o;
}
