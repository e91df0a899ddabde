/*
 * Emails as the service describes them: asked for, and written into the state as what is to be
 * done about them.
 *
 * An Email whose keywords and mailboxes are what the state has needs nothing; any other gets
 * want_ columns.  Only mailboxes that are mirrored count, so an Email that leaves them all
 * is as good as destroyed.  In mailboxes that are not followed (push-only) a message is where
 * it is here, whatever the service says: to be pulled is only what is left of it then.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "sync/keywords.h"
#include "sync/limits.h"
#include "sync/merge.h"
#include "sync/missing.h"
#include "sync/remote.h"
#include "sync/state.h"

#define REQUEST_MS 180000

struct outcome
remote_send(struct mirror *m, struct jmap_request *request, struct jmap_response **response_r)
{
	m->report->requests++;
	report_progress(m->report);
	return jmap_send(m->jmap, request, true, deadline_in_ms(REQUEST_MS), response_r);
}

struct jmap_ahead *
remote_send_ahead(struct mirror *m, struct jmap_request *request)
{
	m->report->requests++;
	return jmap_ahead_begin(m->jmap, request, deadline_in_ms(REQUEST_MS));
}

bool
remote_has_email(struct mirror *m, const char *id)
{
	return store_number(m->store, 0,
	           "SELECT 1 FROM email WHERE id = ? AND keywords IS NOT NULL", "t", id) != 0;
}

json_t *
remote_changing_properties(void)
{
	return json_pack("[s, s, s]", "id", "mailboxIds", "keywords");
}

json_t *
remote_email_properties(void)
{
	static const char *const names[] = {JMAP_EMAIL_MIRROR_PROPERTIES};
	json_t *array = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_array_append_new(array, json_string(names[i]));
	return array;
}

/*
 * The mailboxes a message is to be in, of those that are mirrored and followed.  An Email is in
 * at least one mailbox, and in none that the service does not have: what says otherwise says
 * nothing, least of all that the message is gone.
 */
static struct outcome
wanted_mailboxes(const struct mirror *m, const json_t *email, struct numbers *set)
{
	size_t count = 0, unknown = 0;
	const char *id;
	json_t *value;

	*set = (struct numbers){0};
	json_object_foreach (json_get_object(email, "mailboxIds"), id, value) {
		const struct mailbox *mb = mailboxes_by_id(&m->mailboxes, id);

		if (!json_is_true(value))
			continue;
		count++;
		if (mb == NULL || mb->gone)
			unknown++;
		else if (mb->selected && mb->follows)
			numbers_add(set, mb->n);
	}
	if (count == 0)
		return outcome_make("answer", "missing", "the mailbox it is in");
	if (set->count == 0 && unknown != 0)
		return outcome_make("answer", "missing", "a mailbox it is in");
	return outcome_ok();
}

bool
remote_is_stranger(struct mirror *m, const json_t *email)
{
	const char *id = json_get_id(email, "id");
	struct numbers mailboxes;
	struct outcome o = wanted_mailboxes(m, email, &mailboxes);
	bool wanted = outcome_is_ok(&o) && mailboxes.count != 0;

	numbers_free(&mailboxes);
	return wanted && id != NULL && !remote_has_email(m, id);
}

/* In mailboxes that are not followed the message stays as it is here.  If it is in no other,
 * so do its keywords: false. */
static bool
keep_unfollowed(struct mirror *m, int64_t n, struct numbers *set)
{
	bool followed = set->count != 0;
	sqlite3_stmt *q;

	if (!m->mailboxes.unfollowed)
		return true;
	q = store_query(m->store,
	    "SELECT mailbox FROM place JOIN mailbox ON mailbox.n = mailbox"
	    " WHERE email = ? AND agreed = 1 AND selected AND NOT follows",
	    "i", n);
	while (store_row(m->store, q))
		numbers_add(set, sqlite3_column_int64(q, 0));
	return followed || set->count == 0;
}

char *
remote_base_mailboxes(struct mirror *m, int64_t n)
{
	struct numbers set = {0};
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT mailbox FROM place JOIN mailbox ON mailbox.n = mailbox"
	    " WHERE email = ? AND agreed = 1 AND selected",
	    "i", n);
	char *text;

	while (store_row(m->store, q))
		numbers_add(&set, sqlite3_column_int64(q, 0));
	text = numbers_text(&set);
	numbers_free(&set);
	return text;
}

void
remote_doubt(struct mirror *m, const char *id)
{
	store_run(m->store, "INSERT OR IGNORE INTO meta(key, value) VALUES(? || ?, '')", "tt",
	    STATE_DOUBT, id);
}

