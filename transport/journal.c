/*
 * What became of each recipient of each message: looked up, claimed, written.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "transport/journal_parts.h"

#define EXPIRED_AT_ONCE 200   /* rows removed with a claim: more than it adds as a rule */
#define EXPIRY_MS       60000 /* that none are looked for when there were fewer */

struct batch {
	struct journal_entry **entries;
	size_t count;
	bool *taken;
};

const char *
journal_state_name(enum journal_state state)
{
	static const char *const names[] = {
	    "unknown", "begun", "imported", "submitting", "in-doubt", "done"};

	return names[state];
}

static void
clear_strings(struct journal_entry *entry)
{
	free(entry->email_id);
	free(entry->account);
	free(entry->queue_id);
	free(entry->message_id);
	free(entry->sender);
	free(entry->address);
	entry->email_id = entry->account = entry->queue_id = NULL;
	entry->message_id = entry->sender = entry->address = NULL;
}

void
journal_entry_clear(struct journal_entry *entry)
{
	clear_strings(entry);
	*entry = (struct journal_entry){0};
}

/* What the row says, if there is one, in an entry of its own. */
static struct journal_entry
find(struct journal_desk *desk, const struct stamp *recipient)
{
	struct journal_entry row = {.recipient = *recipient};
	sqlite3_stmt *q = store_query(
	    desk->store, JOURNAL_COLUMNS "WHERE recipient = ?", "t", recipient->text);

	if (store_row(desk->store, q)) {
		journal_read_row(desk->journal, q, &row);
		store_done(q);
	}
	return row;
}

/* Take over what decides; what is for readers of the list stays the caller's. */
static void
adopt(struct journal_entry *entry, struct journal_entry *row)
{
	entry->state = row->state;
	entry->serial = row->serial;
	entry->begun = row->begun;
	entry->changed = row->changed;
	if (row->state != JOURNAL_UNKNOWN) {
		entry->delivery = row->delivery;
		entry->outcome = row->outcome;
		free(entry->email_id);
		entry->email_id = row->email_id;
		row->email_id = NULL;
	}
	journal_entry_clear(row);
}

static void
look(struct journal_desk *desk, void *arg)
{
	struct batch *batch = arg;

	for (size_t i = 0; i < batch->count; i++) {
		struct journal_entry row = find(desk, &batch->entries[i]->recipient);

		adopt(batch->entries[i], &row);
	}
}

struct outcome
journal_look(struct journal *journal, struct journal_entry **entries, size_t count)
{
	struct batch batch = {entries, count, NULL};

	return journal_do(journal, JOURNAL_READS, look, &batch);
}

struct outcome
journal_keep_looking(struct journal *journal, struct journal_entry **entries, size_t count)
{
	struct batch batch = {entries, count, NULL};

	return journal_do(journal, JOURNAL_READS_ON, look, &batch);
}

/* Old rows go some at a time, with work that is durable anyway. */
static void
expire(struct journal_desk *desk)
{
	struct journal *journal = desk->journal;
	int64_t now = clock_ms(), gone;

	if (journal->keep == 0 || now < journal->expiry_ms)
		return;
	gone = store_run(desk->store,
	    "DELETE FROM recipient WHERE rowid IN "
	    "(SELECT rowid FROM recipient WHERE changed < ? LIMIT ?)",
	    "ii", clock_wall() - journal->keep, (int64_t)EXPIRED_AT_ONCE);
	if (gone < EXPIRED_AT_ONCE)
		journal->expiry_ms = now + EXPIRY_MS;
}

/* Take the row if it is as it was, or gone meanwhile; else learn what it says. */
static bool
claim_one(struct journal_desk *desk, struct journal_entry *entry)
{
	enum journal_state state = entry->state;
	struct journal_entry row;

	entry->state = JOURNAL_SUBMITTING;
	if (journal_write_row(desk, entry, desk->journal->owner))
		return true;
	row = find(desk, &entry->recipient);
	entry->state = state;
	adopt(entry, &row);
	return false;
}

static void
claim(struct journal_desk *desk, void *arg)
{
	struct batch *batch = arg;

	expire(desk);
	for (size_t i = 0; i < batch->count; i++)
		batch->taken[i] = claim_one(desk, batch->entries[i]);
}

struct outcome
journal_claim(
    struct journal *journal, struct journal_entry **entries, size_t count, bool *taken_r)
{
	struct batch batch = {entries, count, taken_r};

	return journal_do(journal, JOURNAL_LASTS, claim, &batch);
}

static void
write_rows(struct journal_desk *desk, void *arg)
{
	struct batch *batch = arg;

	for (size_t i = 0; i < batch->count; i++)
		journal_write_row(desk, batch->entries[i], 0);
}

struct outcome
journal_write(
    struct journal *journal, struct journal_entry **entries, size_t count, bool durable)
{
	struct batch batch = {entries, count, NULL};

	return journal_do(
	    journal, durable ? JOURNAL_LASTS : JOURNAL_WRITES, write_rows, &batch);
}

