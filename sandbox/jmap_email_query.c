/*
 * Email/query (RFC 8621 §4.4).
 *
 * Rows come out of an index in the order of receivedAt, of one mailbox if the filter is about
 * one, else of the account; each is put to the filter, and if another order is wanted, the
 * result is sorted.  A query that asks for nothing but that index reads ids only, and any
 * query stops as soon as the window is full.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/email_match.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/jmap_query.h"
#include "sandbox/json.h"
#include "sandbox/words.h"

static const struct jmap_filter_property filter_properties[] = {{"inMailbox", JMAP_ID, false},
    {"inMailboxOtherThan", JMAP_IDS, false}, {"before", JMAP_STRING, false},
    {"after", JMAP_STRING, false}, {"minSize", JMAP_UNSIGNED, false},
    {"maxSize", JMAP_UNSIGNED, false}, {"allInThreadHaveKeyword", JMAP_STRING, false},
    {"someInThreadHaveKeyword", JMAP_STRING, false},
    {"noneInThreadHaveKeyword", JMAP_STRING, false}, {"hasKeyword", JMAP_STRING, false},
    {"notKeyword", JMAP_STRING, false}, {"hasAttachment", JMAP_BOOLEAN, false},
    {"text", JMAP_STRING, false}, {"from", JMAP_STRING, false}, {"to", JMAP_STRING, false},
    {"cc", JMAP_STRING, false}, {"bcc", JMAP_STRING, false}, {"subject", JMAP_STRING, false},
    {"body", JMAP_STRING, false}, {"header", JMAP_STRINGS, false}, {0}};

static const char *const sort_properties[] = {
    "receivedAt", "sentAt", "size", "from", "to", "subject", "hasKeyword", NULL};

/*
 * The four ways to read the index, by [of one mailbox][descending]: the ids from one place
 * on, and how many there are before that place.
 */
#define IN_MAILBOX "FROM member WHERE mailbox = ?1 AND (received, email) "
#define IN_ACCOUNT "FROM email WHERE account = ?1 AND destroyed = 0 AND (received, id) "
#define PLACE      " (?2, ?3) "
#define WINDOW     " LIMIT ?4 OFFSET ?5"
static const char *const ids_sql[2][2] = {
    {"SELECT id " IN_ACCOUNT ">=" PLACE "ORDER BY received, id" WINDOW,
        "SELECT id " IN_ACCOUNT "<=" PLACE "ORDER BY received DESC, id DESC" WINDOW},
    {"SELECT email " IN_MAILBOX ">=" PLACE "ORDER BY received, email" WINDOW,
        "SELECT email " IN_MAILBOX "<=" PLACE "ORDER BY received DESC, email DESC" WINDOW}};
static const char *const before_sql[2][2] = {
    {"SELECT count(*) " IN_ACCOUNT "<" PLACE, "SELECT count(*) " IN_ACCOUNT ">" PLACE},
    {"SELECT count(*) " IN_MAILBOX "<" PLACE, "SELECT count(*) " IN_MAILBOX ">" PLACE}};

#define ROWS_OF_MAILBOX                                                                 \
	"SELECT " EMAIL_COLUMNS " FROM (SELECT email, received AS r FROM member WHERE " \
	"mailbox = ?) JOIN email ON id = email ORDER BY r"
#define ROWS_OF_ACCOUNT         \
	"SELECT " EMAIL_COLUMNS \
	" FROM email WHERE account = ? AND destroyed = 0 ORDER BY received"
static const char *const rows_sql[2][2] = {
    {ROWS_OF_ACCOUNT ", id", ROWS_OF_ACCOUNT " DESC, id DESC"},
    {ROWS_OF_MAILBOX ", email", ROWS_OF_MAILBOX " DESC, email DESC"}};

