/*
 * Uploads, and why none is made twice.
 *
 * Bytes first (an uploaded blob that nobody imports is forgotten by the service), then one
 * Email/import for a batch.  An import cannot be repeated blindly: services may refuse a
 * message they have (Cyrus: by its bytes), or make a second one.  So between the two the
 * blobs are written down, durably, whatever a power cut does:
 *
 *	stray.blob  ->  Email/import  ->  email + place, the stray is gone
 *
 * A run that finds a stray with a blob, or whose answer was lost, has first read what
 * changed at the service: if the import happened, the message is among it, planned to be
 * downloaded, and strays.c gives it this file by its blob, or by Message-ID and size where
 * the service changed the blob.  Only if it is not there it is imported again.
 *
 * The file is read by an open descriptor; if it is written to meanwhile it waits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "sync/change.h"
#include "sync/outgoing.h"
#include "sync/quota.h"
#include "sync/remote.h"
#include "sync/strays.h"
#include "sync/upload.h"

#define BATCH_MAX 50
#define IMPORT_MS 300000

struct item {
	int64_t n; /* row of stray; 0: not in this batch any more */
	struct mailbox *mailbox;
	char *base, *place, *file, *keywords, *blob;
	int64_t wire, received;
	bool raw;     /* the file has the bytes of the wire */
	char *new_id; /* imported as */
};

struct batch_of_items {
	struct item items[BATCH_MAX];
	size_t count;
};

static void
release(struct batch_of_items *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct item *item = &b->items[i];

		free(item->base);
		free(item->place);
		free(item->file);
		free(item->keywords);
		free(item->blob);
		free(item->new_id);
	}
	b->count = 0;
}

static void
load(struct mirror *m, int64_t *after, struct batch_of_items *b)
{
	size_t most = m->set_page < BATCH_MAX ? m->set_page : BATCH_MAX;
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT n, mailbox, base, place, wire FROM stray WHERE n > ? AND twin IS NULL"
	    " AND refused IS NULL AND wire IS NOT NULL"
	    " AND mailbox IN (SELECT n FROM mailbox WHERE two_way) ORDER BY n LIMIT ?",
	    "ii", *after, (int64_t)most);

	while (b->count < most && store_row(m->store, q)) {
		struct item *item = &b->items[b->count++];

		*item = (struct item){
		    .n = sqlite3_column_int64(q, 0),
		    .mailbox = mailboxes_by_n(&m->mailboxes, sqlite3_column_int64(q, 1)),
		    .base = store_copy(q, 2),
		    .place = store_copy(q, 3),
		    .wire = sqlite3_column_int64(q, 4),
		};
		item->file =
		    strays_file(m, sqlite3_column_int64(q, 1), item->base, item->place);
		*after = item->n;
		if (item->mailbox == NULL || item->file == NULL ||
		    !mirror_chooses(m, item->mailbox))
			item->n = 0;
	}
	store_done(q);
}

/* Report the trouble of one; what will never be better is remembered. */
static void
fail_one(struct mirror *m, struct item *item, const struct outcome *o)
{
	if (quota_is_exceeded(o))
		quota_note_full(m, item->file, o);
	else
		report_error(m->report, item->file, o);
	if (o->class == OUTCOME_PERMANENT)
		store_run(m->store, "UPDATE stray SET refused = ? WHERE n = ?", "ti", o->text,
		    item->n);
	item->n = 0;
}

/* Does this concern more than one message? */
static bool
ends_run(const struct outcome *o)
{
	return !outcome_is_ok(o) && o->reach > REACH_MESSAGE;
}

/* Bytes */

static struct outcome
upload_bytes(struct mirror *m, struct item *item, struct outgoing *out)
{
	struct http_source source = outgoing_source(out);
	struct outcome o;

	m->report->requests++;
	o = mirror_take_turn(m, out->size);
	if (outcome_is_ok(&o))
		o = jmap_upload(m->jmap, &source, "message/rfc822",
		    mirror_deadline(m, out->size), &item->blob);
	if (outcome_is_ok(&o) && !outgoing_is_same(out))
		o = outcome_make("local", "io", "somebody is writing to it");
	if (outcome_is_ok(&o)) {
		m->report->bytes_up += out->size;
		report_done(m->report, out->size);
		report_progress(m->report);
	}
	return o;
}

