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

/*
 * What is gone because the service said so, and a run was cut short before it could record
 * that, was not deleted here, even if the service says something else by now.  The first notes
 * the messages before the service is asked; the second drops the files of one that are gone.
 */
void missing_note_leaving(struct mirror *m);
void missing_drop_left(struct mirror *m, int64_t email);

/*
 * The other way round: what such a run downloaded and could not record is ours where it was to
 * be, even if it is destroyed by now (leftovers.h).  Notes the mailboxes of a message before it
 * is forgotten.
 */
void missing_note_arriving(struct mirror *m, const char *id);

/* Everything is recorded: both notes go. */
void missing_forget_notes(struct mirror *m);

#endif