#define TRY_MAX 3600 /* seconds that a try lasts, where there is no bound */

struct question {
	const struct stamp *delivery;
	int64_t then;
	struct journal_company *company;
};

static void
find_company(struct journal_desk *desk, void *arg)
{
	const struct question *question = arg;
	int64_t busy_max = desk->journal->busy_max > 0 ? desk->journal->busy_max : TRY_MAX;
	sqlite3_stmt *q = store_query(desk->store,
	    "SELECT max(state IN (?, ?)), max(state = ? AND class = ?) FROM recipient"
	    " WHERE changed BETWEEN ? AND ? AND delivery = ?",
	    "iiiiiit", (int64_t)JOURNAL_SUBMITTING, (int64_t)JOURNAL_DOUBT,
	    (int64_t)JOURNAL_DONE, (int64_t)OUTCOME_OK, question->then - busy_max,
	    question->then + busy_max, question->delivery->text);

	if (store_row(desk->store, q)) {
		question->company->open = sqlite3_column_int(q, 0) != 0;
		question->company->sent = sqlite3_column_int(q, 1) != 0;
		store_done(q);
	}
}

struct outcome
journal_company(struct journal *journal, const struct stamp *delivery, int64_t then,
    struct journal_company *company_r)
{
	struct question question = {delivery, then, company_r};

	*company_r = (struct journal_company){false, false};
	return journal_do(journal, JOURNAL_READS, find_company, &question);
}

struct listing {
	const char *name;
	bool (*each)(void *arg, const struct journal_entry *entry);
	void *arg;
};

#define NAMED                                                                        \
	"(?1 IS NULL OR queue_id = ?1 OR (length(?1) >= 4 AND substr(recipient, 1, " \
	"length(?1)) = ?1)) "

static void
list(struct journal_desk *desk, void *arg)
{
	struct listing *listing = arg;
	sqlite3_stmt *q = store_query(desk->store,
	    JOURNAL_COLUMNS "WHERE " NAMED "ORDER BY changed DESC, recipient", "t",
	    listing->name);
	bool go_on = true;

	while (go_on && store_row(desk->store, q)) {
		struct journal_entry entry = {0};

		journal_read_row(desk->journal, q, &entry);
		go_on = listing->each(listing->arg, &entry);
		journal_entry_clear(&entry);
	}
	if (!go_on)
		store_done(q);
}

struct outcome
journal_list(struct journal *journal, const char *name,
    bool (*each)(void *arg, const struct journal_entry *entry), void *arg)
{
	struct listing listing = {name, each, arg};

	return journal_do(journal, JOURNAL_READS, list, &listing);
}

struct pruning {
	int64_t before, count;
};

static void
prune(struct journal_desk *desk, void *arg)
{
	struct pruning *pruning = arg;

	pruning->count = store_run(
	    desk->store, "DELETE FROM recipient WHERE changed < ?", "i", pruning->before);
}

struct outcome
journal_prune(struct journal *journal, int64_t seconds, int64_t *count_r)
{
	struct pruning pruning = {clock_wall() - seconds, 0};
	struct outcome o = journal_do(journal, JOURNAL_LASTS, prune, &pruning);

	*count_r = pruning.count;
	return o;
}

struct resolution {
	const char *name;
	enum journal_state state;
	const struct outcome *outcome;
	int64_t count;
};

/* The keys of what is in doubt, so that rows can be written while none is being read. */
static struct stamp *
find_doubtful(struct journal_desk *desk, const char *name, size_t *count_r)
{
	sqlite3_stmt *q = store_query(desk->store, JOURNAL_COLUMNS "WHERE " NAMED, "t", name);
	struct stamp *keys = NULL;

	*count_r = 0;
	while (store_row(desk->store, q)) {
		struct journal_entry entry = {0};

		journal_read_row(desk->journal, q, &entry);
		if (entry.state == JOURNAL_DOUBT) {
			keys = xreallocarray(keys, *count_r + 1, sizeof(*keys));
			keys[(*count_r)++] = entry.recipient;
		}
		journal_entry_clear(&entry);
	}
	return keys;
}

static void
resolve(struct journal_desk *desk, void *arg)
{
	struct resolution *resolution = arg;
	size_t count;
	struct stamp *keys = find_doubtful(desk, resolution->name, &count);

	for (size_t i = 0; i < count; i++) {
		struct journal_entry entry = find(desk, &keys[i]);

		entry.state = resolution->state;
		entry.outcome = *resolution->outcome;
		journal_write_row(desk, &entry, 0);
		journal_entry_clear(&entry);
	}
	resolution->count = (int64_t)count;
	free(keys);
}

struct outcome
journal_resolve(struct journal *journal, const char *name, enum journal_state state,
    const struct outcome *o, int64_t *count_r)
{
	struct resolution resolution = {name, state, o, 0};
	struct outcome result = journal_do(journal, JOURNAL_LASTS, resolve, &resolution);

	*count_r = resolution.count;
	return result;
}