struct query {
	struct jmap_call *call;
	const json_t *filter;
	const json_t *sort;
	int64_t scope; /* the mailbox or the account that is read */
	bool of_mailbox;
	bool descending;
	bool in_index_order; /* no sorting is needed */
	bool simple;         /* no filter beyond the index, no threads to collapse */
	size_t enough;       /* so many results fill the window */
	struct jmap_found found;
	struct sort_key *keys; /* one for each found, if they must be sorted */
	int64_t *threads;      /* those seen, a hash table of slots (0: free) */
	size_t thread_slots, thread_count;
};

/* Which index serves the query? */
static void
plan(struct query *q)
{
	const struct jmap_request *r = q->call->request;
	const json_t *arguments = q->call->arguments;
	const char *mailbox = json_text(q->filter, "inMailbox");
	const json_t *first = json_array_get(q->sort, 0);
	int64_t position = json_number(arguments, "position", 0);
	int64_t limit = json_number(arguments, "limit", INT64_MAX);

	q->of_mailbox = mailbox != NULL;
	q->scope = mailbox != NULL ? jmap_number(r, mailbox, ID_MAILBOX) : r->account.id;
	q->in_index_order =
	    first == NULL || (strcmp(json_text(first, "property"), "receivedAt") == 0 &&
	                         json_array_size(q->sort) == 1);
	q->descending = first == NULL || (q->in_index_order && !jmap_ascending(first));
	q->simple = !json_bool(arguments, "collapseThreads") &&
	            json_object_size(q->filter) == (mailbox != NULL ? 1 : 0);
	q->enough = SIZE_MAX;
	if (q->in_index_order && !json_bool(arguments, "calculateTotal") &&
	    json_text(arguments, "anchor") == NULL && position >= 0 && limit < INT32_MAX &&
	    position < INT32_MAX)
		q->enough = (size_t)(position + limit);
}

/* Note the thread; false if an Email of it was found before. */
static bool
first_of_thread(struct query *q, int64_t thread)
{
	size_t i;

	if (2 * q->thread_count >= q->thread_slots) {
		int64_t *old = q->threads;
		size_t old_slots = q->thread_slots;

		q->thread_slots = old_slots == 0 ? 256 : 2 * old_slots;
		q->threads = xcalloc(q->thread_slots, sizeof(*q->threads));
		q->thread_count = 0;
		for (size_t k = 0; k < old_slots; k++)
			if (old[k] != 0)
				first_of_thread(q, old[k]);
		free(old);
	}
	i = (size_t)((uint64_t)thread * 0x9e3779b97f4a7c15ULL >> 32) & (q->thread_slots - 1);
	while (q->threads[i] != 0 && q->threads[i] != thread)
		i = (i + 1) & (q->thread_slots - 1);
	if (q->threads[i] == thread)
		return false;
	q->threads[i] = thread;
	q->thread_count++;
	return true;
}

/*
 * Where to start so that the anchor is the first that is read.  False if that does not help:
 * there is no anchor, the window starts before it, or all must be counted.
 */
static bool
place_of_anchor(struct query *q, int64_t *received_r, int64_t *id_r)
{
	const struct jmap_request *r = q->call->request;
	const json_t *arguments = q->call->arguments;
	const char *anchor = json_text(arguments, "anchor");
	struct email e;
	bool usable;

	if (anchor == NULL || json_number(arguments, "anchorOffset", 0) < 0 ||
	    json_bool(arguments, "calculateTotal") ||
	    !email_load(r->db, &r->account, jmap_number(r, anchor, ID_EMAIL), &e))
		return false;
	usable = !q->of_mailbox || words_has_number(e.mailboxes, q->scope);
	*received_r = e.received;
	*id_r = e.id;
	email_free(&e);
	return usable;
}

