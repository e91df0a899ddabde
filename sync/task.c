/*
 * A planned message: its rows are read, the service's change since base is worked out
 * (merge.h), and each copy gets an action.  Flags that somebody changed in the files are not
 * looked at, only carried along: the service's change is made to the name as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sync/keywords.h"
#include "sync/merge.h"
#include "sync/task.h"

void
task_free(struct task **task)
{
	struct task *t = *task;

	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++) {
		free(t->copies[i].base);
		free(t->copies[i].place);
		free(t->copies[i].new_place);
	}
	free(t->copies);
	free(t->id);
	free(t->blob);
	free(t->keywords);
	free(t->want_keywords);
	free(t->want_mailboxes);
	free(t);
	*task = NULL;
}

struct copy *
task_source(struct task *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->copies[i].action != COPY_ADD && !t->copies[i].missing &&
		    !t->copies[i].absent)
			return &t->copies[i];
	return NULL;
}

bool
task_needs_download(struct task *t)
{
	bool adds = false;

	for (size_t i = 0; i < t->count; i++)
		adds = adds || t->copies[i].action == COPY_ADD;
	return adds && task_source(t) == NULL;
}

char *
copy_file(const struct copy *copy, bool after)
{
	const char *folder = copy->mailbox->path;
	struct buf path = BUF_INIT;

	if (*folder != '\0') {
		buf_adds(&path, folder);
		buf_addc(&path, '/');
	}
	maildir_place_file(copy->base,
	    after && copy->new_place != NULL ? copy->new_place : copy->place, &path);
	return buf_steal(&path);
}

/* Letters and flags */

/* Append the flags and letters of keywords in a mailbox. */
static void
letters_of(const struct mailbox *mb, const char *const *names, size_t count, struct buf *out)
{
	buf_adds(out, "");
	for (size_t i = 0; i < count; i++) {
		char letter = keyword_flag(names[i]);

		if (letter == '\0')
			letter = letters_find(&mb->letters, names[i]);
		if (letter != '\0')
			buf_addc(out, letter);
	}
}

/* Once: the keyword is in the state, but mail readers will not see it. */
static void
say_out_of_letters(const struct mirror *m, struct mailbox *mb, const char *keyword)
{
	if (!mb->out_of_letters)
		log_say(LOG_WARNING, "%s: %s has over %d keywords: no letter for \"%s\"",
		    m->config->name, mb->display, LETTERS_MAX, keyword);
	mb->out_of_letters = true;
}

/* See to it that the mailbox has letters for all keywords of the task. */
static struct outcome
prepare_letters(struct mirror *m, struct mailbox *mb, const struct keywords *wanted)
{
	bool changed = false, fresh;
	struct outcome o;

	o = letters_load(&mb->letters, m->store, mb->n, m->root.fd, mb->path);
	for (size_t i = 0; i < wanted->count && outcome_is_ok(&o); i++) {
		if (keyword_flag(wanted->names[i]) != '\0')
			continue;
		if (letters_give(&mb->letters, wanted->names[i], &fresh) == '\0')
			say_out_of_letters(m, mb, wanted->names[i]);
		changed = changed || fresh;
	}
	if (!outcome_is_ok(&o) || !changed || m->options.dry_run)
		return o;
	o = mirror_start_changing(m);
	if (outcome_is_ok(&o))
		o = letters_save(&mb->letters, m->store, mb->n, m->root.fd, mb->path, false);
	return o;
}

static bool
any_user_keyword(const struct keywords *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (keyword_flag(set->names[i]) == '\0')
			return true;
	return false;
}

/* The service's change to the flags, made to the place of a copy that is there. */
static char *
changed_place(const struct task *t, const struct copy *copy)
{
	struct keywords base, wanted;
	struct keyword_change change;
	struct buf add = BUF_INIT, remove = BUF_INIT;
	char *place;

	keywords_parse(t->keywords, &base);
	keywords_parse(t->want_keywords, &wanted);
	merge_keywords(&base, &wanted, &change);
	letters_of(copy->mailbox, change.added, change.added_count, &add);
	letters_of(copy->mailbox, change.removed, change.removed_count, &remove);
	place = maildir_place_change(copy->place, add.data, remove.data);
	keyword_change_free(&change);
	keywords_free(&base);
	keywords_free(&wanted);
	buf_free(&add);
	buf_free(&remove);
	return place;
}

