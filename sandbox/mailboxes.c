/*
 * The Mailbox records.  "modseq" moves with every change, "named" only with those that are
 * not of the totals, so that Mailbox/changes can say which kind it was.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/mailboxes.h"

#define SELECT_MAILBOX                                                           \
	"SELECT id, name, parent, role, sort_order, subscribed, total, unread, " \
	"total_threads, unread_threads FROM mailbox WHERE account = ? AND destroyed = 0 "

/* What changed in a mailbox's totals and is not stored yet. */
struct tally {
	int64_t mailbox;
	int64_t emails, unread, threads, unread_threads;
};

static struct mailbox_list
read_all(struct db *d, sqlite3_stmt *rows)
{
	struct mailbox_list list = {0};

	while (db_next(d, rows)) {
		list.items = xreallocarray(list.items, list.count + 1, sizeof(*list.items));
		list.items[list.count++] = (struct mailbox){
		    .id = sqlite3_column_int64(rows, 0),
		    .name = xstrdup((const char *)sqlite3_column_text(rows, 1)),
		    .parent = sqlite3_column_int64(rows, 2),
		    .role = xstrdup((const char *)sqlite3_column_text(rows, 3)),
		    .sort_order = sqlite3_column_int64(rows, 4),
		    .subscribed = sqlite3_column_int64(rows, 5) != 0,
		    .total = sqlite3_column_int64(rows, 6),
		    .unread = sqlite3_column_int64(rows, 7),
		    .total_threads = sqlite3_column_int64(rows, 8),
		    .unread_threads = sqlite3_column_int64(rows, 9),
		};
	}
	return list;
}

struct mailbox_list
mailboxes_all(struct db *d, const struct account *a)
{
	return read_all(d, db_query(d, SELECT_MAILBOX "ORDER BY id", "i", a->id));
}

struct mailbox_list
mailboxes_one(struct db *d, const struct account *a, int64_t id)
{
	return read_all(d, db_query(d, SELECT_MAILBOX "AND id = ?", "ii", a->id, id));
}

void
mailbox_list_free(struct mailbox_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].role);
	}
	free(list->items);
	*list = (struct mailbox_list){0};
}

bool
mailbox_exists(struct db *d, struct account *a, int64_t id)
{
	if (id != a->mailbox || id == 0)
		a->mailbox = db_int(d, 0,
		    "SELECT id FROM mailbox WHERE id = ? AND account = ? AND destroyed = 0",
		    "ii", id, a->id);
	return a->mailbox != 0;
}

int64_t
mailbox_by_role(struct db *d, const struct account *a, const char *role)
{
	return db_int(d, 0,
	    "SELECT id FROM mailbox WHERE account = ? AND role = ? AND destroyed = 0", "it",
	    a->id, role);
}

int64_t
mailbox_by_name(
    struct db *d, const struct account *a, int64_t parent, const char *name, int64_t except)
{
	return db_int(d, 0,
	    "SELECT id FROM mailbox WHERE account = ? AND parent = ? AND name = ? AND id <> ?"
	    " AND destroyed = 0",
	    "iiti", a->id, parent, name, except);
}

bool
mailbox_has_child(struct db *d, const struct account *a, int64_t id)
{
	return db_int(d, 0,
	           "SELECT 1 FROM mailbox WHERE account = ? AND parent = ? AND destroyed = 0",
	           "ii", a->id, id) == 1;
}

unsigned
mailbox_depth(struct db *d, const struct account *a, int64_t id)
{
	unsigned depth = 0;

	while (id != 0 && depth < 1000) {
		depth++;
		id = db_int(d, 0, "SELECT parent FROM mailbox WHERE account = ? AND id = ?",
		    "ii", a->id, id);
	}
	return depth;
}

int64_t
mailbox_add(struct db *d, struct account *a, const struct mailbox *m)
{
	int64_t modseq = account_touch(a, RECORD_MAILBOX);

	db_run(d,
	    "INSERT INTO mailbox (account, name, parent, role, sort_order, subscribed, total,"
	    " unread, total_threads, unread_threads, created, modseq, named, destroyed)"
	    " VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?, 0)",
	    "ititiiiii", a->id, m->name, m->parent, m->role, m->sort_order,
	    (int64_t)m->subscribed, modseq, modseq, modseq);
	return db_last_id(d);
}

