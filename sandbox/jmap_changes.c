/*
 * /changes of any kind of record (RFC 8620 §5.2).
 *
 * Every change of a record has a number of its own, so the answer may be cut after any of
 * them, and the number of the last one told is the state that the next page starts from.
 *
 *	since             upto                 now
 *	  |  created 12      |   modseq 31       |
 *	  |----c-------------|-------m-----------|
 *
 * A page covers the numbers from since to upto.  A record made in between counts by the
 * number of its creation, else it could be changed again while the client pages and be told
 * as "updated" before it was ever told as "created"; all others count by their last change.
 * What was made and destroyed after since is not told at all.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "sandbox/jmap_changes.h"
#include "sandbox/json.h"

/* What each kind's table is called in the queries. */
struct kind {
	char letter;
	const char *made;    /* records created after since, in that order */
	const char *changed; /* older ones changed after since and upto upto; that those are not
	                      * as they were made is what their index asks for */
};

#define MADE(table)                                                                \
	"SELECT id, created FROM " table " WHERE account = ? AND created > ? AND " \
	"destroyed = 0 ORDER BY created LIMIT ?"
#define CHANGED(table, extra)                                                            \
	"SELECT id, modseq, destroyed, " extra " FROM " table " WHERE account = ?1 AND " \
	"modseq > ?2 AND modseq <= ?3 AND created <= ?2 AND modseq <> created "          \
	"ORDER BY modseq LIMIT ?4"

static const struct kind kinds[RECORD_COUNT] = {
    [RECORD_MAILBOX] = {ID_MAILBOX, MADE("mailbox"), CHANGED("mailbox", "named")},
    [RECORD_EMAIL] = {ID_EMAIL, MADE("email"), CHANGED("email", "0")},
    [RECORD_SUBMISSION] = {ID_SUBMISSION, MADE("submission"), CHANGED("submission", "0")},
};

struct change {
	int64_t id;
	int64_t number;
	bool made, destroyed, named;
};

struct changes {
	struct change *items;
	size_t count;
};

static void
add(struct changes *c, struct change change)
{
	if ((c->count & (c->count - 1)) == 0)
		c->items = xreallocarray(
		    c->items, c->count == 0 ? 1 : 2 * c->count, sizeof(*c->items));
	c->items[c->count++] = change;
}

static int
by_number(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* Collect, in order, up to limit changes and one more. */
static struct changes
collect(struct jmap_call *call, const struct kind *kind, int64_t since, int64_t limit)
{
	struct db *d = call->request->db;
	int64_t account = call->request->account.id;
	int64_t upto = INT64_MAX;
	struct changes c = {0};
	sqlite3_stmt *rows = db_query(d, kind->made, "iii", account, since, limit + 1);

	while (db_next(d, rows))
		add(&c, (struct change){sqlite3_column_int64(rows, 0),
		            sqlite3_column_int64(rows, 1), true, false, true});
	if ((int64_t)c.count > limit)
		upto = c.items[c.count - 1].number;
	rows = db_query(d, kind->changed, "iiii", account, since, upto, limit + 1);
	while (db_next(d, rows))
		add(&c, (struct change){sqlite3_column_int64(rows, 0),
		            sqlite3_column_int64(rows, 1), false,
		            sqlite3_column_int64(rows, 2) != 0,
		            sqlite3_column_int64(rows, 3) > since});
	if (c.count > 1)
		qsort(c.items, c.count, sizeof(*c.items), by_number);
	return c;
}

static json_t *
answer(struct jmap_call *call, enum record kind, const char *since_text,
    const struct changes *c, int64_t limit)
{
	bool more = (int64_t)c->count > limit;
	size_t told = more ? (size_t)limit : c->count;
	json_t *created = json_array(), *updated = json_array(), *destroyed = json_array();
	bool named = false;
	json_t *new_state = jmap_state(&call->request->account, kind);
	json_t *result;

	for (size_t i = 0; i < told; i++) {
		const struct change *change = &c->items[i];

		json_array_append_new(change->made        ? created
		                      : change->destroyed ? destroyed
		                                          : updated,
		    jmap_id(kinds[kind].letter, change->id));
		if (!change->made && !change->destroyed && change->named)
			named = true;
	}
	if (more) {
		struct account then = {0};

		then.states[kind] = c->items[told - 1].number;
		json_decref(new_state);
		new_state = jmap_state(&then, kind);
	}
	result = json_pack("{s:s, s:s, s:o, s:b, s:o, s:o, s:o}", "accountId",
	    call->request->account.inbox, "oldState", since_text, "newState", new_state,
	    "hasMoreChanges", more, "created", created, "updated", updated, "destroyed",
	    destroyed);
	if (kind == RECORD_MAILBOX)
		json_object_set_new(result, "updatedProperties",
		    named || json_array_size(updated) == 0
		        ? json_null()
		        : json_pack("[s, s, s, s]", "totalEmails", "unreadEmails",
		              "totalThreads", "unreadThreads"));
	return result;
}

json_t *
jmap_changes(struct jmap_call *call, enum record kind)
{
	const char *since_text = json_text(call->arguments, "sinceState");
	int64_t since = jmap_state_number(since_text, kind);
	int64_t limit = json_number(call->arguments, "maxChanges", INT32_MAX);
	struct changes c;
	json_t *result;

	if (limit == 0)
		return jmap_fail(call, "invalidArguments", "maxChanges is 0");
	if (since < 0 || since > call->request->account.states[kind])
		return jmap_fail(call, "cannotCalculateChanges", "the state is not known here");
	if (limit > INT32_MAX)
		limit = INT32_MAX;
	c = collect(call, &kinds[kind], since, limit);
	result = answer(call, kind, since_text, &c, limit);
	free(c.items);
	return result;
}