/*
 * The place of a copy to be added: the flags the service wants, and those that somebody gave
 * to the copy it is made from.  Letters mean something else in another mailbox: they come
 * from the keywords alone.
 */
static char *
added_place(const struct task *t, const struct mailbox *mb, const struct copy *source)
{
	static const char all_letters[] = "abcdefghijklmnopqrstuvwxyz";
	struct keywords wanted;
	struct buf add = BUF_INIT;
	char *plain, *place;

	keywords_parse(t->want_keywords, &wanted);
	letters_of(mb, wanted.names, wanted.count, &add);
	if (source != NULL) {
		char *changed = changed_place(t, source);

		plain = maildir_place_change(changed, "", all_letters);
		free(changed);
	} else {
		plain = xstrdup("n");
	}
	place = maildir_place_change(plain, add.data, "");
	free(plain);
	buf_free(&add);
	keywords_free(&wanted);
	return place;
}

/* Copies */

static struct copy *
add_copy(struct task *t, struct mailbox *mb)
{
	t->copies = xreallocarray(t->copies, t->count + 1, sizeof(t->copies[0]));
	t->copies[t->count] = (struct copy){.mailbox = mb};
	return &t->copies[t->count++];
}

static bool
has_copy(const struct task *t, int64_t mailbox)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->copies[i].mailbox->n == mailbox)
			return true;
	return false;
}

static void
load_copies(struct mirror *m, struct task *t)
{
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT n, mailbox, base, place, missing, agreed FROM place WHERE email = ?", "i",
	    t->n);

	while (store_row(m->store, q)) {
		struct mailbox *mb = mailboxes_by_n(&m->mailboxes, sqlite3_column_int64(q, 1));
		struct copy *copy;

		if (mb == NULL || !mb->selected || mb->path == NULL)
			continue;
		copy = add_copy(t, mb);
		copy->n = sqlite3_column_int64(q, 0);
		copy->base = store_copy(q, 2);
		copy->place = store_copy(q, 3);
		copy->missing = sqlite3_column_int(q, 4) != 0;
		copy->fresh = sqlite3_column_int(q, 5) == 0;
	}
}

/* Is this how large the message's file is, as it came or with other line ends? */
static bool
size_fits(const struct task *t, int64_t size, int64_t vsize)
{
	return size == t->size || vsize == t->size;
}

/*
 * Files that are this message by their name, but unknown to the state: of a run that was
 * killed, or from before the database was lost or the mailbox forgotten.  Those in mailboxes
 * where the message is not wanted are taken only if the state is not to be trusted; after a
 * mere crash they are what somebody copied there.
 */
static void
adopt_strays(struct mirror *m, struct task *t, const struct numbers *wanted)
{
	char *id = maildir_name_id(t->id);
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT n, mailbox, base, place, size, vsize FROM stray WHERE id = ?", "t", id);

	while (store_row(m->store, q)) {
		int64_t stray = sqlite3_column_int64(q, 0);
		struct mailbox *mb = mailboxes_by_n(&m->mailboxes, sqlite3_column_int64(q, 1));
		int64_t size = sqlite3_column_int64(q, 4), vsize = sqlite3_column_int64(q, 5);
		struct copy *copy;

		if (mb == NULL || has_copy(t, mb->n) || !size_fits(t, size, vsize) ||
		    (!numbers_has(wanted, mb->n) &&
		        (m->verdict == ROOT_CRASHED || !mirror_recovers(m))))
			continue;
		copy = add_copy(t, mb);
		copy->base = store_copy(q, 2);
		copy->place = store_copy(q, 3);
		t->raw = size == t->size;
		t->adopted = true;
		store_run(m->store,
		    "INSERT INTO place(email, mailbox, base, place) VALUES(?, ?, ?, ?)", "iitt",
		    t->n, mb->n, copy->base, copy->place);
		copy->n = store_last_id(m->store);
		store_run(m->store, "DELETE FROM stray WHERE n = ?", "i", stray);
	}
	free(id);
}

