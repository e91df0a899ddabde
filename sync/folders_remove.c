/*
 * Removing the folder of a mailbox that is gone: only what is ours.
 *
 * Its messages were removed before, one by one, as the service proved each gone or moved.
 * What is left is the frame (cur, new, tmp), what Dovecot and Courier keep about a folder,
 * and perhaps mail or folders of somebody else: then the folder stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "sync/files.h"
#include "sync/folders.h"

/* Files that describe a folder, and mean nothing without it. */
static const char *const descriptions[] = {
    "maildirfolder",
    "maildirsize",
    "dovecot-uidlist",
    "dovecot-keywords",
    "dovecot-acl",
    "dovecot.index",
    "dovecot.index.cache",
    "dovecot.index.log",
    "dovecot.index.log.2",
    "dovecot.index.thread",
    "dovecot.mailbox.log",
};

/* Remove the frame if no part of it has anything in it; else leave it whole. */
static bool
remove_frame(int root, const char *path)
{
	static const char *const parts[] = {"new", "cur", "tmp"};
	bool removed = true;
	size_t done = 0;

	for (; done < 3 && removed; done++) {
		char *part = xasprintf("%s/%s", path, parts[done]);

		removed = unlinkat(root, part, AT_REMOVEDIR) == 0 || errno == ENOENT;
		free(part);
	}
	for (size_t i = 0; i < done && !removed; i++) {
		char *part = xasprintf("%s/%s", path, parts[i]);

		(void)mkdirat(root, part, 0700);
		free(part);
	}
	return removed;
}

static void
remove_descriptions(int root, const char *path)
{
	for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]); i++) {
		char *file = xasprintf("%s/%s", path, descriptions[i]);

		(void)unlinkat(root, file, 0);
		free(file);
	}
}

/* The folder, and the levels above it that only led to it, durably: nobody remembers it then.
 * *kept_r: it stays. */
static struct outcome
remove_folder(int root, const char *path, bool *kept_r)
{
	char *level = xstrdup(path), *slash = level;
	struct touched touched = {0};

	*kept_r = !remove_frame(root, path);
	if (!*kept_r)
		remove_descriptions(root, path);
	while (!*kept_r && slash != NULL && unlinkat(root, level, AT_REMOVEDIR) == 0) {
		touched_add(&touched, level);
		slash = strrchr(level, '/');
		if (slash != NULL)
			*slash = '\0';
	}
	free(level);
	return touched_sync(&touched, root);
}

static void
report_removed(struct mirror *m, const struct mailbox *mb, bool kept)
{
	const char *name = mb->display != NULL ? mb->display : mb->name;

	m->report->folders++;
	report_event(m->report, "mailbox-removed",
	    json_pack("{s:s, s:s, s:b}", "mailbox", name, "path",
	        mb->path != NULL ? mb->path : "", "kept", (int)kept),
	    "%s%s", name, kept ? " (its folder stays: there are files of others in it)" : "");
}

static struct outcome
remove_one(struct mirror *m, struct mailbox *mb)
{
	bool ours = mb->selected && mb->path != NULL && *mb->path != '\0' &&
	            folders_holder(m, mb->path) == mb;
	struct outcome o = outcome_ok();
	bool kept = false;

	if (ours && !m->options.dry_run) {
		o = mirror_start_changing(m);
		if (outcome_is_ok(&o))
			o = remove_folder(m->root.fd, mb->path, &kept);
		if (!outcome_is_ok(&o))
			return o;
	}
	if (mb->path != NULL)
		report_removed(m, mb, !ours || kept);
	store_begin(m->store);
	mailboxes_forget(&m->mailboxes, m->store, mb);
	/* Of a mailbox that is not mirrored any more the messages are let go, too. */
	store_run(m->store,
	    "DELETE FROM email WHERE want_mailboxes IS NULL AND NOT EXISTS"
	    " (SELECT 1 FROM place WHERE place.email = email.n)",
	    "");
	return store_commit(m->store);
}

struct outcome
folders_remove_gone(struct mirror *m)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < m->mailboxes.count && outcome_is_ok(&o);) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (mb->gone &&
		    (!mb->selected ||
		        store_number(m->store, 0,
		            "SELECT count(*) FROM place WHERE mailbox = ?", "i", mb->n) == 0))
			o = remove_one(m, mb);
		else
			i++;
	}
	return o;
}
