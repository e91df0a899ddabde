/*
 * quota - when the account is full, wait, and try again ever more seldom
 *
 * A message that finds no room stays in the Maildir, and no other is uploaded in that run;
 * the next runs leave uploads alone until the time is over.  It begins with five minutes,
 * doubles with each try that fails, up to an hour, and is forgotten when one succeeds.
 */
#ifndef FERRY_SYNC_QUOTA_H
#define FERRY_SYNC_QUOTA_H

#include "sync/mirror.h"

/* Does this say that the account is full? */
bool quota_is_exceeded(const struct outcome *o);

/* May messages be uploaded now?  If not, that is reported, once a run. */
bool quota_allows(struct mirror *m, int64_t waiting);

/* The service had no room for what is called subject; what waits is reported with it.  In the
 * caller's transaction. */
void quota_note_full(struct mirror *m, const char *subject, const struct outcome *o);

/* It took a message; likewise. */
void quota_note_room(struct mirror *m);

#endif
