/*
 * Email/get and Email/changes (RFC 8621 §4.2 and §4.3), and Thread/get (§3.1).
 */
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/email_view.h"
#include "sandbox/jmap_changes.h"
#include "sandbox/jmap_get.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/json.h"

static const char *const default_properties[] = {"id", "blobId", "threadId", "mailboxIds",
    "keywords", "size", "receivedAt", "messageId", "inReplyTo", "references", "sender", "from",
    "to", "cc", "bcc", "replyTo", "subject", "sentAt", "hasAttachment", "preview", "bodyValues",
    "textBody", "htmlBody", "attachments", NULL};

static bool
begin(struct jmap_get *get)
{
	const json_t *arguments = get->call->arguments;
	const json_t *properties = json_object_get(arguments, "bodyProperties");
	struct email_body_request *request = xcalloc(1, sizeof(*request));
	size_t i;
	const json_t *item;

	get->context = request;
	*request = (struct email_body_request){
	    .properties = json_is_array(properties) ? properties : NULL,
	    .text_values = json_bool(arguments, "fetchTextBodyValues"),
	    .html_values = json_bool(arguments, "fetchHTMLBodyValues"),
	    .all_values = json_bool(arguments, "fetchAllBodyValues"),
	    .max_value = json_number(arguments, "maxBodyValueBytes", 0),
	};
	json_array_foreach (request->properties, i, item) {
		if (email_part_property_known(json_string_value(item)))
			continue;
		jmap_fail(get->call, "invalidArguments",
		    "there is no property %s of a body part", json_string_value(item));
		free(request);
		return false;
	}
	return true;
}

static void
end(struct jmap_get *get)
{
	free(get->context);
}

static json_t *
get_object(struct jmap_get *get, int64_t id)
{
	struct jmap_request *r = get->call->request;
	struct email e;
	struct email_view v = {
	    .db = r->db,
	    .blobs = store_blobs(r->sandbox->store),
	    .account = r->account.id,
	    .email = &e,
	    .request = get->context,
	};
	json_t *object;
	size_t i;
	const json_t *item;

	if (!email_load(r->db, &r->account, id, &e))
		return NULL;
	object = json_object();
	json_object_set_new(object, "id", email_property(&v, "id"));
	json_array_foreach (get->properties, i, item)
		json_object_set_new(object, json_string_value(item),
		    email_property(&v, json_string_value(item)));
	for (const char *const *p = default_properties; get->properties == NULL && *p != NULL;
	     p++)
		json_object_set_new(object, *p, email_property(&v, *p));
	email_view_free(&v);
	email_free(&e);
	return object;
}

json_t *
email_get(struct jmap_call *call)
{
	static const struct jmap_get_type type = {
	    .letter = ID_EMAIL,
	    .kind = RECORD_EMAIL,
	    .properties = default_properties,
	    .extra = email_property_known,
	    .begin = begin,
	    .object = get_object,
	    .all = "SELECT id FROM email WHERE account = ? AND destroyed = 0 ORDER BY created"
	           " LIMIT ?",
	    .end = end,
	};

	return jmap_get(call, &type);
}

json_t *
email_changes(struct jmap_call *call)
{
	return jmap_changes(call, RECORD_EMAIL);
}

static json_t *
thread_object(struct jmap_get *get, int64_t id)
{
	struct jmap_request *r = get->call->request;
	sqlite3_stmt *rows = db_query(r->db,
	    "SELECT id FROM email WHERE account = ? AND thread = ? AND destroyed = 0"
	    " ORDER BY received, id",
	    "ii", r->account.id, id);
	json_t *ids = json_array();
	json_t *object;

	while (db_next(r->db, rows))
		json_array_append_new(ids, jmap_id(ID_EMAIL, sqlite3_column_int64(rows, 0)));
	if (json_array_size(ids) == 0) {
		json_decref(ids);
		return NULL;
	}
	object = json_object();
	jmap_put(get, object, "id", jmap_id(ID_THREAD, id));
	jmap_put(get, object, "emailIds", ids);
	return object;
}

json_t *
thread_get(struct jmap_call *call)
{
	static const char *const properties[] = {"id", "emailIds", NULL};
	static const struct jmap_get_type type = {
	    .letter = ID_THREAD,
	    .kind = RECORD_EMAIL,
	    .properties = properties,
	    .object = thread_object,
	    .all =
	        "SELECT DISTINCT thread FROM email WHERE account = ? AND destroyed = 0 LIMIT ?",
	};

	return jmap_get(call, &type);
}
