/*
 * Aliases and contacts as the API shows them; contacts and what is logged of them.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_call.h"
#include "sandbox/alias_model.h"
#include "sandbox/alias_name.h"

static json_t *
mailbox_list(struct db *d, int64_t alias, enum alias_form form)
{
	json_t *list = json_array();
	/* Alone, an alias has its primary mailbox first, in whatever order the others come. */
	sqlite3_stmt *row = db_query(d,
	    "SELECT m.id, m.email FROM mailbox AS m, alias AS a WHERE a.id = ?1 AND"
	    " (m.id = a.mailbox OR m.id IN (SELECT mailbox FROM alias_mailbox WHERE alias = "
	    "?1))"
	    " AND (m.verified OR ?2) ORDER BY CASE WHEN ?2 THEN m.id != a.mailbox ELSE 0 END,"
	    " CASE WHEN ?2 THEN m.id ELSE m.email END",
	    "ii", alias, (int64_t)(form == ALIAS_ALONE));

	while (db_next(d, row))
		json_array_append_new(list,
		    json_pack("{s:I, s:o}", "id", (json_int_t)sqlite3_column_int64(row, 0),
		        "email", alias_column(row, 1)));
	return list;
}

static json_t *
latest_activity(struct db *d, int64_t alias)
{
	sqlite3_stmt *row = db_query(d,
	    "SELECT l.created, l.action, l.contact, c.email, c.name FROM log AS l JOIN contact "
	    "AS"
	    " c ON c.id = l.contact WHERE l.alias = ? ORDER BY l.created DESC, l.id DESC LIMIT "
	    "1",
	    "i", alias);
	json_t *activity;
	int64_t contact;
	char *display;

	if (!db_next(d, row))
		return json_null();
	contact = sqlite3_column_int64(row, 2);
	activity = json_pack("{s:I, s:o, s:{s:o, s:o}}", "timestamp",
	    (json_int_t)sqlite3_column_int64(row, 0), "action", alias_column(row, 1), "contact",
	    "email", alias_column(row, 3), "name", alias_column(row, 4));
	db_finish(row);
	display = alias_contact_display(d, contact);
	json_object_set_new(
	    json_object_get(activity, "contact"), "reverse_alias", json_cleans(display));
	free(display);
	return activity;
}

static void
add_counts(struct db *d, int64_t alias, json_t *object)
{
	sqlite3_stmt *row = db_query(d,
	    "SELECT count(*) FILTER (WHERE action = 'block'),"
	    " count(*) FILTER (WHERE action = 'forward'),"
	    " count(*) FILTER (WHERE action = 'reply') FROM log WHERE alias = ?",
	    "i", alias);

	if (db_next(d, row)) {
		json_object_set_new(
		    object, "nb_block", json_integer(sqlite3_column_int64(row, 0)));
		json_object_set_new(
		    object, "nb_forward", json_integer(sqlite3_column_int64(row, 1)));
		json_object_set_new(
		    object, "nb_reply", json_integer(sqlite3_column_int64(row, 2)));
	}
	db_finish(row);
}

/* What only the longer forms have. */
static void
add_details(struct db *d, int64_t alias, enum alias_form form, json_t *object)
{
	sqlite3_stmt *row = db_query(d,
	    "SELECT a.name, a.disable_pgp, a.pinned, m.id, m.email, EXISTS (SELECT 1 FROM"
	    " mailbox WHERE pgp AND (id = a.mailbox OR id IN (SELECT mailbox FROM alias_mailbox"
	    " WHERE alias = a.id))) FROM alias AS a JOIN mailbox AS m ON m.id = a.mailbox"
	    " WHERE a.id = ?",
	    "i", alias);

	if (db_next(d, row))
		json_object_update_new(object,
		    json_pack("{s:o, s:b, s:b, s:{s:I, s:o}, s:b}", "name",
		        alias_column(row, 0), "disable_pgp", sqlite3_column_int(row, 1),
		        "pinned", sqlite3_column_int(row, 2), "mailbox", "id",
		        (json_int_t)sqlite3_column_int64(row, 3), "email", alias_column(row, 4),
		        "support_pgp", sqlite3_column_int(row, 5)));
	db_finish(row);
	json_object_set_new(object, "mailboxes", mailbox_list(d, alias, form));
	json_object_set_new(object, "latest_activity", latest_activity(d, alias));
}

json_t *
alias_object(struct db *d, int64_t alias, enum alias_form form)
{
	sqlite3_stmt *row = db_query(
	    d, "SELECT email, enabled, created, note FROM alias WHERE id = ?", "i", alias);
	json_t *object;
	int64_t created;

	if (!db_next(d, row))
		return NULL;
	created = sqlite3_column_int64(row, 2);
	object = json_pack("{s:I, s:o, s:b, s:o, s:I, s:o}", "id", (json_int_t)alias, "email",
	    alias_column(row, 0), "enabled", sqlite3_column_int(row, 1), "creation_date",
	    alias_date(created), "creation_timestamp", (json_int_t)created, "note",
	    alias_column(row, 3));
	db_finish(row);
	add_counts(d, alias, object);
	if (form != ALIAS_SHORT)
		add_details(d, alias, form, object);
	return object;
}

