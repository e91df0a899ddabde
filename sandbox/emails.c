/*
 * The Email records, and the threads they form: an Email joins the thread of any Email that
 * it names in References or In-Reply-To, that names it, or that has its Message-ID.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/body.h"
#include "sandbox/codec.h"
#include "sandbox/emails.h"
#include "sandbox/mailboxes.h"
#include "sandbox/words.h"

#define REFERENCES_MAX 64 /* message ids of one message that are looked at */

void
email_free(struct email *e)
{
	free(e->keywords);
	free(e->mailboxes);
	*e = (struct email){0};
}

void
email_read(sqlite3_stmt *row, struct email *e)
{
	*e = (struct email){0};
	e->id = sqlite3_column_int64(row, 0);
	if (sqlite3_column_bytes(row, 1) == BLOB_HASH)
		memcpy(e->hash, sqlite3_column_blob(row, 1), BLOB_HASH);
	e->size = sqlite3_column_int64(row, 2);
	e->received = sqlite3_column_int64(row, 3);
	e->thread = sqlite3_column_int64(row, 4);
	e->keywords = xstrdup((const char *)sqlite3_column_text(row, 5));
	e->mailboxes = xstrdup((const char *)sqlite3_column_text(row, 6));
	e->attachment = sqlite3_column_int64(row, 7) != 0;
	e->alone = sqlite3_column_int64(row, 8) != 0;
	e->position = sqlite3_column_int64(row, 9);
}

bool
email_load(struct db *d, const struct account *a, int64_t id, struct email *e)
{
	sqlite3_stmt *row = db_query(d,
	    "SELECT " EMAIL_COLUMNS
	    " FROM email WHERE id = ? AND account = ? AND destroyed = 0",
	    "ii", id, a->id);

	*e = (struct email){0};
	if (!db_next(d, row))
		return false;
	email_read(row, e);
	db_finish(row);
	return true;
}

int64_t
email_by_position(struct db *d, const struct account *a, int64_t position)
{
	return db_int(d, 0,
	    "SELECT id FROM email WHERE account = ? AND position = ? AND destroyed = 0", "ii",
	    a->id, position);
}

int64_t
emails_size(struct db *d, const struct account *a)
{
	return db_int(d, 0, "SELECT sum(size) FROM email WHERE account = ? AND destroyed = 0",
	    "i", a->id);
}

/* The message ids of a message, its own first, as the first 63 bits of their SHA-1. */
static size_t
message_ids(const struct mime_part *message, int64_t hashes[REFERENCES_MAX])
{
	static const char *const names[] = {"Message-ID", "In-Reply-To", "References"};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct mime_header *h = mime_header(message, names[i]);
		const char *p = h == NULL ? NULL : h->value;
		const char *end = h == NULL ? NULL : h->value + h->value_length;

		while (p != NULL && count < REFERENCES_MAX &&
		       (p = memchr(p, '<', (size_t)(end - p))) != NULL) {
			const char *close = memchr(p, '>', (size_t)(end - p));
			unsigned char hash[SHA1_BYTES];

			if (close == NULL)
				break;
			sha1(p, (size_t)(close - p), hash);
			memcpy(&hashes[count], hash, sizeof(hashes[count]));
			hashes[count++] &= INT64_MAX;
			p = close;
		}
	}
	return count;
}

/* Note that a message id belongs to a thread; false if it belonged to one before. */
static bool
enter_id(struct db *d, const struct account *a, int64_t hash, int64_t thread)
{
	db_run(d, "INSERT INTO message_id VALUES (?, ?, ?) ON CONFLICT DO NOTHING", "iii",
	    a->id, hash, thread);
	return db_changes(d) == 1;
}

/* The thread that the message belongs to; fresh is its number if it starts one. */
static int64_t
join_thread(
    struct db *d, const struct account *a, const struct mime_part *message, int64_t fresh)
{
	int64_t hashes[REFERENCES_MAX];
	size_t count = message_ids(message, hashes);
	int64_t thread = 0;

	/* Most messages name no other, and no other names them. */
	if (count == 1 && enter_id(d, a, hashes[0], fresh))
		return fresh;
	for (size_t i = 0; i < count && thread == 0; i++)
		thread =
		    db_int(d, 0, "SELECT thread FROM message_id WHERE account = ? AND hash = ?",
		        "ii", a->id, hashes[i]);
	if (thread == 0)
		thread = fresh;
	for (size_t i = 0; i < count; i++)
		(void)enter_id(d, a, hashes[i], thread);
	return thread;
}

static int
is_unread(const char *keywords)
{
	return !words_has(keywords, "$seen") && !words_has(keywords, "$draft");
}