static void
note_new(struct mirror *m, const char *id, const char *as)
{
	m->noted = m->noted_known = true;
	store_run(m->store, "INSERT OR IGNORE INTO meta(key, value) VALUES(? || ?, '')", "tt",
	    as, id);
}

/* Is any message noted?  In a first run, where all of them are recorded, none is. */
static bool
any_noted(struct mirror *m)
{
	if (!m->noted_known)
		m->noted = store_number(m->store, 1,
		               "SELECT EXISTS (SELECT 1 FROM meta"
		               " WHERE key >= '" STATE_IMPORT "' AND key < '" STATE_IMPORT_END
		               "' OR key >= '" STATE_AHEAD "' AND key < '" STATE_AHEAD_END "')",
		               "") != 0;
	m->noted_known = true;
	return m->noted;
}

void
remote_note_import(struct mirror *m, const char *id)
{
	note_new(m, id, STATE_IMPORT);
}

/* The service has told of it. */
static void
forget_import(struct mirror *m, const char *id)
{
	static const char *const notes[] = {STATE_IMPORT, STATE_AHEAD};

	if (!any_noted(m))
		return;
	/* Two keys in one statement would be a table to SQLite. */
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		store_run(m->store, "DELETE FROM meta WHERE key = ? || ?", "tt", notes[i], id);
}

void
remote_forget_ahead(struct mirror *m)
{
	store_run(m->store,
	    "DELETE FROM meta WHERE key >= '" STATE_AHEAD "' AND key < '" STATE_AHEAD_END "'",
	    "");
}

static int64_t
rank_of(const struct mirror *m, const struct numbers *mailboxes)
{
	for (size_t i = 0; i < mailboxes->count; i++)
		if (mailboxes_by_n(&m->mailboxes, mailboxes->v[i])->inbox)
			return 0;
	return 1;
}

static void
plan_new(struct mirror *m, const json_t *email, const char *id, const char *keywords,
    const struct numbers *mailboxes)
{
	const char *blob = json_get_id(email, "blobId");
	int64_t size = json_get_count(email, "size", -1);
	int64_t received = json_get_date(email, "receivedAt", 0);
	bool exceeded = limits_exceeded(m, received, size);
	char *wanted;

	if (mailboxes->count == 0)
		return;
	if (blob == NULL || size < 0) {
		struct outcome o = outcome_make("answer", "missing", "blobId or size");

		report_error(m->report, id, &o);
		remote_doubt(m, id);
		return;
	}
	wanted = numbers_text(mailboxes);
	if (m->new_is != NULL)
		note_new(m, id, m->new_is);
	store_run(m->store,
	    "INSERT INTO email(id, blob, size, received, rank, want_keywords, want_mailboxes,"
	    " aside) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
	    "ttiiitti", id, blob, size, received, rank_of(m, mailboxes), keywords, wanted,
	    (int64_t)(exceeded && !mirror_recognises(m)));
	if (!exceeded && mirror_concerns(m, mailboxes)) {
		m->report->wanted++;
		m->report->wanted_bytes += size;
	}
	free(wanted);
}

/* Of a message that was never downloaded, what was said before may be wrong. */
static void
correct(struct mirror *m, int64_t n, const json_t *email)
{
	const char *blob = json_get_id(email, "blobId");
	int64_t size = json_get_count(email, "size", -1);

	if (blob != NULL && size >= 0)
		store_run(m->store,
		    "UPDATE email SET blob = ?, size = ? WHERE n = ? AND (blob <> ? OR size <> "
		    "?)",
		    "tiiti", blob, size, n, blob, size);
}

/* Never downloaded, and wanted nowhere: forget it, unless a file of it is here by now. */
static bool
forget_unwanted(struct mirror *m, int64_t n)
{
	return store_run(m->store,
	           "DELETE FROM email WHERE n = ? AND near = 0 AND NOT EXISTS"
	           " (SELECT 1 FROM place WHERE place.email = email.n)",
	           "i", n) != 0;
}

