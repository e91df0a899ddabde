/*
 * The mirror: what is done in which order, and why.
 *
 * Three things have to agree: the service, the files, and the state between them.  None can
 * be changed in one step with another, and the machine may stop at any moment.  So everything
 * is written down before it is done, and done before it is written down as done:
 *
 *	service			state				Maildir
 *
 *	changes, pages  ---->	plan + the service's
 *				state string		   (1)
 *				   |
 *				   |  next = epoch + 1  --> marker -->
 *				   |  running = 1, epoch + 1		   (2)
 *				   |
 *	blobs  ------------------------------------------->  tmp/ files	   (3)
 *				   |				flush bytes
 *				   |				names: link, rename
 *				   |				fsync folders
 *				   |				old names go
 *				   |				fsync folders
 *				   v				   |
 *				places, base; the plan	<----------+	   (4)
 *				for them is cleared
 *				   |
 *				running = 0			   (5)
 *
 * (1) One transaction a page: what is to be done (email.want_*), and the state string from
 *     which the next question starts.  A crash afterwards loses nothing, for the plan is
 *     there; a crash before repeats the question, and the answer is recorded again.  What
 *     takes more than one transaction is noted until the state string is stored: a message
 *     that came and went meanwhile is in no answer, and is asked for.
 * (2) Before the first change to the files, or to the service, the next epoch is announced in
 *     the state, then the marker in the Maildir and the state get it.  A run that finds
 *     running = 1, or an epoch that differs and was not announced, knows that the files may be
 *     ahead of the state, or that either is an old copy.  What was to be removed then is noted
 *     before the service says anything else of it (missing.h).
 * (3) Bytes, names, directories: nothing has a name before its bytes are durable, nothing old
 *     goes before the new name is.  Batches of hundreds share each wait for the disk.
 * (4) Then one transaction says so.  If the machine stops before it, there are files the
 *     state does not know.  Their names say which message they are (J=), and the next run,
 *     warned by (2), looks through the folders and adopts them instead of downloading.
 *     Removals need no more: removing what is gone already is nothing.
 * (5) A clean end, after success, failure or a signal alike.
 *
 * So a power cut needs few synchronous commits, the announcement of (2) among them: any other
 * transaction that is lost was either a plan, which is asked for again, or a record, which
 * adoption finds out again.
 *
 * Deletions are planned only by proof: the service names the id as destroyed, or as not found
 * when asked for it.  A message missing from a list is asked for by id.
 *
 * What others do to the files: with direction = pull the mirror does not look for it.  It
 * comes across it when it has something to do with the file (apply.c), makes the service's
 * change to whatever the name is by then, and leaves the rest; a deleted file is noted as
 * missing and not brought back, until --rebuild.
 *
 * Both ways there is a second half, between (1) and (3):
 *
 *	Maildir				state				service
 *
 *	folders made, renamed ------------------------------->	Mailbox/set
 *	folders that changed  ---->	places, near, strays	   (6)
 *					   |
 *					too many deletions? stop   (7)
 *					   |
 *					merge (merge.c)  ----->	Email/set
 *					strays, with blobs ---->	Email/import
 *					   v			   |
 *				base, places, new plan	<----------+ (8)
 *
 * (6) What a scan found is recorded together with the stamps of the folder (scan.c), so a
 *     folder that has not changed since is not read again, and nothing that was found is lost.
 * (7) The plan of both directions is complete then, and nothing has been done (brake.c).
 * (8) What the service has accepted is agreed on.  If the machine stops before that is
 *     written down, the next changes say what was accepted, the merge finds both sides the
 *     same, and records that.  Only imports need more than that (upload.c).
 *
 * What the service said meanwhile and what is still to be done to files is the plan that (3)
 * carries out.  Messages whose changes could not be told wait with it.
 *
 * Rejected: a journal of our own beside SQLite (two logs to keep in step); the cursor stored
 * at the end of a run (a first run of hours would start over); matching by Message-ID (it is
 * neither unique nor always there); renaming files into place one by one with an fsync each
 * (ten times slower).
 */
#include <stdlib.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "sync/brake.h"
#include "sync/download.h"
#include "sync/folders.h"
#include "sync/folders_near.h"
#include "sync/leftovers.h"
#include "sync/limits.h"
#include "sync/mirror.h"
#include "sync/missing.h"
#include "sync/near.h"
#include "sync/push.h"
#include "sync/remote.h"
#include "sync/scan.h"
#include "sync/strays.h"
#include "sync/subscriptions.h"
#include "sync/task.h"
#include "sync/upload.h"

/* What a dry run does with a task is to tell of it. */
static void
rehearse(struct mirror *m, struct task **task)
{
	task_report(m, *task);
	if ((*task)->keywords == NULL)
		report_done(m->report, (*task)->size);
	task_free(task);
}

/* It is destroyed, but has a file where the service is not followed. */
static bool
is_kept(const struct task *task)
{
	for (size_t i = 0; i < task->count; i++)
		if (!task->copies[i].mailbox->follows)
			return true;
	return false;
}

