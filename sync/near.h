/*
 * near - what was done in the Maildir since both sides agreed
 */
#ifndef FERRY_SYNC_NEAR_H
#define FERRY_SYNC_NEAR_H

#include "sync/mirror.h"

/*
 * Which mailboxes' changes are told to the service, by the configuration and what the service
 * allows.  In a mailbox that has become one of them, what was deleted before comes back: the
 * wish to tell of deletions is younger than they are.
 */
struct outcome near_begin(struct mirror *m);

/*
 * Look through the folders that have changed, and find out what each file is that no place
 * knows.  Sets m->unsteady when a folder did not hold still: then nothing that is missing
 * proves a deletion.
 */
struct outcome near_look(struct mirror *m);

/* At the end of a run: folders that are new get their identity. */
struct outcome near_end(struct mirror *m);

#endif
