/*
 * /sandbox/outbox: what was sent, for tests to find and to count.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/blobs.h"
#include "sandbox/control.h"
#include "sandbox/jmap.h"
#include "sandbox/json.h"
#include "sandbox/store.h"
#include "sandbox/submissions.h"

#define MESSAGE_PREFIX "/sandbox/outbox/"
#define LIST_MAX       1000 /* in one answer */

/* Begin to read; NULL with the reply filled in. */
static struct db *
begin(const struct request *r, struct reply *reply)
{
	struct db *d = store_take(r->sandbox->store);

	if (d == NULL)
		reply_error(reply, 503, "the sandbox cannot use its database", "see its log");
	else
		store_begin_read(r->sandbox->store, d);
	return d;
}

static void
end(const struct request *r, struct db *d)
{
	store_rollback(r->sandbox->store, d);
	store_give(r->sandbox->store, d);
}

static json_t *
entry(const struct submission *s, const char *inbox, int64_t size)
{
	return json_pack("{s:I, s:o, s:O, s:O, s:I, s:s, s:o, s:o}", "number", s->outbox,
	    "messageId", json_cleans(s->message_id), "mailFrom",
	    json_object_get(s->envelope, "mailFrom"), "rcptTo",
	    json_object_get(s->envelope, "rcptTo"), "size", size, "account", inbox, "sentAt",
	    json_utc_date(s->send_at), "submissionId", jmap_id(ID_SUBMISSION, s->id));
}

/* The argument without the angle brackets it may have; the caller free()s it. */
static char *
wanted_id(const struct request *r)
{
	const char *id = request_argument(r, "messageId");
	size_t length;

	if (id == NULL)
		return NULL;
	id += *id == '<';
	length = strlen(id);
	return xstrndup(id, length - (length > 0 && id[length - 1] == '>'));
}

#define LIST(condition)                                                                   \
	"SELECT " SUBMISSION_COLUMNS ", account.inbox, blob.size FROM submission"         \
	" JOIN account ON account.id = submission.account"                                \
	" JOIN blob ON blob.account = submission.account AND blob.hash = submission.hash" \
	" WHERE outbox > ?1 AND outbox > 0 " condition " ORDER BY outbox LIMIT ?2"

/* The messages after a number, in order; with messageId, those that have it. */
void
control_outbox_list(const struct request *r, struct reply *reply)
{
	const char *after = request_argument(r, "after");
	char *id = wanted_id(r);
	json_t *list = json_array();
	struct db *d = begin(r, reply);
	sqlite3_stmt *rows;

	if (d != NULL) {
		rows = db_query(d, id == NULL ? LIST("") : LIST("AND message_id = ?3"),
		    id == NULL ? "ii" : "iit", after == NULL ? 0 : strtoll(after, NULL, 10),
		    (int64_t)LIST_MAX, id);
		while (db_next(d, rows)) {
			struct submission s;

			submission_read(rows, &s);
			json_array_append_new(
			    list, entry(&s, (const char *)sqlite3_column_text(rows, 11),
			              sqlite3_column_int64(rows, 12)));
			submission_free(&s);
		}
		end(r, d);
		reply_json(reply, 200, json_incref(list));
	}
	json_decref(list);
	free(id);
}

/* Which recipients were sent a message of one Message-ID more than once, and how often. */
void
control_outbox_repeated(const struct request *r, struct reply *reply)
{
	struct db *d = begin(r, reply);
	json_t *list = json_array();
	sqlite3_stmt *rows;

	if (d != NULL) {
		rows = db_query(d,
		    "SELECT message_id, json_extract(rcpt.value, '$.email') AS recipient, "
		    "count(*)"
		    " FROM submission, json_each(envelope, '$.rcptTo') AS rcpt"
		    " WHERE outbox > 0 AND message_id IS NOT NULL"
		    " GROUP BY message_id, recipient HAVING count(*) > 1"
		    " ORDER BY message_id, recipient LIMIT ?",
		    "i", (int64_t)LIST_MAX);
		while (db_next(d, rows))
			json_array_append_new(
			    list, json_pack("{s:o, s:o, s:I}", "messageId",
			              json_cleans((const char *)sqlite3_column_text(rows, 0)),
			              "recipient",
			              json_cleans((const char *)sqlite3_column_text(rows, 1)),
			              "count", sqlite3_column_int64(rows, 2)));
		end(r, d);
		reply_json(reply, 200, json_incref(list));
	}
	json_decref(list);
}

/* The message of a number, byte for byte. */
void
control_outbox_message(const struct request *r, struct reply *reply)
{
	int64_t number = strtoll(r->path + strlen(MESSAGE_PREFIX), NULL, 10);
	struct db *d = begin(r, reply);
	struct submission s = {0};
	struct blob blob = {0};
	sqlite3_stmt *row;
	bool found;

	if (d == NULL)
		return;
	row = db_query(d,
	    "SELECT " SUBMISSION_COLUMNS " FROM submission WHERE outbox = ? AND outbox > 0",
	    "i", number);
	found = db_next(d, row);
	if (found)
		submission_read(row, &s);
	db_finish(row);
	if (found &&
	    blob_by_hash(store_blobs(r->sandbox->store), d, s.account, s.hash, &blob)) {
		buf_add(&reply->body, blob.bytes, blob.length);
		reply_header(reply, "Content-Type", "message/rfc822");
	} else {
		reply_error(reply, 404, "no message of this number was sent",
		    "GET /sandbox/outbox lists them");
	}
	blob_release(&blob);
	submission_free(&s);
	end(r, d);
}
