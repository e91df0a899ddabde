/*
 * Links, renames and removals of a batch, in the order that a crash cannot spoil:
 *
 *	links and renames -> fsync their folders -> removals -> fsync -> one transaction
 *
 * A message that moves has its new name on disk before the old one goes.  For the first fsync
 * nobody waits here: most batches have nothing to remove, and what can be downloaded meanwhile
 * is.  A file that is not where the state says has been renamed (or deleted) by a mail reader
 * since: its folder is scanned once, which finds all such files of the folder, and the action
 * is worked out anew on the name as it is.  Where Dovecot uses a folder, its lock is held from
 * the first rename of the batch there to the last, and likewise for removals.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/apply.h"
#include "sync/dovecot.h"
#include "sync/files.h"
#include "sync/folders.h"
#include "sync/scan.h"

#define SCANS_MAX 4 /* of one folder in a run */

enum lock_state { LOCK_NOT_NEEDED_YET = 0, LOCK_HELD, LOCK_UNUSED, LOCK_REFUSED };

void
batch_free(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		task_free(&b->tasks[i]);
	b->count = 0;
	b->bytes = 0;
}

void
applied_free(struct applied **applied)
{
	struct applied *a = *applied;

	if (a == NULL)
		return;
	batch_free(&a->batch);
	touched_free(&a->touched);
	free(a);
	*applied = NULL;
}

static struct outcome
lock(struct mirror *m, struct mailbox *mb)
{
	struct outcome o = outcome_ok();

	if (mb->lock == LOCK_REFUSED)
		return outcome_make("local", "locked", "Dovecot keeps %s", mb->display);
	if (mb->lock != LOCK_NOT_NEEDED_YET)
		return o;
	if (!dovecot_uses(m->root.fd, mb->path)) {
		mb->lock = LOCK_UNUSED;
		return o;
	}
	o = dovecot_lock(m->root.fd, mb->path);
	mb->lock = outcome_is_ok(&o) ? LOCK_HELD : LOCK_REFUSED;
	return o;
}

/* At the end of a batch's renames, or removals. */
static void
unlock_all(struct mirror *m)
{
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (mb->lock == LOCK_HELD)
			dovecot_unlock(m->root.fd, mb->path);
		if (mb->lock != LOCK_REFUSED) /* for this run: every wait takes seconds */
			mb->lock = LOCK_NOT_NEEDED_YET;
	}
}

/* The file is not where it was: look through its folder. */
static struct outcome
find_again(struct mirror *m, const struct task *t, struct copy *copy)
{
	enum scan_result result;
	char *old;
	struct outcome o;
	bool same;

	if (copy->mailbox->scans >= SCANS_MAX)
		return outcome_make("local", "io", "another program keeps renaming files in %s",
		    copy->mailbox->display);
	o = scan_folder(m, copy->mailbox, false, &result);
	if (!outcome_is_ok(&o))
		return o;
	old = copy->place;
	copy->place = NULL;
	copy_reread(m, t, copy);
	same = copy->place != NULL && strcmp(copy->place, old) == 0;
	if (copy->place == NULL)
		copy->place = old;
	else
		free(old);
	copy->absent = copy->missing || result == SCAN_NO_FOLDER;
	if (same && !copy->absent && result == SCAN_UNSURE)
		return outcome_make(
		    "local", "io", "cannot find a file in %s for now", copy->mailbox->display);
	return o;
}

/* How one attempt at an action ended. */
enum attempt { ATTEMPT_DONE, ATTEMPT_LOST, ATTEMPT_FAILED };

static enum attempt
attempt(int result, struct outcome *o, const char *what, const char *file)
{
	if (result == 0)
		return ATTEMPT_DONE;
	if (errno == ENOENT)
		return ATTEMPT_LOST;
	*o = file_error(what, file);
	return ATTEMPT_FAILED;
}

static struct outcome
change_flags(struct mirror *m, const struct task *t, struct copy *copy, struct touched *touched)
{
	struct outcome o = lock(m, copy->mailbox);

	while (outcome_is_ok(&o) && copy->action == COPY_CHANGE && !copy->absent) {
		char *from = copy_file(copy, false), *to = copy_file(copy, true);
		enum attempt result =
		    attempt(files_rename(m->root.fd, from, to), &o, "cannot rename to", to);

		if (result == ATTEMPT_DONE) {
			touched_add(touched, from);
			touched_add(touched, to);
		}
		free(from);
		free(to);
		if (result == ATTEMPT_DONE)
			break;
		if (result == ATTEMPT_LOST)
			o = find_again(m, t, copy);
	}
	return o;
}

/* One link, after the folder was made if somebody removed it. */
static enum attempt
try_link(struct mirror *m, const struct copy *source, const struct copy *copy,
    struct touched *touched, struct outcome *o)
{
	char *from = copy_file(source, false), *to = copy_file(copy, false);
	int result = files_link(m->root.fd, from, to);
	enum attempt ended;

	if (result < 0 && errno == ENOENT &&
	    faccessat(m->root.fd, from, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		*o = folders_make(m, copy->mailbox->path);
		result = outcome_is_ok(o) ? files_link(m->root.fd, from, to) : -1;
	}
	ended = attempt(result, o, "cannot link to", to);
	if (ended == ATTEMPT_DONE)
		touched_add(touched, to);
	free(from);
	free(to);
	return ended;
}

/* *lost_r: there is no file left to link from. */
static struct outcome
add_link(
    struct mirror *m, struct task *t, struct copy *copy, struct touched *touched, bool *lost_r)
{
	struct outcome o = outcome_ok();

