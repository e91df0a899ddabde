/*
 * Notifications, exports, Apple's payments, and phone numbers.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/alias_acts.h"
#include "sandbox/alias_service.h"
#include "sandbox/codec.h"

/* "2 minutes ago", as the library arrow says it. */
static json_t *
ago(int64_t seconds)
{
	static const struct {
		int64_t below; /* seconds */
		int64_t unit;  /* 0: the text has no number */
		const char *text;
	} words[] = {
	    {10, 0, "just now"},
	    {45, 1, "seconds"},
	    {90, 0, "a minute ago"},
	    {2700, 60, "minutes"},
	    {5400, 0, "an hour ago"},
	    {79200, 3600, "hours"},
	    {129600, 0, "a day ago"},
	    {554400, 86400, "days"},
	    {907200, 0, "a week ago"},
	    {2419200, 604800, "weeks"},
	    {3888000, 0, "a month ago"},
	    {29808000, 2592000, "months"},
	    {47304000, 0, "a year ago"},
	    {INT64_MAX, 31536000, "years"},
	};
	size_t i = 0;

	while (seconds >= words[i].below)
		i++;
	if (words[i].unit == 0)
		return json_string(words[i].text);
	seconds /= words[i].unit;
	return json_sprintf(
	    "%lld %s ago", (long long)(seconds < 2 ? 2 : seconds), words[i].text);
}

void
act_notifications(struct alias_call *c)
{
	json_t *list;
	sqlite3_stmt *row;
	int64_t page;
	bool more;

	if (!alias_page(c, "page", &page))
		return;
	list = json_array();
	row = db_query(c->db,
	    "SELECT id, title, message, read, created FROM notification WHERE user = ?"
	    " ORDER BY read, created DESC, id DESC LIMIT ? OFFSET ?",
	    "iii", c->user, (int64_t)ALIAS_PAGE + 1, page * ALIAS_PAGE);
	while (db_next(c->db, row))
		json_array_append_new(list,
		    json_pack("{s:I, s:o, s:o, s:b, s:o}", "id",
		        (json_int_t)sqlite3_column_int64(row, 0), "title", alias_column(row, 1),
		        "message", alias_column(row, 2), "read", sqlite3_column_int(row, 3),
		        "created_at", ago(c->now - sqlite3_column_int64(row, 4))));
	more = json_array_size(list) > ALIAS_PAGE;
	if (more)
		json_array_remove(list, ALIAS_PAGE);
	alias_say(c, 200, json_pack("{s:b, s:o}", "more", more, "notifications", list));
}

void
act_notification_read(struct alias_call *c)
{
	db_run(c->db, "UPDATE notification SET read = 1 WHERE id = ? AND user = ?", "ii", c->id,
	    c->user);
	if (db_changes(c->db) == 0)
		alias_forbid(c);
	else
		alias_say(c, 200, json_pack("{s:b}", "done", 1));
}

/* Rows of one query, each made an item of an array by show. */
static json_t *
rows(struct alias_call *c, sqlite3_stmt *row, json_t *(*show)(sqlite3_stmt *row))
{
	json_t *list = json_array();

	while (db_next(c->db, row))
		json_array_append_new(list, show(row));
	return list;
}

static json_t *
show_alias(sqlite3_stmt *row)
{
	return json_pack(
	    "{s:o, s:b}", "email", alias_column(row, 0), "enabled", sqlite3_column_int(row, 1));
}

static json_t *
show_app(sqlite3_stmt *row)
{
	return json_pack(
	    "{s:o, s:o}", "name", alias_column(row, 0), "home_url", alias_column(row, 1));
}

static json_t *
show_text(sqlite3_stmt *row)
{
	return alias_column(row, 0);
}

void
act_export_data(struct alias_call *c)
{
	alias_say(c, 200,
	    json_pack("{s:o, s:o, s:o, s:o, s:o}", "email", json_cleans(c->me.email), "name",
	        json_cleans(c->me.name), "aliases",
	        rows(c,
	            db_query(c->db,
	                "SELECT email, enabled FROM alias WHERE user = ? ORDER BY id", "i",
	                c->user),
	            show_alias),
	        "apps",
	        rows(c,
	            db_query(c->db, "SELECT name, url FROM app WHERE user = ? ORDER BY id", "i",
	                c->user),
	            show_app),
	        "custom_domains",
	        rows(c,
	            db_query(c->db,
	                "SELECT domain FROM custom_domain WHERE user = ? ORDER BY id", "i",
	                c->user),
	            show_text)));
}

