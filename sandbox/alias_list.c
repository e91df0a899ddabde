/*
 * Aliases looked at: lists, one, and what happened to it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_acts.h"
#include "sandbox/alias_owner.h"

/* The words of a search in a note, as its full-text match finds them: all, in any order. */
static bool
has_words(const char *note, const char *query)
{
	bool found = false;

	for (const char *p = query; *p != '\0'; p += strspn(p, " \t")) {
		size_t length = strcspn(p, " \t");
		char *word = xasprintf("%%%.*s%%", (int)length, p);

		found = length > 0 && sqlite3_strlike(word, note, 0) == 0;
		free(word);
		p += length;
		if (!found && length > 0)
			return false;
	}
	return found;
}

/* Does the row (address, note, name from column 1 on) fit the search? */
static bool
row_fits(sqlite3_stmt *row, const char *query)
{
	char *pattern;
	bool fits = false;

	if (query == NULL)
		return true;
	pattern = xasprintf("%%%s%%", query);
	for (int i = 1; i <= 3 && !fits; i++) {
		const char *text = alias_column_text(row, i);

		fits = text != NULL && sqlite3_strlike(pattern, text, '\\') == 0;
	}
	free(pattern);
	return fits || (alias_column_text(row, 2) != NULL &&
	                   has_words(alias_column_text(row, 2), query));
}

/* The page of the rows that fit, as the numbers of their aliases. */
static json_t *
page_of(struct alias_call *c, sqlite3_stmt *row, const char *query, int64_t page)
{
	json_t *ids = json_array();
	int64_t position = 0;

	while (json_array_size(ids) < ALIAS_PAGE && db_next(c->db, row))
		if (row_fits(row, query) && position++ >= page * ALIAS_PAGE)
			json_array_append_new(ids, json_integer(sqlite3_column_int64(row, 0)));
	db_finish(row);
	return ids;
}

/* Answer with the aliases of these numbers, which are taken. */
static void
answer_list(struct alias_call *c, json_t *ids, enum alias_form form)
{
	json_t *list = json_array();
	size_t i;
	const json_t *id;

	json_array_foreach (ids, i, id)
		json_array_append_new(list, alias_object(c->db, json_integer_value(id), form));
	json_decref(ids);
	alias_say(c, 200, json_pack("{s:o}", "aliases", list));
}

/* The search in the body; false if it is none that can be. */
static bool
read_query(struct alias_call *c, const char **query_r)
{
	alias_take_body(c);
	if (!alias_text(c, "query", query_r))
		return false;
	if (*query_r != NULL && **query_r == '\0')
		*query_r = NULL;
	return true;
}

void
act_aliases_v2(struct alias_call *c)
{
	const char *query;
	int64_t page;
	bool pinned = alias_has_argument(c, "pinned");
	bool disabled = !pinned && alias_has_argument(c, "disabled");
	bool enabled = !pinned && !disabled && alias_has_argument(c, "enabled");

	if (!alias_page(c, "page_id", &page) || !read_query(c, &query))
		return;
	answer_list(c,
	    page_of(c,
	        db_query(c->db,
	            "SELECT id, email, note, name FROM alias WHERE user = ?1 AND delete_on IS "
	            "NULL"
	            " AND (pinned OR NOT ?2) AND (NOT enabled OR NOT ?3) AND (enabled OR NOT "
	            "?4)"
	            " ORDER BY pinned DESC, max(created, activity) DESC, id DESC",
	            "iiii", c->user, (int64_t)pinned, (int64_t)disabled, (int64_t)enabled),
	        query, page),
	    ALIAS_LISTED);
}

void
act_aliases_v1(struct alias_call *c)
{
	const char *query;
	int64_t page;

	if (!alias_page(c, "page_id", &page) || !read_query(c, &query))
		return;
	answer_list(c,
	    page_of(c,
	        db_query(c->db,
	            "SELECT id, email, note, name FROM alias WHERE user = ? AND delete_on IS "
	            "NULL"
	            " ORDER BY created DESC, id DESC",
	            "i", c->user),
	        query, page),
	    ALIAS_SHORT);
}

void
act_alias_get(struct alias_call *c)
{
	int64_t owner = alias_owner(c->db, c->id);

	if (owner == 0)
		alias_error(c, 400, "Unknown error");
	else if (alias_own(c, owner))
		alias_say(c, 200, alias_object(c->db, c->id, ALIAS_ALONE));
}

static json_t *
activity_object(struct alias_call *c, sqlite3_stmt *row)
{
	const char *action = alias_column_text(row, 1);
	bool reply = strcmp(action, "reply") == 0;
	char *display = alias_contact_display(c->db, sqlite3_column_int64(row, 2));
	json_t *object = json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "timestamp",
	    (json_int_t)sqlite3_column_int64(row, 0), "action", alias_column(row, 1),
	    reply ? "to" : "from", alias_column(row, 3), reply ? "from" : "to",
	    alias_column(row, 5), "reverse_alias", json_cleans(display),
	    "reverse_alias_address", alias_column(row, 4));

	free(display);
	return object;
}

void
act_activities(struct alias_call *c)
{
	json_t *list;
	int64_t page;
	sqlite3_stmt *row;

	if (!alias_page(c, "page_id", &page) || !alias_own(c, alias_owner(c->db, c->id)))
		return;
	list = json_array();
	row = db_query(c->db,
	    "SELECT l.created, l.action, l.contact, c.email, c.reply, a.email FROM log AS l"
	    " JOIN contact AS c ON c.id = l.contact JOIN alias AS a ON a.id = l.alias"
	    " WHERE l.alias = ? ORDER BY l.created DESC, l.id DESC LIMIT ? OFFSET ?",
	    "iii", c->id, (int64_t)ALIAS_PAGE, page * ALIAS_PAGE);
	while (db_next(c->db, row))
		json_array_append_new(list, activity_object(c, row));
	alias_say(c, 200, json_pack("{s:o}", "activities", list));
}
