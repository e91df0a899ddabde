/*
 * Mailboxes as the service has them: all of them at once, or where that is too much for it, in
 * pages.
 *
 * A service need not give more objects at once than maxObjectsInGet, and answers
 * requestTooLarge to the question for all where there are more (RFC 8620 §5.1).  Then its
 * state is asked for, and after that the ids, page by page, each with its mailboxes: whatever
 * changes meanwhile is in the changes since that state.  Pages go from mailbox to mailbox
 * (anchor) and end with an empty one, as those of a full listing do (remote_listing.c).
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "sync/remote.h"
#include "sync/state.h"

#define RESTARTS_MAX  3     /* of the paging, when its anchor vanishes */
#define MAILBOXES_MAX 50000 /* more is not an account */

json_t *
remote_mailbox_properties(void)
{
	return json_pack(
	    "[s, s, s, s, s, s]", "id", "name", "parentId", "role", "myRights", "isSubscribed");
}

/* By id */

/* Ids from start on, as many as a request takes. */
static json_t *
page_of(const struct mirror *m, const json_t *ids, size_t start)
{
	json_t *page = json_array();

	for (size_t i = start; i < json_array_size(ids) && i < start + m->page; i++)
		json_array_append(page, json_array_get(ids, i));
	return page;
}

/* One page of them (the references are taken): what there is goes to list, which of them there
 * are not to not_found; either may be NULL. */
static struct outcome
get_some(struct mirror *m, json_t *ids, json_t *properties, json_t *list, json_t *not_found)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	const char *call = jmap_mailbox_get_call(request, ids, properties);
	struct outcome o = remote_send(m, request, &response);
	json_t *result;

	if (outcome_is_ok(&o))
		o = jmap_result(response, call, NULL, &result);
	if (outcome_is_ok(&o) && list != NULL)
		json_array_extend(list, json_get_array(result, "list"));
	if (outcome_is_ok(&o) && not_found != NULL)
		json_array_extend(not_found, json_get_array(result, "notFound"));
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

struct outcome
remote_get_mailboxes(struct mirror *m, const json_t *ids, const json_t *properties,
    json_t *list, json_t *not_found)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < json_array_size(ids) && outcome_is_ok(&o); i += m->page)
		o = get_some(
		    m, page_of(m, ids, i), json_deep_copy(properties), list, not_found);
	return o;
}

struct outcome
remote_prove_mailboxes(struct mirror *m, const json_t *ids)
{
	json_t *properties = remote_mailbox_properties(), *gone = json_array(), *id;
	struct outcome o = remote_get_mailboxes(m, ids, properties, NULL, gone);
	size_t i;

	json_array_foreach (gone, i, id) {
		if (json_is_id(id))
			mailboxes_record_gone(&m->mailboxes, m->store, json_string_value(id));
	}
	json_decref(gone);
	json_decref(properties);
	return o;
}

void
remote_note_made(struct mirror *m, const char *id)
{
	store_run(m->store, "INSERT OR IGNORE INTO meta(key, value) VALUES(? || ?, '')", "tt",
	    STATE_MADE, id);
}

void
remote_forget_made(struct mirror *m, const char *id)
{
	store_run(m->store, "DELETE FROM meta WHERE key = ? || ?", "tt", STATE_MADE, id);
}

struct outcome
remote_ask_made(struct mirror *m)
{
	json_t *ids = json_array();
	struct outcome o;
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT substr(key, length('" STATE_MADE "') + 1) FROM meta"
	    " WHERE key >= '" STATE_MADE "' AND key < '" STATE_MADE_END "'",
	    "");

	while (store_row(m->store, q))
		json_array_append_new(
		    ids, json_string((const char *)sqlite3_column_text(q, 0)));
	o = remote_prove_mailboxes(m, ids);
	if (outcome_is_ok(&o) && json_array_size(ids) != 0) {
		store_run(m->store,
		    "DELETE FROM meta WHERE key >= '" STATE_MADE "' AND key < '" STATE_MADE_END
		    "'",
		    "");
		mailboxes_settle(&m->mailboxes, m->store, m->config);
	}
	json_decref(ids);
	return outcome_is_ok(&o) ? store_error(m->store) : o;
}

/* All of them */

struct paging {
	json_t *list; /* Mailbox objects */
	char *state, *anchor;
	int restarts;
	bool end;
};

static void
start_over(struct paging *p)
{
	json_array_clear(p->list);
	free(p->state);
	free(p->anchor);
	p->state = p->anchor = NULL;
}

/* Take over a page.  One that goes on after the anchor has no end that is its beginning. */
static struct outcome
read_page(struct paging *p, const json_t *ids, const json_t *boxes)
{
	json_t *list = json_get_array(boxes, "list");
	const char *last = json_string_value(json_array_get(ids, json_array_size(ids) - 1));

	if (ids == NULL || list == NULL)
		return outcome_make("answer", "missing", "ids of Mailbox/query, or their list");
	p->end = json_array_size(ids) == 0;
	if (p->end)
		return outcome_ok();
	if (last == NULL || (p->anchor != NULL && strcmp(last, p->anchor) == 0) ||
	    json_array_size(p->list) + json_array_size(list) > MAILBOXES_MAX)
		return outcome_make("answer", "missing", "an end of Mailbox/query");
	json_array_extend(p->list, list);
	free(p->anchor);
	p->anchor = xstrdup(last);
	return outcome_ok();
}

