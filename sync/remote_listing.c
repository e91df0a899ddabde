/*
 * The full listing: for the first run, for a lost database, and when the service cannot say
 * what changed.
 *
 * The state is asked for before the first page, so whatever changes while the pages are read
 * is in the changes since.  Pages go from message to message (anchor), not from position to
 * position, which new mail would shift; the last one is the empty one, because a server may
 * give fewer than asked for at any time.  A page of ids is larger than what Email/get takes at
 * once: for every query Cyrus sorts the whole account.  So each request asks for the next of
 * the ids, and with the last of them for the next page; and some are under way while the
 * answer to the one before is recorded.  That a message was not listed proves nothing: a
 * message is gone only if Email/get says so of its id.  What is gone and what is new may be
 * the same under another id (services have renamed all Emails of an account): the same blob
 * keeps its files.  If not one id is left of those that were known, blobs may have been
 * renamed with them, and the only two messages of one size and date are the same, too.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "sync/remote.h"
#include "sync/state.h"

#define QUERY_PAGE    10000
#define RESTARTS_MAX  3 /* of the paging, when its anchors vanish */
#define ANCHORS_TRIED 8

/* One request of a listing, and its calls; NULL for those it has not. */
struct step {
	struct jmap_request *request;
	struct jmap_ahead *sent;
	const char *query, *fresh, *known;
	json_t *fresh_ids, *known_ids; /* that these ask for */
	bool with_emails;              /* the query's page comes with its Emails: fresh */
};

struct listing {
	char *state;  /* of Email before the first page */
	json_t *page; /* ids of the last page, the last of which is the anchor for the next */
	size_t taken; /* of them, from the first: their Emails were asked for */
	size_t skip;  /* of them at its end: destroyed meanwhile */
	int restarts;
	bool querying; /* the next page was asked for */
	bool whole;    /* there are no more pages */
	struct step steps[MIRROR_AHEAD + 1];
	size_t begun;   /* steps, the first of which is answered first */
	int64_t listed; /* ids, and since the last one that was new: */
	int64_t stale;  /* those that had been listed before */
};

static void
step_free(struct step *step)
{
	jmap_ahead_drop(&step->sent);
	jmap_request_free(&step->request);
	json_decref(step->fresh_ids);
	json_decref(step->known_ids);
}

void
remote_listing_free(struct listing **listing)
{
	struct listing *l = *listing;

	if (l == NULL)
		return;
	for (size_t i = 0; i < l->begun; i++)
		step_free(&l->steps[i]);
	free(l->state);
	json_decref(l->page);
	free(l);
	*listing = NULL;
}

static struct outcome
record_beginning(struct mirror *m, struct listing *l, const json_t *boxes, const char *state,
    const json_t *emails)
{
	const char *email_state = json_get_string(emails, "state");
	struct outcome o;

	if (email_state == NULL)
		return outcome_make("answer", "missing", "state of Email/get");
	l->state = xstrdup(email_state);
	store_begin(m->store);
	o = remote_record_all_mailboxes(m, boxes, state);
	if (!outcome_is_ok(&o)) {
		store_rollback(m->store);
		return o;
	}
	mailboxes_settle(&m->mailboxes, m->store, m->config);
	/* Until the listing is complete there is no state to go on from. */
	store_run(m->store, "DELETE FROM meta WHERE key = 'email'", "");
	store_run(m->store, "DELETE FROM temp.listed", "");
	return store_commit(m->store);
}

/* The anchor is gone: take the message before it, at last start again. */
static struct outcome
step_back(struct listing *l, const struct outcome *o)
{
	l->skip++;
	if (l->skip < ANCHORS_TRIED && l->skip < json_array_size(l->page))
		return outcome_ok();
	json_decref(l->page);
	l->page = NULL;
	l->taken = 0;
	l->skip = 0;
	return l->restarts++ < RESTARTS_MAX ? outcome_ok() : *o;
}

static const char *
anchor(const struct listing *l)
{
	size_t count = json_array_size(l->page);

	return count > l->skip ? json_string_value(json_array_get(l->page, count - 1 - l->skip))
	                       : NULL;
}

