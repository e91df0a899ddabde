/*
 * Which folder each mailbox should have: its name below its parent's folder, level by level.
 *
 * Where two mailboxes would share one, the one that has it keeps it and the other's path is
 * made distinct by its id.  The inbox's own folder is given once: whoever is the inbox when
 * it is free gets it and keeps it, because in Maildir++ it is the root, which cannot be
 * renamed.
 *
 * A folder that somebody renamed, while the service did not rename the mailbox, keeps its path
 * for as long as the service's names give the one that they gave then.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "sync/folders.h"
#include "sync/mailbox_path.h"

static bool
same_path(const struct mirror *m, const char *a, const char *b)
{
	return (m->root.caseless ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

struct mailbox *
folders_holder(const struct mirror *m, const char *path)
{
	struct mailbox *gone = NULL;

	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (mb->path == NULL || !same_path(m, mb->path, path))
			continue;
		if (!mb->gone)
			return mb;
		gone = mb;
	}
	return gone;
}

/* Does the mailbox have, or shall it get, the inbox's own folder? */
static bool
takes_inbox_folder(const struct mirror *m, const struct mailbox *mb)
{
	const char *path = mailbox_path_inbox(m->config->layout);
	const struct mailbox *has = folders_holder(m, path);

	return has == mb || ((has == NULL || has->gone) && mb->inbox &&
	                        (mb->path == NULL || mb->renamed_from != NULL));
}

char *
folders_named_path(const struct mirror *m, const struct mailbox *mb)
{
	enum maildir_layout layout = m->config->layout;
	const struct mailbox *parent =
	    mb->depth > 0 ? mailboxes_by_id(&m->mailboxes, mb->parent) : NULL;
	const char *below = NULL;

	if (takes_inbox_folder(m, mb))
		return xstrdup(mailbox_path_inbox(layout));
	if (parent != NULL)
		below = strcmp(parent->wanted, mailbox_path_inbox(layout)) == 0
		            ? mailbox_path_below_inbox(layout)
		            : parent->wanted;
	return mailbox_path(layout, below, mb->name);
}

void
folders_keep_path(struct mirror *m, struct mailbox *mb, const char *named)
{
	char *copy;

	if (named == NULL ? mb->renamed_from == NULL
	                  : mb->renamed_from != NULL && strcmp(named, mb->renamed_from) == 0)
		return;
	copy = xstrdup(named);
	free(mb->renamed_from);
	mb->renamed_from = copy;
	store_run(
	    m->store, "UPDATE mailbox SET renamed_from = ? WHERE n = ?", "ti", copy, mb->n);
}

/* The path it should have; the name that somebody gave its folder is given up when the
 * service has another one, too. */
static char *
path_for(struct mirror *m, struct mailbox *mb)
{
	char *named = folders_named_path(m, mb);

	if (mb->renamed_from == NULL)
		return named;
	if (strcmp(named, mb->renamed_from) != 0) {
		folders_keep_path(m, mb, NULL);
		return named;
	}
	free(named);
	return xstrdup(mb->path);
}

static bool
is_wanted_by_another(const struct mirror *m, const struct mailbox *mb)
{
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		const struct mailbox *other = m->mailboxes.v[i];

		if (other == mb || other->gone)
			continue;
		if (other->wanted != NULL && same_path(m, other->wanted, mb->wanted))
			return true;
		if (other->renamed_from != NULL && same_path(m, other->path, mb->wanted))
			return true;
	}
	return false;
}

/* A level: first those that have what they want, then the others. */
static size_t
find_wanted_at(struct mirror *m, unsigned depth, bool holders)
{
	size_t done = 0;

	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];
		char *path;

		if (mb->depth != depth || mb->wanted != NULL)
			continue;
		path = path_for(m, mb);
		if (holders && (mb->path == NULL || !same_path(m, mb->path, path))) {
			free(path);
			continue;
		}
		mb->wanted = path;
		done++;
		if (!mb->gone && is_wanted_by_another(m, mb)) {
			mb->wanted = mailbox_path_distinct(path, mb->id);
			free(path);
		}
	}
	return done;
}

void
folders_find_wanted(struct mirror *m)
{
	size_t left = m->mailboxes.count;

	for (size_t i = 0; i < m->mailboxes.count; i++) {
		free(m->mailboxes.v[i]->wanted);
		m->mailboxes.v[i]->wanted = NULL;
	}
	for (unsigned depth = 0; left > 0; depth++) {
		left -= find_wanted_at(m, depth, true);
		left -= find_wanted_at(m, depth, false);
	}
}
