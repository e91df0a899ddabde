/*
 * What a test asks of the alias service itself.
 */
#include <string.h>

#include <microhttpd.h>

#include "sandbox/alias_control.h"
#include "sandbox/alias_deliver.h"
#include "sandbox/alias_seed.h"
#include "sandbox/alias_service.h"

#define ADVANCE_MAX INT64_C(10000000000)

static bool
have_service(const struct request *r, struct reply *reply)
{
	if (r->sandbox->aliases != NULL)
		return true;
	reply_error(
	    reply, 404, "there is no alias service here", "start ferry-sandbox with --aliases");
	return false;
}

void
alias_control_config(const struct request *r, struct reply *reply)
{
	struct alias_service *s = r->sandbox->aliases;

	if (!have_service(r, reply))
		return;
	alias_begin(s);
	reply_json(reply, 200, json_pack("{s:o}", "config", alias_config_json(&s->config)));
	alias_end(s, false);
}

void
alias_control_seed(const struct request *r, struct reply *reply)
{
	struct alias_service *s = r->sandbox->aliases;
	struct buf why = BUF_INIT;
	json_t *seed;
	bool taken;

	if (!have_service(r, reply))
		return;
	seed = json_loadb(r->body, r->body_length, JSON_REJECT_DUPLICATES, NULL);
	if (seed == NULL)
		buf_adds(&why, "the body is not JSON");
	alias_begin(s);
	taken = seed != NULL && alias_seed_take(s, seed, true, &why);
	if (taken && json_object_get(seed, "config") != NULL)
		alias_limits_reset(s->limits);
	if (!alias_end(s, taken))
		reply_error(reply, 507, "the aliases cannot be stored", "make room");
	else if (!taken)
		reply_error(reply, 400, buf_str(&why), "ferry-sandbox(8) describes seeds");
	else
		reply_json(reply, 200, json_object());
	json_decref(seed);
	buf_free(&why);
}

/* Do what the order says; its time. */
static int64_t
set_clock(struct alias_service *s, bool stop, int64_t advance)
{
	int64_t now;

	alias_begin(s);
	if (stop)
		s->stopped_at = alias_now(s);
	s->put_forward += advance;
	if (s->stopped_at != 0)
		s->stopped_at += advance;
	now = alias_now(s);
	alias_end(s, false);
	return now;
}

void
alias_control_clock(const struct request *r, struct reply *reply)
{
	json_t *order;
	int64_t advance;

	if (!have_service(r, reply))
		return;
	order = json_loadb(r->body, r->body_length, 0, NULL);
	advance = json_number(order, "advance", 0);
	if (!json_is_object(order) || advance < 0 || advance > ADVANCE_MAX)
		reply_error(reply, 400, "\"advance\" is a number of seconds",
		    "ferry-sandbox(8) describes the clock");
	else
		reply_json(reply, 200,
		    json_pack("{s:I}", "now",
		        (json_int_t)set_clock(
		            r->sandbox->aliases, json_bool(order, "stop"), advance)));
	json_decref(order);
}

static json_t *
show_letter(sqlite3_stmt *row)
{
	return json_pack("{s:o, s:o, s:o}", "to", alias_column(row, 0), "subject",
	    alias_column(row, 1), "code", alias_column(row, 2));
}

static json_t *
show_handled(sqlite3_stmt *row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b}", "from", alias_column(row, 0), "to",
	    alias_column(row, 1), "phase", alias_column(row, 2), "reply", alias_column(row, 3),
	    "delivered", sqlite3_column_int(row, 4));
}

static void
answer_rows(const struct request *r, struct reply *reply, const char *sql,
    json_t *(*show)(sqlite3_stmt *row))
{
	struct alias_service *s = r->sandbox->aliases;
	json_t *list;
	sqlite3_stmt *row;

	if (!have_service(r, reply))
		return;
	list = json_array();
	alias_begin(s);
	row = db_query(s->db, sql, "");
	while (db_next(s->db, row))
		json_array_append_new(list, show(row));
	alias_end(s, false);
	reply_json(reply, 200, list);
}

void
alias_control_letters(const struct request *r, struct reply *reply)
{
	answer_rows(
	    r, reply, "SELECT recipient, subject, code FROM letter ORDER BY id", show_letter);
}

void
alias_control_mail(const struct request *r, struct reply *reply)
{
	answer_rows(r, reply,
	    "SELECT sender, recipient, phase, reply, delivered FROM handled ORDER BY id",
	    show_handled);
}

/* Each ?to= of the query. */
static enum MHD_Result
collect(void *recipients, enum MHD_ValueKind kind, const char *key, const char *value)
{
	(void)kind;
	if (strcmp(key, "to") == 0 && value != NULL)
		json_array_append_new(recipients, json_cleans(value));
	return MHD_YES;
}

void
alias_control_send(const struct request *r, struct reply *reply)
{
	const char *sender = request_argument(r, "from");
	json_t *recipients, *answer;

	if (!have_service(r, reply))
		return;
	recipients = json_array();
	MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, collect, recipients);
	if (sender == NULL || json_array_size(recipients) == 0) {
		reply_error(reply, 400, "\"from\" and \"to\" are needed in the query",
		    "ferry-sandbox(8) describes mail to aliases");
	} else {
		answer = alias_deliver_foreign(
		    r->sandbox, sender, recipients, r->body, r->body_length);
		if (answer == NULL)
			reply_error(reply, 507, "the message cannot be stored", "make room");
		else
			reply_json(reply, 200, answer);
	}
	json_decref(recipients);
}
