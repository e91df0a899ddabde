/*
 * leftovers - files of ours for which, after all, there is no message
 */
#ifndef FERRY_SYNC_LEFTOVERS_H
#define FERRY_SYNC_LEFTOVERS_H

#include "sync/mirror.h"

/*
 * After a crash or a loss, when everything was listed and adopted: files are left whose names
 * give ids the state does not have.  The service is asked for each; those it does not know
 * were destroyed while nobody kept count, and go.
 */
struct outcome leftovers_remove(struct mirror *m);

#endif
