/*
 * The EmailSubmission records.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/json_read.h"
#include "common/base/json_write.h"
#include "common/base/xalloc.h"
#include "sandbox/submissions.h"

void
submission_free(struct submission *s)
{
	free(s->message_id);
	json_decref(s->envelope);
	json_decref(s->delivery);
	*s = (struct submission){0};
}

const char *
undo_status_text(enum undo_status undo)
{
	static const char *const texts[] = {
	    [UNDO_PENDING] = "pending",
	    [UNDO_FINAL] = "final",
	    [UNDO_CANCELED] = "canceled",
	};

	return texts[undo];
}

bool
submissions_vanish(const struct options *o)
{
	return strcmp(o->submissions, "vanish") == 0;
}

void
submission_add(struct db *d, struct account *a, struct submission *s, bool hidden)
{
	int64_t modseq = account_touch(a, RECORD_SUBMISSION);
	char *envelope = json_write_text(s->envelope);
	char *delivery = s->delivery == NULL ? NULL : json_write_text(s->delivery);

	db_run(d,
	    "INSERT INTO submission (account, email, thread, hash, message_id, envelope,"
	    " send_at, undo, outbox, delivery, created, modseq, destroyed)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    "iiibttiiitiii", a->id, s->email, s->thread, s->hash, (size_t)BLOB_HASH,
	    s->message_id, envelope, s->send_at, (int64_t)s->undo, s->outbox, delivery, modseq,
	    modseq, (int64_t)hidden);
	s->id = db_last_id(d);
	s->account = a->id;
	free(envelope);
	free(delivery);
}

static json_t *
column_json(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text == NULL ? NULL : json_read(text, strlen(text));
}

void
submission_read(sqlite3_stmt *row, struct submission *s)
{
	*s = (struct submission){
	    .id = sqlite3_column_int64(row, 0),
	    .account = sqlite3_column_int64(row, 1),
	    .email = sqlite3_column_int64(row, 2),
	    .thread = sqlite3_column_int64(row, 3),
	    .message_id = xstrdup((const char *)sqlite3_column_text(row, 5)),
	    .envelope = column_json(row, 6),
	    .send_at = sqlite3_column_int64(row, 7),
	    .undo = (enum undo_status)sqlite3_column_int(row, 8),
	    .outbox = sqlite3_column_int64(row, 9),
	    .delivery = column_json(row, 10),
	};
	if (sqlite3_column_bytes(row, 4) == BLOB_HASH)
		memcpy(s->hash, sqlite3_column_blob(row, 4), BLOB_HASH);
}

bool
submission_load(struct db *d, const struct account *a, int64_t id, struct submission *s)
{
	sqlite3_stmt *row = db_query(d,
	    "SELECT " SUBMISSION_COLUMNS
	    " FROM submission WHERE id = ? AND account = ? AND destroyed = 0",
	    "ii", id, a->id);

	*s = (struct submission){0};
	if (!db_next(d, row))
		return false;
	submission_read(row, s);
	db_finish(row);
	return true;
}

void
submission_change(struct db *d, struct account *a, const struct submission *s, bool hidden)
{
	char *delivery = s->delivery == NULL ? NULL : json_write_text(s->delivery);

	db_run(d,
	    "UPDATE submission SET undo = ?, outbox = ?, delivery = ?, modseq = ?,"
	    " destroyed = max(destroyed, ?) WHERE id = ?",
	    "iitiii", (int64_t)s->undo, s->outbox, delivery,
	    account_touch(a, RECORD_SUBMISSION), (int64_t)hidden, s->id);
	free(delivery);
}

void
submission_destroy(struct db *d, struct account *a, int64_t id)
{
	db_run(d, "UPDATE submission SET destroyed = 1, modseq = ? WHERE id = ?", "ii",
	    account_touch(a, RECORD_SUBMISSION), id);
}

int64_t
submission_email(struct db *d, const struct account *a, int64_t id)
{
	return db_int(
	    d, 0, "SELECT email FROM submission WHERE id = ? AND account = ?", "ii", id, a->id);
}
