/*
 * From rows and file names to sets, from sets to a patch, and back to rows.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "sync/change.h"
#include "sync/missing.h"
#include "sync/remote.h"

void
change_free(struct change **change)
{
	struct change *c = *change;

	if (c == NULL)
		return;
	free(c->id);
	free(c->agreed);
	free(c->near_keywords);
	free(c->far_keywords);
	free(c->keywords);
	numbers_free(&c->base);
	numbers_free(&c->near);
	numbers_free(&c->far);
	numbers_free(&c->mailboxes);
	numbers_free(&c->deleted);
	json_decref(c->patch);
	free(c);
	*change = NULL;
}

/* What the files say */

/* A file of the message, while its row is read. */
struct file {
	struct mailbox *mailbox;
	char *base, *place;
	bool missing, agreed;
	bool follows; /* another file of the message has the same base: it was renamed here */
};

struct files {
	struct file *v;
	size_t count;
};

static void
files_free(struct files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->v[i].base);
		free(files->v[i].place);
	}
	free(files->v);
}

static void
load_files(struct mirror *m, int64_t n, struct files *files)
{
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT mailbox, base, place, missing, agreed FROM place WHERE email = ?"
	    " ORDER BY mailbox",
	    "i", n);

	*files = (struct files){0};
	while (store_row(m->store, q)) {
		struct mailbox *mb = mailboxes_by_n(&m->mailboxes, sqlite3_column_int64(q, 0));

		if (mb == NULL || !mb->selected)
			continue;
		files->v = xreallocarray(files->v, files->count + 1, sizeof(files->v[0]));
		files->v[files->count++] = (struct file){
		    .mailbox = mb,
		    .base = store_copy(q, 1),
		    .place = store_copy(q, 2),
		    .missing = sqlite3_column_int(q, 3) != 0,
		    .agreed = sqlite3_column_int(q, 4) != 0,
		};
	}
	for (size_t i = 0; i < files->count; i++)
		for (size_t j = 0; j < files->count; j++)
			if (i != j && !files->v[i].agreed && files->v[j].agreed &&
			    strcmp(files->v[i].base, files->v[j].base) == 0)
				files->v[i].follows = true;
}

/* Does a file's name say whether the message has this keyword? */
static bool
can_say(const struct file *f, const char *keyword)
{
	if (keyword_flag(keyword) != '\0')
		return true;
	/* Letters of another mailbox mean something else here. */
	return !f->follows && letters_find(&f->mailbox->letters, keyword) != '\0';
}

static bool
says(const struct file *f, const char *keyword)
{
	const char *info = strchr(f->place, ',');
	char letter = keyword_flag(keyword);

	if (letter == '\0')
		letter = letters_find(&f->mailbox->letters, keyword);
	return info != NULL && memchr(info + 1, letter, strcspn(info + 1, ",")) != NULL;
}

static bool
may_set(const struct mailbox *mb, const char *keyword)
{
	return mailbox_may(mb, strcmp(keyword, "$seen") == 0 ? RIGHT_SEEN : RIGHT_KEYWORDS);
}

/* Is there a file, and can its flags be read? */
static bool
is_readable(const struct file *f)
{
	return !f->missing && (f->place[1] == '\0' || strncmp(f->place + 1, ":2,", 3) == 0);
}

/* Is it one whose flags count: in a mailbox whose changes are told? */
static bool
has_flags(const struct file *f)
{
	return is_readable(f) && f->mailbox->two_way;
}

static void
add_word(struct buf *set, const char *word)
{
	buf_addf(set, "%s%s", set->len == 0 ? "" : " ", word);
}

/* All keywords that a file may say it has: those with a flag or a letter. */
static size_t
list_words(const struct file *f, const char *words[KEYWORD_FLAGS + LETTERS_MAX])
{
	size_t count = keyword_flags_list(words);

	for (size_t i = 0; i < LETTERS_MAX && !f->follows; i++)
		if (f->mailbox->letters.keyword[i] != NULL)
			words[count++] = f->mailbox->letters.keyword[i];
	return count;
}

