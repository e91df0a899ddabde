/*
 * Aliases changed, switched, and deleted.
 */
#include <stdlib.h>
#include <string.h>

#include "sandbox/alias_acts.h"
#include "sandbox/alias_owner.h"

#define NAME_LENGTH 128
#define DAY         86400

static void
set_note(struct alias_call *c)
{
	const char *note;

	if (alias_text(c, "note", &note))
		db_run(c->db, "UPDATE alias SET note = ? WHERE id = ?", "ti", note, c->id);
}

static void
set_mailbox(struct alias_call *c)
{
	const json_t *id = json_object_get(c->body, "mailbox_id");
	int64_t mailbox = json_is_integer(id)  ? json_integer_value(id)
	                  : json_is_string(id) ? strtoll(json_string_value(id), NULL, 10)
	                                       : 0;

	if (alias_mailbox_good(c->db, c->user, mailbox) == 0)
		alias_error(c, 400, "Forbidden");
	else
		db_run(
		    c->db, "UPDATE alias SET mailbox = ? WHERE id = ?", "ii", mailbox, c->id);
}

static void
set_mailboxes(struct alias_call *c)
{
	json_t *ids = alias_mailbox_ids(c);
	size_t i;
	const json_t *id;

	if (ids == NULL)
		return;
	db_run(c->db, "DELETE FROM alias_mailbox WHERE alias = ?", "i", c->id);
	json_array_foreach (ids, i, id) {
		if (i == 0)
			db_run(c->db, "UPDATE alias SET mailbox = ? WHERE id = ?", "ii",
			    (int64_t)json_integer_value(id), c->id);
		else
			db_run(c->db, "INSERT INTO alias_mailbox VALUES (?, ?)", "ii", c->id,
			    (int64_t)json_integer_value(id));
	}
	json_decref(ids);
}

static void
set_name(struct alias_call *c)
{
	const char *name;
	struct buf line = BUF_INIT;
	size_t characters = 0;

	if (!alias_text(c, "name", &name))
		return;
	for (const char *p = name; p != NULL && *p != '\0'; p++) {
		characters += ((unsigned char)*p & 0xc0) != 0x80;
		if (*p != '\n')
			buf_addc(&line, *p);
	}
	if (characters > NAME_LENGTH)
		alias_error(c, 400, "Name can't be longer than 128 characters");
	else
		db_run(c->db, "UPDATE alias SET name = ? WHERE id = ?", "ti",
		    name == NULL || *name == '\0' ? NULL : buf_str(&line), c->id);
	buf_free(&line);
}

/* What Python takes for true is no column's business: only true and false are stored. */
static bool
read_flag(struct alias_call *c, const char *key, int64_t *flag_r)
{
	const json_t *value = json_object_get(c->body, key);

	*flag_r = json_is_true(value);
	if (json_is_boolean(value))
		return true;
	alias_break(c);
	return false;
}

static void
set_disable_pgp(struct alias_call *c)
{
	int64_t flag;

	if (read_flag(c, "disable_pgp", &flag))
		db_run(
		    c->db, "UPDATE alias SET disable_pgp = ? WHERE id = ?", "ii", flag, c->id);
}

static void
set_pinned(struct alias_call *c)
{
	int64_t flag;

	if (read_flag(c, "pinned", &flag))
		db_run(c->db, "UPDATE alias SET pinned = ? WHERE id = ?", "ii", flag, c->id);
}

void
act_alias_patch(struct alias_call *c)
{
	static const struct {
		const char *key;
		void (*set)(struct alias_call *);
	} members[] = {
	    {"note", set_note},
	    {"mailbox_id", set_mailbox},
	    {"mailbox_ids", set_mailboxes},
	    {"name", set_name},
	    {"disable_pgp", set_disable_pgp},
	    {"pinned", set_pinned},
	};

	if (!alias_need_body(c) || !alias_own(c, alias_owner(c->db, c->id)))
		return;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && c->status == 0; i++)
		if (json_object_get(c->body, members[i].key) != NULL)
			members[i].set(c);
	if (c->status == 0)
		alias_say(c, 200, json_pack("{s:b}", "ok", 1));
}

void
act_alias_toggle(struct alias_call *c)
{
	if (!alias_own(c, alias_owner(c->db, c->id)))
		return;
	db_run(c->db, "UPDATE alias SET enabled = NOT enabled WHERE id = ?", "i", c->id);
	alias_say(c, 200,
	    json_pack("{s:b}", "enabled",
	        (int)db_int(c->db, 0, "SELECT enabled FROM alias WHERE id = ?", "i", c->id)));
}

/* The first time an alias of the service's domains goes to the trash, the second for good. */
void
act_alias_delete(struct alias_call *c)
{
	bool kept;

	if (!alias_own(c, alias_owner(c->db, c->id)))
		return;
	kept = !c->me.purge && c->config->trash_days > 0 &&
	       db_int(c->db, 0,
	           "SELECT custom_domain IS NULL AND delete_on IS NULL FROM alias WHERE id = ?",
	           "i", c->id) == 1;
	if (kept)
		db_run(c->db, "UPDATE alias SET enabled = 0, delete_on = ? WHERE id = ?", "ii",
		    c->now + c->config->trash_days * DAY, c->id);
	else
		alias_purge(c->db, c->now, c->id);
	alias_say(c, 200, json_pack("{s:b}", "deleted", 1));
}