/* Is it not to be done now, or not at all? */
static bool
leaves_aside(struct mirror *m, struct task *task)
{
	if (task->failed || (*task->want_mailboxes == '\0' && is_kept(task)))
		return true;
	if (task->keywords != NULL || !task_needs_download(task) ||
	    !limits_exceeded(m, task->received, task->size))
		return false;
	limits_set_aside(m, task->n, true);
	return true;
}

struct work {
	struct download *download;
	struct batch local, downloads;
	struct listing *listing; /* still being read, or NULL */
};

/* Take up planned messages while there is room for them. */
static struct outcome
take_up(struct mirror *m, struct work *w, bool *more_r)
{
	struct outcome o = outcome_ok();
	struct task *task = NULL;

	*more_r = true;
	while (outcome_is_ok(&o) && download_has_room(w->download) &&
	       w->local.count < MIRROR_CHUNK) {
		o = task_next(m, &task);
		if (!outcome_is_ok(&o) || task == NULL)
			break;
		if (leaves_aside(m, task))
			task_free(&task);
		else if (m->options.dry_run)
			rehearse(m, &task);
		else if (task_needs_download(task))
			download_add(w->download, task);
		else
			w->local.tasks[w->local.count++] = task;
		task = NULL;
	}
	*more_r = outcome_is_ok(&o) &&
	          (!download_has_room(w->download) || w->local.count == MIRROR_CHUNK);
	return o;
}

static struct outcome
apply_local(struct mirror *m, struct work *w)
{
	struct applied *applied;
	struct outcome o;

	if (w->local.count == 0)
		return outcome_ok();
	/* The service has something to do meanwhile. */
	download_start(w->download);
	o = apply_begin(m, &w->local, &w->downloads, &applied);
	for (size_t i = 0; i < w->downloads.count; i++)
		download_add(w->download, w->downloads.tasks[i]);
	w->downloads.count = 0;
	return outcome_is_ok(&o) ? download_settle(w->download, applied) : o;
}

/* Waiting for a page would keep the messages waiting that could be asked for meanwhile. */
static bool
may_read_page(const struct work *w)
{
	return w->listing != NULL &&
	       (!remote_listing_waits(w->listing) || !download_is_under_way(w->download));
}

/* The mailboxes may have become known only just now. */
static struct outcome
read_page(struct mirror *m, struct work *w)
{
	bool end;
	struct outcome o = remote_listing_page(m, w->listing, &end);

	if (outcome_is_ok(&o) && end) {
		o = remote_listing_end(m, w->listing);
		remote_listing_free(&w->listing);
	}
	return outcome_is_ok(&o) ? folders_settle(m) : o;
}

static struct outcome
work_through(struct mirror *m, struct work *w)
{
	struct outcome o = outcome_ok();
	bool more = true, busy = true;

	while (outcome_is_ok(&o) && (more || busy || w->listing != NULL)) {
		if (cancel_requested())
			return outcome_make("local", "cancelled", NULL);
		m->report->counting = w->listing != NULL;
		o = take_up(m, w, &more);
		/* While downloads have no room for more, a small batch may still grow. */
		if (outcome_is_ok(&o) && (!more || w->local.count == MIRROR_CHUNK))
			o = apply_local(m, w);
		if (outcome_is_ok(&o) && !more && may_read_page(w))
			o = read_page(m, w);
		if (outcome_is_ok(&o))
			o = download_run(w->download, !more && w->listing == NULL, &busy);
	}
	return o;
}

/* Do all that is planned, while the pages of a listing that is still read plan more. */
static struct outcome
carry_out(struct mirror *m, struct listing **listing)
{
	struct work *w = xcalloc(1, sizeof(*w));
	struct outcome o;

	w->download = download_new(m);
	w->listing = *listing;
	*listing = NULL;
	o = work_through(m, w);
	remote_listing_free(&w->listing);
	o = outcome_worse(o, download_free(&w->download));
	batch_free(&w->local);
	free(w);
	return o;
}

/* A run */

static void
count_left_over(struct mirror *m)
{
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT size, want_mailboxes FROM email"
	    " WHERE want_mailboxes IS NOT NULL AND aside = 0 AND want_mailboxes <> ''"
	    " AND keywords IS NULL",
	    "");

	while (store_row(m->store, q)) {
		struct numbers wanted;

		numbers_parse((const char *)sqlite3_column_text(q, 1), &wanted);
		if (mirror_concerns(m, &wanted)) {
			m->report->wanted++;
			m->report->wanted_bytes += sqlite3_column_int64(q, 0);
		}
		numbers_free(&wanted);
	}
}

/* Files the state has lost, before anything is downloaded that may be there. */
static struct outcome
recover_files(struct mirror *m)
{
	struct outcome o = outcome_ok();

	if (!mirror_recognises(m) || m->scanned)
		return o;
	if (!m->options.dry_run)
		o = mirror_start_changing(m);
	return outcome_is_ok(&o) ? scan_all(m) : o;
}

/*
 * Between what the service told and what is done about it: what was done here, whether all of
 * that together may be done, and the service's share of it.
 */
