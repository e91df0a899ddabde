/* The totals that the sandbox keeps of its mailboxes, beside a count of what is in them. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/blobs.h"
#include "sandbox/emails.h"
#include "sandbox/mailboxes.h"
#include "sandbox/store.h"
#include "sandbox/words.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

#define WORLDS  24
#define STEPS   150
#define BOXES   3  /* of a new account's, numbered from 1 */
#define NAMES   10 /* Message-IDs: few, so that threads are joined, left and come back */
#define EMAILS  4096
#define THREADS 4096

/* One account, and a generator of what happens in it. */
struct world {
	char *directory;
	struct store *store;
	struct db *db;
	struct account account;
	uint64_t random;
	int64_t made; /* Emails */
};

/* xorshift64*: the same worlds each time. */
static unsigned
below(struct world *w, unsigned limit)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (unsigned)((w->random * 0x2545f4914f6cdd1dULL) >> 33) % limit;
}

static void
open_store(struct world *w)
{
	struct outcome o;

	w->store = store_open(w->directory, &o);
	assert_true(outcome_is_ok(&o));
	w->db = store_begin_write(w->store);
}

static void
open_world(struct world *w, unsigned seed)
{
	struct buf key = BUF_INIT;

	*w = (struct world){.random = 0x9e3779b97f4a7c15ULL * (seed + 1)};
	w->directory = xasprintf("%s/%u", folder, seed);
	assert_int_equal(mkdir(w->directory, 0700), 0);
	open_store(w);
	assert_true(account_create(w->db, "anybody", "anybody", true, &w->account, &key));
	buf_free(&key);
}

static void
close_store(struct world *w)
{
	assert_true(store_commit(w->store, w->db, NULL));
	store_close(&w->store);
}

static void
close_world(struct world *w)
{
	close_store(w);
	account_free(&w->account);
	free(w->directory);
}

/* Append some of the keywords that totals depend on, and one that they do not. */
static char *
some_keywords(struct world *w)
{
	static const char *const words[] = {"$seen", "$draft", "$flagged"};
	struct buf set = BUF_INIT;

	buf_adds(&set, "");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (below(w, 3) == 0)
			words_add(&set, words[i]);
	return buf_steal(&set);
}

static char *
some_mailboxes(struct world *w)
{
	struct buf set = BUF_INIT;

	words_add_number(&set, 1 + below(w, BOXES));
	if (below(w, 3) == 0)
		words_add_number(&set, 1 + below(w, BOXES));
	return buf_steal(&set);
}

/* A message that has a Message-ID, or none, and names others, or none. */
static struct mime_part *
some_message(struct world *w, struct buf *text)
{
	if (below(w, 8) > 0)
		buf_addf(text, "Message-ID: <%u@test>\r\n", below(w, NAMES));
	if (below(w, 3) == 0)
		buf_addf(text, "References: <%u@test> <%u@test>\r\n", below(w, NAMES),
		    below(w, NAMES));
	buf_adds(text, "Subject: some\r\n\r\ntext\r\n");
	return mime_parse(text->data, text->len);
}

static void
add(struct world *w)
{
	struct buf text = BUF_INIT;
	struct mime_part *message = some_message(w, &text);
	struct email e = {.size = (int64_t)text.len, .received = 1000 + below(w, 50)};

	w->made++;
	assert_true(blob_store(store_blobs(w->store), w->db, w->account.id, text.data, text.len,
	    e.hash, &e.position));
	e.keywords = some_keywords(w);
	e.mailboxes = some_mailboxes(w);
	email_add(w->db, &w->account, message, &e);
	assert_true(e.id != 0);
	email_free(&e);
	mime_free(&message);
	buf_free(&text);
}

static void
change_or_destroy(struct world *w, bool destroy)
{
	int64_t id = w->made == 0 ? 0 : 1 + below(w, (unsigned)w->made);
	struct email e;
	char *keywords, *mailboxes;

	if (!email_load(w->db, &w->account, id, &e))
		return;
	if (destroy) {
		email_destroy(w->db, &w->account, &e);
	} else {
		keywords = below(w, 2) ? some_keywords(w) : xstrdup(e.keywords);
		mailboxes = below(w, 2) ? some_mailboxes(w) : xstrdup(e.mailboxes);
		email_change(w->db, &w->account, &e, keywords, mailboxes);
		free(keywords);
		free(mailboxes);
	}
	email_free(&e);
}

/* One call of a client: some changes, and what is stored at its end. */
static void
step(struct world *w)
{
	for (unsigned left = 1 + below(w, 5); left > 0; left--) {
		unsigned what = below(w, 10);

		if (what < 4)
			add(w);
		else
			change_or_destroy(w, what >= 7);
	}
	account_save(w->db, &w->account);
}

