/*
 * folders - a folder for each mailbox: made, renamed, removed
 */
#ifndef FERRY_SYNC_FOLDERS_H
#define FERRY_SYNC_FOLDERS_H

#include "sync/mirror.h"

/* Finish, or forget, the renaming that a run was killed in. */
struct outcome folders_recover(struct mirror *m);

/* Make and rename folders until each mirrored mailbox has the one its name asks for. */
struct outcome folders_settle(struct mirror *m);

/* After all messages were dealt with: remove the folders of mailboxes that are gone. */
struct outcome folders_remove_gone(struct mirror *m);

/* A folder was renamed here: those below it that are not where they were went with it, or were
 * renamed from where they would be then. */
void folders_move_below(struct mirror *m, const char *from, const char *to);

/* Make a folder and its cur, new and tmp, as far as they are missing. */
struct outcome folders_make(struct mirror *m, const char *path);

/* folders_wanted.c: set each mailbox's wanted path, and find who has a path: a mailbox that
 * is not gone rather than one that is; NULL if nobody. */
void folders_find_wanted(struct mirror *m);
struct mailbox *folders_holder(const struct mirror *m, const char *path);

/* The path that the service's names give, below what was wanted for the mailbox above.  The
 * caller free()s it. */
char *folders_named_path(const struct mirror *m, const struct mailbox *mb);

/* Let the folder keep the path it has while the service's names give this one; NULL: not. */
void folders_keep_path(struct mirror *m, struct mailbox *mb, const char *named);

#endif