static struct outcome
read_state(struct paging *p, const struct jmap_response *response, const char *call)
{
	json_t *result;
	struct outcome o = jmap_result(response, call, NULL, &result);

	if (outcome_is_ok(&o) && json_get_string(result, "state") == NULL)
		o = outcome_make("answer", "missing", "state of Mailbox/get");
	if (outcome_is_ok(&o))
		p->state = xstrdup(json_get_string(result, "state"));
	return o;
}

/* The first page comes with the state from before it. */
static struct outcome
one_page(struct mirror *m, struct paging *p)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	json_t *args = json_object(), *ids, *boxes;
	const char *state =
	    p->state == NULL ? jmap_mailbox_get_call(request, json_array(), NULL) : NULL;
	const char *query = jmap_mailbox_query_call(request, NULL, p->anchor, (int64_t)m->page);
	const char *get;
	struct outcome o;

	jmap_refer(args, "ids", query, "Mailbox/query", "/ids");
	json_object_set_new(args, "properties", remote_mailbox_properties());
	get = jmap_call(request, "Mailbox/get", args);
	o = remote_send(m, request, &response);
	if (outcome_is_ok(&o) && state != NULL)
		o = read_state(p, response, state);
	if (outcome_is_ok(&o))
		o = jmap_result(response, query, NULL, &ids);
	if (outcome_is(&o, "method/anchorNotFound") && p->restarts++ < RESTARTS_MAX) {
		start_over(p);
		o = outcome_ok();
	} else if (outcome_is_ok(&o)) {
		o = jmap_result(response, get, NULL, &boxes);
		if (outcome_is_ok(&o))
			o = read_page(p, json_get_array(ids, "ids"), boxes);
	}
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/* Any of these may be newer than the state from before the first page. */
static struct outcome
note_unknown(struct mirror *m, const json_t *list)
{
	json_t *object;
	size_t i;

	store_begin(m->store);
	json_array_foreach (list, i, object) {
		const char *id = json_get_id(object, "id");

		if (id != NULL && mailboxes_by_id(&m->mailboxes, id) == NULL)
			remote_note_made(m, id);
	}
	return store_commit(m->store);
}

static struct outcome
page_through(struct mirror *m, json_t **list_r, char **state_r)
{
	struct paging p = {.list = json_array()};
	struct outcome o = outcome_ok();

	while (outcome_is_ok(&o) && !p.end)
		o = one_page(m, &p);
	if (outcome_is_ok(&o))
		o = note_unknown(m, p.list);
	free(p.anchor);
	*list_r = p.list;
	*state_r = p.state;
	return o;
}

struct outcome
remote_record_all_mailboxes(struct mirror *m, const json_t *list, const char *state)
{
	json_t *missing = json_array(), *present = json_object(), *object;
	struct outcome o;
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
	o = remote_prove_mailboxes(m, missing);
	json_decref(missing);
	if (outcome_is_ok(&o))
		state_set(m->store, STATE_MAILBOX, state);
	return o;
}

struct outcome
remote_read_all_mailboxes(struct mirror *m, const struct jmap_response *response,
    const char *call, json_t **list_r, char **state_r)
{
	json_t *result;
	struct outcome o = jmap_result(response, call, NULL, &result);

	*list_r = NULL;
	*state_r = NULL;
	if (outcome_is(&o, "method/requestTooLarge"))
		return page_through(m, list_r, state_r);
	if (outcome_is_ok(&o) && json_get_string(result, "state") == NULL)
		o = outcome_make("answer", "missing", "state of Mailbox/get");
	if (!outcome_is_ok(&o))
		return o;
	*list_r = json_incref(json_object_get(result, "list"));
	*state_r = xstrdup(json_get_string(result, "state"));
	return o;
}

struct outcome
remote_ask_mailboxes(struct mirror *m)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	const char *call = jmap_mailbox_get_call(request, NULL, remote_mailbox_properties());
	struct outcome o = remote_send(m, request, &response);
	json_t *list = NULL;
	char *state = NULL;

	if (outcome_is_ok(&o))
		o = remote_read_all_mailboxes(m, response, call, &list, &state);
	if (outcome_is_ok(&o)) {
		store_begin(m->store);
		o = remote_record_all_mailboxes(m, list, state);
		mailboxes_settle(&m->mailboxes, m->store, m->config);
		if (outcome_is_ok(&o))
			o = store_commit(m->store);
		else
			store_rollback(m->store);
	}
	json_decref(list);
	free(state);
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
			const struct mailbox *mb = mailboxes_by_id(&m->mailboxes, id);

			if (mb == NULL || mb->gone)
				return remote_ask_mailboxes(m);
		}
	}
	return outcome_ok();
}
