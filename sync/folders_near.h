/*
 * folders_near - folders that somebody made, renamed or removed, told as mailboxes
 */
#ifndef FERRY_SYNC_FOLDERS_NEAR_H
#define FERRY_SYNC_FOLDERS_NEAR_H

#include "sync/mirror.h"

/*
 * After folders_settle(): make and rename mailboxes at the service as folders were here.  A
 * folder that was removed makes its messages count as deleted, and its mailbox as vanished;
 * where that is not sure, it comes back.
 */
struct outcome folders_look(struct mirror *m);

/* When the deletions were told: destroy the mailboxes whose folders have vanished, unless
 * there is something in them. */
struct outcome folders_tell_removed(struct mirror *m);

#endif