static struct outcome
upload_one(struct mirror *m, struct item *item)
{
	struct outgoing out = {.fd = -1};
	struct outcome o;

	if (!mailbox_may(item->mailbox, RIGHT_ADD)) {
		o = outcome_make(
		    "method", "forbidden", "%s takes no messages", item->mailbox->display);
		fail_one(m, item, &o);
		return outcome_ok();
	}
	o = outgoing_open(&out, m->root.fd, item->file);
	if (!outcome_is_ok(&o) && errno == ENOENT) {
		item->n = 0; /* renamed or gone: the next look will tell */
		o = outcome_ok();
	} else if (outcome_is_ok(&o) && out.size == item->wire) {
		item->received = (int64_t)out.st.st_mtim.tv_sec;
		item->raw = (int64_t)out.st.st_size == out.size;
		o = upload_bytes(m, item, &out);
	} else if (outcome_is_ok(&o)) {
		o = outcome_make("local", "io", "its size has changed");
	}
	outgoing_close(&out);
	if (outcome_is_ok(&o) || (ends_run(&o) && !quota_is_exceeded(&o)))
		return o;
	fail_one(m, item, &o);
	return outcome_ok();
}

/* A message that waits to be downloaded, and is this one: an import whose end we missed. */
static void
find_evidence(struct mirror *m, struct item *item)
{
	int64_t email = store_number(m->store, -1,
	    "SELECT n FROM email WHERE want_mailboxes IS NOT NULL AND aside = 0"
	    " AND keywords IS NULL AND blob = ? AND want_mailboxes <> ''",
	    "t", item->blob);

	if (email < 0)
		email = store_number(m->store, -1,
		    "SELECT n FROM email WHERE aside = 1 AND size = ? AND blob = ?", "it",
		    item->wire, item->blob);
	if (email < 0)
		return;
	strays_join(m, item->n, email);
	item->n = 0;
}

static struct outcome
upload_all(struct mirror *m, struct batch_of_items *b)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < b->count && outcome_is_ok(&o); i++) {
		if (cancel_requested())
			return outcome_make("local", "cancelled", NULL);
		if (m->full)
			b->items[i].n = 0; /* it would find no room either */
		else if (b->items[i].n != 0)
			o = upload_one(m, &b->items[i]);
	}
	if (!outcome_is_ok(&o))
		return o;
	store_durable(m->store, true);
	store_begin(m->store);
	for (size_t i = 0; i < b->count; i++)
		if (b->items[i].n != 0)
			find_evidence(m, &b->items[i]);
	for (size_t i = 0; i < b->count; i++)
		if (b->items[i].n != 0)
			store_run(m->store, "UPDATE stray SET blob = ? WHERE n = ?", "ti",
			    b->items[i].blob, b->items[i].n);
	o = store_commit(m->store);
	store_durable(m->store, false);
	return o;
}

/* Import */

static json_t *
utc_date(int64_t seconds)
{
	char text[32];
	time_t when = (time_t)seconds;
	struct tm tm;

	if (seconds < 0 || gmtime_r(&when, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return NULL;
	return json_string(text);
}

static json_t *
email_object(const struct item *item)
{
	json_t *keywords = json_object(), *received = utc_date(item->received);
	json_t *object;
	struct keywords set;

	keywords_parse(item->keywords, &set);
	for (size_t i = 0; i < set.count; i++)
		json_object_set_new(keywords, set.names[i], json_true());
	keywords_free(&set);
	object = json_pack("{s:s, s:{s:b}, s:o}", "blobId", item->blob, "mailboxIds",
	    item->mailbox->id, 1, "keywords", keywords);
	if (received != NULL)
		json_object_set_new(object, "receivedAt", received);
	return object;
}

static char *
creation_id(const struct item *item)
{
	return xasprintf("s%lld", (long long)item->n);
}

/* It is there now, and both sides agree on it. */
static void
record_created(struct mirror *m, struct item *item, const json_t *created)
{
	const char *id = json_get_id(created, "id"), *blob = json_get_id(created, "blobId");
	int64_t email;

	item->new_id = xstrdup(id);
	email = store_number(m->store, -1, "SELECT n FROM email WHERE id = ?", "t", id);
	if (email >= 0) {
		strays_join(m, item->n, email);
		return;
	}
	store_run(m->store,
	    "INSERT INTO email(id, blob, size, received, rank, raw, keywords)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?)",
	    "ttiiiit", id, blob != NULL ? blob : item->blob,
	    json_get_count(created, "size", item->wire), item->received,
	    (int64_t)(item->mailbox->inbox ? 0 : 1), (int64_t)item->raw, item->keywords);
	email = store_last_id(m->store);
	remote_note_import(m, id);
	store_run(m->store,
	    "INSERT INTO place(email, mailbox, base, place, inode)"
	    " SELECT ?, mailbox, base, place, inode FROM stray WHERE n = ?",
	    "ii", email, item->n);
	store_run(m->store, "DELETE FROM stray WHERE n = ?", "i", item->n);
}

/* The service has it already, perhaps in a mailbox that is not mirrored. */
static void
record_existing(struct mirror *m, const struct item *item, const char *id)
{
	int64_t email = store_number(m->store, -1, "SELECT n FROM email WHERE id = ?", "t", id);

	if (email < 0) {
		store_run(m->store,
		    "INSERT INTO email(id, blob, size, received, rank, raw, want_keywords,"
		    " want_mailboxes) VALUES(?, ?, ?, ?, 1, ?, '', '')",
		    "ttiii", id, item->blob, item->wire, item->received, (int64_t)item->raw);
		email = store_last_id(m->store);
		remote_note_import(m, id);
	}
	strays_join(m, item->n, email);
}

/* Is the id that of a message of which we know that it is another one? */
static bool
is_another(struct mirror *m, const struct item *item, const char *id)
{
	return id != NULL &&
	       store_number(m->store, 0,
	           "SELECT count(*) FROM email WHERE id = ? AND blob <> ? AND size <> ?", "tti",
	           id, item->blob, item->wire) != 0;
}

static void
read_result(struct mirror *m, struct item *item, const json_t *result)
{
	char *key = creation_id(item);
	json_t *object = NULL;
	struct outcome o = jmap_created(result, key, &object);
	const char *existing =
	    outcome_is(&o, "set/alreadyExists") ? json_get_id(object, "existingId") : NULL;

	if (outcome_is_ok(&o) && json_get_id(object, "id") == NULL)
		o = outcome_make("answer", "missing", "id of what was imported");
	if (is_another(m, item, existing) ||
	    (outcome_is_ok(&o) && is_another(m, item, json_get_id(object, "id")))) {
		o = outcome_make("answer", "id", "the id of another message");
		existing = NULL;
	}
	if (existing != NULL) {
		record_existing(m, item, existing);
	} else if (outcome_is_ok(&o)) {
		record_created(m, item, object);
		quota_note_room(m);
	} else {
		fail_one(m, item, &o);
	}
	free(key);
}

static size_t
count_left(const struct batch_of_items *b)
{
	size_t left = 0;

	for (size_t i = 0; i < b->count; i++)
		left += b->items[i].n != 0 ? 1 : 0;
	return left;
}

static void
report_uploaded(struct mirror *m, const struct batch_of_items *b)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct item *item = &b->items[i];

		if (item->new_id == NULL && (!m->options.dry_run || item->n == 0))
			continue;
		m->report->uploaded++;
		report_event(m->report, "uploaded",
		    json_pack("{s:s*, s:s, s:s}", "id", item->new_id, "mailbox",
		        item->mailbox->display, "file", item->file),
		    "%s to %s", item->file, item->mailbox->display);
	}
}

