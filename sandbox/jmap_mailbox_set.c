/*
 * Mailbox/set (RFC 8621 §2.5).  A change is made on a copy of the record, property by
 * property from a table; then the whole is checked and stored.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/emails.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/jmap_set.h"
#include "sandbox/json.h"
#include "sandbox/mailboxes.h"
#include "sandbox/session.h"
#include "sandbox/words.h"

static const char *const roles[] = {"all", "archive", "drafts", "flagged", "important", "inbox",
    "junk", "sent", "subscribed", "trash", NULL};

static json_t *
invalid(const char *property, const char *why)
{
	return jmap_set_error("invalidProperties", property, "%s", why);
}

static json_t *
set_name(struct jmap_call *call, struct mailbox *m, const json_t *value)
{
	const char *name = json_string_value(value);

	(void)call;
	if (name == NULL || *name == '\0' || strlen(name) > MAIL_MAILBOX_NAME)
		return invalid("name", "a name is a string of 1 to 255 bytes");
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return invalid("name", "a name has no control characters");
	free(m->name);
	m->name = xstrdup(name);
	return NULL;
}

static json_t *
set_parent(struct jmap_call *call, struct mailbox *m, const json_t *value)
{
	const char *id = json_string_value(value);

	m->parent = id == NULL ? 0 : jmap_number(call->request, id, ID_MAILBOX);
	if (json_is_null(value))
		return NULL;
	if (m->parent == 0 ||
	    !mailbox_exists(call->request->db, &call->request->account, m->parent))
		return invalid("parentId", "there is no such mailbox");
	return NULL;
}

static json_t *
set_role(struct jmap_call *call, struct mailbox *m, const json_t *value)
{
	const char *role = json_string_value(value);
	int64_t other;

	free(m->role);
	m->role = NULL;
	if (json_is_null(value))
		return NULL;
	if (role == NULL || !text_among(role, roles))
		return invalid("role", "there is no such role");
	m->role = xstrdup(role);
	other = mailbox_by_role(call->request->db, &call->request->account, role);
	return other == 0 || other == m->id ? NULL
	                                    : invalid("role", "another mailbox has this role");
}

static json_t *
set_sort_order(struct jmap_call *call, struct mailbox *m, const json_t *value)
{
	(void)call;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > INT32_MAX)
		return invalid("sortOrder", "sortOrder is an integer from 0 to 2^31 - 1");
	m->sort_order = json_integer_value(value);
	return NULL;
}

static json_t *
set_subscribed(struct jmap_call *call, struct mailbox *m, const json_t *value)
{
	(void)call;
	if (!json_is_boolean(value))
		return invalid("isSubscribed", "isSubscribed is a boolean");
	m->subscribed = json_is_true(value);
	return NULL;
}

static const struct {
	const char *name;
	json_t *(*set)(struct jmap_call *, struct mailbox *, const json_t *);
} setters[] = {
    {"name", set_name},
    {"parentId", set_parent},
    {"role", set_role},
    {"sortOrder", set_sort_order},
    {"isSubscribed", set_subscribed},
};

/* Set each property of the object; the first SetError, or NULL. */
static json_t *
apply(struct jmap_call *call, struct mailbox *m, json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach (object, name, value) {
		json_t *error = NULL;
		size_t i = 0;

		while (i < sizeof(setters) / sizeof(setters[0]) &&
		       strcmp(setters[i].name, name) != 0)
			i++;
		if (i == sizeof(setters) / sizeof(setters[0]))
			error = invalid(name, "there is no such property that can be set");
		else
			error = setters[i].set(call, m, value);
		if (error != NULL)
			return error;
	}
	return NULL;
}

