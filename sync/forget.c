/*
 * Forgetting.  No file is touched, but the mark of the Maildir, and only if it is the mark of
 * this database: of another's Maildir nothing is known that could be forgotten.
 *
 * A mailbox that is forgotten keeps its row, because the service still has it; what goes is
 * everything that ties it to a folder.  If it is selected again later, the files that are
 * still in the folder are recognised (mirror.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "sync/forget.h"
#include "sync/state.h"

static int64_t
files_of(struct mirror *m, const struct mailbox *mb)
{
	return store_number(
	    m->store, 0, "SELECT count(*) FROM place WHERE mailbox = ?", "i", mb->n);
}

static void
forget_mailbox(struct mirror *m, struct mailbox *mb)
{
	int64_t files = files_of(m, mb);

	report_event(m->report, "forgotten",
	    json_pack("{s:s, s:s*, s:I}", "mailbox", mb->display, "path", mb->path, "files",
	        (json_int_t)files),
	    "%s, %lld files", mb->display, (long long)files);
	if (m->options.dry_run)
		return;
	store_run(m->store, "DELETE FROM place WHERE mailbox = ?", "i", mb->n);
	store_run(m->store, "DELETE FROM stray WHERE mailbox = ?", "i", mb->n);
	store_run(m->store, "DELETE FROM kwletter WHERE mailbox = ?", "i", mb->n);
	store_run(m->store, "DELETE FROM op WHERE mailbox = ?", "i", mb->n);
	store_run(m->store,
	    "UPDATE mailbox SET path = NULL, selected = 0, two_way = 0, identity = NULL,"
	    " renamed_from = NULL, stamp_new = NULL, stamp_cur = NULL, subscribed = -1,"
	    " subscribed_as = NULL WHERE n = ?",
	    "i", mb->n);
}

static struct outcome
check_selection(const struct mirror *m)
{
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		const struct mailbox *mb = m->mailboxes.v[i];

		if (mb->selected && !mb->gone && mirror_chooses(m, mb)) {
			struct outcome o = outcome_make(
			    "local", "config", "%s is still to be mirrored", mb->display);

			outcome_hint(&o, "exclude it in sync \"%s\" first", m->config->name);
			return o;
		}
	}
	return outcome_ok();
}

static struct outcome
forget_mailboxes(struct mirror *m)
{
	struct outcome o = m->store != NULL ? check_selection(m) : outcome_ok();
	int64_t forgotten = 0;

	if (!outcome_is_ok(&o) || m->store == NULL)
		return o;
	store_begin(m->store);
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (mb->path == NULL || !mirror_chooses(m, mb))
			continue;
		forget_mailbox(m, mb);
		forgotten++;
	}
	/* Messages that were nowhere else. */
	if (!m->options.dry_run)
		store_run(m->store,
		    "DELETE FROM email WHERE want_mailboxes IS NULL AND NOT EXISTS"
		    " (SELECT 1 FROM place WHERE place.email = email.n)",
		    "");
	report_result(m->report, json_pack("{s:I}", "forgotten", (json_int_t)forgotten),
	    "%lld mailboxes %s; their files are left", (long long)forgotten,
	    m->options.dry_run ? "would be forgotten" : "forgotten");
	return store_commit(m->store);
}

/* The mark, if it says that the Maildir belongs to this database. */
static struct outcome
remove_mark(struct mirror *m)
{
	char *uuid = state_get(m->store, STATE_UUID);
	struct outcome o = root_open(&m->root, m->config->maildir);

	if (outcome_is_ok(&o) && uuid != NULL && m->root.marked &&
	    strcmp(uuid, m->root.uuid) == 0) {
		if (unlinkat(m->root.fd, ROOT_MARKER, 0) < 0 && errno != ENOENT)
			o = file_error("cannot remove", ROOT_MARKER);
		else
			o = file_sync_dir(m->root.fd, ".");
	}
	free(uuid);
	return o;
}

static struct outcome
forget_section(struct mirror *m)
{
	struct outcome o = outcome_ok();

	report_event(m->report, "forgotten", json_pack("{s:s}", "maildir", m->config->maildir),
	    "%s", m->config->maildir);
	report_result(m->report, json_object(), "%s",
	    m->store == NULL     ? "there was nothing to forget"
	    : m->options.dry_run ? "would be forgotten; the files are left"
	                         : "forgotten; the files are left");
	if (m->store == NULL || m->options.dry_run)
		return o;
	o = remove_mark(m);
	if (outcome_is_ok(&o)) {
		store_close(&m->store);
		mirror_remove_database(m->config);
	}
	return o;
}

struct outcome
forget_run(const struct sync_config *config, const struct mirror_options *options,
    struct report *report)
{
	struct mirror m = {.config = config, .options = *options, .report = report};
	struct outcome o = mirror_peek(&m);

	if (outcome_is_ok(&o))
		o = options->mailboxes != NULL ? forget_mailboxes(&m) : forget_section(&m);
	return outcome_worse(o, mirror_close(&m));
}
