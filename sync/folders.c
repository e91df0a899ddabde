/*
 * Folders follow mailboxes by rename(2): a mailbox that got another name costs no download.
 *
 * A rename is first written into the state (op), so that a run that finds the old folder gone
 * and the new one there knows why.  All of that is durable before the next one begins: where
 * folders change places, nobody could tell by them which renames a power cut took.  Chains (A
 * becomes B, B becomes C) are done from their end; of a cycle, one folder steps aside under a
 * name that no mailbox can have, and so does the folder of a mailbox that is gone, when
 * another mailbox has got its name.
 *
 * In a tree of folders (LAYOUT_FS) a rename takes everything below with it; in Maildir++
 * each folder is renamed by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/files.h"
#include "sync/folders.h"
#include "sync/mailbox_path.h"
#include "sync/state.h"

#define FOLDER_MODE 0700

/* The folder's path below the root, "." for the root itself. */
static const char *
at(const char *path)
{
	return *path != '\0' ? path : ".";
}

static bool
exists(const struct mirror *m, const char *path)
{
	return faccessat(m->root.fd, at(path), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Making */

/* Make the names in a folder durable. */
static struct outcome
sync_names(const struct mirror *m, const char *path)
{
	int fd = openat(m->root.fd, at(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct outcome o = fd >= 0 ? file_sync_dir(fd, path) : file_error("cannot open", path);

	if (fd >= 0)
		close(fd);
	return o;
}

/* Make a path's last name durable, in the folder above, and then that one's name, and so on. */
static struct outcome
sync_levels(const struct mirror *m, const char *path)
{
	char *above = xstrdup(path);
	struct outcome o = outcome_ok();

	while (outcome_is_ok(&o) && *above != '\0') {
		char *slash = strrchr(above, '/');

		*(slash != NULL ? slash : above) = '\0';
		o = sync_names(m, above);
	}
	free(above);
	return o;
}

static struct outcome
make_dirs_at(int root, const char *path)
{
	char *copy = xstrdup(path);
	struct outcome o = outcome_ok();

	for (char *p = copy; outcome_is_ok(&o);) {
		char *slash = strchr(p, '/');

		if (slash != NULL)
			*slash = '\0';
		if (mkdirat(root, copy, FOLDER_MODE) < 0 && errno != EEXIST)
			o = file_error("cannot make directory", copy);
		if (slash == NULL)
			break;
		*slash = '/';
		p = slash + 1;
	}
	free(copy);
	return o;
}

/* The empty file by which Courier and Dovecot know a folder of a Maildir++. */
static struct outcome
put_maildirfolder(struct mirror *m, const char *path)
{
	char *file = xasprintf("%s/maildirfolder", path);
	int fd = openat(m->root.fd, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct outcome o = fd >= 0 ? outcome_ok() : file_error("cannot make", file);

	if (fd >= 0)
		close(fd);
	free(file);
	return o;
}

struct outcome
folders_make(struct mirror *m, const char *path)
{
	static const char *const parts[] = {"tmp", "new", "cur"};
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < 3 && outcome_is_ok(&o); i++) {
		char *part = xasprintf("%s/%s", at(path), parts[i]);

		o = make_dirs_at(m->root.fd, part);
		free(part);
	}
	if (outcome_is_ok(&o) && m->config->layout == LAYOUT_MAILDIRPP && *path != '\0')
		o = put_maildirfolder(m, path);
	/* The names in it and of its levels must be as durable as its messages will be. */
	if (outcome_is_ok(&o))
		o = sync_names(m, path);
	return outcome_is_ok(&o) ? sync_levels(m, path) : o;
}

static void
set_path(struct mirror *m, struct mailbox *mb, const char *path)
{
	char *copy = xstrdup(path);

	free(mb->path);
	mb->path = copy;
	store_run(m->store, "UPDATE mailbox SET path = ? WHERE n = ?", "ti", path, mb->n);
}

/*
 * Programs with folders in folders write their names in modified UTF-7, as IMAP has them
 * (mbsync before 1.5): what they left under such a name is this mailbox's folder.
 */
static struct outcome
adopt_folder(struct mirror *m, const struct mailbox *mb)
{
	const char *slash = strrchr(mb->wanted, '/');
	size_t above = slash != NULL ? (size_t)(slash - mb->wanted) + 1 : 0;
	char *level = mailbox_path(LAYOUT_MAILDIRPP, NULL, mb->name);
	char *path = xasprintf("%.*s%s", (int)above, mb->wanted, level + 1);
	struct outcome o = outcome_ok();

	if (m->adopts && m->config->layout == LAYOUT_FS && !mb->inbox &&
	    !exists(m, mb->wanted) && exists(m, path) && folders_holder(m, path) == NULL &&
	    files_rename(m->root.fd, path, mb->wanted) < 0)
		o = file_error("cannot rename to", mb->wanted);
	free(level);
	free(path);
	return o;
}

static struct outcome
make_folder(struct mirror *m, struct mailbox *mb)
{
	struct outcome o = outcome_ok();

	if (!m->options.dry_run) {
		o = mirror_start_changing(m);
		if (outcome_is_ok(&o))
			o = adopt_folder(m, mb);
		if (outcome_is_ok(&o))
			o = folders_make(m, mb->wanted);
	}
	if (!outcome_is_ok(&o))
		return o;
	set_path(m, mb, mb->wanted);
	m->report->folders++;
	report_event(m->report, "mailbox-created",
	    json_pack("{s:s, s:s}", "mailbox", mb->display, "path", at(mb->path)), "%s",
	    mb->display);
	return store_error(m->store);
}

/* Renaming */

/* The path with another beginning, where it is below that; else NULL. */
static char *
moved_below(const struct mirror *m, const char *path, const char *from, const char *to)
{
	char separator = m->config->layout == LAYOUT_FS ? '/' : '.';
	size_t length = strlen(from);

	if (path == NULL || strncmp(path, from, length) != 0 || path[length] != separator)
		return NULL;
	return xasprintf("%s%s", to, path + length);
}

/* A name of its own is kept where the folder has gone. */
static void
keep_wanted(struct mailbox *mb)
{
	if (mb->renamed_from == NULL)
		return;
	free(mb->wanted);
	mb->wanted = xstrdup(mb->path);
}

static void
move_path(struct mirror *m, struct mailbox *mb, const char *from, const char *to)
{
	char *path = moved_below(m, mb->path, from, to);
	char *named = moved_below(m, mb->renamed_from, from, to);

	if (path != NULL)
		set_path(m, mb, path);
	if (path != NULL && named != NULL)
		folders_keep_path(m, mb, named);
	if (path != NULL)
		keep_wanted(mb);
	free(path);
	free(named);
}

void
folders_move_below(struct mirror *m, const char *from, const char *to)
{
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (mb->path != NULL && !exists(m, mb->path))
			move_path(m, mb, from, to);
	}
}

/* In a tree of folders those below a renamed one went with it. */
static void
move_tree(struct mirror *m, const char *from, const char *to)
{
	for (size_t i = 0; i < m->mailboxes.count && m->config->layout == LAYOUT_FS; i++)
		move_path(m, m->mailboxes.v[i], from, to);
}

static struct outcome
note_renamed(struct mirror *m, struct mailbox *mb, const char *to)
{
	char *from = xstrdup(mb->path);
	struct outcome o;

	store_durable(m->store, true);
	store_begin(m->store);
	set_path(m, mb, to);
	move_tree(m, from, to);
	store_run(m->store, "DELETE FROM op WHERE kind = 'rename'", "");
	o = store_commit(m->store);
	store_durable(m->store, false);
	free(from);
	return o;
}

static struct outcome
rename_on_disk(struct mirror *m, const struct mailbox *mb, const char *to)
{
	struct outcome o = mirror_start_changing(m);
	char *slash = strrchr(to, '/');

	if (!outcome_is_ok(&o))
		return o;
	store_durable(m->store, true);
	store_run(m->store,
	    "INSERT INTO op(kind, mailbox, source, target) VALUES('rename', ?, ?, ?)", "itt",
	    mb->n, mb->path, to);
	store_durable(m->store, false);
	o = store_error(m->store);
	if (outcome_is_ok(&o) && slash != NULL) {
		char *above = xstrndup(to, (size_t)(slash - to));

		o = make_dirs_at(m->root.fd, above);
		free(above);
	}
	if (outcome_is_ok(&o) && files_rename(m->root.fd, mb->path, to) < 0) {
		o = file_error("cannot rename to", to);
		store_run(m->store, "DELETE FROM op WHERE kind = 'rename'", "");
	}
	if (outcome_is_ok(&o))
		o = sync_levels(m, to);
	return outcome_is_ok(&o) ? sync_levels(m, mb->path) : o;
}

static struct outcome
rename_folder(struct mirror *m, struct mailbox *mb, const char *to)
{
	struct outcome o = outcome_ok();

	if (!m->options.dry_run)
		o = rename_on_disk(m, mb, to);
	return outcome_is_ok(&o) ? note_renamed(m, mb, to) : o;
}

static void
report_renamed(struct mirror *m, const struct mailbox *mb, const char *from)
{
	m->report->folders++;
	report_event(m->report, "mailbox-renamed",
	    json_pack("{s:s, s:s, s:s}", "mailbox", mb->display, "from", at(from), "to",
	        at(mb->path)),
	    "%s (was %s)", mb->display, at(from));
}

/* What stands in the way of a folder's new name. */
enum obstacle { WAY_FREE, WAY_OURS, WAY_FOREIGN };

static enum obstacle
look_ahead(const struct mirror *m, const struct mailbox *mb)
{
	const struct mailbox *other = folders_holder(m, mb->wanted);

	if (other == mb)
		return WAY_FREE; /* another case of the same letters */
	if (other != NULL)
		return WAY_OURS;
	return exists(m, mb->wanted) ? WAY_FOREIGN : WAY_FREE;
}

static bool
must_move(const struct mailbox *mb)
{
	return !mb->gone && mb->selected && mb->path != NULL &&
	       strcmp(mb->path, mb->wanted) != 0;
}

/* What is below a folder that is not where it was, and is not either, went with it, or was
 * renamed from where it would be then. */
static void
move_with(const struct mirror *m, const char *from, const char *to)
{
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];
		char *path = moved_below(m, mb->path, from, to);

		if (path != NULL && !exists(m, mb->path)) {
			char *before = mb->path;

			mb->path = path;
			mb->moved_above = true;
			keep_wanted(mb);
			path = before;
		}
		free(path);
	}
}

/* A folder that is not where it was: made anew, or somebody renamed it to where it goes. */
static bool
settle_vanished(struct mirror *m, struct mailbox *mb)
{
	char *from;

	if (exists(m, mb->path))
		return false;
	if (!mb->two_way && mb->identity == NULL) {
		set_path(m, mb, mb->wanted);
		return true;
	}
	/* Whoever renamed it here is found by folders_near.c; until then the state says where
	 * it was. */
	mb->moved_there = true;
	from = mb->path;
	mb->path = xstrdup(mb->wanted);
	move_with(m, from, mb->path);
	free(from);
	return true;
}

/* Rename all that can be; how many were.  The last failure is reported, not fatal. */
static size_t
rename_pass(struct mirror *m, unsigned depth, struct mailbox **blocked_r)
{
	size_t moved = 0;

	*blocked_r = NULL;
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];
		char *from;
		struct outcome o;

		if (mb->depth != depth || !must_move(mb))
			continue;
		if (settle_vanished(m, mb)) {
			moved++;
			continue;
		}
		if (look_ahead(m, mb) == WAY_OURS)
			*blocked_r = mb;
		if (look_ahead(m, mb) != WAY_FREE)
			continue;
		from = xstrdup(mb->path);
		o = rename_folder(m, mb, mb->wanted);
		if (outcome_is_ok(&o)) {
			report_renamed(m, mb, from);
			moved++;
		}
		free(from);
	}
	return moved;
}

