/*
 * Files that are gone: another file of the same message in the folder takes the place; what
 * the service was never told of is forgotten; the rest is for push.c, or comes back.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "sync/missing.h"
#include "sync/remote.h"
#include "sync/state.h"

/* A twin becomes the place of its message. */
static void
let_twins_step_in(struct mirror *m, const struct mailbox *mb)
{
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT place.n, max(stray.n) FROM place JOIN stray"
	    " ON stray.twin = place.email AND stray.mailbox = place.mailbox"
	    " WHERE place.mailbox = ? AND place.missing = 1 GROUP BY place.n",
	    "i", mb->n);

	while (store_row(m->store, q)) {
		int64_t place = sqlite3_column_int64(q, 0), stray = sqlite3_column_int64(q, 1);

		store_run(m->store,
		    "UPDATE place SET (base, place, inode, missing) ="
		    " (SELECT base, place, inode, 0 FROM stray WHERE n = ?) WHERE n = ?",
		    "ii", stray, place);
		store_run(m->store,
		    "UPDATE email SET near = 1 WHERE n = (SELECT twin FROM stray WHERE n = ?)",
		    "i", stray);
		store_run(m->store, "DELETE FROM stray WHERE n = ?", "i", stray);
	}
}

/* What base is now is what the service has, and base is about to change. */
static void
plan_as_it_was(struct mirror *m, int64_t email)
{
	char *base = remote_base_mailboxes(m, email);

	store_run(m->store,
	    "UPDATE email SET want_keywords = keywords, want_mailboxes = ?"
	    " WHERE n = ? AND want_mailboxes IS NULL",
	    "ti", base, email);
	free(base);
}

void
missing_restore(struct mirror *m, struct mailbox *mb)
{
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT email FROM place WHERE mailbox = ? AND missing = 1 AND agreed = 1", "i",
	    mb->n);

	while (store_row(m->store, q))
		plan_as_it_was(m, sqlite3_column_int64(q, 0));
	store_run(m->store, "DELETE FROM place WHERE mailbox = ? AND missing = 1", "i", mb->n);
	m->drained = false;
}

void
missing_settle(struct mirror *m, struct mailbox *mb, bool proven)
{
	let_twins_step_in(m, mb);
	if (!proven) {
		missing_restore(m, mb);
		return;
	}
	store_run(m->store,
	    "UPDATE email SET near = 1 WHERE n IN"
	    " (SELECT email FROM place WHERE mailbox = ? AND missing = 1)",
	    "i", mb->n);
	store_run(m->store,
	    "DELETE FROM place WHERE mailbox = ? AND missing = 1 AND agreed = 0", "i", mb->n);
}

void
missing_note_leaving(struct mirror *m)
{
	store_run(m->store,
	    "INSERT OR IGNORE INTO meta(key, value) SELECT '" STATE_LEAVING "' || id, ''"
	    " FROM email WHERE want_mailboxes = '' AND near = 0",
	    "");
}

void
missing_drop_left(struct mirror *m, int64_t email)
{
	if (store_number(m->store, 0,
	        "SELECT EXISTS(SELECT 1 FROM place JOIN email ON email.n = place.email"
	        " JOIN meta ON meta.key = '" STATE_LEAVING "' || email.id"
	        " WHERE place.email = ? AND missing = 1)",
	        "i", email) == 0)
		return;
	plan_as_it_was(m, email);
	store_run(m->store, "DELETE FROM place WHERE email = ? AND missing = 1", "i", email);
}

void
missing_note_arriving(struct mirror *m, const char *id)
{
	store_run(m->store,
	    "INSERT OR IGNORE INTO meta(key, value) SELECT '" STATE_ARRIVING "' || id,"
	    " want_mailboxes FROM email WHERE id = ? AND keywords IS NULL"
	    " AND want_mailboxes <> ''",
	    "t", id);
}

void
missing_forget_notes(struct mirror *m)
{
	store_run(m->store,
	    "DELETE FROM meta WHERE (key >= '" STATE_LEAVING "' AND key < '" STATE_LEAVING_END
	    "') OR (key >= '" STATE_ARRIVING "' AND key < '" STATE_ARRIVING_END "')",
	    "");
}
