/*
 * missing - what it means that a file is not there any more
 *
 * A place is marked missing by a sure scan of its folder.  In a mailbox whose changes are
 * told to the service that is a deletion, or half of a move, if the folder is the one it
 * was; if there is doubt, the message comes back.
 */
#ifndef FERRY_SYNC_MISSING_H
#define FERRY_SYNC_MISSING_H

#include "sync/mirror.h"

/* After a sure scan of a two-way mailbox; in the caller's transaction.  proven: what is
 * missing was deleted by somebody. */
void missing_settle(struct mirror *m, struct mailbox *mailbox, bool proven);

/* Plan to put back what is missing in the mailbox; in the caller's transaction. */
void missing_restore(struct mirror *m, struct mailbox *mailbox);

#endif