/* Note the ids of a page.  How many had not been listed before. */
static int64_t
note_ids(struct mirror *m, const json_t *ids)
{
	int64_t fresh = 0;
	json_t *id;
	size_t i;

	json_array_foreach (ids, i, id) {
		if (json_is_id(id))
			fresh +=
			    store_run(m->store, "INSERT OR IGNORE INTO temp.listed VALUES(?)",
			        "t", json_string_value(id));
	}
	return fresh;
}

/* The ids of the next page. */
static struct outcome
record_ids(struct mirror *m, struct listing *l, json_t *ids)
{
	int64_t fresh;

	if (ids == NULL)
		return outcome_make("answer", "missing", "ids of Email/query");
	store_begin(m->store);
	fresh = note_ids(m, ids);
	l->listed += fresh;
	l->stale = fresh != 0 ? 0 : l->stale + (int64_t)json_array_size(ids);
	/* A page of nothing but what was listed leads nowhere; after stepping back, or starting
	 * again, that is so once as many have passed as there were. */
	l->whole = json_array_size(ids) == 0 ||
	           (fresh == 0 && ((l->skip == 0 && l->restarts == 0) || l->stale > l->listed));
	l->skip = 0;
	l->taken = 0;
	json_decref(l->page);
	l->page = json_incref(ids);
	return store_commit(m->store);
}

/* If something has changed since the listing began, any of them may be newer. */
static struct outcome
record_emails(struct mirror *m, const struct listing *l, const json_t *result)
{
	const json_t *emails = json_get_array(result, "list");
	struct outcome o = remote_know_mailboxes(m, emails);
	const char *state = json_get_string(result, "state");
	json_t *email;
	size_t i;

	if (!outcome_is_ok(&o))
		return o;
	m->new_is = state == NULL || strcmp(state, l->state) != 0 ? STATE_IMPORT : NULL;
	store_begin(m->store);
	json_array_foreach (emails, i, email)
		remote_record_email(m, email);
	m->new_is = NULL;
	return store_commit(m->store);
}

/* The properties' reference is taken. */
static const char *
add_get(struct jmap_request *request, json_t *ids, json_t *properties)
{
	if (json_array_size(ids) != 0)
		return jmap_email_get_call(request, json_incref(ids), properties);
	json_decref(properties);
	return NULL;
}

/* The next ids.  Of those that are here already, only what may have changed is asked for. */
static void
add_gets(struct mirror *m, struct listing *l, struct step *step)
{
	size_t end = json_array_size(l->page);

	step->fresh_ids = json_array();
	step->known_ids = json_array();
	if (end > l->taken + m->page)
		end = l->taken + m->page;
	for (; l->taken < end; l->taken++) {
		json_t *id = json_array_get(l->page, l->taken);
		bool is_known = remote_has_email(m, json_string_value(id));

		json_array_append(is_known ? step->known_ids : step->fresh_ids, id);
	}
	step->fresh = add_get(step->request, step->fresh_ids, remote_email_properties());
	step->known = add_get(step->request, step->known_ids, remote_changing_properties());
}

/* The first page brings its Emails with it: there may be no second. */
static void
add_query(struct mirror *m, struct listing *l, struct step *step)
{
	json_t *get;

	step->with_emails = l->page == NULL && l->restarts == 0;
	step->query = jmap_email_query_call(step->request, NULL, true, anchor(l),
	    step->with_emails ? (int64_t)m->page : QUERY_PAGE);
	l->querying = true;
	if (!step->with_emails)
		return;
	get = json_object();
	jmap_refer(get, "ids", step->query, "Email/query", "/ids");
	json_object_set_new(get, "properties", remote_email_properties());
	step->fresh = jmap_call(step->request, "Email/get", get);
}

/* Is there anything to ask for that is not asked for already? */
static bool
may_begin(const struct listing *l)
{
	return l->taken < json_array_size(l->page) || (!l->whole && !l->querying);
}