/* Read no more of the index than the window needs. */
static void
read_ids(struct query *q)
{
	struct db *d = q->call->request->db;
	const json_t *arguments = q->call->arguments;
	int64_t received = q->descending ? INT64_MAX : INT64_MIN, id = received;
	int64_t count = q->enough < INT64_MAX ? (int64_t)q->enough : -1;
	int64_t skip = 0;
	sqlite3_stmt *rows;

	if (place_of_anchor(q, &received, &id)) {
		int64_t limit = json_number(arguments, "limit", -1);
		int64_t offset = json_number(arguments, "anchorOffset", 0);

		q->found.before = db_int(d, 0, before_sql[q->of_mailbox][q->descending], "iii",
		    q->scope, received, id);
		if (limit >= 0 && limit < INT32_MAX && offset < INT32_MAX)
			count = offset + limit + 1; /* the anchor itself must be found */
	} else if (count >= 0) {
		skip = json_number(arguments, "position", 0);
		count -= skip;
		q->found.before = skip;
	}
	rows = db_query(d, ids_sql[q->of_mailbox][q->descending], "iiiii", q->scope, received,
	    id, count, skip);
	while (db_next(d, rows))
		jmap_found_add(&q->found, sqlite3_column_int64(rows, 0));
}

static void
add_key(struct query *q, struct email_view *v)
{
	size_t n = q->found.count - 1;

	if ((n & (n - 1)) == 0)
		q->keys = xreallocarray(q->keys, n == 0 ? 1 : 2 * n, sizeof(*q->keys));
	email_sort_key(v, q->sort, &q->keys[n]);
}

static void
read_rows(struct query *q)
{
	struct jmap_request *r = q->call->request;
	bool collapse = json_bool(q->call->arguments, "collapseThreads");
	sqlite3_stmt *rows =
	    db_query(r->db, rows_sql[q->of_mailbox][q->descending], "i", q->scope);

	/* With another order, the first of each thread is known only after sorting. */
	while (q->found.count < q->enough && db_next(r->db, rows)) {
		struct email e;
		struct email_match m = {.request = r,
		    .view = {.db = r->db,
		        .blobs = store_blobs(r->sandbox->store),
		        .account = r->account.id,
		        .email = &e}};

		email_read(rows, &e);
		if (jmap_filter(q->filter, email_condition_holds, &m) &&
		    (!collapse || !q->in_index_order || first_of_thread(q, e.thread))) {
			jmap_found_add(&q->found, e.id);
			if (!q->in_index_order)
				add_key(q, &m.view);
		}
		email_view_free(&m.view);
		email_free(&e);
	}
	db_finish(rows);
}

/* Sort what was found by its keys, and collapse threads where that had to wait. */
static void
sort_found(struct query *q)
{
	bool collapse = json_bool(q->call->arguments, "collapseThreads");
	size_t kept = 0;

	email_sort(q->keys, q->found.count, q->sort);
	for (size_t i = 0; i < q->found.count; i++) {
		if (!collapse || first_of_thread(q, q->keys[i].thread))
			q->found.ids[kept++] = q->keys[i].id;
		email_sort_key_free(&q->keys[i]);
	}
	q->found.count = kept;
}

json_t *
email_query(struct jmap_call *call)
{
	struct query q = {
	    .call = call,
	    .filter = json_object_get(call->arguments, "filter"),
	    .sort = json_object_get(call->arguments, "sort"),
	};
	json_t *result;

	if (!jmap_check_filter(call, filter_properties) ||
	    !jmap_check_sort(call, sort_properties) || !email_check_conditions(call, q.filter))
		return NULL;
	plan(&q);
	if (q.simple && q.in_index_order)
		read_ids(&q);
	else
		read_rows(&q);
	if (!q.in_index_order)
		sort_found(&q);
	result = jmap_window(call, &q.found, ID_EMAIL, RECORD_EMAIL);
	if (result != NULL)
		json_object_set_new(result, "collapseThreads",
		    json_boolean(json_bool(call->arguments, "collapseThreads")));
	jmap_found_free(&q.found);
	free(q.keys);
	free(q.threads);
	return result;
}
