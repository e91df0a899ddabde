/*
 * Looking at what others did to the files.  A folder is read only if new/ or cur/ changed
 * since all they held was known; after the last folder was read all of them are looked at
 * again, because a file that went from one that was still to be read into one that was read
 * already is in neither list.
 */
#include <stdlib.h>

#include "common/base/cancel.h"
#include "sync/folders.h"
#include "sync/missing.h"
#include "sync/near.h"
#include "sync/remote.h"
#include "sync/scan.h"
#include "sync/strays.h"

static void
forget_folder(struct mirror *m, struct mailbox *mb)
{
	for (size_t i = 0; i < PARTS; i++) {
		free(mb->stamps[i]);
		mb->stamps[i] = NULL;
	}
	free(mb->identity);
	mb->identity = NULL;
	store_run(m->store,
	    "UPDATE mailbox SET two_way = ?, stamp_new = NULL, stamp_cur = NULL,"
	    " identity = NULL WHERE n = ?",
	    "ii", (int64_t)mb->two_way, mb->n);
}

/* From now on its changes are told: those to flags too that were made before. */
static void
become_two_way(struct mirror *m, struct mailbox *mb)
{
	mb->two_way = true;
	forget_folder(m, mb);
	missing_restore(m, mb);
	store_run(m->store,
	    "UPDATE email SET near = 1 WHERE n IN (SELECT email FROM place WHERE mailbox = ?)",
	    "i", mb->n);
}

/* What was not told is not told any more. */
static void
become_one_way(struct mirror *m, struct mailbox *mb)
{
	mb->two_way = false;
	forget_folder(m, mb);
	store_run(m->store, "DELETE FROM stray WHERE mailbox = ?", "i", mb->n);
	store_run(m->store, "DELETE FROM place WHERE mailbox = ? AND agreed = 0", "i", mb->n);
}

/* A state from before anything was told does not know what the account may do. */
static struct outcome
know_rights(struct mirror *m)
{
	for (size_t i = 0; i < m->mailboxes.count; i++)
		if (!m->mailboxes.v[i]->gone && m->mailboxes.v[i]->rights == RIGHTS_UNKNOWN)
			return remote_ask_mailboxes(m);
	return outcome_ok();
}

struct outcome
near_begin(struct mirror *m)
{
	struct outcome o = m->pushes ? know_rights(m) : outcome_ok();

	if (!outcome_is_ok(&o))
		return o;
	store_begin(m->store);
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];
		bool two_way = m->pushes && mb->selected && !mb->gone &&
		               mailboxes_tells(m->config, mb->display);

		if (two_way && !mb->two_way)
			become_two_way(m, mb);
		else if (!two_way && mb->two_way)
			become_one_way(m, mb);
	}
	return store_commit(m->store);
}

/* Somebody removed the folder.  That says nothing of its messages: they come back. */
static struct outcome
restore_folder(struct mirror *m, struct mailbox *mb)
{
	struct outcome o;

	store_begin(m->store);
	store_run(m->store, "DELETE FROM stray WHERE mailbox = ?", "i", mb->n);
	store_run(m->store, "DELETE FROM place WHERE mailbox = ? AND agreed = 0", "i", mb->n);
	store_run(m->store, "UPDATE place SET missing = 1 WHERE mailbox = ?", "i", mb->n);
	missing_restore(m, mb);
	forget_folder(m, mb);
	o = store_commit(m->store);
	if (!outcome_is_ok(&o) || m->options.dry_run)
		return o;
	o = mirror_start_changing(m);
	return outcome_is_ok(&o) ? folders_make(m, mb->path) : o;
}

static struct outcome
look_at(struct mirror *m, struct mailbox *mb)
{
	enum scan_result result;
	struct outcome o;

	if (mirror_recovers(m) && !m->scanned)
		o = scan_folder(m, mb, true, &result);
	else
		o = scan_changed(m, mb, &result);
	if (!outcome_is_ok(&o))
		return o;
	if (result == SCAN_NO_FOLDER)
		return restore_folder(m, mb);
	m->unsteady = m->unsteady || result == SCAN_UNSURE;
	return o;
}

struct outcome
near_look(struct mirror *m)
{
	struct outcome o = outcome_ok();
	bool looked = false;

	m->unsteady = m->hidden;
	for (size_t i = 0; i < m->mailboxes.count && outcome_is_ok(&o); i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (!mb->two_way || mb->path == NULL || mb->vanished ||
		    ((!mirror_recovers(m) || m->scanned) && scan_is_still(m, mb)))
			continue;
		looked = true;
		o = look_at(m, mb);
		if (cancel_requested() && outcome_is_ok(&o))
			o = outcome_make("local", "cancelled", NULL);
	}
	for (size_t i = 0; i < m->mailboxes.count && looked && !m->unsteady; i++) {
		const struct mailbox *mb = m->mailboxes.v[i];

		m->unsteady = mb->two_way && mb->path != NULL && mb->stamps[0] != NULL &&
		              !mb->vanished && !scan_is_still(m, mb);
	}
	return outcome_is_ok(&o) ? strays_sort_out(m) : o;
}

struct outcome
near_end(struct mirror *m)
{
	missing_forget_notes(m);
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (mb->moved_there || mb->moved_above)
			store_run(m->store, "UPDATE mailbox SET path = ? WHERE n = ?", "ti",
			    mb->path, mb->n);
		/* Also where nothing is told: who renames a folder makes no mailbox. */
		if (!m->pushes || !mb->selected || mb->gone || mb->path == NULL ||
		    mb->identity != NULL)
			continue;
		mb->identity = scan_identity(m, mb);
		store_run(m->store, "UPDATE mailbox SET identity = ? WHERE n = ?", "ti",
		    mb->identity, mb->n);
	}
	return store_error(m->store);
}