/* Does the record fit among the others? */
static json_t *
check(struct jmap_call *call, const struct mailbox *m)
{
	struct db *d = call->request->db;
	const struct account *a = &call->request->account;
	int64_t above = m->parent;

	if (m->name == NULL)
		return invalid("name", "a mailbox needs a name");
	if (mailbox_by_name(d, a, m->parent, m->name, m->id) != 0)
		return invalid("name", "another mailbox of the same parent has this name");
	if (mailbox_depth(d, a, m->parent) + 1 > MAIL_MAILBOX_DEPTH)
		return invalid("parentId", "mailboxes would be nested too deep");
	while (above != 0 && m->id != 0) {
		if (above == m->id)
			return invalid("parentId", "a mailbox cannot be below itself");
		above = db_int(d, 0, "SELECT parent FROM mailbox WHERE id = ?", "i", above);
	}
	return NULL;
}

static json_t *
create(struct jmap_call *call, json_t *object, json_t **error_r)
{
	struct mailbox m = {.subscribed = false};
	json_t *created = NULL;

	*error_r = apply(call, &m, object);
	if (*error_r == NULL)
		*error_r = check(call, &m);
	if (*error_r == NULL)
		created = json_pack("{s:o, s:i, s:i, s:i, s:i}", "id",
		    jmap_id(ID_MAILBOX,
		        mailbox_add(call->request->db, &call->request->account, &m)),
		    "totalEmails", 0, "unreadEmails", 0, "totalThreads", 0, "unreadThreads", 0);
	free(m.name);
	free(m.role);
	return created;
}

static json_t *
update(struct jmap_call *call, int64_t id, json_t *patch)
{
	struct mailbox_list found =
	    mailboxes_one(call->request->db, &call->request->account, id);
	json_t *error;

	if (found.count == 0)
		return jmap_set_error("notFound", NULL, "there is no such mailbox");
	error = apply(call, found.items, patch);
	if (error == NULL)
		error = check(call, found.items);
	if (error == NULL)
		mailbox_update(call->request->db, &call->request->account, found.items);
	mailbox_list_free(&found);
	return error;
}

/* Take every Email out of the mailbox; one that is in no other is destroyed. */
static void
empty(struct jmap_call *call, int64_t id)
{
	struct db *d = call->request->db;
	struct account *a = &call->request->account;
	int64_t email_id;

	while ((email_id = db_int(d, 0, "SELECT email FROM member WHERE mailbox = ? LIMIT 1",
	            "i", id)) != 0) {
		struct buf others = BUF_INIT;
		struct email e;
		const char *cursor;
		int64_t mailbox;

		if (!email_load(d, a, email_id, &e))
			break;
		cursor = e.mailboxes;
		while (words_next_number(&cursor, &mailbox))
			if (mailbox != id)
				words_add_number(&others, mailbox);
		if (others.len > 0)
			email_change(d, a, &e, e.keywords, others.data);
		else
			email_destroy(d, a, &e);
		buf_free(&others);
		email_free(&e);
	}
}

static json_t *
destroy(struct jmap_call *call, int64_t id)
{
	struct db *d = call->request->db;
	struct account *a = &call->request->account;

	if (!mailbox_exists(d, a, id))
		return jmap_set_error("notFound", NULL, "there is no such mailbox");
	if (mailbox_has_child(d, a, id))
		return jmap_set_error("mailboxHasChild", NULL, "the mailbox has a child");
	if (db_int(d, 0, "SELECT 1 FROM member WHERE mailbox = ? LIMIT 1", "i", id) == 1) {
		if (!json_bool(call->arguments, "onDestroyRemoveEmails"))
			return jmap_set_error(
			    "mailboxHasEmail", NULL, "there are Emails in the mailbox");
		empty(call, id);
		mailboxes_settle(d, a); /* before its end, which is its last change */
	}
	mailbox_destroy(d, a, id);
	return NULL;
}

json_t *
mailbox_set(struct jmap_call *call)
{
	static const struct jmap_set_type type = {
	    ID_MAILBOX, RECORD_MAILBOX, create, update, destroy};

	return jmap_set(call, &type);
}