/* It is sent at once, before anything else keeps us from it. */
static void
begin_step(struct mirror *m, struct listing *l)
{
	struct step *step = &l->steps[l->begun++];

	*step = (struct step){.request = jmap_request_new(0)};
	add_gets(m, l, step);
	if (!l->whole && !l->querying && l->taken == json_array_size(l->page))
		add_query(m, l, step);
	step->sent = remote_send_ahead(m, step->request);
	http_run(jmap_http(m->jmap), 0);
}

/* The service works on the first page while folders are made for the mailboxes. */
struct outcome
remote_listing_begin(struct mirror *m, struct listing **listing_r)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	const char *boxes = jmap_mailbox_get_call(request, NULL, remote_mailbox_properties());
	const char *emails =
	    jmap_email_get_call(request, json_array(), remote_email_properties());
	struct outcome o = remote_send(m, request, &response);
	json_t *list = NULL, *emails_result;
	char *state = NULL;

	*listing_r = xcalloc(1, sizeof(**listing_r));
	if (outcome_is_ok(&o))
		o = jmap_result(response, emails, NULL, &emails_result);
	if (outcome_is_ok(&o))
		o = remote_read_all_mailboxes(m, response, boxes, &list, &state);
	if (outcome_is_ok(&o))
		o = record_beginning(m, *listing_r, list, state, emails_result);
	json_decref(list);
	free(state);
	jmap_response_free(&response);
	jmap_request_free(&request);
	if (!outcome_is_ok(&o))
		remote_listing_free(listing_r);
	else if (m->ahead != 0)
		begin_step(m, *listing_r);
	return o;
}

static struct outcome
read_ids(struct mirror *m, struct listing *l, const struct step *step,
    const struct jmap_response *response)
{
	json_t *result;
	struct outcome o = jmap_result(response, step->query, NULL, &result);

	l->querying = false;
	if (outcome_is(&o, "method/anchorNotFound"))
		return step_back(l, &o);
	if (outcome_is_ok(&o))
		o = record_ids(m, l, json_get_array(result, "ids"));
	if (outcome_is_ok(&o) && step->with_emails) {
		l->taken = json_array_size(l->page);
		json_array_extend(step->fresh_ids, l->page);
	}
	return o;
}

static struct outcome
read_emails(struct mirror *m, const struct listing *l, const struct step *step,
    const struct jmap_response *response)
{
	const char *gets[] = {step->fresh, step->known};
	const json_t *ids[] = {step->fresh_ids, step->known_ids};
	struct outcome o = outcome_ok();
	json_t *result;

	for (size_t i = 0; i < 2 && outcome_is_ok(&o); i++) {
		if (gets[i] == NULL)
			continue;
		o = jmap_result(response, gets[i], NULL, &result);
		if (outcome_is_ok(&o))
			o = remote_check_whole(ids[i], result);
		if (outcome_is_ok(&o))
			o = record_emails(m, l, result);
	}
	return o;
}

bool
remote_listing_waits(const struct listing *l)
{
	return l->begun != 0 && !jmap_ahead_is_over(l->steps[0].sent);
}

/* The service works on the next steps while what it answered to this one is recorded. */
struct outcome
remote_listing_page(struct mirror *m, struct listing *l, bool *end_r)
{
	struct jmap_response *response = NULL;
	struct step step;
	struct outcome o;

	if (l->begun == 0)
		begin_step(m, l);
	step = l->steps[0];
	memmove(l->steps, l->steps + 1, --l->begun * sizeof(step));
	report_progress(m->report);
	o = jmap_ahead_finish(&step.sent, &response);
	if (outcome_is_ok(&o) && step.query != NULL)
		o = read_ids(m, l, &step, response);
	while (outcome_is_ok(&o) && l->begun < m->ahead && may_begin(l))
		begin_step(m, l);
	if (outcome_is_ok(&o) && !(step.with_emails && json_array_size(l->page) == 0))
		o = read_emails(m, l, &step, response);
	*end_r = l->begun == 0 && !may_begin(l);
	jmap_response_free(&response);
	step_free(&step);
	return o;
}

