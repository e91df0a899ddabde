/*
 * watch_folders - hear when somebody changes the files of a Maildir (inotify(7))
 *
 * It is a hint that it is worth looking, never what has happened: a scan finds that out.  So
 * nothing is lost when the kernel's queue overflows, and what we did ourselves costs one look
 * that finds nothing.
 */
#ifndef FERRY_SYNC_WATCH_FOLDERS_H
#define FERRY_SYNC_WATCH_FOLDERS_H

#include <stdbool.h>

struct watch_folders;

/* Watch nothing yet; watch_folders_refresh() begins.  name is the section's, for the log.
 * NULL, and it is logged, if the kernel does not let us. */
struct watch_folders *watch_folders_new(const char *name, const char *maildir);
void watch_folders_free(struct watch_folders **folders);

/* The descriptor that has something to read when something changed. */
int watch_folders_fd(const struct watch_folders *folders);

/* Watch all folders there are now, if new ones may have come since the last time. */
void watch_folders_refresh(struct watch_folders *folders);

/* Read all there is to read: did something change that concerns messages or folders? */
bool watch_folders_read(struct watch_folders *folders);

#endif
