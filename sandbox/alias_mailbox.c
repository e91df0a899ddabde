/*
 * Mailboxes of a user.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/alias_account.h"
#include "sandbox/alias_acts.h"
#include "sandbox/alias_name.h"
#include "sandbox/alias_owner.h"

#define CODE_LETTERS 24
#define RECHECK      "recheck" /* the refusal of a mailbox that the mail system turns away */

static json_t *
mailbox_object(sqlite3_stmt *row)
{
	return json_pack("{s:I, s:o, s:b, s:b, s:I, s:I}", "id",
	    (json_int_t)sqlite3_column_int64(row, 0), "email", alias_column(row, 1), "verified",
	    sqlite3_column_int(row, 2), "default", sqlite3_column_int(row, 3),
	    "creation_timestamp", (json_int_t)sqlite3_column_int64(row, 4), "nb_alias",
	    (json_int_t)sqlite3_column_int64(row, 5));
}

/* Those of the user; one only if its number is given; all, or the verified. */
static json_t *
mailbox_objects(struct alias_call *c, int64_t one, bool all)
{
	json_t *list = json_array();
	sqlite3_stmt *row = db_query(c->db,
	    "SELECT m.id, m.email, m.verified, m.id = ?2, m.created,"
	    " (SELECT count(*) FROM alias WHERE mailbox = m.id AND delete_on IS NULL) +"
	    " (SELECT count(*) FROM alias_mailbox WHERE mailbox = m.id) FROM mailbox AS m"
	    " WHERE m.user = ?1 AND (?3 = 0 OR m.id = ?3) AND (m.verified OR ?4) ORDER BY m.id",
	    "iiii", c->user, c->me.mailbox, one, (int64_t)all);

	while (db_next(c->db, row))
		json_array_append_new(list, mailbox_object(row));
	return list;
}

void
act_mailboxes_v1(struct alias_call *c)
{
	alias_say(c, 200, json_pack("{s:o}", "mailboxes", mailbox_objects(c, 0, false)));
}

void
act_mailboxes_v2(struct alias_call *c)
{
	alias_say(c, 200, json_pack("{s:o}", "mailboxes", mailbox_objects(c, 0, true)));
}

/* Send the link that proves that mail arrives there. */
static void
send_link(struct alias_call *c, int64_t mailbox, const char *email)
{
	struct buf code = BUF_INIT;

	alias_letters(CODE_LETTERS, &code);
	db_run(c->db, "UPDATE mailbox SET code = ? WHERE id = ?", "ti", code.data, mailbox);
	alias_letter(c->db, c->now, email, "Confirm your mailbox", code.data);
	buf_free(&code);
}

void
act_mailbox_create(struct alias_call *c)
{
	const char *given, *refusal;
	char *email;
	json_t *list;

	if (!alias_have_body(c) || !alias_text(c, "email", &given))
		return;
	if (c->body == NULL) {
		alias_break(c);
		return;
	}
	email = alias_canonical(given == NULL ? "" : given);
	refusal = alias_mailbox_refusal(c->db, c->config, email);
	if (*email == '\0')
		alias_error(c, 400, "Invalid email");
	else if (!alias_user_premium(&c->me, c->now))
		alias_error(c, 400, "Only available for paid plans");
	else if (alias_mailbox_used(c->db, email))
		alias_error(c, 400, "Email already used");
	else if (refusal != NULL)
		alias_error(c, 400, "Invalid email: %s", refusal);
	if (c->status == 0) {
		int64_t mailbox;

		db_run(c->db,
		    "INSERT INTO mailbox (user, email, verified, created) VALUES (?, ?, 0, ?)",
		    "iti", c->user, email, c->now);
		mailbox = db_last_id(c->db);
		send_link(c, mailbox, email);
		list = mailbox_objects(c, mailbox, true);
		alias_say(c, 201, json_incref(json_array_get(list, 0)));
		json_decref(list);
	}
	free(email);
}

/* The page behind the link of a letter. */
void
act_mailbox_verify(struct alias_call *c)
{
	const char *code = alias_argument(c, "code");

	db_run(c->db,
	    "UPDATE mailbox SET verified = 1, email = coalesce(new_email, email),"
	    " new_email = NULL, code = NULL WHERE code = ?",
	    "t", code);
	c->status = db_changes(c->db) == 1 ? 200 : 404;
	c->type = "text/html; charset=utf-8";
	buf_addf(&c->text, "<p>%s</p>\n",
	    c->status == 200 ? "The mailbox is verified." : "The link is not valid.");
}

static bool
is_set(struct alias_call *c, const char *sql)
{
	return db_int(c->db, 0, sql, "i", c->id) != 0;
}

static bool
is_verified(struct alias_call *c, int64_t mailbox)
{
	return db_int(c->db, 0, "SELECT verified FROM mailbox WHERE id = ?", "i", mailbox) != 0;
}

