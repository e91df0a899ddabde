/*
 * Changes on their way to the service.
 *
 * Patches of single keywords and mailboxes need no condition: they mean the same whatever
 * the Email has become meanwhile, and twice as much as once.  So they are sent without
 * ifInState, again after a crash, and what the answer was is found out by the next changes
 * if it is lost.  Destroying does need one: it is sent with the state in which the service
 * said that the message is in no other mailbox, and if that is over, asked again.
 *
 *	rows marked near -> change_load -> ask where those are that would be nowhere
 *		-> Email/set (destroy), Email/set (update) -> record
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "sync/change.h"
#include "sync/push.h"
#include "sync/remote.h"

#define BATCH_MAX  250 /* changes in a request: all of them are in memory */
#define ROUNDS_MAX 3   /* of asking, when the state moves on */

struct push {
	struct mirror *mirror;
	struct change *changes[BATCH_MAX];
	size_t count;
	char *state; /* of the answer to where they are */
};

static void
release(struct push *p)
{
	for (size_t i = 0; i < p->count; i++)
		change_free(&p->changes[i]);
	p->count = 0;
	free(p->state);
	p->state = NULL;
}

/* Is, or was, it in a mailbox that this run is about? */
static bool
is_chosen(const struct mirror *m, const struct change *c)
{
	return mirror_concerns(m, &c->base) || mirror_concerns(m, &c->near) ||
	       mirror_concerns(m, &c->far);
}

/* The next messages, after row *after; *more_r if there are any. */
static struct outcome
load(struct push *p, int64_t *after, bool *more_r)
{
	struct mirror *m = p->mirror;
	struct outcome o = outcome_ok();
	int64_t rows[BATCH_MAX];
	size_t count = 0;
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT n FROM email WHERE near = 1 AND n > ? ORDER BY n LIMIT ?", "ii", *after,
	    (int64_t)m->set_page);

	while (count < BATCH_MAX && store_row(m->store, q))
		rows[count++] = sqlite3_column_int64(q, 0);
	store_done(q);
	*more_r = count != 0;
	for (size_t i = 0; i < count && outcome_is_ok(&o); i++) {
		struct change *c;

		*after = rows[i];
		o = change_load(m, rows[i], &c);
		if (c != NULL && !is_chosen(m, c))
			change_free(&c);
		if (c != NULL)
			p->changes[p->count++] = c;
	}
	return o;
}

/* Where are they? */

static const json_t *
find_email(const json_t *list, const char *id)
{
	json_t *email;
	size_t i;

	json_array_foreach (list, i, email) {
		const char *its = json_get_id(email, "id");

		if (its != NULL && strcmp(its, id) == 0)
			return email;
	}
	return NULL;
}

static bool
is_listed(const json_t *ids, const char *id)
{
	json_t *value;
	size_t i;

	json_array_foreach (ids, i, value)
		if (json_is_string(value) && strcmp(json_string_value(value), id) == 0)
			return true;
	return false;
}

static void
fail_one(struct mirror *m, struct change *c, const struct outcome *o)
{
	report_error(m->report, c->id, o);
	c->action = CHANGE_POSTPONE;
}

static void
read_answer(struct push *p, const json_t *result)
{
	struct mirror *m = p->mirror;
	const char *state = json_get_string(result, "state");

	free(p->state);
	p->state = xstrdup(state);
	for (size_t i = 0; i < p->count; i++) {
		struct change *c = p->changes[i];
		const json_t *email = find_email(json_get_array(result, "list"), c->id);
		struct outcome o = outcome_ok();

		if (c->action != CHANGE_ASK)
			continue;
		if (json_get_object(email, "mailboxIds") != NULL)
			o = change_answer(m, c, json_get_object(email, "mailboxIds"));
		else if (is_listed(json_get_array(result, "notFound"), c->id))
			o = change_answer(m, c, NULL);
		else
			c->action = CHANGE_POSTPONE;
		if (!outcome_is_ok(&o))
			fail_one(m, c, &o);
	}
}