/* Count a mailbox from nothing but the Emails themselves. */
static struct mailbox
count(struct world *w, int64_t box)
{
	struct mailbox m = {.id = box};
	static unsigned char threads[THREADS]; /* 1: has an Email there, 2: an unread one */
	sqlite3_stmt *rows = db_query(w->db,
	    "SELECT thread, keywords FROM email WHERE account = ? AND destroyed = 0"
	    " AND instr(mailboxes, ' ' || ? || ' ') > 0",
	    "ii", w->account.id, box);

	memset(threads, 0, sizeof(threads));
	while (db_next(w->db, rows)) {
		int64_t thread = sqlite3_column_int64(rows, 0);
		const char *keywords = (const char *)sqlite3_column_text(rows, 1);
		bool unread = !words_has(keywords, "$seen") && !words_has(keywords, "$draft");

		assert_in_range(thread, 1, THREADS - 1);
		m.total++;
		m.unread += unread;
		threads[thread] |= unread ? 3 : 1;
	}
	for (size_t i = 0; i < THREADS; i++) {
		m.total_threads += (threads[i] & 1) != 0;
		m.unread_threads += (threads[i] & 2) != 0;
	}
	return m;
}

static void
check(struct world *w)
{
	struct mailbox_list list = mailboxes_all(w->db, &w->account);

	assert_true(list.count >= BOXES);
	for (size_t i = 0; i < list.count; i++) {
		const struct mailbox *kept = &list.items[i];
		struct mailbox counted = count(w, kept->id);

		assert_int_equal(kept->total, counted.total);
		assert_int_equal(kept->unread, counted.unread);
		assert_int_equal(kept->total_threads, counted.total_threads);
		assert_int_equal(kept->unread_threads, counted.unread_threads);
	}
	mailbox_list_free(&list);
}

/* Does every Email know where its blob lies, and is it found by that? */
static void
check_positions(struct world *w)
{
	sqlite3_stmt *rows = db_query(w->db,
	    "SELECT email.position, blob.position FROM email LEFT JOIN blob"
	    " ON blob.account = email.account AND blob.hash = email.hash WHERE destroyed = 0",
	    "");

	while (db_next(w->db, rows)) {
		int64_t position = sqlite3_column_int64(rows, 0);

		assert_int_equal(position, sqlite3_column_int64(rows, 1));
		assert_true(email_by_position(w->db, &w->account, position) != 0);
	}
	assert_int_equal(email_by_position(w->db, &w->account, -1), 0);
}

static void
whatever_happens_the_totals_are_what_a_count_gives(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < WORLDS; seed++) {
		struct world w;

		open_world(&w, seed);
		for (unsigned i = 0; i < STEPS; i++) {
			step(&w);
			check(&w);
		}
		close_world(&w);
	}
}

static void
what_is_undone_is_not_counted(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, WORLDS);
	for (unsigned i = 0; i < STEPS; i++) {
		struct account before = {0};

		db_mark(w.db);
		assert_true(account_by_id(w.db, w.account.id, &before));
		step(&w);
		if (below(&w, 3) == 0 && i > 0) {
			db_back_to_mark(w.db);
			account_free(&w.account);
			w.account = before;
		} else {
			account_free(&before);
		}
		check(&w);
	}
	close_world(&w);
}

/* Is every Email a member of its mailboxes, and nothing else? */
static void
members_are_where_the_emails_say(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, WORLDS + 1);
	for (unsigned i = 0; i < STEPS; i++) {
		step(&w);
		assert_int_equal(db_int(w.db, -1,
		                     "SELECT count(*) FROM member JOIN email ON id = email AND"
		                     " email.received = member.received AND destroyed = 0 AND"
		                     " instr(mailboxes, ' ' || mailbox || ' ') > 0",
		                     ""),
		    db_int(w.db, -2, "SELECT count(*) FROM member", ""));
		assert_int_equal(db_int(w.db, -1, "SELECT count(*) FROM member", ""),
		    db_int(w.db, -2, "SELECT sum(total) FROM mailbox", ""));
	}
	close_world(&w);
}

/* Make of a store what version 2 would have made of the same Emails. */
static void
make_old(const char *directory)
{
	char *path = xasprintf("%s/store.db", directory);
	struct outcome o;
	struct db *d = db_open(path, &o);

	assert_non_null(d);
	db_begin(d, true);
	db_script(d,
	    "DELETE FROM threadbox;"
	    "INSERT INTO threadbox SELECT mailbox, thread, count(*), sum(instr(keywords,"
	    " ' $seen ') = 0 AND instr(keywords, ' $draft ') = 0) FROM member JOIN email"
	    " ON id = email GROUP BY mailbox, thread;"
	    "ALTER TABLE email DROP COLUMN alone;"
	    "DROP INDEX email_position;"
	    "ALTER TABLE email DROP COLUMN position;"
	    "CREATE INDEX email_hash ON email (account, hash) WHERE destroyed = 0;"
	    "DROP INDEX email_modseq;"
	    "CREATE INDEX email_modseq ON email (account, modseq);"
	    "DROP INDEX submission_modseq;"
	    "CREATE INDEX submission_modseq ON submission (account, modseq);"
	    "PRAGMA user_version = 2;");
	assert_true(db_commit(d, NULL));
	db_close(&d);
	free(path);
}

static void
a_store_of_version_2_goes_on(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, WORLDS + 2);
	for (unsigned i = 0; i < STEPS; i++) {
		step(&w);
		if (i == STEPS / 2) {
			close_store(&w);
			make_old(w.directory);
			open_store(&w);
		}
		check(&w);
		check_positions(&w);
	}
	close_world(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whatever_happens_the_totals_are_what_a_count_gives),
	    cmocka_unit_test(what_is_undone_is_not_counted),
	    cmocka_unit_test(members_are_where_the_emails_say),
	    cmocka_unit_test(a_store_of_version_2_goes_on),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