static void
plan_existing(const struct task *t, struct copy *copy, const struct numbers *wanted)
{
	free(copy->new_place);
	copy->new_place = NULL;
	if (!numbers_has(wanted, copy->mailbox->n)) {
		/* What the service was not told of is not for it to remove. */
		copy->action = copy->fresh ? COPY_KEEP : COPY_REMOVE;
		return;
	}
	copy->action = COPY_KEEP;
	if (copy->missing)
		return;
	copy->new_place =
	    copy->fresh ? added_place(t, copy->mailbox, copy) : changed_place(t, copy);
	if (strcmp(copy->new_place, copy->place) != 0)
		copy->action = COPY_CHANGE;
}

void
copy_follow(const struct task *t, struct copy *copy, const struct copy *source)
{
	free(copy->base);
	free(copy->place);
	copy->base = source != NULL ? xstrdup(source->base) : NULL;
	copy->place = added_place(t, copy->mailbox, source);
}

/* Work out the actions. */
static struct outcome
plan(struct mirror *m, struct task *t, const struct numbers *wanted)
{
	struct outcome o = outcome_ok();
	struct keywords keywords, base;
	const struct copy *source;
	size_t existing = t->count;

	keywords_parse(t->want_keywords, &keywords);
	keywords_parse(t->keywords, &base);
	for (size_t i = 0; i < wanted->count; i++) {
		struct mailbox *mb = mailboxes_by_n(&m->mailboxes, wanted->v[i]);

		if (mb != NULL && mb->path != NULL && !has_copy(t, mb->n))
			add_copy(t, mb)->action = COPY_ADD;
		else if (mb != NULL && mb->path == NULL)
			t->failed = true; /* its folder could not be made, which was said */
	}
	for (size_t i = 0; i < t->count && outcome_is_ok(&o); i++)
		if ((any_user_keyword(&keywords) || any_user_keyword(&base)) &&
		    numbers_has(wanted, t->copies[i].mailbox->n))
			o = prepare_letters(m, t->copies[i].mailbox, &keywords);
	for (size_t i = 0; i < existing; i++)
		plan_existing(t, &t->copies[i], wanted);
	source = task_source(t);
	for (size_t i = existing; i < t->count; i++)
		copy_follow(t, &t->copies[i], source);
	keywords_free(&keywords);
	keywords_free(&base);
	return o;
}

/* The next planned messages that this run has not taken up yet.  Those with changes here that
 * could not be told wait. */
static bool
refill(struct mirror *m)
{
	sqlite3_stmt *q;

	m->chunk_next = m->chunk_count = 0;
	if (m->drained)
		return false;
	q = store_query(m->store,
	    "SELECT n FROM email WHERE want_mailboxes IS NOT NULL AND aside = 0 AND near = 0"
	    " AND n NOT IN (SELECT n FROM temp.tried) ORDER BY rank, received DESC LIMIT ?",
	    "i", (int64_t)MIRROR_CHUNK);
	while (store_row(m->store, q))
		m->chunk[m->chunk_count++] = sqlite3_column_int64(q, 0);
	/* One transaction: a temporary table has a journal, too. */
	store_begin(m->store);
	for (size_t i = 0; i < m->chunk_count; i++)
		store_run(m->store, "INSERT INTO temp.tried VALUES(?)", "i", m->chunk[i]);
	store_commit(m->store);
	m->drained = m->chunk_count == 0;
	return !m->drained;
}

/* The row, if it still is planned. */
static struct task *
load(struct mirror *m, int64_t n)
{
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT id, blob, size, received, raw, keywords, want_keywords, want_mailboxes"
	    " FROM email WHERE n = ? AND want_mailboxes IS NOT NULL AND near = 0",
	    "i", n);
	struct task *t;

	if (!store_row(m->store, q))
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->n = n;
	t->id = store_copy(q, 0);
	t->blob = store_copy(q, 1);
	t->size = sqlite3_column_int64(q, 2);
	t->received = sqlite3_column_int64(q, 3);
	t->raw = sqlite3_column_int(q, 4) != 0;
	t->keywords = store_copy(q, 5);
	t->want_keywords = store_copy(q, 6);
	t->want_mailboxes = store_copy(q, 7);
	store_done(q);
	return t;
}