static struct outcome
ask(struct push *p)
{
	struct mirror *m = p->mirror;
	json_t *ids = json_array(), *result;
	struct jmap_response *response = NULL;
	struct outcome o;

	for (size_t i = 0; i < p->count; i++)
		if (p->changes[i]->action == CHANGE_ASK)
			json_array_append_new(ids, json_string(p->changes[i]->id));
	if (json_array_size(ids) == 0) {
		json_decref(ids);
		return outcome_ok();
	}
	o = remote_get_emails(m, ids, &response, &result);
	if (outcome_is_ok(&o))
		o = remote_know_mailboxes(m, json_get_array(result, "list"));
	if (outcome_is_ok(&o))
		read_answer(p, result);
	jmap_response_free(&response);
	return o;
}

/* Send */

struct calls {
	struct jmap_request *request;
	const char *update, *destroy; /* call ids, or NULL */
};

static void
add_calls(const struct push *p, struct calls *calls)
{
	json_t *update = json_object(), *destroy = json_array();

	for (size_t i = 0; i < p->count; i++) {
		struct change *c = p->changes[i];

		if (c->action == CHANGE_UPDATE)
			json_object_set(update, c->id, c->patch);
		else if (c->action == CHANGE_DESTROY)
			json_array_append_new(destroy, json_string(c->id));
	}
	*calls = (struct calls){.request = jmap_request_new(0)};
	if (json_array_size(destroy) != 0)
		calls->destroy = jmap_email_set_call(
		    calls->request, NULL, NULL, json_incref(destroy), p->state);
	if (json_object_size(update) != 0)
		calls->update =
		    jmap_email_set_call(calls->request, NULL, json_incref(update), NULL, NULL);
	json_decref(update);
	json_decref(destroy);
}

/* What became of one.  A message that is gone meanwhile is the next changes' to tell, and if
 * they do not, it is asked for. */
static void
read_result(struct mirror *m, struct change *c, const json_t *result)
{
	struct outcome o = c->action == CHANGE_DESTROY ? jmap_destroyed(result, c->id)
	                                               : jmap_updated(result, c->id);

	if (outcome_is(&o, "set/notFound")) {
		c->action = CHANGE_POSTPONE;
		remote_doubt(m, c->id);
	} else if (!outcome_is_ok(&o)) {
		fail_one(m, c, &o);
	}
}

/* *again_r: the state has moved on, and those to be destroyed have to be asked for again. */
static struct outcome
read_results(struct push *p, const struct jmap_response *response, const struct calls *calls,
    bool *again_r)
{
	struct outcome destroyed = outcome_ok(), updated = outcome_ok();
	json_t *destroy = NULL, *update = NULL;

	if (calls->destroy != NULL)
		destroyed = jmap_result(response, calls->destroy, NULL, &destroy);
	if (calls->update != NULL)
		updated = jmap_result(response, calls->update, NULL, &update);
	*again_r = outcome_is(&destroyed, "method/stateMismatch");
	for (size_t i = 0; i < p->count; i++) {
		struct change *c = p->changes[i];

		if (c->action == CHANGE_UPDATE && outcome_is_ok(&updated))
			read_result(p->mirror, c, update);
		else if (c->action == CHANGE_DESTROY && outcome_is_ok(&destroyed))
			read_result(p->mirror, c, destroy);
		else if (c->action == CHANGE_DESTROY || c->action == CHANGE_UPDATE)
			c->action = CHANGE_POSTPONE;
	}
	return *again_r || outcome_is_ok(&destroyed) ? updated : destroyed;
}

static struct outcome
send(struct push *p, bool *again_r)
{
	struct jmap_response *response = NULL;
	struct calls calls;
	struct outcome o = outcome_ok();

	*again_r = false;
	add_calls(p, &calls);
	if (calls.update != NULL || calls.destroy != NULL) {
		o = mirror_start_changing(p->mirror);
		if (outcome_is_ok(&o))
			o = remote_send(p->mirror, calls.request, &response);
		if (outcome_is_ok(&o))
			o = read_results(p, response, &calls, again_r);
	}
	jmap_response_free(&response);
	jmap_request_free(&calls.request);
	return o;
}

/* Record and tell */

static json_t *
names_of(const struct mirror *m, const struct numbers *set)
{
	json_t *names = json_array();

	for (size_t i = 0; i < set->count; i++) {
		const struct mailbox *mb = mailboxes_by_n(&m->mailboxes, set->v[i]);

		if (mb != NULL)
			json_array_append_new(names, json_string(mb->display));
	}
	return names;
}

