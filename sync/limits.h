/*
 * limits - which messages are left at the service because they are too old or too large
 *
 * The limits of the configuration (max-age, max-size) decide what is downloaded, and nothing
 * else.  What is here already stays, is followed, and is told of as ever, however old it
 * becomes and whatever the limits are changed to.  What is left at the service is known all
 * the same: so a file of it that turns up here (in a Maildir that is taken over, out of a
 * backup, after the database was lost) is recognised and not uploaded once more, and when
 * the limits are widened, no listing is needed.
 */
#ifndef FERRY_SYNC_LIMITS_H
#define FERRY_SYNC_LIMITS_H

#include "sync/mirror.h"

/* Is a message too old or too large to be downloaded? */
bool limits_exceeded(const struct mirror *m, int64_t received, int64_t size);

/* At the start of a run: if the limits are not what they were, work out anew which messages
 * they leave at the service. */
struct outcome limits_begin(struct mirror *m);

/* Before files are recognised: whatever they are, they may be messages left at the service. */
void limits_lift(struct mirror *m);

/* Leave a planned message at the service, or, when a file of it was found, do not. */
void limits_set_aside(struct mirror *m, int64_t email, bool aside);

#endif
