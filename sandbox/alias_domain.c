/*
 * Custom domains.
 */
#include <string.h>

#include "sandbox/alias_acts.h"
#include "sandbox/alias_owner.h"

static json_t *
domain_mailboxes(struct alias_call *c, int64_t domain)
{
	json_t *list = json_array();
	/* Without mailboxes of its own, a domain has the user's default one. */
	sqlite3_stmt *row = db_query(c->db,
	    "SELECT id, email FROM mailbox WHERE id IN (SELECT mailbox FROM domain_mailbox "
	    "WHERE"
	    " domain = ?1) OR (id = ?2 AND NOT EXISTS (SELECT 1 FROM domain_mailbox WHERE"
	    " domain = ?1)) ORDER BY id",
	    "ii", domain, c->me.mailbox);

	while (db_next(c->db, row))
		json_array_append_new(list,
		    json_pack("{s:I, s:o}", "id", (json_int_t)sqlite3_column_int64(row, 0),
		        "email", alias_column(row, 1)));
	return list;
}

/* The domains of the user, or the one. */
static json_t *
domain_objects(struct alias_call *c, int64_t one)
{
	json_t *list = json_array();
	sqlite3_stmt *row = db_query(c->db,
	    "SELECT id, domain, verified, created, catch_all, name, random_prefix,"
	    " (SELECT count(*) FROM alias WHERE custom_domain = d.id) FROM custom_domain AS d"
	    " WHERE user = ?1 AND (?2 = 0 OR id = ?2) ORDER BY id",
	    "ii", c->user, one);

	while (db_next(c->db, row)) {
		int64_t id = sqlite3_column_int64(row, 0),
		        created = sqlite3_column_int64(row, 3);

		json_array_append_new(list,
		    json_pack("{s:I, s:o, s:b, s:o, s:I, s:b, s:o, s:b, s:I, s:o}", "id",
		        (json_int_t)id, "domain_name", alias_column(row, 1), "is_verified",
		        sqlite3_column_int(row, 2), "creation_date", alias_date(created),
		        "creation_timestamp", (json_int_t)created, "catch_all",
		        sqlite3_column_int(row, 4), "name", alias_column(row, 5),
		        "random_prefix_generation", sqlite3_column_int(row, 6), "nb_alias",
		        (json_int_t)sqlite3_column_int64(row, 7), "mailboxes",
		        domain_mailboxes(c, id)));
	}
	return list;
}

void
act_domains(struct alias_call *c)
{
	alias_say(c, 200, json_pack("{s:o}", "custom_domains", domain_objects(c, 0)));
}

static bool
set_mailboxes(struct alias_call *c)
{
	const json_t *ids = json_object_get(c->body, "mailbox_ids");
	size_t i;
	const json_t *id;

	json_array_foreach (ids, i, id) {
		if (alias_mailbox_good(c->db, c->user, json_integer_value(id)) == 0) {
			alias_error(c, 400, "Forbidden");
			return false;
		}
	}
	if (json_array_size(ids) > 0)
		db_run(c->db, "DELETE FROM domain_mailbox WHERE domain = ?", "i", c->id);
	json_array_foreach (ids, i, id)
		db_run(c->db, "INSERT INTO domain_mailbox VALUES (?, ?) ON CONFLICT DO NOTHING",
		    "ii", c->id, (int64_t)json_integer_value(id));
	return true;
}

void
act_domain_patch(struct alias_call *c)
{
	const json_t *catch_all, *random;
	const char *name;
	json_t *list;

	if (!alias_need_body(c) || !alias_own(c, alias_domain_owner(c->db, c->id)) ||
	    !alias_text(c, "name", &name))
		return;
	catch_all = json_object_get(c->body, "catch_all");
	random = json_object_get(c->body, "random_prefix_generation");
	if (catch_all != NULL)
		db_run(c->db, "UPDATE custom_domain SET catch_all = ? WHERE id = ?", "ii",
		    (int64_t)json_is_true(catch_all), c->id);
	if (random != NULL)
		db_run(c->db, "UPDATE custom_domain SET random_prefix = ? WHERE id = ?", "ii",
		    (int64_t)json_is_true(random), c->id);
	if (json_object_get(c->body, "name") != NULL)
		db_run(
		    c->db, "UPDATE custom_domain SET name = ? WHERE id = ?", "ti", name, c->id);
	if (!set_mailboxes(c))
		return;
	list = domain_objects(c, c->id);
	alias_say(c, 200, json_pack("{s:O}", "custom_domain", json_array_get(list, 0)));
	json_decref(list);
}

void
act_domain_trash(struct alias_call *c)
{
	json_t *list;
	sqlite3_stmt *row;

	if (!alias_own(c, alias_domain_owner(c->db, c->id)))
		return;
	list = json_array();
	row = db_query(c->db,
	    "SELECT email, created FROM gone WHERE custom_domain = ? ORDER BY created DESC, "
	    "email",
	    "i", c->id);
	while (db_next(c->db, row))
		json_array_append_new(
		    list, json_pack("{s:o, s:I}", "alias", alias_column(row, 0),
		              "deletion_timestamp", (json_int_t)sqlite3_column_int64(row, 1)));
	alias_say(c, 200, json_pack("{s:o}", "aliases", list));
}