/* Aliases whose first mailbox this is get their next one; the others are moved or deleted. */
static void
move_or_delete_aliases(struct alias_call *c, int64_t heir)
{
	int64_t alias;

	if (heir != 0) {
		db_run(c->db,
		    "UPDATE OR IGNORE alias_mailbox SET mailbox = ? WHERE mailbox = ?", "ii",
		    heir, c->id);
		db_run(
		    c->db, "UPDATE alias SET mailbox = ? WHERE mailbox = ?", "ii", heir, c->id);
	}
	db_run(c->db, "DELETE FROM alias_mailbox WHERE mailbox = ?", "i", c->id);
	db_run(c->db,
	    "UPDATE alias SET mailbox = (SELECT min(mailbox) FROM alias_mailbox WHERE"
	    " alias = alias.id) WHERE mailbox = ? AND EXISTS (SELECT 1 FROM alias_mailbox"
	    " WHERE alias = alias.id)",
	    "i", c->id);
	db_run(c->db,
	    "DELETE FROM alias_mailbox WHERE EXISTS (SELECT 1 FROM alias WHERE id ="
	    " alias_mailbox.alias AND mailbox = alias_mailbox.mailbox)",
	    "");
	while ((alias = db_int(c->db, 0, "SELECT id FROM alias WHERE mailbox = ? LIMIT 1", "i",
	            c->id)) != 0)
		alias_purge(c->db, c->now, alias);
}

/* The real service does it in a job some time later; here it is done. */
void
act_mailbox_delete(struct alias_call *c)
{
	int64_t heir;

	if (!alias_own(c, alias_mailbox_owner(c->db, c->id)) || !alias_have_body(c))
		return;
	heir = json_number(c->body, "transfer_aliases_to", 0);
	if (is_set(c, "SELECT disabled FROM mailbox WHERE id = ?"))
		alias_error(c, 400,
		    "This mailbox has been disabled and cannot be deleted. Please contact "
		    "support.");
	else if (c->id == c->me.mailbox)
		alias_error(c, 400, "Cannot delete your default mailbox");
	else if (heir > 0 && alias_mailbox_owner(c->db, heir) != c->user)
		alias_error(c, 400, "You must transfer the aliases to a mailbox you own");
	else if (heir > 0 && heir == c->id)
		alias_error(c, 400,
		    "You can not transfer the aliases to the mailbox you want to delete");
	else if (heir > 0 && !is_verified(c, heir))
		alias_error(c, 400, "Your new mailbox is not verified");
	if (c->status != 0)
		return;
	move_or_delete_aliases(c, heir > 0 ? heir : 0);
	db_run(c->db, "DELETE FROM authorized WHERE mailbox = ?", "i", c->id);
	db_run(c->db, "DELETE FROM domain_mailbox WHERE mailbox = ?", "i", c->id);
	db_run(c->db, "DELETE FROM mailbox WHERE id = ?", "i", c->id);
	alias_say(c, 200, json_pack("{s:b}", "deleted", 1));
}

static void
change_email(struct alias_call *c, const char *given)
{
	char *email = alias_canonical(given == NULL ? "" : given);
	char *old = db_text(c->db, "SELECT email FROM mailbox WHERE id = ?", "i", c->id);
	const char *refusal = alias_mailbox_refusal(c->db, c->config, email);

	if (strcmp(email, old) == 0)
		alias_error(c, 400, "Same email");
	else if (alias_mailbox_used(c->db, email))
		alias_error(c, 400, "Email already used");
	else if (db_int(c->db, 0, "SELECT 1 FROM mailbox WHERE new_email = ? AND id != ?", "ti",
	             email, c->id) == 1)
		alias_error(c, 400, "Email already in use");
	else if (refusal != NULL && strcmp(refusal, RECHECK) == 0)
		alias_error(c, 400, "Incorrect mailbox, please recheck %s", email);
	else if (refusal != NULL)
		alias_error(c, 400, "Invalid email: %s", refusal);
	if (c->status == 0) {
		db_run(
		    c->db, "UPDATE mailbox SET new_email = ? WHERE id = ?", "ti", email, c->id);
		send_link(c, c->id, email);
	}
	free(email);
	free(old);
}

void
act_mailbox_update(struct alias_call *c)
{
	const char *email;

	if (!alias_have_body(c) || !alias_own(c, alias_mailbox_owner(c->db, c->id)))
		return;
	if (is_set(c, "SELECT disabled FROM mailbox WHERE id = ?")) {
		alias_error(c, 400, "This mailbox has been disabled. Please contact support.");
		return;
	}
	if (json_bool(c->body, "default")) {
		if (!is_verified(c, c->id))
			alias_error(
			    c, 400, "Unverified mailbox cannot be used as default mailbox");
		else
			db_run(c->db, "UPDATE user SET mailbox = ? WHERE id = ?", "ii", c->id,
			    c->user);
	}
	if (c->status == 0 && json_object_get(c->body, "email") != NULL &&
	    alias_text(c, "email", &email))
		change_email(c, email);
	if (c->status == 0 && json_bool(c->body, "cancel_email_change"))
		db_run(c->db, "UPDATE mailbox SET new_email = NULL WHERE id = ?", "i", c->id);
	if (c->status == 0)
		alias_say(c, 200, json_pack("{s:b}", "updated", 1));
}