/* Note what one file adds to base, or lacks of it. */
static void
compare_flags(const struct file *f, const struct keywords *base, bool has_past,
    struct buf *added, struct buf *removed)
{
	const char *words[KEYWORD_FLAGS + LETTERS_MAX];
	size_t count = list_words(f, words);

	for (size_t i = 0; i < count; i++)
		if (!keywords_has(base, words[i]) && says(f, words[i]) &&
		    may_set(f->mailbox, words[i]))
			add_word(added, words[i]);
	for (size_t i = 0; i < base->count && has_past; i++)
		if (can_say(f, base->names[i]) && !says(f, base->names[i]) &&
		    may_set(f->mailbox, base->names[i]))
			add_word(removed, base->names[i]);
}

static bool
has_word(const struct buf *set, const char *word)
{
	size_t length = strlen(word);
	const char *p = buf_str(set);

	while ((p = strstr(p, word)) != NULL) {
		if ((p == set->data || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0'))
			return true;
		p += length;
	}
	return false;
}

/* base with what was added and removed, sorted and without repeats. */
static char *
apply_words(const struct keywords *base, const struct buf *added, const struct buf *removed)
{
	char *sorted;
	json_t *object = json_object();
	struct keywords more;

	for (size_t i = 0; i < base->count; i++)
		if (!has_word(removed, base->names[i]))
			json_object_set_new(object, base->names[i], json_true());
	keywords_parse(buf_str(added), &more);
	for (size_t i = 0; i < more.count; i++)
		json_object_set_new(object, more.names[i], json_true());
	keywords_free(&more);
	sorted = keywords_from_json(object);
	json_decref(object);
	return sorted;
}

struct outcome
change_keywords_of(struct mirror *m, struct mailbox *mb, const char *place, char **keywords_r)
{
	struct file f = {.mailbox = mb, .place = (char *)(uintptr_t)place};
	struct outcome o = letters_load(&mb->letters, m->store, mb->n, m->root.fd, mb->path);
	const char *words[KEYWORD_FLAGS + LETTERS_MAX];
	size_t count = list_words(&f, words);
	json_t *set = json_object();

	for (size_t i = 0; i < count; i++)
		if (says(&f, words[i]))
			json_object_set_new(set, words[i], json_true());
	*keywords_r = keywords_from_json(set);
	json_decref(set);
	return o;
}

/* Does its name say these keywords, as far as it can be made to, and no others? */
static bool
is_even(const struct file *f, const struct keywords *all)
{
	const char *words[KEYWORD_FLAGS + LETTERS_MAX];
	size_t count = list_words(f, words);

	for (size_t i = 0; i < count; i++)
		if (says(f, words[i]) && !keywords_has(all, words[i]))
			return false;
	for (size_t i = 0; i < all->count; i++) {
		bool can = can_say(f, all->names[i]);

		if ((can && !says(f, all->names[i])) ||
		    (!can && letters_left(&f->mailbox->letters)))
			return false;
	}
	return true;
}

/* Rules 9 and 10 of the essay. */
static struct outcome
read_flags(struct mirror *m, struct change *c, struct files *files)
{
	struct buf added = BUF_INIT, removed = BUF_INIT;
	struct outcome o = outcome_ok();
	struct keywords base;
	size_t live = 0;

	keywords_parse(c->agreed, &base);
	for (size_t i = 0; i < files->count && outcome_is_ok(&o); i++) {
		struct file *f = &files->v[i];

		live += has_flags(f) ? 1 : 0;
		if (is_readable(f) && f->mailbox->path != NULL)
			o = letters_load(&f->mailbox->letters, m->store, f->mailbox->n,
			    m->root.fd, f->mailbox->path);
	}
	for (size_t i = 0; i < files->count; i++) {
		struct file *f = &files->v[i];

		if (has_flags(f))
			compare_flags(f, &base, f->agreed || live == 1, &added, &removed);
	}
	c->near_keywords = apply_words(&base, &added, &removed);
	keywords_free(&base);
	keywords_parse(c->near_keywords, &base);
	for (size_t i = 0; i < files->count; i++)
		c->uneven =
		    c->uneven || (is_readable(&files->v[i]) && !is_even(&files->v[i], &base));
	keywords_free(&base);
	buf_free(&added);
	buf_free(&removed);
	return o;
}

static bool
any_fresh(const struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (!files->v[i].agreed && !files->v[i].missing)
			return true;
	return false;
}

/* Is the message gone from this mailbox, and to be told so?  With deletions = never that is
 * told only of what was moved. */
static bool
is_deleted(const struct mirror *m, const struct file *f, bool moved)
{
	return f->agreed && f->missing && f->mailbox->two_way &&
	       mailbox_may(f->mailbox, RIGHT_REMOVE) &&
	       (moved || m->config->deletions != DELETIONS_NEVER);
}

static void
read_mailboxes(struct mirror *m, struct change *c, const struct files *files)
{
	bool moved = any_fresh(files);

	for (size_t i = 0; i < files->count; i++) {
		const struct file *f = &files->v[i];

		if (f->agreed)
			numbers_add(&c->base, f->mailbox->n);
		if (is_deleted(m, f, moved)) {
			numbers_add(&c->deleted, f->mailbox->n);
		} else if (!f->agreed && !mailbox_may(f->mailbox, RIGHT_ADD)) {
			c->refused = true;
		} else if (f->agreed || !f->missing) {
			c->fresh = c->fresh || !f->agreed;
			numbers_add(&c->near, f->mailbox->n);
		}
	}
}

/* What is to be done about it */

/* "PROPERTY/KEY" with the escapes of RFC 6901. */
static void
patch_key(json_t *patch, const char *property, const char *key, bool set)
{
	struct buf path = BUF_INIT;

	buf_addf(&path, "%s/", property);
	for (; *key != '\0'; key++) {
		if (*key == '~' || *key == '/')
			buf_adds(&path, *key == '~' ? "~0" : "~1");
		else
			buf_addc(&path, *key);
	}
	json_object_set_new(patch, path.data, set ? json_true() : json_null());
	buf_free(&path);
}

static void
patch_keywords(struct change *c)
{
	struct keywords far, wanted;
	struct keyword_change change;

	keywords_parse(c->far_keywords, &far);
	keywords_parse(c->keywords, &wanted);
	merge_keywords(&far, &wanted, &change);
	for (size_t i = 0; i < change.added_count; i++)
		patch_key(c->patch, "keywords", change.added[i], true);
	for (size_t i = 0; i < change.removed_count; i++)
		patch_key(c->patch, "keywords", change.removed[i], false);
	keyword_change_free(&change);
	keywords_free(&far);
	keywords_free(&wanted);
}

static void
patch_mailbox(const struct mirror *m, struct change *c, int64_t n, bool set)
{
	const struct mailbox *mb = mailboxes_by_n(&m->mailboxes, n);

	if (mb != NULL)
		patch_key(c->patch, "mailboxIds", mb->id, set);
}

static void
make_patch(const struct mirror *m, struct change *c)
{
	struct mailbox_change change;

	c->patch = json_object();
	patch_keywords(c);
	merge_mailboxes(&c->far, &c->mailboxes, &change);
	for (size_t i = 0; i < change.added.count; i++)
		patch_mailbox(m, c, change.added.v[i], true);
	for (size_t i = 0; i < change.removed.count; i++)
		patch_mailbox(m, c, change.removed.v[i], false);
	mailbox_change_free(&change);
	c->action = json_object_size(c->patch) == 0 ? CHANGE_NOTHING : CHANGE_UPDATE;
}

static void
decide(const struct mirror *m, struct change *c)
{
	if (c->deleted.count != 0 && m->unsteady)
		c->action = CHANGE_POSTPONE;
	else if (c->far.count == 0 && c->mailboxes.count == 0)
		c->action = CHANGE_NOTHING;
	else if (c->far.count == 0 || c->mailboxes.count == 0)
		c->action = CHANGE_ASK;
	else
		make_patch(m, c);
}

struct outcome
change_load(struct mirror *m, int64_t n, struct change **change_r)
{
	struct change *c;
	struct files files;
	struct outcome o;
	sqlite3_stmt *q;
	char *wanted;

	*change_r = NULL;
	if (mirror_recovers(m))
		missing_drop_left(m, n);
	q = store_query(m->store,
	    "SELECT id, keywords, coalesce(want_keywords, keywords, ''), want_mailboxes"
	    " FROM email WHERE n = ?",
	    "i", n);
	if (!store_row(m->store, q))
		return store_error(m->store);
	c = xcalloc(1, sizeof(*c));
	c->n = n;
	c->id = store_copy(q, 0);
	c->agreed = store_copy(q, 1);
	c->far_keywords = store_copy(q, 2);
	wanted = store_copy(q, 3);
	store_done(q);
	c->planned = wanted != NULL;
	load_files(m, n, &files);
	read_mailboxes(m, c, &files);
	for (size_t i = 0; i < c->base.count && wanted == NULL; i++)
		numbers_add(&c->far, c->base.v[i]);
	if (wanted != NULL)
		numbers_parse(wanted, &c->far);
	free(wanted);
	o = read_flags(m, c, &files);
	files_free(&files);
	merge_both_mailboxes(&c->base, &c->near, &c->far, &c->mailboxes);
	c->keywords = merge_both_keywords(c->agreed, c->near_keywords, c->far_keywords);
	if (c->agreed != NULL && c->base.count != 0)
		c->conflict = merge_conflict(&c->base, &c->near, &c->far,
		    strcmp(c->near_keywords, c->agreed) != 0,
		    strcmp(c->far_keywords, c->agreed) != 0);
	decide(m, c);
	*change_r = c;
	return o;
}

/* The answer to where it is */

/* Of the mailboxes it is in, those that nobody here took it out of. */
static void
read_remaining(const struct mirror *m, const struct change *c, const json_t *mailbox_ids,
    struct numbers *mirrored, size_t *others_r)
{
	const char *id;
	json_t *value;

	*mirrored = (struct numbers){0};
	*others_r = 0;
	json_object_foreach ((json_t *)(uintptr_t)mailbox_ids, id, value) {
		const struct mailbox *mb = mailboxes_by_id(&m->mailboxes, id);

		if (mb == NULL || !mb->selected)
			(*others_r)++;
		else if (!numbers_has(&c->deleted, mb->n))
			numbers_add(mirrored, mb->n);
	}
}

/* Patch what is left of the mailboxes the service named. */
static void
leave_mailboxes(const struct mirror *m, struct change *c, const json_t *mailbox_ids)
{
	c->patch = json_object();
	patch_keywords(c);
	for (size_t i = 0; i < c->deleted.count; i++) {
		const struct mailbox *mb = mailboxes_by_n(&m->mailboxes, c->deleted.v[i]);

		if (mb != NULL && json_object_get(mailbox_ids, mb->id) != NULL)
			patch_mailbox(m, c, mb->n, false);
	}
	c->action = CHANGE_UPDATE;
}

static void
set_one_mailbox(struct change *c, int64_t n)
{
	numbers_free(&c->mailboxes);
	numbers_add(&c->mailboxes, n);
}

/* It would be in no mailbox. */
static struct outcome
give_up(const struct mirror *m, struct change *c, const json_t *mailbox_ids)
{
	const struct mailbox *trash = mailboxes_with_role(&m->mailboxes, "trash");
	enum sync_deletions policy = m->config->deletions;
	bool from_trash = trash != NULL && numbers_has(&c->deleted, trash->n);

	if ((policy == DELETIONS_DESTROY && (!c->planned || from_trash)) ||
	    (policy == DELETIONS_EXPUNGE && from_trash)) {
		c->action = CHANGE_DESTROY;
		return outcome_ok();
	}
	if (trash == NULL) {
		struct outcome o =
		    outcome_make("answer", "missing", "no mailbox is the service's trash");

		outcome_hint(&o, "deletions = destroy does without");
		return o;
	}
	leave_mailboxes(m, c, mailbox_ids);
	if (from_trash) {
		/* It stays where it is, and is not brought back. */
		c->keeps = true;
		patch_mailbox(m, c, trash->n, true);
		set_one_mailbox(c, trash->n);
		return outcome_ok();
	}
	patch_mailbox(m, c, trash->n, true);
	if (trash->selected)
		set_one_mailbox(c, trash->n);
	return outcome_ok();
}

struct outcome
change_answer(struct mirror *m, struct change *c, const json_t *mailbox_ids)
{
	struct numbers remaining;
	struct outcome o = outcome_ok();
	size_t others;

	if (mailbox_ids == NULL) {
		c->action = c->mailboxes.count != 0 ? CHANGE_UPLOAD : CHANGE_NOTHING;
		return o;
	}
	read_remaining(m, c, mailbox_ids, &remaining, &others);
	if (c->far.count == 0) {
		/* It left the mirrored mailboxes there, and came to one here. */
		make_patch(m, c);
	} else if (remaining.count + others != 0) {
		leave_mailboxes(m, c, mailbox_ids);
		numbers_free(&c->mailboxes);
		c->mailboxes = remaining;
		remaining = (struct numbers){0};
	} else {
		o = give_up(m, c, mailbox_ids);
	}
	numbers_free(&remaining);
	return o;
}

/* Afterwards */

/* Now both sides agree on what the files say, where they all say the same. */
static void
record_agreed(struct mirror *m, const struct change *c)
{
	char *wanted = numbers_text(&c->mailboxes), *base;

	if (!c->uneven)
		store_run(m->store, "UPDATE email SET keywords = ? WHERE n = ?", "ti",
		    c->near_keywords, c->n);
	base = remote_base_mailboxes(m, c->n);
	store_run(m->store,
	    "UPDATE email SET want_keywords = ?, want_mailboxes = ? WHERE n = ?", "tti",
	    c->keywords, wanted, c->n);
	store_run(m->store,
	    "UPDATE email SET want_keywords = NULL, want_mailboxes = NULL"
	    " WHERE n = ? AND keywords = want_keywords AND want_mailboxes = ?",
	    "it", c->n, base);
	store_run(m->store,
	    "DELETE FROM email WHERE n = ? AND coalesce(want_mailboxes, ?) = ''"
	    " AND NOT EXISTS (SELECT 1 FROM place WHERE place.email = email.n)",
	    "it", c->n, base);
	m->drained = false;
	free(wanted);
	free(base);
}

void
change_record(struct mirror *m, struct change *c)
{
	for (size_t i = 0; i < c->deleted.count; i++)
		if (!c->keeps || !numbers_has(&c->mailboxes, c->deleted.v[i]))
			store_run(m->store,
			    "DELETE FROM place WHERE email = ? AND mailbox = ? AND missing = 1",
			    "ii", c->n, c->deleted.v[i]);
	/* The names of fresh files are put in order by task.c, if files are changed at all. */
	if (!m->pulls && !c->refused)
		store_run(m->store, "UPDATE place SET agreed = 1 WHERE email = ?", "i", c->n);
	record_agreed(m, c);
	store_run(
	    m->store, "UPDATE email SET near = ? WHERE n = ?", "ii", (int64_t)c->refused, c->n);
}

void
change_let_go(struct mirror *m, const struct change *c)
{
	store_run(m->store,
	    "INSERT OR IGNORE INTO stray(mailbox, base, place, inode, size, vsize, gone)"
	    " SELECT mailbox, base, place, inode, -1, -1, 1 FROM place"
	    " WHERE email = ? AND agreed = 0 AND missing = 0",
	    "i", c->n);
	store_run(m->store, "DELETE FROM place WHERE email = ? AND (agreed = 0 OR missing = 1)",
	    "i", c->n);
	/* What else there is of it goes, as the service has told before. */
	store_run(m->store,
	    "UPDATE email SET near = 0, want_keywords = coalesce(want_keywords, ''),"
	    " want_mailboxes = '' WHERE n = ?",
	    "i", c->n);
	store_run(m->store,
	    "DELETE FROM email WHERE n = ? AND NOT EXISTS"
	    " (SELECT 1 FROM place WHERE place.email = email.n)",
	    "i", c->n);
	m->drained = false;
}