/* Both sides changed it, and this is what came of it. */
static void
report_conflict(struct mirror *m, const struct change *c)
{
	json_t *names;
	char *where;

	if (c->conflict == NULL || c->action == CHANGE_POSTPONE)
		return;
	names = names_of(m, &c->mailboxes);
	where = json_dumps(names, JSON_COMPACT);
	report_event(m->report, "conflict",
	    json_pack("{s:s, s:s, s:s, s:o}", "id", c->id, "kind", c->conflict, "keywords",
	        c->keywords, "mailboxes", names),
	    "%s: %s, and changed on the other side: now in %s", c->id, c->conflict, where);
	free(where);
}

static void
report_change(struct mirror *m, const struct change *c)
{
	json_t *members;
	char *patch;

	report_conflict(m, c);
	if (c->action == CHANGE_UPLOAD || (c->action == CHANGE_UPDATE && c->keeps))
		return;
	if (c->action == CHANGE_DESTROY) {
		m->report->told++;
		report_event(
		    m->report, "told-destroyed", json_pack("{s:s}", "id", c->id), "%s", c->id);
		return;
	}
	if (c->action != CHANGE_UPDATE)
		return;
	m->report->told++;
	patch = json_dumps(c->patch, JSON_COMPACT | JSON_SORT_KEYS);
	members = json_pack("{s:s, s:s, s:o, s:O}", "id", c->id, "keywords", c->keywords,
	    "mailboxes", names_of(m, &c->mailboxes), "patch", c->patch);
	report_event(m->report,
	    c->deleted.count != 0 && c->near.count == 0 ? "told-deleted" : "told-changed",
	    members, "%s: %s", c->id, patch);
	free(patch);
}

static struct outcome
record(struct push *p)
{
	struct mirror *m = p->mirror;
	struct outcome o;

	store_begin(m->store);
	for (size_t i = 0; i < p->count; i++) {
		struct change *c = p->changes[i];

		if (c->action == CHANGE_DESTROY)
			numbers_free(&c->mailboxes);
		if (c->action == CHANGE_UPLOAD)
			change_let_go(m, c);
		else if (c->action != CHANGE_POSTPONE)
			change_record(m, c);
	}
	o = store_commit(m->store);
	for (size_t i = 0; i < p->count && outcome_is_ok(&o); i++)
		report_change(m, p->changes[i]);
	return o;
}

/* Once for each message that may not be told of, or it would never be noticed. */
static void
report_refused(struct mirror *m, const struct change *c)
{
	struct outcome o;

	if (!c->refused)
		return;
	o = outcome_make("method", "forbidden", "a mailbox it was put into takes no messages");
	report_error(m->report, c->id, &o);
}

static struct outcome
one_batch(struct push *p, int64_t *after, bool *more_r, bool *again_r)
{
	struct outcome o = load(p, after, more_r);

	*again_r = false;
	if (outcome_is_ok(&o))
		o = ask(p);
	if (outcome_is_ok(&o) && !p->mirror->options.dry_run)
		o = send(p, again_r);
	for (size_t i = 0; i < p->count && outcome_is_ok(&o); i++)
		report_refused(p->mirror, p->changes[i]);
	if (outcome_is_ok(&o))
		o = record(p);
	return o;
}

struct outcome
push_changes(struct mirror *m)
{
	struct push p = {.mirror = m};
	struct outcome o = outcome_ok();
	int64_t after = 0;
	int rounds = 0;

	for (bool more = true; more && outcome_is_ok(&o);) {
		int64_t start = after;
		bool again;

		if (cancel_requested())
			return outcome_make("local", "cancelled", NULL);
		o = one_batch(&p, &after, &more, &again);
		/* A request larger than the service takes: half of it. */
		if ((outcome_is(&o, "request/limit/maxSizeRequest") ||
		        outcome_is(&o, "method/requestTooLarge")) &&
		    m->set_page > 1) {
			m->set_page /= 2;
			after = start;
			more = true;
			o = outcome_ok();
		} else if (again && ++rounds < ROUNDS_MAX) {
			after = start;
		}
		release(&p);
	}
	return o;
}