/* Is it, or shall it be, in a mailbox that this run is about? */
static bool
is_chosen(const struct mirror *m, const struct task *t, const struct numbers *wanted)
{
	bool chosen = mirror_concerns(m, wanted);

	for (size_t i = 0; i < t->count && !chosen; i++)
		chosen = mirror_chooses(m, t->copies[i].mailbox);
	return chosen;
}

struct outcome
task_next(struct mirror *m, struct task **task_r)
{
	struct numbers wanted;
	struct task *t = NULL;
	struct outcome o = outcome_ok();

	*task_r = NULL;
	while (t == NULL && (m->chunk_next < m->chunk_count || refill(m)))
		t = load(m, m->chunk[m->chunk_next++]);
	if (t == NULL)
		return store_error(m->store);
	numbers_parse(t->want_mailboxes, &wanted);
	load_copies(m, t);
	if (mirror_recognises(m))
		adopt_strays(m, t, &wanted);
	if (is_chosen(m, t, &wanted))
		o = plan(m, t, &wanted);
	else
		t->failed = true;
	numbers_free(&wanted);
	if (outcome_is_ok(&o))
		o = store_error(m->store);
	if (!outcome_is_ok(&o))
		task_free(&t);
	*task_r = t;
	return o;
}

void
copy_reread(struct mirror *m, const struct task *t, struct copy *copy)
{
	struct numbers wanted;
	sqlite3_stmt *q =
	    store_query(m->store, "SELECT place, missing FROM place WHERE n = ?", "i", copy->n);

	if (!store_row(m->store, q))
		return;
	free(copy->place);
	copy->place = store_copy(q, 0);
	copy->missing = sqlite3_column_int(q, 1) != 0;
	store_done(q);
	numbers_parse(t->want_mailboxes, &wanted);
	plan_existing(t, copy, &wanted);
	numbers_free(&wanted);
}

/* Afterwards */

static void
record_copy(struct mirror *m, const struct task *t, const struct copy *copy)
{
	switch (copy->action) {
	case COPY_KEEP:
	case COPY_CHANGE:
		/* What a scan has seen of it since is newer. */
		if (!copy->absent && copy->new_place != NULL)
			store_run(m->store,
			    "UPDATE place SET agreed = 1,"
			    " place = CASE place WHEN ? THEN ? ELSE place END WHERE n = ?",
			    "tti", copy->place, copy->new_place, copy->n);
		break;
	case COPY_ADD:
		store_run(m->store,
		    "INSERT OR REPLACE INTO place(email, mailbox, base, place)"
		    " VALUES(?, ?, ?, ?)",
		    "iitt", t->n, copy->mailbox->n, copy->base, copy->place);
		break;
	case COPY_REMOVE:
		store_run(m->store, "DELETE FROM place WHERE n = ?", "i", copy->n);
		break;
	}
}

void
task_record(struct mirror *m, const struct task *t)
{
	store_run(m->store, "DELETE FROM temp.tried WHERE n = ?", "i", t->n);
	for (size_t i = 0; i < t->count; i++)
		record_copy(m, t, &t->copies[i]);
	/* A message of no mailbox is forgotten, unless mailboxes that are not mirrored any
	 * more have files of it. */
	if (*t->want_mailboxes == '\0' &&
	    store_run(m->store,
	        "DELETE FROM email WHERE n = ? AND want_mailboxes = '' AND NOT EXISTS"
	        " (SELECT 1 FROM place WHERE place.email = email.n)",
	        "i", t->n) != 0)
		return;
	/* What was planned while we were at it stays planned. */
	store_run(m->store,
	    "UPDATE email SET keywords = ?1, raw = ?2,"
	    " want_keywords = CASE WHEN want_keywords = ?1 AND want_mailboxes = ?3"
	    " THEN NULL ELSE want_keywords END,"
	    " want_mailboxes = CASE WHEN want_keywords = ?1 AND want_mailboxes = ?3"
	    " THEN NULL ELSE want_mailboxes END WHERE n = ?4",
	    "titi", t->want_keywords, (int64_t)t->raw, t->want_mailboxes, t->n);
}