static struct outcome
settle(struct mirror *m)
{
	struct outcome o = folders_settle(m);

	if (outcome_is_ok(&o) && m->pushes && m->root.fd >= 0)
		o = folders_look(m);
	if (outcome_is_ok(&o))
		o = near_begin(m);
	if (outcome_is_ok(&o))
		o = recover_files(m);
	if (outcome_is_ok(&o) && m->pushes)
		o = near_look(m);
	else if (outcome_is_ok(&o) && m->adopts && !m->scanned)
		o = strays_sort_out(m);
	if (outcome_is_ok(&o) && mirror_recovers(m) && m->pushes && !m->scanned)
		o = leftovers_remove(m);
	m->scanned = true;
	if (outcome_is_ok(&o))
		o = brake_check(m);
	if (!outcome_is_ok(&o) || !m->pushes)
		return o;
	/* What the service does not know any more, and what it knows already, is found out on
	 * the way: the former is uploaded, the latter is told of. */
	for (int i = 0; i < 2 && outcome_is_ok(&o); i++) {
		o = push_changes(m);
		if (outcome_is_ok(&o))
			o = strays_sort_out(m);
		if (outcome_is_ok(&o))
			o = upload_strays(m);
	}
	if (outcome_is_ok(&o))
		o = push_changes(m);
	return outcome_is_ok(&o) ? folders_tell_removed(m) : o;
}

/*
 * A full listing.  On a first run into an empty folder the messages come while the pages are
 * still read; else files have to be matched with what is listed first, and that needs the
 * whole of it.
 */
static struct outcome
list_all(struct mirror *m)
{
	bool at_once = m->verdict == ROOT_FRESH && m->pulls && !m->adopts;
	bool end = at_once;
	struct listing *listing;
	struct outcome o = remote_listing_begin(m, &listing);

	if (outcome_is_ok(&o) && end)
		o = folders_settle(m);
	/* Pages alone: each has a connection for itself. */
	http_limit_streams(jmap_http(m->jmap), at_once ? 0 : 1);
	while (outcome_is_ok(&o) && !end) {
		if (cancel_requested())
			o = outcome_make("local", "cancelled", NULL);
		else
			o = remote_listing_page(m, listing, &end);
		if (outcome_is_ok(&o) && end) {
			o = remote_listing_end(m, listing);
			remote_listing_free(&listing);
		}
	}
	http_limit_streams(jmap_http(m->jmap), 0);
	if (outcome_is_ok(&o) && !at_once)
		o = settle(m);
	if (outcome_is_ok(&o) && m->pulls)
		o = carry_out(m, &listing);
	remote_listing_free(&listing);
	return o;
}

static struct outcome
follow_changes(struct mirror *m, bool *list_r)
{
	struct listing *none = NULL;
	struct outcome o = remote_changes(m, list_r);

	if (!outcome_is_ok(&o) || *list_r)
		return o;
	o = settle(m);
	return outcome_is_ok(&o) && m->pulls ? carry_out(m, &none) : o;
}

static struct outcome
run_opened(struct mirror *m)
{
	struct outcome o;
	bool list, again;

	if (m->options.dry_run)
		store_rehearse(m->store);
	mailboxes_load(&m->mailboxes, m->store);
	list = mailboxes_settle(&m->mailboxes, m->store, m->config);
	/* The folder of a mailbox that is selected again may hold what it held before. */
	m->adopts = m->adopts || list;
	list = list || m->verdict == ROOT_NO_DATABASE;
	/* When files have to be recognised first, it is about all of them. */
	if (mirror_recognises(m))
		m->options.mailboxes = NULL;
	o = limits_begin(m);
	if (outcome_is_ok(&o) && mirror_recognises(m))
		limits_lift(m);
	if (outcome_is_ok(&o))
		o = folders_recover(m);
	count_left_over(m);
	if (mirror_recovers(m))
		missing_note_leaving(m);
	if (outcome_is_ok(&o) && !list)
		o = remote_ask_doubts(m);
	if (outcome_is_ok(&o) && !list)
		o = follow_changes(m, &list);
	if (outcome_is_ok(&o) && list) {
		o = list_all(m);
		/* What happened while the listing was read. */
		if (outcome_is_ok(&o))
			o = follow_changes(m, &again);
	}
	if (outcome_is_ok(&o) && mirror_recovers(m))
		o = leftovers_remove(m);
	if (outcome_is_ok(&o))
		o = subscriptions_settle(m);
	if (outcome_is_ok(&o))
		o = folders_remove_gone(m);
	if (outcome_is_ok(&o))
		o = near_end(m);
	m->recovered = outcome_is_ok(&o);
	/* The session that was kept may be wrong about the account. */
	if (outcome_is(&o, "method/accountNotFound"))
		jmap_session_forget(m->jmap);
	return o;
}

struct outcome
mirror_run(const struct sync_config *config, const struct mirror_options *options,
    struct report *report)
{
	struct mirror *m = xcalloc(1, sizeof(*m));
	struct outcome o;

	m->config = config;
	m->options = *options;
	m->report = report;
	o = mirror_open(m);
	if (outcome_is_ok(&o))
		o = run_opened(m);
	o = outcome_worse(o, mirror_close(m));
	free(m);
	return o;
}
