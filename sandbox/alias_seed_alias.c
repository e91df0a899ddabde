/*
 * Aliases of a seed, their contacts, and what happened to them.
 */
#include <string.h>

#include "sandbox/alias_name.h"
#include "sandbox/alias_seed_row.h"

static bool
seed_activity(struct seed *s, const json_t *object, int64_t contact)
{
	static const char *const actions[] = {"forward", "reply", "block", "bounced", NULL};
	static const struct seed_member members[] = {
	    {"action", SEED_TEXT, NULL}, {"at", SEED_TIME, NULL}, {NULL, SEED_TEXT, NULL}};
	const char *action = json_text(object, "action");

	if (!seed_check(s, "an activity", object, members))
		return false;
	if (action == NULL || !text_among(action, actions))
		return seed_mistake(
		    s, "the action of an activity is forward, reply, block or bounced");
	(void)alias_log(s->db, seed_time(s, object, "at"), contact, action);
	return true;
}

static bool
seed_contact(struct seed *s, const json_t *object, int64_t alias)
{
	static const struct seed_member members[] = {
	    {"contact", SEED_TEXT, NULL},
	    {"name", SEED_TEXT, NULL},
	    {"created", SEED_TIME, NULL},
	    {"activities", SEED_LIST, NULL},
	    {"reverse_alias_address", SEED_TEXT, "UPDATE contact SET reply = ? WHERE id = ?"},
	    {"block_forward", SEED_FLAG, "UPDATE contact SET blocked = ? WHERE id = ?"},
	    {"pgp_fails", SEED_FLAG, "UPDATE contact SET pgp_fails = ? WHERE id = ?"},
	    {NULL, SEED_TEXT, NULL},
	};
	const char *email = json_text(object, "contact");
	bool existed;
	int64_t contact;

	if (!seed_check(s, "a contact", object, members))
		return false;
	if (email == NULL || strchr(email, '@') == NULL)
		return seed_mistake(s, "a contact lacks its address, \"contact\"");
	contact = alias_contact_add(s->db, &s->service->config, seed_time(s, object, "created"),
	    alias, email, json_text(object, "name"), &existed);
	seed_store(s, object, members, contact);
	return seed_each(s, json_object_get(object, "activities"), contact, seed_activity);
}

static bool
seed_hostnames(struct seed *s, const json_t *list, int64_t user, int64_t alias)
{
	size_t i;
	const json_t *name;

	json_array_foreach (list, i, name)
		if (!json_is_string(name) ||
		    !alias_note_use(s->db, user, alias, s->now, json_string_value(name)))
			return seed_mistake(s, "a hostname is no text, or too long");
	return true;
}

/* Let these be the mailboxes of an alias that is there. */
static void
change_mailboxes(struct seed *s, int64_t alias, const json_t *mailboxes)
{
	db_run(s->db, "DELETE FROM alias_mailbox WHERE alias = ?", "i", alias);
	for (size_t i = 0; i < json_array_size(mailboxes); i++) {
		int64_t mailbox = json_integer_value(json_array_get(mailboxes, i));

		if (i == 0)
			db_run(s->db, "UPDATE alias SET mailbox = ? WHERE id = ?", "ii",
			    mailbox, alias);
		else
			db_run(s->db, "INSERT INTO alias_mailbox VALUES (?, ?)", "ii", alias,
			    mailbox);
	}
}

/* The alias of this address, made if it is missing; 0 after a mistake. */
static int64_t
find_or_make(struct seed *s, const json_t *object, int64_t user, const char *email)
{
	json_t *mailboxes = seed_mailboxes(s, json_object_get(object, "mailboxes"), user);
	int64_t alias = db_int(
	    s->db, 0, "SELECT id FROM alias WHERE email = ? AND user = ?", "ti", email, user);

	if (mailboxes == NULL)
		return 0;
	if (alias == 0 && json_array_size(mailboxes) == 0)
		json_array_append_new(mailboxes,
		    json_integer(
		        db_int(s->db, 0, "SELECT mailbox FROM user WHERE id = ?", "i", user)));
	if (alias == 0 && alias_taken(s->db, email))
		seed_mistake(s, "the alias %s is somebody else's, or gone", email);
	else if (alias == 0)
		alias = alias_add(
		    s->db, user, seed_time(s, object, "created"), email, mailboxes, NULL, NULL);
	else if (json_array_size(mailboxes) > 0)
		change_mailboxes(s, alias, mailboxes);
	json_decref(mailboxes);
	return alias;
}

bool
seed_alias(struct seed *s, const json_t *object, int64_t user)
{
	static const struct seed_member members[] = {
	    {"email", SEED_TEXT, NULL},
	    {"created", SEED_TIME, NULL},
	    {"mailboxes", SEED_LIST, NULL},
	    {"hostnames", SEED_LIST, NULL},
	    {"contacts", SEED_LIST, NULL},
	    {"name", SEED_TEXT, "UPDATE alias SET name = ? WHERE id = ?"},
	    {"note", SEED_TEXT, "UPDATE alias SET note = ? WHERE id = ?"},
	    {"enabled", SEED_FLAG, "UPDATE alias SET enabled = ? WHERE id = ?"},
	    {"pinned", SEED_FLAG, "UPDATE alias SET pinned = ? WHERE id = ?"},
	    {"disable_pgp", SEED_FLAG, "UPDATE alias SET disable_pgp = ? WHERE id = ?"},
	    {"delete_on", SEED_TIME, "UPDATE alias SET delete_on = ? WHERE id = ?"},
	    {NULL, SEED_TEXT, NULL},
	};
	const char *email = json_text(object, "email");
	int64_t alias;

	if (!seed_check(s, "an alias", object, members))
		return false;
	if (email == NULL || !alias_address_valid(email))
		return seed_mistake(s, "an alias lacks its address, \"email\"");
	alias = find_or_make(s, object, user, email);
	if (alias == 0)
		return false;
	seed_store(s, object, members, alias);
	return seed_hostnames(s, json_object_get(object, "hostnames"), user, alias) &&
	       seed_each(s, json_object_get(object, "contacts"), alias, seed_contact);
}