static void
plan_known(struct mirror *m, int64_t n, const char *agreed, const char *keywords,
    const struct numbers *mailboxes)
{
	char *base = remote_base_mailboxes(m, n), *wanted = numbers_text(mailboxes);
	bool unwanted = agreed == NULL && *base == '\0' && *wanted == '\0';

	/* A plan that is over may have been carried out by half: files that were told of and not put
	 * in order since, or that have flags by now which the others have not, are looked at again
	 * where changes are told. */
	if (agreed != NULL && strcmp(agreed, keywords) == 0 && strcmp(base, wanted) == 0)
		store_run(m->store,
		    "UPDATE email SET near = near OR EXISTS (SELECT 1 FROM place"
		    " JOIN mailbox ON mailbox.n = place.mailbox"
		    " WHERE place.email = email.n AND missing = 0 AND (agreed = 0 OR two_way = "
		    "1)),"
		    " want_keywords = NULL, want_mailboxes = NULL"
		    " WHERE n = ? AND want_mailboxes IS NOT NULL",
		    "i", n);
	else if (!unwanted || !forget_unwanted(m, n))
		store_run(m->store,
		    "UPDATE email SET near = near OR EXISTS (SELECT 1 FROM place"
		    " JOIN mailbox ON mailbox.n = place.mailbox"
		    " WHERE place.email = email.n AND missing = 0"
		    "  AND ((agreed = 0 AND want_mailboxes IS NOT ?)"
		    "   OR (two_way = 1 AND want_keywords <> ?))),"
		    " want_keywords = ?, want_mailboxes = ? WHERE n = ?",
		    "tttti", wanted, keywords, keywords, wanted, n);
	free(base);
	free(wanted);
}

void
remote_record_email(struct mirror *m, const json_t *email)
{
	const char *id = json_get_id(email, "id");
	struct numbers mailboxes;
	struct outcome o = wanted_mailboxes(m, email, &mailboxes);
	char *keywords, *agreed = NULL;
	int64_t n = -1;
	sqlite3_stmt *q;

	if (id == NULL)
		o = outcome_make("answer", "missing", "the id of a message");
	else if (outcome_is_ok(&o) && json_get_object(email, "keywords") == NULL)
		o = outcome_make("answer", "missing", "its keywords");
	if (!outcome_is_ok(&o)) {
		report_error(m->report, id, &o);
		if (id != NULL)
			remote_doubt(m, id);
		numbers_free(&mailboxes);
		return;
	}
	m->drained = false;
	forget_import(m, id);
	keywords = keywords_from_json(json_get_object(email, "keywords"));
	q = store_query(m->store, "SELECT n, keywords FROM email WHERE id = ?", "t", id);
	if (store_row(m->store, q)) {
		n = sqlite3_column_int64(q, 0);
		agreed = store_copy(q, 1);
		store_done(q);
	}
	if (n >= 0 && !keep_unfollowed(m, n, &mailboxes) && agreed != NULL) {
		free(keywords);
		keywords = xstrdup(agreed);
	}
	if (n >= 0 && agreed == NULL)
		correct(m, n, email);
	if (n < 0)
		plan_new(m, email, id, keywords, &mailboxes);
	else
		plan_known(m, n, agreed, keywords, &mailboxes);
	numbers_free(&mailboxes);
	free(keywords);
	free(agreed);
}

void
remote_record_destroyed(struct mirror *m, const char *id)
{
	m->drained = false;
	forget_import(m, id);
	if (mirror_recovers(m))
		missing_note_arriving(m, id);
	store_run(m->store,
	    "DELETE FROM email WHERE id = ? AND NOT EXISTS"
	    " (SELECT 1 FROM place WHERE place.email = email.n)",
	    "t", id);
	/* Files that were told of, and not put in order since, have no plan any more. */
	store_run(m->store,
	    "UPDATE email SET near = near OR EXISTS"
	    " (SELECT 1 FROM place WHERE place.email = email.n AND agreed = 0 AND missing = 0),"
	    " want_keywords = coalesce(keywords, ''), want_mailboxes = '' WHERE id = ?",
	    "t", id);
}

struct outcome
remote_get_emails(
    struct mirror *m, json_t *ids, struct jmap_response **response_r, json_t **result_r)
{
	struct jmap_request *request = jmap_request_new(0);
	const char *call = jmap_email_get_call(request, ids, remote_email_properties());
	struct outcome o = remote_send(m, request, response_r);

	if (outcome_is_ok(&o))
		o = jmap_result(*response_r, call, NULL, result_r);
	jmap_request_free(&request);
	return o;
}

/* A page of ids. */
static json_t *
select_ids(struct mirror *m, const char *sql, int64_t *after)
{
	json_t *ids = json_array();
	sqlite3_stmt *q = store_query(m->store, sql, "ii", *after, (int64_t)m->page);

	while (store_row(m->store, q)) {
		*after = sqlite3_column_int64(q, 0);
		json_array_append_new(
		    ids, json_string((const char *)sqlite3_column_text(q, 1)));
	}
	return ids;
}

/* The ids of what Email/get has found, as the keys of an object. */
static json_t *
found_ids(const json_t *result)
{
	json_t *found = json_object(), *email;
	size_t i;

	json_array_foreach (json_get_array(result, "list"), i, email) {
		if (json_get_id(email, "id") != NULL)
			json_object_set_new(found, json_get_id(email, "id"), json_true());
	}
	return found;
}

