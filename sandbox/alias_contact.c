/*
 * Contacts of an alias.
 */
#include <stdlib.h>

#include "sandbox/alias_acts.h"
#include "sandbox/alias_name.h"
#include "sandbox/alias_owner.h"

void
act_contacts(struct alias_call *c)
{
	int64_t owner = alias_owner(c->db, c->id), page;
	json_t *list;
	sqlite3_stmt *row;

	if (!alias_page(c, "page_id", &page))
		return;
	if (owner == 0) {
		alias_error(c, 404, "No such alias");
		return;
	}
	if (!alias_own(c, owner))
		return;
	list = json_array();
	row = db_query(c->db,
	    "SELECT id FROM contact WHERE alias = ? ORDER BY id DESC LIMIT ? OFFSET ?", "iii",
	    c->id, (int64_t)ALIAS_PAGE, page * ALIAS_PAGE);
	while (db_next(c->db, row))
		json_array_append_new(
		    list, alias_contact_object(c->db, sqlite3_column_int64(row, 0), false));
	alias_say(c, 200, json_pack("{s:o}", "contacts", list));
}

static bool
is_reverse(struct db *d, const char *email)
{
	return db_int(d, 0, "SELECT 1 FROM contact WHERE reply = ?", "t", email) == 1;
}

/* Make the contact that the text means, or refuse it. */
static void
create(struct alias_call *c, const char *text)
{
	char *name, *email;
	bool existed;
	int64_t contact;

	if (!alias_contact_read(text, &name, &email)) {
		alias_error(c, 400, "%s is not a valid email address", text);
		return;
	}
	if (is_reverse(c->db, email)) {
		alias_error(c, 400, "%s is not a valid email address", text);
	} else {
		contact =
		    alias_contact_add(c->db, c->config, c->now, c->id, email, name, &existed);
		alias_say(
		    c, existed ? 200 : 201, alias_contact_object(c->db, contact, existed));
	}
	free(name);
	free(email);
}

void
act_contact_create(struct alias_call *c)
{
	const char *text;

	if (!alias_need_body(c) || !alias_own(c, alias_owner(c->db, c->id)) ||
	    !alias_text(c, "contact", &text))
		return;
	if (text == NULL || *text == '\0')
		alias_error(c, 400, "Empty address is not a valid email address");
	else if (!alias_user_may_contact(c->config, &c->me, c->now))
		alias_error(c, 403, "Please upgrade to premium to create reverse-alias");
	else
		create(c, text);
}

void
act_contact_toggle(struct alias_call *c)
{
	if (!alias_own(c, alias_contact_owner(c->db, c->id)))
		return;
	db_run(c->db, "UPDATE contact SET blocked = NOT blocked WHERE id = ?", "i", c->id);
	alias_say(c, 200,
	    json_pack("{s:b}", "block_forward",
	        (int)db_int(c->db, 0, "SELECT blocked FROM contact WHERE id = ?", "i", c->id)));
}

void
act_contact_delete(struct alias_call *c)
{
	if (!alias_own(c, alias_contact_owner(c->db, c->id)))
		return;
	alias_contact_purge(c->db, c->id);
	alias_say(c, 200, json_pack("{s:b}", "deleted", 1));
}