/* Will its folder be removed, and can it be renamed until then? */
static bool
can_step_aside(const struct mirror *m, const struct mailbox *mb)
{
	return mb->gone && strcmp(mb->path, mailbox_path_inbox(m->config->layout)) != 0;
}

/* One of a cycle steps aside: backslash and '=' are in no mailbox's path. */
static struct outcome
step_aside(struct mirror *m, struct mailbox *mb)
{
	char *aside =
	    xasprintf("%s\\=%lld", m->config->layout == LAYOUT_FS ? "" : ".", (long long)mb->n);
	struct outcome o = rename_folder(m, mb, aside);

	free(aside);
	return o;
}

static struct outcome
rename_level(struct mirror *m, unsigned depth)
{
	struct outcome o = outcome_ok();
	struct mailbox *blocked;
	size_t aside = 0;

	for (;;) {
		if (rename_pass(m, depth, &blocked) != 0)
			continue;
		if (blocked == NULL || aside++ > m->mailboxes.count)
			break;
		/* Whoever holds the name and moves on too, steps aside. */
		blocked = folders_holder(m, blocked->wanted);
		if (!must_move(blocked) && !can_step_aside(m, blocked))
			break;
		o = step_aside(m, blocked);
		if (!outcome_is_ok(&o))
			return o;
	}
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (mb->depth == depth && must_move(mb)) {
			o = outcome_make("local", "io", "cannot rename %s to %s", at(mb->path),
			    at(mb->wanted));
			outcome_hint(&o, "something else has that name");
			report_error(m->report, mb->display, &o);
		}
	}
	return store_error(m->store);
}

