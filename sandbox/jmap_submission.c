/*
 * EmailSubmission/get, /query and /changes (RFC 8621 §7), and Identity/get (§6.1).
 */
#include <string.h>

#include "sandbox/jmap_changes.h"
#include "sandbox/jmap_get.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/jmap_query.h"
#include "sandbox/json.h"

static json_t *
identity_id(const struct jmap_request *r)
{
	return jmap_id(ID_IDENTITY, r->account.id);
}

static json_t *
submission_object(struct jmap_get *get, int64_t id)
{
	struct jmap_request *r = get->call->request;
	sqlite3_stmt *row = db_query(r->db,
	    "SELECT email, thread, envelope, send_at, delivery FROM submission"
	    " WHERE id = ? AND account = ? AND destroyed = 0",
	    "ii", id, r->account.id);
	json_t *object;

	if (!db_next(r->db, row))
		return NULL;
	object = json_object();
	jmap_put(get, object, "id", jmap_id(ID_SUBMISSION, id));
	jmap_put(get, object, "identityId", identity_id(r));
	jmap_put(get, object, "emailId", jmap_id(ID_EMAIL, sqlite3_column_int64(row, 0)));
	jmap_put(get, object, "threadId", jmap_id(ID_THREAD, sqlite3_column_int64(row, 1)));
	jmap_put(get, object, "envelope",
	    json_loads((const char *)sqlite3_column_text(row, 2), 0, NULL));
	jmap_put(get, object, "sendAt", json_utc_date(sqlite3_column_int64(row, 3)));
	jmap_put(get, object, "undoStatus", json_string("final"));
	jmap_put(get, object, "deliveryStatus",
	    json_loads((const char *)sqlite3_column_text(row, 4), 0, NULL));
	jmap_put(get, object, "dsnBlobIds", json_array());
	jmap_put(get, object, "mdnBlobIds", json_array());
	db_finish(row);
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
	const struct jmap_request *request;
	int64_t id, email, thread, send_at;
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
	const struct candidate *c = context;
	const struct jmap_request *r = c->request;
	const char *undo = json_text(condition, "undoStatus");
	const char *before = json_text(condition, "before");
	const char *after = json_text(condition, "after");
	int64_t when = 0;

	if (undo != NULL && strcmp(undo, "final") != 0)
		return false;
	if (before != NULL && (!json_read_date(before, &when) || c->send_at >= when))
		return false;
	if (after != NULL && (!json_read_date(after, &when) || c->send_at < when))
		return false;
	return listed(r, json_object_get(condition, "emailIds"), c->email, ID_EMAIL) &&
	       listed(r, json_object_get(condition, "threadIds"), c->thread, ID_THREAD) &&
	       listed(r, json_object_get(condition, "identityIds"), r->account.id, ID_IDENTITY);
}

/* The rows by what the first comparator names; the newest last. */
static const char *
query_sql(const json_t *sort)
{
#define SELECT_CANDIDATES                                                          \
	"SELECT id, email, thread, send_at FROM submission WHERE account = ? AND " \
	"destroyed = 0 ORDER BY "
	static const struct {
		const char *property;
		const char *sql[2]; /* descending, ascending */
	} orders[] = {
	    {"sentAt",
	        {SELECT_CANDIDATES "send_at DESC, id DESC", SELECT_CANDIDATES "send_at, id"}},
	    {"emailId",
	        {SELECT_CANDIDATES "email DESC, id DESC", SELECT_CANDIDATES "email, id"}},
	    {"threadId",
	        {SELECT_CANDIDATES "thread DESC, id DESC", SELECT_CANDIDATES "thread, id"}},
	};
	const json_t *first = json_array_get(sort, 0);

	for (size_t i = 0; first != NULL && i < sizeof(orders) / sizeof(orders[0]); i++)
		if (strcmp(orders[i].property, json_text(first, "property")) == 0)
			return orders[i].sql[jmap_ascending(first)];
	return SELECT_CANDIDATES "id";
}

json_t *
submission_query(struct jmap_call *call)
{
	static const struct jmap_filter_property filter[] = {{"identityIds", JMAP_IDS, false},
	    {"emailIds", JMAP_IDS, false}, {"threadIds", JMAP_IDS, false},
	    {"undoStatus", JMAP_STRING, false}, {"before", JMAP_STRING, false},
	    {"after", JMAP_STRING, false}, {0}};
	static const char *const sort[] = {"sentAt", "emailId", "threadId", NULL};
	struct jmap_request *r = call->request;
	struct jmap_found found = {0};
	sqlite3_stmt *rows;
	json_t *result;

	if (!jmap_check_filter(call, filter) || !jmap_check_sort(call, sort))
		return NULL;
	rows = db_query(
	    r->db, query_sql(json_object_get(call->arguments, "sort")), "i", r->account.id);
	while (db_next(r->db, rows)) {
		struct candidate c = {r, sqlite3_column_int64(rows, 0),
		    sqlite3_column_int64(rows, 1), sqlite3_column_int64(rows, 2),
		    sqlite3_column_int64(rows, 3)};

		if (jmap_filter(
		        json_object_get(call->arguments, "filter"), condition_holds, &c))
			jmap_found_add(&found, c.id);
	}
	result = jmap_window(call, &found, ID_SUBMISSION, RECORD_SUBMISSION);
	jmap_found_free(&found);
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
