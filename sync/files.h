/*
 * files - names in the Maildir, made so that a crash or another program cannot spoil them
 */
#ifndef FERRY_SYNC_FILES_H
#define FERRY_SYNC_FILES_H

#include <stddef.h>

#include "common/base/outcome.h"

/* Paths are relative to root.  0, or -1 with errno. */

/* Rename; if something has the new name already it is EEXIST, and nothing is replaced. */
int files_rename(int root, const char *from, const char *to);

/*
 * Give the file one more name; a copy where the file system has no hard links.  If the new
 * name is the same file already, which a run that was killed leaves, that is success.
 */
int files_link(int root, const char *from, const char *to);

/* The directories names were made or removed in, to be synced together. */
struct touched {
	char **paths;
	size_t count;
};

/* Note the directory of file. */
void touched_add(struct touched *touched, const char *file);

/* fsync all of them, and forget them. */
struct outcome touched_sync(struct touched *touched, int root);
void touched_free(struct touched *touched);

#endif