/* Has the thread no Email yet?  One that is alone there learns that it is not any more. */
static bool
is_first(struct db *d, const struct account *a, int64_t thread)
{
	sqlite3_stmt *row = db_query(d,
	    "SELECT " EMAIL_COLUMNS
	    " FROM email WHERE account = ? AND thread = ? AND destroyed = 0 LIMIT 1",
	    "ii", a->id, thread);
	struct email other;
	const char *cursor;
	int64_t mailbox;

	if (!db_next(d, row))
		return true;
	email_read(row, &other);
	db_finish(row);
	cursor = other.mailboxes;
	while (other.alone && words_next_number(&cursor, &mailbox))
		mailbox_count_thread(d, mailbox, thread, is_unread(other.keywords));
	if (other.alone)
		db_run(d, "UPDATE email SET alone = 0 WHERE id = ?", "i", other.id);
	email_free(&other);
	return false;
}

/* The thread that the totals of mailboxes are to be counted by. */
static int64_t
counted_thread(const struct email *e)
{
	return e->alone ? 0 : e->thread;
}

/* Move the Email from a mailbox to another; 0 stands for none. */
static void
move(struct db *d, const struct email *e, int64_t from, int64_t to)
{
	if (from == 0)
		db_run(d, "INSERT INTO member VALUES (?, ?, ?)", "iii", to, e->received, e->id);
	else if (to == 0)
		db_run(d, "DELETE FROM member WHERE mailbox = ? AND received = ? AND email = ?",
		    "iii", from, e->received, e->id);
	else
		db_run(d,
		    "UPDATE member SET mailbox = ? WHERE mailbox = ? AND received = ?"
		    " AND email = ?",
		    "iiii", to, from, e->received, e->id);
}

void
email_add(struct db *d, struct account *a, const struct mime_part *message, struct email *e)
{
	int64_t modseq = account_touch(a, RECORD_EMAIL);
	const char *cursor = e->mailboxes;
	int64_t mailbox;

	e->thread = join_thread(d, a, message, modseq);
	e->alone = e->thread == modseq || is_first(d, a, e->thread);
	e->attachment = body_has_attachment(message);
	db_run(d,
	    "INSERT INTO email (account, hash, size, received, thread, keywords, mailboxes,"
	    " attachment, created, modseq, destroyed, alone, position)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
	    "ibiiittiiiii", a->id, e->hash, (size_t)BLOB_HASH, e->size, e->received, e->thread,
	    e->keywords, e->mailboxes, (int64_t)e->attachment, modseq, modseq,
	    (int64_t)e->alone, e->position);
	e->id = db_last_id(d);
	while (words_next_number(&cursor, &mailbox)) {
		move(d, e, 0, mailbox);
		mailbox_count(d, a, mailbox, counted_thread(e), 1, is_unread(e->keywords));
	}
}

/* Adjust each mailbox that the Email was in or comes to. */
static void
recount(struct db *d, struct account *a, const struct email *e, const char *keywords,
    const char *mailboxes)
{
	int unread_then = is_unread(e->keywords), unread_now = is_unread(keywords);
	const char *cursor = e->mailboxes;
	int64_t mailbox, left = 0;

	while (words_next_number(&cursor, &mailbox)) {
		if (words_has_number(mailboxes, mailbox)) {
			mailbox_count(
			    d, a, mailbox, counted_thread(e), 0, unread_now - unread_then);
			continue;
		}
		if (left != 0)
			move(d, e, left, 0);
		left = mailbox;
		mailbox_count(d, a, mailbox, counted_thread(e), -1, -unread_then);
	}
	cursor = mailboxes;
	while (words_next_number(&cursor, &mailbox)) {
		if (words_has_number(e->mailboxes, mailbox))
			continue;
		move(d, e, left, mailbox);
		left = 0;
		mailbox_count(d, a, mailbox, counted_thread(e), 1, unread_now);
	}
	if (left != 0)
		move(d, e, left, 0);
}

static void
replace(char **text, const char *by)
{
	char *copy = xstrdup(by);

	free(*text);
	*text = copy;
}

void
email_change(struct db *d, struct account *a, struct email *e, const char *keywords,
    const char *mailboxes)
{
	recount(d, a, e, keywords, mailboxes);
	db_run(d, "UPDATE email SET keywords = ?, mailboxes = ?, modseq = ? WHERE id = ?",
	    "ttii", keywords, mailboxes, account_touch(a, RECORD_EMAIL), e->id);
	replace(&e->keywords, keywords);
	replace(&e->mailboxes, mailboxes);
}

void
email_destroy(struct db *d, struct account *a, struct email *e)
{
	recount(d, a, e, e->keywords, "");
	db_run(d, "UPDATE email SET destroyed = 1, modseq = ? WHERE id = ?", "ii",
	    account_touch(a, RECORD_EMAIL), e->id);
}