/* Append a field of CSV, quoted if it must be. */
static void
csv(const char *text, char end, struct buf *out)
{
	bool quoted = text != NULL && strpbrk(text, ",\"\r\n") != NULL;

	if (quoted)
		buf_addc(out, '"');
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '"')
			buf_addc(out, '"');
		buf_addc(out, *text);
	}
	if (quoted)
		buf_addc(out, '"');
	if (end == '\n')
		buf_addc(out, '\r');
	buf_addc(out, end);
}

void
act_export_aliases(struct alias_call *c)
{
	sqlite3_stmt *row = db_query(c->db,
	    "SELECT a.email, a.note, a.enabled, m.email || coalesce((SELECT ' ' ||"
	    " group_concat(o.email, ' ') FROM alias_mailbox AS x JOIN mailbox AS o ON o.id ="
	    " x.mailbox WHERE x.alias = a.id), '') FROM alias AS a JOIN mailbox AS m ON m.id ="
	    " a.mailbox WHERE a.user = ? AND a.delete_on IS NULL ORDER BY a.id",
	    "i", c->user);

	buf_adds(&c->text, "alias,note,enabled,mailboxes\r\n");
	while (db_next(c->db, row)) {
		csv(alias_column_text(row, 0), ',', &c->text);
		csv(alias_column_text(row, 1), ',', &c->text);
		csv(sqlite3_column_int(row, 2) != 0 ? "True" : "False", ',', &c->text);
		csv(alias_column_text(row, 3), '\n', &c->text);
	}
	c->status = 200;
	c->type = "text/csv";
	c->headers[c->header_count][0] = "Content-Disposition";
	c->headers[c->header_count++][1] = "attachment; filename=aliases.csv";
}

/* Any receipt that is base64 is paid for. */
void
act_apple_payment(struct alias_call *c)
{
	struct buf receipt = BUF_INIT;
	const char *text;

	if (!alias_have_body(c) || !alias_text(c, "receipt_data", &text))
		return;
	if (c->body == NULL) {
		alias_break(c);
		return;
	}
	if (text == NULL || !base64_decode(text, strlen(text), &receipt) || receipt.len == 0) {
		alias_error(c, 400, "Processing failed");
	} else {
		db_run(c->db, "UPDATE user SET plan = 'premium' WHERE id = ?", "i", c->user);
		alias_say(c, 200, json_pack("{s:b}", "ok", 1));
	}
	buf_free(&receipt);
}

void
act_apple_notification(struct alias_call *c)
{
	const char *password;
	const json_t *receipts;

	if (!alias_have_body(c) || !alias_text(c, "password", &password))
		return;
	receipts =
	    json_object_get(json_object_get(c->body, "unified_receipt"), "latest_receipt_info");
	if (password == NULL || strcmp(password, c->config->apple_secret) != 0)
		alias_error(c, 401, "Unauthorized");
	else if (json_array_size(receipts) == 0)
		alias_error(c, 400, "Empty Response");
	else if (json_text(json_array_get(receipts, 0), "original_transaction_id") == NULL)
		alias_error(c, 400, "Processing failed");
	else
		alias_say(c, 200, json_pack("{s:b}", "ok", 1));
}

void
act_phone(struct alias_call *c)
{
	json_t *list;
	sqlite3_stmt *row;
	int64_t ended = db_int(c->db, -1,
	    "SELECT ended FROM reservation WHERE id = ? AND user = ?", "ii", c->id, c->user);

	if (ended < 0) {
		alias_error(c, 400, "Invalid reservation");
		return;
	}
	list = json_array();
	row = db_query(c->db,
	    "SELECT id, sender, body, created FROM sms WHERE reservation = ? ORDER BY id", "i",
	    c->id);
	while (db_next(c->db, row))
		json_array_append_new(
		    list, json_pack("{s:I, s:o, s:o, s:o}", "id",
		              (json_int_t)sqlite3_column_int64(row, 0), "from_number",
		              alias_column(row, 1), "body", alias_column(row, 2), "created_at",
		              ago(c->now - sqlite3_column_int64(row, 3))));
	alias_say(c, 200, json_pack("{s:b, s:o}", "ended", ended != 0, "messages", list));
}
