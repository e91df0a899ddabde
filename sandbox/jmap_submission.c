/*
 * EmailSubmission/get, /query and /changes (RFC 8621 §7), and Identity/get (§6.1).
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/jmap_changes.h"
#include "sandbox/jmap_get.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/jmap_query.h"
#include "sandbox/json.h"
#include "sandbox/submissions.h"

static json_t *
identity_id(const struct jmap_request *r)
{
	return jmap_id(ID_IDENTITY, r->account.id);
}

static json_t *
submission_object(struct jmap_get *get, int64_t id)
{
	struct jmap_request *r = get->call->request;
	struct submission s;
	json_t *object;

	if (!submission_load(r->db, &r->account, id, &s))
		return NULL;
	object = json_object();
	jmap_put(get, object, "id", jmap_id(ID_SUBMISSION, id));
	jmap_put(get, object, "identityId", identity_id(r));
	jmap_put(get, object, "emailId", jmap_id(ID_EMAIL, s.email));
	jmap_put(get, object, "threadId", jmap_id(ID_THREAD, s.thread));
	jmap_put(get, object, "envelope", json_incref(s.envelope));
	jmap_put(get, object, "sendAt", json_utc_date(s.send_at));
	jmap_put(get, object, "undoStatus", json_string(undo_status_text(s.undo)));
	jmap_put(get, object, "deliveryStatus",
	    s.delivery != NULL ? json_incref(s.delivery) : json_null());
	jmap_put(get, object, "dsnBlobIds", json_array());
	jmap_put(get, object, "mdnBlobIds", json_array());
	submission_free(&s);
	return object;
}

json_t *
submission_get(struct jmap_call *call)
{
	static const char *const properties[] = {"id", "identityId", "emailId", "threadId",
	    "envelope", "sendAt", "undoStatus", "deliveryStatus", "dsnBlobIds", "mdnBlobIds",
	    NULL};
	static const struct jmap_get_type type = {
	    .letter = ID_SUBMISSION,
	    .kind = RECORD_SUBMISSION,
	    .properties = properties,
	    .object = submission_object,
	    .all = "SELECT id FROM submission WHERE account = ? AND destroyed = 0"
	           " ORDER BY created LIMIT ?",
	};

	return jmap_get(call, &type);
}

json_t *
submission_changes(struct jmap_call *call)
{
	return jmap_changes(call, RECORD_SUBMISSION);
}

struct candidate {
	int64_t id, email, thread, send_at;
	enum undo_status undo;
};

struct candidates {
	struct candidate *items;
	size_t count;
};

struct matching {
	const struct jmap_request *request;
	const struct candidate *candidate;
};

static bool
listed(const struct jmap_request *r, const json_t *ids, int64_t number, char letter)
{
	size_t i;
	const json_t *item;

	if (ids == NULL)
		return true;
	json_array_foreach (ids, i, item)
		if (jmap_number(r, json_string_value(item), letter) == number)
			return true;
	return false;
}

static bool
condition_holds(const json_t *condition, void *context)
{
	const struct matching *m = context;
	const struct candidate *c = m->candidate;
	const struct jmap_request *r = m->request;
	const char *undo = json_text(condition, "undoStatus");
	const char *before = json_text(condition, "before");
	const char *after = json_text(condition, "after");
	int64_t when = 0;

	if (undo != NULL && strcmp(undo, undo_status_text(c->undo)) != 0)
		return false;
	if (before != NULL && (!json_read_date(before, &when) || c->send_at >= when))
		return false;
	if (after != NULL && (!json_read_date(after, &when) || c->send_at < when))
		return false;
	return listed(r, json_object_get(condition, "emailIds"), c->email, ID_EMAIL) &&
	       listed(r, json_object_get(condition, "threadIds"), c->thread, ID_THREAD) &&
	       listed(r, json_object_get(condition, "identityIds"), r->account.id, ID_IDENTITY);
}

/* Add the rows that match the filter. */
static void
read_candidates(struct jmap_call *call, sqlite3_stmt *rows, struct candidates *found)
{
	const json_t *filter = json_object_get(call->arguments, "filter");

	while (db_next(call->request->db, rows)) {
		struct candidate c = {sqlite3_column_int64(rows, 0),
		    sqlite3_column_int64(rows, 1), sqlite3_column_int64(rows, 2),
		    sqlite3_column_int64(rows, 3),
		    (enum undo_status)sqlite3_column_int(rows, 4)};
		struct matching m = {call->request, &c};

		if (!jmap_filter(filter, condition_holds, &m))
			continue;
		if ((found->count & (found->count - 1)) == 0)
			found->items = xreallocarray(found->items,
			    found->count == 0 ? 1 : 2 * found->count, sizeof(*found->items));
		found->items[found->count++] = c;
	}
}

