/*
 * Files of ours without a message.  Ids that are hashed in the name cannot be asked for;
 * those files stay.
 */
#include <stdlib.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "sync/brake.h"
#include "sync/leftovers.h"
#include "sync/remote.h"
#include "sync/state.h"

/* After a mere crash what somebody put back where changes are told is a new message: ours is
 * what a run downloaded and did not record. */
#define OURS_AFTER_CRASH                                                    \
	"(mailbox NOT IN (SELECT n FROM mailbox WHERE two_way) OR EXISTS"   \
	" (SELECT 1 FROM meta WHERE key = '" STATE_ARRIVING "' || stray.id" \
	" AND instr(' ' || value || ' ', ' ' || mailbox || ' ') <> 0))"

static void
remove_file(struct mirror *m, const struct mailbox *mb, const char *base, const char *place)
{
	struct buf file = BUF_INIT;

	if (*mb->path != '\0')
		buf_addf(&file, "%s/", mb->path);
	maildir_place_file(base, place, &file);
	if (!m->options.dry_run)
		(void)unlinkat(m->root.fd, file.data, 0);
	buf_free(&file);
}

static void
remove_files(struct mirror *m, const char *id)
{
	bool crashed = m->verdict == ROOT_CRASHED;
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT n, mailbox, base, place FROM stray WHERE id = ? AND (NOT ?"
	    " OR " OURS_AFTER_CRASH ")",
	    "ti", id, (int64_t)crashed);

	while (store_row(m->store, q)) {
		const struct mailbox *mb =
		    mailboxes_by_n(&m->mailboxes, sqlite3_column_int64(q, 1));

		if (mb != NULL && mb->path != NULL)
			remove_file(m, mb, (const char *)sqlite3_column_text(q, 2),
			    (const char *)sqlite3_column_text(q, 3));
		store_run(
		    m->store, "DELETE FROM stray WHERE n = ?", "i", sqlite3_column_int64(q, 0));
	}
	m->report->deleted++;
	report_event(m->report, "deleted", json_pack("{s:s}", "id", id), "%s", id);
}

/* In one of no mailbox that is mirrored: whoever put the file here may keep it. */
static void
leave_files(struct mirror *m, const json_t *email)
{
	(void)m;
	(void)email;
}

static void
note_gone(struct mirror *m, const char *id)
{
	store_run(m->store, "INSERT OR IGNORE INTO temp.leftover VALUES(?)", "t", id);
}

/* Would a mailbox lose too many?  The service may be another one than it was. */
static struct outcome
check_brake(struct mirror *m)
{
	bool stop = false;

	for (size_t i = 0; i < m->mailboxes.count; i++) {
		const struct mailbox *mb = m->mailboxes.v[i];
		int64_t gone = store_number(m->store, 0,
		    "SELECT count(*) FROM stray JOIN temp.leftover ON leftover.id = stray.id"
		    " WHERE mailbox = ?",
		    "i", mb->n);
		int64_t kept =
		    gone == 0 ? 0
		              : store_number(m->store, 0,
		                    "SELECT count(*) FROM place WHERE mailbox = ?", "i", mb->n);

		if (gone == 0 || !brake_is_too_much(gone, gone + kept))
			continue;
		brake_report(m, mb, gone, gone + kept, false);
		stop = true;
	}
	if (stop && !m->options.allow_deletes && !m->options.dry_run)
		return brake_outcome(m);
	return store_error(m->store);
}

static struct outcome
remove_all(struct mirror *m)
{
	char *id;

	while (
	    (id = store_text(m->store, "SELECT id FROM temp.leftover LIMIT 1", "")) != NULL) {
		remove_files(m, id);
		store_run(m->store, "DELETE FROM temp.leftover WHERE id = ?", "t", id);
		free(id);
	}
	return store_error(m->store);
}

struct outcome
leftovers_remove(struct mirror *m)
{
	const char *all = "SELECT n, id FROM stray WHERE n > ? AND id NOT LIKE '~%'"
	                  " AND id NOT IN (SELECT id FROM email) ORDER BY n LIMIT ?";
	const char *after_crash = "SELECT n, id FROM stray WHERE n > ? AND id NOT LIKE '~%'"
	                          " AND id NOT IN (SELECT id FROM email)"
	                          " AND " OURS_AFTER_CRASH " ORDER BY n LIMIT ?";
	struct outcome o;

	o = remote_prove(
	    m, m->verdict == ROOT_CRASHED ? after_crash : all, leave_files, note_gone);
	if (outcome_is_ok(&o))
		o = check_brake(m);
	return outcome_is_ok(&o) ? remove_all(m) : o;
}
