/*
 * Mailbox/get, /query and /changes (RFC 8621 §2).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "sandbox/jmap_changes.h"
#include "sandbox/jmap_get.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/jmap_query.h"
#include "sandbox/json.h"
#include "sandbox/mailboxes.h"

static json_t *
rights(void)
{
	return json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b}", "mayReadItems", 1,
	    "mayAddItems", 1, "mayRemoveItems", 1, "maySetSeen", 1, "maySetKeywords", 1,
	    "mayCreateChild", 1, "mayRename", 1, "mayDelete", 1, "maySubmit", 1);
}

static json_t *
get_object(struct jmap_get *get, int64_t id)
{
	struct mailbox_list found =
	    mailboxes_one(get->call->request->db, &get->call->request->account, id);
	const struct mailbox *m = found.items;
	json_t *object = NULL;

	if (found.count == 1) {
		object = json_object();
		jmap_put(get, object, "id", jmap_id(ID_MAILBOX, m->id));
		jmap_put(get, object, "name", json_cleans(m->name));
		jmap_put(get, object, "parentId",
		    m->parent == 0 ? json_null() : jmap_id(ID_MAILBOX, m->parent));
		jmap_put(get, object, "role", json_cleans(m->role));
		jmap_put(get, object, "sortOrder", json_integer(m->sort_order));
		jmap_put(get, object, "totalEmails", json_integer(m->total));
		jmap_put(get, object, "unreadEmails", json_integer(m->unread));
		jmap_put(get, object, "totalThreads", json_integer(m->total_threads));
		jmap_put(get, object, "unreadThreads", json_integer(m->unread_threads));
		jmap_put(get, object, "myRights", rights());
		jmap_put(get, object, "isSubscribed", json_boolean(m->subscribed));
	}
	mailbox_list_free(&found);
	return object;
}

json_t *
mailbox_get(struct jmap_call *call)
{
	static const char *const properties[] = {"id", "name", "parentId", "role", "sortOrder",
	    "totalEmails", "unreadEmails", "totalThreads", "unreadThreads", "myRights",
	    "isSubscribed", NULL};
	static const struct jmap_get_type type = {
	    .letter = ID_MAILBOX,
	    .kind = RECORD_MAILBOX,
	    .properties = properties,
	    .object = get_object,
	    .all = "SELECT id FROM mailbox WHERE account = ? AND destroyed = 0 ORDER BY id "
	           "LIMIT ?",
	};

	return jmap_get(call, &type);
}

json_t *
mailbox_changes(struct jmap_call *call)
{
	return jmap_changes(call, RECORD_MAILBOX);
}

struct matching {
	const struct jmap_request *request;
	const struct mailbox *mailbox;
};

static bool
condition_holds(const json_t *condition, void *context)
{
	const struct matching *m = context;
	const struct mailbox *box = m->mailbox;
	const json_t *parent = json_object_get(condition, "parentId");
	const json_t *role = json_object_get(condition, "role");
	const json_t *subscribed = json_object_get(condition, "isSubscribed");
	const json_t *any_role = json_object_get(condition, "hasAnyRole");
	const char *name = json_text(condition, "name");

	if (json_is_null(parent) && box->parent != 0)
		return false;
	if (json_is_string(parent) &&
	    jmap_number(m->request, json_string_value(parent), ID_MAILBOX) != box->parent)
		return false;
	if (json_is_null(role) && box->role != NULL)
		return false;
	if (json_is_string(role) &&
	    (box->role == NULL || strcmp(box->role, json_string_value(role)) != 0))
		return false;
	if (name != NULL && strcasestr(box->name, name) == NULL)
		return false;
	if (any_role != NULL && json_is_true(any_role) != (box->role != NULL))
		return false;
	return subscribed == NULL || json_is_true(subscribed) == box->subscribed;
}

/* qsort_r's context is the sort. */
static int
compare(const void *a, const void *b, void *context)
{
	const struct mailbox *x = *(const struct mailbox *const *)a;
	const struct mailbox *y = *(const struct mailbox *const *)b;
	size_t i;
	const json_t *comparator;

	json_array_foreach ((const json_t *)context, i, comparator) {
		bool by_name = strcmp(json_text(comparator, "property"), "name") == 0;
		int order =
		    by_name ? strcasecmp(x->name, y->name)
		            : (x->sort_order > y->sort_order) - (x->sort_order < y->sort_order);

		if (order != 0)
			return jmap_ascending(comparator) ? order : -order;
	}
	return (x->id > y->id) - (x->id < y->id);
}

/* Append those below a parent, each followed by its own. */
static void
add_tree(const struct mailbox *const *sorted, size_t count, int64_t parent, unsigned depth,
    struct jmap_found *found)
{
	for (size_t i = 0; i < count && depth < 1000; i++) {
		if (sorted[i]->parent != parent)
			continue;
		jmap_found_add(found, sorted[i]->id);
		add_tree(sorted, count, sorted[i]->id, depth + 1, found);
	}
}

/* Keep the ids whose mailbox matches, and with filterAsTree, whose ancestors do too. */
static void
keep_matching(struct jmap_call *call, const struct mailbox_list *all, struct jmap_found *found)
{
	const json_t *filter = json_object_get(call->arguments, "filter");
	bool as_tree = json_bool(call->arguments, "filterAsTree");
	size_t kept = 0;

	for (size_t i = 0; i < found->count; i++) {
		int64_t id = found->ids[i];
		bool holds = true;

		for (size_t k = 0; k < all->count && id != 0 && holds; k++) {
			struct matching m = {call->request, &all->items[k]};

			if (m.mailbox->id != id)
				continue;
			holds = jmap_filter(filter, condition_holds, &m);
			id = as_tree ? m.mailbox->parent : 0;
			k = (size_t)-1; /* look for the parent from the start */
		}
		if (holds)
			found->ids[kept++] = found->ids[i];
	}
	found->count = kept;
}

json_t *
mailbox_query(struct jmap_call *call)
{
	static const struct jmap_filter_property filter[] = {{"parentId", JMAP_ID, true},
	    {"name", JMAP_STRING, false}, {"role", JMAP_STRING, true},
	    {"hasAnyRole", JMAP_BOOLEAN, false}, {"isSubscribed", JMAP_BOOLEAN, false}, {0}};
	static const char *const sort[] = {"sortOrder", "name", NULL};
	struct mailbox_list all;
	struct jmap_found found = {0};
	const struct mailbox **sorted;
	json_t *result;

	if (!jmap_check_filter(call, filter) || !jmap_check_sort(call, sort))
		return NULL;
	all = mailboxes_all(call->request->db, &call->request->account);
	sorted = xcalloc(all.count, sizeof(const struct mailbox *));
	for (size_t i = 0; i < all.count; i++)
		sorted[i] = &all.items[i];
	qsort_r((void *)sorted, all.count, sizeof(const struct mailbox *), compare,
	    json_object_get(call->arguments, "sort"));
	if (json_bool(call->arguments, "sortAsTree"))
		add_tree(sorted, all.count, 0, 0, &found);
	else
		for (size_t i = 0; i < all.count; i++)
			jmap_found_add(&found, sorted[i]->id);
	keep_matching(call, &all, &found);
	result = jmap_window(call, &found, ID_MAILBOX, RECORD_MAILBOX);
	jmap_found_free(&found);
	free((void *)sorted);
	mailbox_list_free(&all);
	return result;
}