json_t *
remote_left_out(const json_t *ids, const json_t *result)
{
	json_t *answered = found_ids(result), *left_out = json_array(), *id;
	size_t i;

	json_array_foreach (json_get_array(result, "notFound"), i, id) {
		if (json_is_id(id))
			json_object_set_new(answered, json_string_value(id), json_true());
	}
	json_array_foreach (ids, i, id) {
		if (json_is_id(id) && json_object_get(answered, json_string_value(id)) == NULL)
			json_array_append(left_out, id);
	}
	json_decref(answered);
	return left_out;
}

struct outcome
remote_check_whole(const json_t *ids, const json_t *result)
{
	json_t *left_out = remote_left_out(ids, result);
	struct outcome o = outcome_ok();

	if (json_array_size(left_out) != 0)
		o = outcome_make("answer", "missing", "%zu of %zu messages were left out",
		    json_array_size(left_out), json_array_size(ids));
	json_decref(left_out);
	return o;
}

/* What is in both lists is there. */
static struct outcome
read_proof(struct mirror *m, const json_t *result,
    void (*found)(struct mirror *m, const json_t *email),
    void (*gone)(struct mirror *m, const char *id))
{
	struct outcome o = remote_know_mailboxes(m, json_get_array(result, "list"));
	json_t *value, *there;
	size_t i;

	if (!outcome_is_ok(&o))
		return o;
	there = found_ids(result);
	store_begin(m->store);
	json_array_foreach (json_get_array(result, "list"), i, value)
		found(m, value);
	json_array_foreach (json_get_array(result, "notFound"), i, value) {
		if (json_is_id(value) &&
		    json_object_get(there, json_string_value(value)) == NULL)
			gone(m, json_string_value(value));
	}
	json_decref(there);
	return store_commit(m->store);
}

struct outcome
remote_prove(struct mirror *m, const char *sql,
    void (*found)(struct mirror *m, const json_t *email),
    void (*gone)(struct mirror *m, const char *id))
{
	struct outcome o = store_error(m->store);
	int64_t after = 0;

	while (outcome_is_ok(&o)) {
		json_t *ids = select_ids(m, sql, &after), *result;
		struct jmap_response *response = NULL;

		if (json_array_size(ids) == 0) {
			json_decref(ids);
			return store_error(m->store);
		}
		o = remote_get_emails(m, ids, &response, &result);
		if (outcome_is_ok(&o))
			o = read_proof(m, result, found, gone);
		jmap_response_free(&response);
	}
	return o;
}

static void
forget_doubt(struct mirror *m, const char *id)
{
	store_run(m->store, "DELETE FROM meta WHERE key = ? || ?", "tt", STATE_DOUBT, id);
}

static void
doubt_found(struct mirror *m, const json_t *email)
{
	if (json_get_id(email, "id") != NULL)
		forget_doubt(m, json_get_id(email, "id"));
	remote_record_email(m, email);
}

static void
doubt_gone(struct mirror *m, const char *id)
{
	forget_doubt(m, id);
	remote_record_destroyed(m, id);
}

struct outcome
remote_ask_doubts(struct mirror *m)
{
	/* Those that make no sense still are for the next run, so these are taken down first. */
	store_run(m->store,
	    "CREATE TEMP TABLE IF NOT EXISTS doubt(n INTEGER PRIMARY KEY, id TEXT)", "");
	store_run(m->store,
	    "INSERT INTO temp.doubt(id) SELECT substr(key, length('" STATE_DOUBT "') + 1)"
	    " FROM meta WHERE key >= '" STATE_DOUBT "' AND key < '" STATE_DOUBT_END "'",
	    "");
	return remote_prove(m, "SELECT n, id FROM temp.doubt WHERE n > ? ORDER BY n LIMIT ?",
	    doubt_found, doubt_gone);
}

struct outcome
remote_ask_imports(struct mirror *m)
{
	store_run(m->store,
	    "CREATE TEMP TABLE IF NOT EXISTS import(n INTEGER PRIMARY KEY, id TEXT)", "");
	store_run(m->store, "DELETE FROM temp.import", "");
	store_run(m->store,
	    "INSERT INTO temp.import(id) SELECT substr(key, length('" STATE_IMPORT "') + 1)"
	    " FROM meta WHERE key >= '" STATE_IMPORT "' AND key < '" STATE_IMPORT_END "'"
	    " UNION SELECT substr(key, length('" STATE_AHEAD "') + 1)"
	    " FROM meta WHERE key >= '" STATE_AHEAD "' AND key < '" STATE_AHEAD_END "'",
	    "");
	return remote_prove(m, "SELECT n, id FROM temp.import WHERE n > ? ORDER BY n LIMIT ?",
	    remote_record_email, remote_record_destroyed);
}