static struct outcome
import_all(struct mirror *m, struct batch_of_items *b)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	json_t *emails = json_object(), *result;
	const char *call;
	struct outcome o;

	for (size_t i = 0; i < b->count; i++) {
		char *key = creation_id(&b->items[i]);

		if (b->items[i].n != 0)
			json_object_set_new(emails, key, email_object(&b->items[i]));
		free(key);
	}
	call = jmap_email_import_call(request, emails);
	m->report->requests++;
	o = jmap_send(m->jmap, request, false, deadline_in_ms(IMPORT_MS), &response);
	if (outcome_is_ok(&o))
		o = jmap_result(response, call, NULL, &result);
	if (outcome_is_ok(&o)) {
		store_begin(m->store);
		for (size_t i = 0; i < b->count; i++)
			if (b->items[i].n != 0)
				read_result(m, &b->items[i], result);
		o = store_commit(m->store);
	}
	if (outcome_is_ok(&o))
		report_uploaded(m, b);
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

static struct outcome
one_batch(struct mirror *m, struct batch_of_items *b)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < b->count && outcome_is_ok(&o); i++)
		if (b->items[i].n != 0)
			o = change_keywords_of(
			    m, b->items[i].mailbox, b->items[i].place, &b->items[i].keywords);
	if (!outcome_is_ok(&o))
		return o;
	if (m->options.dry_run) {
		report_uploaded(m, b);
		return o;
	}
	o = mirror_start_changing(m);
	if (outcome_is_ok(&o))
		o = upload_all(m, b);
	return outcome_is_ok(&o) && count_left(b) != 0 ? import_all(m, b) : o;
}

#define TO_UPLOAD                                                                 \
	" FROM stray WHERE twin IS NULL AND refused IS NULL AND wire IS NOT NULL" \
	" AND mailbox IN (SELECT n FROM mailbox WHERE two_way)"

struct outcome
upload_strays(struct mirror *m)
{
	struct batch_of_items b = {.count = 0};
	struct outcome o = outcome_ok();
	int64_t after = 0;
	int64_t waiting = store_number(m->store, 0, "SELECT count(*)" TO_UPLOAD, "");

	m->report->wanted += waiting;
	m->report->wanted_bytes += store_number(m->store, 0, "SELECT sum(wire)" TO_UPLOAD, "");
	if (!quota_allows(m, waiting))
		return store_error(m->store);
	while (outcome_is_ok(&o) && !m->full) {
		load(m, &after, &b);
		if (b.count == 0)
			break;
		o = one_batch(m, &b);
		release(&b);
	}
	release(&b);
	return outcome_is_ok(&o) ? store_error(m->store) : o;
}