/* All submissions that match; those of named Emails are found by an index. */
static struct candidates
find_candidates(struct jmap_call *call)
{
	const struct jmap_request *r = call->request;
	const json_t *emails =
	    json_object_get(json_object_get(call->arguments, "filter"), "emailIds");
	struct candidates found = {0};
	json_t *seen = json_object();
	size_t i;
	const json_t *item;

	if (emails == NULL)
		read_candidates(call,
		    db_query(r->db,
		        "SELECT id, email, thread, send_at, undo FROM submission"
		        " WHERE account = ? AND destroyed = 0 ORDER BY created",
		        "i", r->account.id),
		    &found);
	json_array_foreach (emails, i, item) {
		const char *id = json_string_value(item);

		if (json_object_get(seen, id) == NULL)
			read_candidates(call,
			    db_query(r->db,
			        "SELECT id, email, thread, send_at, undo FROM submission"
			        " WHERE email = ? AND account = ? AND destroyed = 0",
			        "ii", jmap_number(r, id, ID_EMAIL), r->account.id),
			    &found);
		json_object_set_new_nocheck(seen, id, json_true());
	}
	json_decref(seen);
	return found;
}

static int
order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* qsort_r's context is the sort; without one, the oldest comes first. */
static int
compare(const void *x, const void *y, void *sort)
{
	const struct candidate *a = x, *b = y;
	size_t i;
	const json_t *comparator;

	json_array_foreach ((const json_t *)sort, i, comparator) {
		const char *property = json_text(comparator, "property");
		int result = strcmp(property, "sentAt") == 0    ? order(a->send_at, b->send_at)
		             : strcmp(property, "emailId") == 0 ? order(a->email, b->email)
		                                                : order(a->thread, b->thread);

		if (result != 0)
			return jmap_ascending(comparator) ? result : -result;
	}
	return order(a->id, b->id);
}

json_t *
submission_query(struct jmap_call *call)
{
	static const struct jmap_filter_property filter[] = {{"identityIds", JMAP_IDS, false},
	    {"emailIds", JMAP_IDS, false}, {"threadIds", JMAP_IDS, false},
	    {"undoStatus", JMAP_STRING, false}, {"before", JMAP_STRING, false},
	    {"after", JMAP_STRING, false}, {0}};
	static const char *const sort[] = {"sentAt", "emailId", "threadId", NULL};
	struct jmap_found found = {0};
	struct candidates all;
	json_t *result;

	if (!jmap_check_filter(call, filter) || !jmap_check_sort(call, sort))
		return NULL;
	all = find_candidates(call);
	if (all.count > 1)
		qsort_r(all.items, all.count, sizeof(*all.items), compare,
		    json_object_get(call->arguments, "sort"));
	for (size_t i = 0; i < all.count; i++)
		jmap_found_add(&found, all.items[i].id);
	result = jmap_window(call, &found, ID_SUBMISSION, RECORD_SUBMISSION);
	jmap_found_free(&found);
	free(all.items);
	return result;
}

static json_t *
identity_object(struct jmap_get *get, int64_t id)
{
	const struct account *a = &get->call->request->account;
	json_t *object;

	if (id != a->id)
		return NULL;
	object = json_object();
	jmap_put(get, object, "id", jmap_id(ID_IDENTITY, id));
	jmap_put(get, object, "name", json_string(""));
	jmap_put(get, object, "email", json_string(a->inbox));
	jmap_put(get, object, "replyTo", json_null());
	jmap_put(get, object, "bcc", json_null());
	jmap_put(get, object, "textSignature", json_string(""));
	jmap_put(get, object, "htmlSignature", json_string(""));
	jmap_put(get, object, "mayDelete", json_false());
	return object;
}

json_t *
identity_get(struct jmap_call *call)
{
	static const char *const properties[] = {"id", "name", "email", "replyTo", "bcc",
	    "textSignature", "htmlSignature", "mayDelete", NULL};
	static const struct jmap_get_type type = {
	    .letter = ID_IDENTITY,
	    .kind = -1,
	    .properties = properties,
	    .object = identity_object,
	    .all = "SELECT id FROM account WHERE id = ? LIMIT ?",
	};

	return jmap_get(call, &type);
}