void
mailbox_update(struct db *d, struct account *a, const struct mailbox *m)
{
	int64_t modseq = account_touch(a, RECORD_MAILBOX);

	db_run(d,
	    "UPDATE mailbox SET name = ?, parent = ?, role = ?, sort_order = ?, subscribed = ?,"
	    " modseq = ?, named = ? WHERE id = ?",
	    "titiiiii", m->name, m->parent, m->role, m->sort_order, (int64_t)m->subscribed,
	    modseq, modseq, m->id);
}

void
mailbox_destroy(struct db *d, struct account *a, int64_t id)
{
	int64_t modseq = account_touch(a, RECORD_MAILBOX);

	a->mailbox = 0;
	db_run(d, "UPDATE mailbox SET destroyed = 1, modseq = ?, named = ? WHERE id = ?", "iii",
	    modseq, modseq, id);
}

void
mailboxes_create_first(struct db *d, struct account *a)
{
	static const struct {
		const char *name, *role;
	} first[] = {{"Inbox", "inbox"}, {"Archive", "archive"}, {"Drafts", "drafts"},
	    {"Junk", "junk"}, {"Sent", "sent"}, {"Trash", "trash"}};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		struct mailbox m = {.sort_order = (int64_t)(i + 1), .subscribed = true};

		m.name = xstrdup(first[i].name);
		m.role = xstrdup(first[i].role);
		mailbox_add(d, a, &m);
		free(m.name);
		free(m.role);
	}
}

/* Move the totals of a thread in a mailbox; what becomes of the totals of threads. */
static void
count_thread(struct db *d, int64_t id, int64_t thread, int emails, int unread,
    int64_t *threads_r, int64_t *unread_threads_r)
{
	sqlite3_stmt *row = db_query(d,
	    "INSERT INTO threadbox VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE"
	    " SET emails = emails + ?3, unread = unread + ?4 RETURNING emails, unread",
	    "iiii", id, thread, (int64_t)emails, (int64_t)unread);
	int64_t emails_now = 0, unread_now = 0;

	while (db_next(d, row)) {
		emails_now = sqlite3_column_int64(row, 0);
		unread_now = sqlite3_column_int64(row, 1);
	}
	*threads_r = (emails_now > 0) - (emails_now - emails > 0);
	*unread_threads_r = (unread_now > 0) - (unread_now - unread > 0);
	if (emails_now == 0)
		db_run(d, "DELETE FROM threadbox WHERE mailbox = ? AND thread = ?", "ii", id,
		    thread);
}

static struct tally *
tally_of(struct account *a, int64_t id)
{
	for (size_t i = 0; i < a->tally_count; i++)
		if (a->tallies[i].mailbox == id)
			return &a->tallies[i];
	a->tallies = xreallocarray(a->tallies, a->tally_count + 1, sizeof(*a->tallies));
	a->tallies[a->tally_count] = (struct tally){.mailbox = id};
	return &a->tallies[a->tally_count++];
}

void
mailbox_count(
    struct db *d, struct account *a, int64_t id, int64_t thread, int emails, int unread)
{
	struct tally *t;
	int64_t threads, unread_threads;

	if (emails == 0 && unread == 0)
		return;
	threads = emails;
	unread_threads = unread;
	if (thread != 0)
		count_thread(d, id, thread, emails, unread, &threads, &unread_threads);
	t = tally_of(a, id);
	t->emails += emails;
	t->unread += unread;
	t->threads += threads;
	t->unread_threads += unread_threads;
}

void
mailbox_count_thread(struct db *d, int64_t id, int64_t thread, int unread)
{
	db_run(
	    d, "INSERT INTO threadbox VALUES (?, ?, 1, ?)", "iii", id, thread, (int64_t)unread);
}

void
mailboxes_settle(struct db *d, struct account *a)
{
	for (size_t i = 0; i < a->tally_count; i++) {
		const struct tally *t = &a->tallies[i];

		db_run(d,
		    "UPDATE mailbox SET total = total + ?, unread = unread + ?,"
		    " total_threads = total_threads + ?, unread_threads = unread_threads + ?,"
		    " modseq = ? WHERE id = ?",
		    "iiiiii", t->emails, t->unread, t->threads, t->unread_threads,
		    account_touch(a, RECORD_MAILBOX), t->mailbox);
	}
	free(a->tallies);
	a->tallies = NULL;
	a->tally_count = 0;
}