/* Ask for each message that was not listed: it is gone, or the listing was not whole. */
static struct outcome
prove_unlisted(struct mirror *m)
{
	return remote_prove(m,
	    "SELECT n, id FROM email WHERE n > ? AND id NOT IN (SELECT id FROM temp.listed)"
	    " ORDER BY n LIMIT ?",
	    remote_record_email, remote_record_destroyed);
}

/* Give the files of a message that is gone to the new one with the same content. */
static void
hand_over(struct mirror *m, int64_t gone, int64_t fresh)
{
	if (store_run(m->store,
	        "UPDATE place SET email = ? WHERE email = ? AND NOT EXISTS"
	        " (SELECT 1 FROM place WHERE email = ?)",
	        "iii", fresh, gone, fresh) == 0)
		return;
	store_run(m->store,
	    "UPDATE email SET aside = 0, (keywords, raw) ="
	    " (SELECT keywords, raw FROM email WHERE n = ?) WHERE n = ?",
	    "ii", gone, fresh);
	store_run(m->store, "DELETE FROM email WHERE n = ?", "i", gone);
	m->report->wanted--;
	m->report->wanted_bytes -=
	    store_number(m->store, 0, "SELECT size FROM email WHERE n = ?", "i", fresh);
}

/* Match by what temp.pair gets from the query. */
static void
hand_over_pairs(struct mirror *m, const char *pairs)
{
	sqlite3_stmt *q;

	store_run(m->store, "DELETE FROM temp.pair", "");
	store_run(m->store, pairs, "");
	q = store_query(m->store, "SELECT gone, fresh FROM temp.pair", "");
	while (store_row(m->store, q))
		hand_over(m, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1));
}

static struct outcome
match_renamed(struct mirror *m)
{
	static const char *const setup[] = {
	    "CREATE TEMP TABLE IF NOT EXISTS pair(gone INTEGER UNIQUE, fresh INTEGER UNIQUE)",
	    "DROP TABLE IF EXISTS temp.gone",
	    ("CREATE TEMP TABLE gone AS SELECT n, blob, size, received FROM email"
	     " WHERE want_mailboxes = '' AND keywords IS NOT NULL"),
	    "CREATE INDEX temp.gone_blob ON gone(blob)",
	    "CREATE INDEX temp.gone_size ON gone(size, received)",
	};

	store_begin(m->store);
	for (size_t i = 0; i < sizeof(setup) / sizeof(setup[0]); i++)
		store_run(m->store, setup[i], "");
	if (store_number(m->store, 0, "SELECT count(*) FROM temp.gone", "") != 0) {
		hand_over_pairs(m,
		    "INSERT OR IGNORE INTO temp.pair SELECT gone.n, email.n FROM email"
		    " JOIN temp.gone ON gone.blob = email.blob"
		    " WHERE email.want_mailboxes <> '' AND email.keywords IS NULL");
	}
	if (store_number(m->store, 1,
	        "SELECT EXISTS(SELECT 1 FROM email WHERE keywords IS NOT NULL"
	        " AND id IN (SELECT id FROM temp.listed))",
	        "") == 0) {
		hand_over_pairs(m,
		    "INSERT OR IGNORE INTO temp.pair"
		    " SELECT min(gone.n), min(email.n) FROM email JOIN temp.gone"
		    " ON gone.size = email.size AND gone.received = email.received"
		    " WHERE email.want_mailboxes <> '' AND email.keywords IS NULL"
		    " GROUP BY email.size, email.received HAVING count(*) = 1");
	}
	return store_commit(m->store);
}

struct outcome
remote_listing_end(struct mirror *m, struct listing *l)
{
	struct outcome o = prove_unlisted(m);

	if (outcome_is_ok(&o))
		o = match_renamed(m);
	if (!outcome_is_ok(&o))
		return o;
	store_begin(m->store);
	state_set(m->store, STATE_EMAIL, l->state);
	return store_commit(m->store);
}