char *
alias_contact_display(struct db *d, int64_t contact)
{
	struct buf display = BUF_INIT;
	sqlite3_stmt *row = db_query(d,
	    "SELECT c.name, c.email, c.reply, u.sender_format FROM contact AS c JOIN user AS u "
	    "ON"
	    " u.id = c.user WHERE c.id = ?",
	    "i", contact);

	if (db_next(d, row))
		alias_reverse_display(alias_column_text(row, 0), alias_column_text(row, 1),
		    alias_column_text(row, 2), alias_column_text(row, 3), &display);
	db_finish(row);
	buf_adds(&display, "");
	return buf_steal(&display);
}

json_t *
alias_contact_object(struct db *d, int64_t contact, bool existed)
{
	char *display = alias_contact_display(d, contact);
	int64_t sent =
	    db_int(d, 0, "SELECT max(created) FROM log WHERE contact = ? AND action = 'reply'",
	        "i", contact);
	sqlite3_stmt *row = db_query(
	    d, "SELECT email, created, reply, blocked FROM contact WHERE id = ?", "i", contact);
	json_t *object = NULL;

	if (db_next(d, row)) {
		int64_t created = sqlite3_column_int64(row, 1);

		object = json_pack("{s:I, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:b, s:b}", "id",
		    (json_int_t)contact, "contact", alias_column(row, 0), "creation_date",
		    alias_date(created), "creation_timestamp", (json_int_t)created,
		    "last_email_sent_date", alias_date(sent), "last_email_sent_timestamp",
		    alias_time(sent), "reverse_alias", json_cleans(display),
		    "reverse_alias_address", alias_column(row, 2), "block_forward",
		    sqlite3_column_int(row, 3), "existed", existed);
	}
	db_finish(row);
	free(display);
	return object;
}

/* Where the reverse aliases of an alias are: its own domain if that is marked so. */
static char *
reverse_domain(struct db *d, const struct alias_config *config, int64_t alias)
{
	char *domain = db_text(d,
	    "SELECT d.name FROM domain AS d, alias AS a WHERE a.id = ? AND d.reverse AND"
	    " a.custom_domain IS NULL AND a.email LIKE '%@' || d.name",
	    "i", alias);

	return domain != NULL ? domain : xstrdup(config->email_domain);
}

/* A reverse address that nobody has. */
static char *
new_reverse(struct db *d, const struct alias_config *config, int64_t alias, const char *email)
{
	char *domain = reverse_domain(d, config, alias);
	bool named = db_int(d, 1,
	                 "SELECT u.sender_in_reverse FROM user AS u JOIN alias AS a ON"
	                 " a.user = u.id WHERE a.id = ?",
	                 "i", alias) != 0;
	struct buf reply = BUF_INIT;

	do {
		buf_reset(&reply);
		alias_reverse_local(named ? email : NULL, &reply);
		buf_addf(&reply, "@%s", domain);
	} while (db_int(d, 0, "SELECT 1 FROM contact WHERE reply = ?", "t", reply.data) == 1);
	free(domain);
	return buf_steal(&reply);
}

int64_t
alias_contact_add(struct db *d, const struct alias_config *config, int64_t now, int64_t alias,
    const char *email, const char *name, bool *existed_r)
{
	int64_t contact = db_int(
	    d, 0, "SELECT id FROM contact WHERE alias = ? AND email = ?", "it", alias, email);
	char *reply;

	*existed_r = contact != 0;
	if (contact != 0) {
		if (name != NULL)
			db_run(
			    d, "UPDATE contact SET name = ? WHERE id = ?", "ti", name, contact);
		return contact;
	}
	reply = new_reverse(d, config, alias, email);
	db_run(d,
	    "INSERT INTO contact (user, alias, email, name, reply, created)"
	    " SELECT user, id, ?, ?, ?, ? FROM alias WHERE id = ?",
	    "tttii", email, name, reply, now, alias);
	free(reply);
	return db_last_id(d);
}

void
alias_contact_purge(struct db *d, int64_t contact)
{
	db_run(d, "DELETE FROM log WHERE contact = ?", "i", contact);
	db_run(d, "DELETE FROM contact WHERE id = ?", "i", contact);
}

int64_t
alias_log(struct db *d, int64_t now, int64_t contact, const char *action)
{
	int64_t id;

	db_run(d,
	    "INSERT INTO log (user, alias, contact, action, created)"
	    " SELECT user, alias, id, ?, ? FROM contact WHERE id = ?",
	    "tii", action, now, contact);
	id = db_last_id(d);
	db_run(d,
	    "UPDATE alias SET activity = max(activity, ?) WHERE id ="
	    " (SELECT alias FROM contact WHERE id = ?)",
	    "ii", now, contact);
	return id;
}
