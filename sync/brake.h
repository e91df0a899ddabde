/*
 * brake - stop before many messages are deleted at once
 */
#ifndef FERRY_SYNC_BRAKE_H
#define FERRY_SYNC_BRAKE_H

#include "sync/mirror.h"

/* Are so many deletions of so many messages too many? */
bool brake_is_too_much(int64_t deletions, int64_t messages);

/*
 * When everything is planned and nothing done: count what would be deleted, on either side.
 * local/brake, after each mailbox that is concerned was reported, unless deletions are
 * allowed or this is a dry run.
 */
struct outcome brake_check(struct mirror *m);

/* Report a mailbox that would lose too much; there is where. */
void brake_report(struct mirror *m, const struct mailbox *mailbox, int64_t deletions,
    int64_t messages, bool there);

/* What a run that was stopped ends with. */
struct outcome brake_outcome(const struct mirror *m);

#endif
