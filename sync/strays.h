/*
 * strays - files that are no place: whose message is each?
 */
#ifndef FERRY_SYNC_STRAYS_H
#define FERRY_SYNC_STRAYS_H

#include "sync/mirror.h"

/*
 * Find out what can be known of the strays in mailboxes whose changes are told.  Those that
 * are a known message become a place, not agreed on yet, or are left aside as one more file
 * of it; the rest stays to be uploaded (upload.h).
 */
struct outcome strays_sort_out(struct mirror *m);

/* A stray is a file of message email: record it, in the caller's transaction. */
void strays_join(struct mirror *m, int64_t stray, int64_t email);

/* The file of a stray below the root; NULL if its folder is not there.  The caller free()s. */
char *strays_file(struct mirror *m, int64_t mailbox, const char *base, const char *place);

#endif