/* Make a mailbox's folder, after the one of a mailbox that is gone stepped aside. */
static struct outcome
make_one(struct mirror *m, struct mailbox *mb)
{
	struct mailbox *other = folders_holder(m, mb->wanted);
	struct outcome o = outcome_ok();

	if (other != NULL && !other->gone)
		return outcome_make("local", "io", "another mailbox keeps %s", at(mb->wanted));
	if (other != NULL && can_step_aside(m, other))
		o = step_aside(m, other);
	return outcome_is_ok(&o) ? make_folder(m, mb) : o;
}

static struct outcome
make_level(struct mirror *m, unsigned depth)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < m->mailboxes.count && outcome_is_ok(&o); i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (mb->depth != depth || mb->gone || !mb->selected || mb->path != NULL)
			continue;
		o = make_one(m, mb);
		if (outcome_is(&o, "local/io")) {
			/* A path the file system does not take is this mailbox's trouble. */
			report_error(m->report, mb->display, &o);
			o = outcome_ok();
		}
	}
	return o;
}

static unsigned
deepest(const struct mirror *m)
{
	unsigned depth = 0;

	for (size_t i = 0; i < m->mailboxes.count; i++)
		if (m->mailboxes.v[i]->depth > depth)
			depth = m->mailboxes.v[i]->depth;
	return depth;
}

struct outcome
folders_settle(struct mirror *m)
{
	struct outcome o = outcome_ok();

	folders_find_wanted(m);
	for (unsigned depth = 0; depth <= deepest(m) && outcome_is_ok(&o); depth++) {
		o = rename_level(m, depth);
		if (outcome_is_ok(&o))
			o = make_level(m, depth);
	}
	return o;
}

struct outcome
folders_recover(struct mirror *m)
{
	struct outcome o = outcome_ok();
	int64_t n;

	n = store_number(m->store, -1, "SELECT mailbox FROM op WHERE kind = 'rename'", "");
	if (n >= 0) {
		char *from =
		    store_text(m->store, "SELECT source FROM op WHERE kind = 'rename'", "");
		char *to =
		    store_text(m->store, "SELECT target FROM op WHERE kind = 'rename'", "");
		struct mailbox *mb = mailboxes_by_n(&m->mailboxes, n);

		if (mb != NULL && from != NULL && to != NULL && !exists(m, from) &&
		    exists(m, to))
			o = note_renamed(m, mb, to);
		store_run(m->store, "DELETE FROM op WHERE kind = 'rename'", "");
		free(from);
		free(to);
	}
	return outcome_is_ok(&o) ? store_error(m->store) : o;
}