	while (outcome_is_ok(&o)) {
		struct copy *source = task_source(t);
		enum attempt result;

		if (source == NULL) {
			*lost_r = true;
			break;
		}
		copy_follow(t, copy, source);
		result = try_link(m, source, copy, touched, &o);
		if (result == ATTEMPT_DONE) {
			copy->made = true;
			break;
		}
		if (result == ATTEMPT_LOST)
			o = find_again(m, t, source);
	}
	return o;
}

/* Take back the links of a message that will be downloaded under another name. */
static void
take_back(struct mirror *m, struct task *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct copy *copy = &t->copies[i];
		char *file;

		if (!copy->made)
			continue;
		file = copy_file(copy, false);
		(void)unlinkat(m->root.fd, file, 0);
		copy->made = false;
		free(file);
	}
}

/* The first half: nothing is removed yet.  *lost_r: it has to be downloaded. */
static struct outcome
put_names(struct mirror *m, struct task *t, struct touched *touched, bool *lost_r)
{
	struct outcome o = outcome_ok();

	*lost_r = false;
	for (size_t i = 0; i < t->count && outcome_is_ok(&o) && !*lost_r; i++)
		if (t->copies[i].action == COPY_ADD)
			o = add_link(m, t, &t->copies[i], touched, lost_r);
	for (size_t i = 0; i < t->count && outcome_is_ok(&o) && !*lost_r; i++)
		if (t->copies[i].action == COPY_CHANGE)
			o = change_flags(m, t, &t->copies[i], touched);
	if (*lost_r)
		take_back(m, t);
	return o;
}

static struct outcome
remove_names(struct mirror *m, const struct task *t, struct touched *touched)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < t->count && outcome_is_ok(&o); i++) {
		struct copy *copy = &t->copies[i];

		if (copy->action != COPY_REMOVE)
			continue;
		o = lock(m, copy->mailbox);
		while (outcome_is_ok(&o) && !copy->missing && !copy->absent) {
			char *file = copy_file(copy, false);
			enum attempt result =
			    attempt(unlinkat(m->root.fd, file, 0), &o, "cannot remove", file);

			if (result == ATTEMPT_DONE)
				touched_add(touched, file);
			free(file);
			if (result == ATTEMPT_DONE)
				break;
			if (result == ATTEMPT_LOST)
				o = find_again(m, t, copy);
		}
	}
	return o;
}

/* What concerns one message is told and left for the next run; the rest ends this one. */
static struct outcome
judge(struct mirror *m, struct task *t, struct outcome o)
{
	if (outcome_is_ok(&o) || outcome_is(&o, "local/disk-full") ||
	    outcome_is(&o, "local/database") || outcome_is(&o, "local/damaged") ||
	    outcome_is(&o, "local/permission"))
		return o;
	t->failed = true;
	report_error(m->report, t->id, &o);
	return outcome_ok();
}

static struct outcome
put_all(struct mirror *m, struct batch *b, struct batch *downloads, struct touched *touched)
{
	struct outcome o = outcome_ok();
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++) {
		struct task *t = b->tasks[i];
		bool lost = false;

		if (outcome_is_ok(&o) && !t->failed)
			o = judge(m, t, put_names(m, t, touched, &lost));
		if (lost && downloads->count < MIRROR_CHUNK)
			downloads->tasks[downloads->count++] = t;
		else
			b->tasks[kept++] = t;
	}
	b->count = kept;
	return o;
}

struct outcome
apply_record(struct mirror *m, struct batch *b)
{
	struct outcome o;

	store_begin(m->store);
	for (size_t i = 0; i < b->count; i++)
		if (!b->tasks[i]->failed)
			task_record(m, b->tasks[i]);
	o = store_commit(m->store);
	m->astray = m->astray || !outcome_is_ok(&o);
	report_together(m->report, true);
	for (size_t i = 0; i < b->count && outcome_is_ok(&o); i++)
		if (!b->tasks[i]->failed)
			task_report(m, b->tasks[i]);
	report_together(m->report, false);
	batch_free(b);
	return o;
}

struct outcome
apply_begin(
    struct mirror *m, struct batch *b, struct batch *downloads, struct applied **applied_r)
{
	struct applied *a = xcalloc(1, sizeof(*a));
	struct outcome o = mirror_start_changing(m);

	a->batch = *b;
	*b = (struct batch){0};
	if (outcome_is_ok(&o))
		o = put_all(m, &a->batch, downloads, &a->touched);
	unlock_all(m);
	if (!outcome_is_ok(&o)) {
		m->astray = true;
		applied_free(&a);
	}
	*applied_r = a;
	return o;
}

/* The second half, and what it changed made durable, too. */
static struct outcome
remove_all(struct mirror *m, struct applied *a)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < a->batch.count && outcome_is_ok(&o); i++) {
		struct task *t = a->batch.tasks[i];

		if (!t->failed)
			o = judge(m, t, remove_names(m, t, &a->touched));
	}
	if (outcome_is_ok(&o))
		o = touched_sync(&a->touched, m->root.fd);
	unlock_all(m);
	return o;
}

struct outcome
apply_finish(struct mirror *m, struct applied **applied, struct outcome synced)
{
	struct applied *a = *applied;
	struct outcome o = synced;

	if (outcome_is_ok(&o))
		o = remove_all(m, a);
	/* What was to be downloaded, and was here already. */
	for (size_t i = 0; i < a->batch.count; i++)
		if (!a->batch.tasks[i]->failed && a->batch.tasks[i]->keywords == NULL)
			report_done(m->report, a->batch.tasks[i]->size);
	if (outcome_is_ok(&o))
		o = apply_record(m, &a->batch);
	else
		m->astray = true;
	applied_free(applied);
	return o;
}
