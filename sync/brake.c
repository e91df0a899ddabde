/*
 * The brake.  A disk that is half mounted, a reader gone mad, an account that somebody
 * emptied: all look like somebody deleting mail.  Deleting some is everyday; deleting more
 * than a tenth (and more than 50) of a mailbox, or everything in it, somebody should want.
 *
 * Moves are no deletions.  The trash and the junk mailbox may be emptied: that is what they
 * are for.  So may a mailbox with a single message.
 */
#include <string.h>

#include "sync/brake.h"

#define FEW   50 /* deletions that are fine in any mailbox */
#define TENTH 10

bool
brake_is_too_much(int64_t deletions, int64_t messages)
{
	int64_t most = messages / TENTH > FEW ? messages / TENTH : FEW;

	return deletions > most || (deletions > 1 && deletions >= messages);
}

static bool
may_be_emptied(const struct mailbox *mb)
{
	return mb->role != NULL &&
	       (strcmp(mb->role, "trash") == 0 || strcmp(mb->role, "junk") == 0);
}

/* Messages gone here, not to another mailbox, which the service still has there. */
static int64_t
deletions_there(struct mirror *m, const struct mailbox *mb)
{
	if (!mb->two_way || m->config->deletions == DELETIONS_NEVER ||
	    !mailbox_may(mb, RIGHT_REMOVE))
		return 0;
	return store_number(m->store, 0,
	    "SELECT count(*) FROM place JOIN email ON email.n = place.email"
	    " WHERE place.mailbox = ? AND place.missing = 1 AND place.agreed = 1 AND near = 1"
	    " AND (want_mailboxes IS NULL"
	    "  OR instr(' ' || want_mailboxes || ' ', ' ' || place.mailbox || ' ') <> 0)"
	    " AND NOT EXISTS (SELECT 1 FROM place other WHERE other.email = place.email"
	    "  AND other.agreed = 0 AND other.missing = 0)",
	    "i", mb->n);
}

/* Files of messages that are in no mirrored mailbox any more.  Of those messages there are
 * few: CROSS JOIN has SQLite begin with them, and not with the whole mailbox. */
static int64_t
deletions_here(struct mirror *m, const struct mailbox *mb)
{
	if (!m->pulls || !mb->selected || !mb->follows)
		return 0;
	return store_number(m->store, 0,
	    "SELECT count(*) FROM email CROSS JOIN place ON place.email = email.n"
	    " WHERE want_mailboxes = '' AND near = 0 AND aside = 0"
	    " AND place.mailbox = ? AND place.missing = 0 AND place.agreed = 1",
	    "i", mb->n);
}

void
brake_report(
    struct mirror *m, const struct mailbox *mb, int64_t deletions, int64_t messages, bool there)
{
	report_notice(m->report, "brake",
	    json_pack("{s:s, s:I, s:I, s:s}", "mailbox", mb->display, "deletions",
	        (json_int_t)deletions, "messages", (json_int_t)messages, "where",
	        there ? "service" : "maildir"),
	    "%s: %lld of %lld messages would be deleted %s", mb->display, (long long)deletions,
	    (long long)messages, there ? "at the service" : "in the Maildir");
}

struct outcome
brake_outcome(const struct mirror *m)
{
	struct outcome o = outcome_make("local", "brake", "nothing was done");

	outcome_hint(&o,
	    "ferry-sync --dry-run %s lists them; if it is meant: ferry-sync"
	    " --allow-deletes %s",
	    m->config->name, m->config->name);
	return o;
}

static bool
check_mailbox(struct mirror *m, const struct mailbox *mb)
{
	const int64_t counts[] = {deletions_here(m, mb), deletions_there(m, mb)};
	bool stop = false;

	if (counts[0] + counts[1] == 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		int64_t messages = store_number(m->store, 0,
		    "SELECT count(*) FROM place WHERE mailbox = ? AND agreed = 1", "i", mb->n);

		if (counts[i] != 0 && brake_is_too_much(counts[i], messages)) {
			brake_report(m, mb, counts[i], messages, i == 1);
			stop = true;
		}
	}
	return stop;
}

struct outcome
brake_check(struct mirror *m)
{
	bool stop = false;

	for (size_t i = 0; i < m->mailboxes.count && !m->options.allow_deletes; i++) {
		const struct mailbox *mb = m->mailboxes.v[i];

		if (mirror_chooses(m, mb) && !may_be_emptied(mb) && check_mailbox(m, mb))
			stop = true;
	}
	if (stop && !m->options.dry_run)
		return brake_outcome(m);
	return store_error(m->store);
}
