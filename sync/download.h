/*
 * download - bring messages over, many at once, and hand them to the disk thread in batches
 *
 * What needs no download goes by the same thread, for the waits for the disk.
 */
#ifndef FERRY_SYNC_DOWNLOAD_H
#define FERRY_SYNC_DOWNLOAD_H

#include "sync/apply.h"
#include "sync/task.h"

struct download;

struct download *download_new(struct mirror *m);

/* Drop what is under way, put into place and record what is complete. */
struct outcome download_free(struct download **download);

/* Can it take one more task now?  There is a limit to what is held in memory. */
bool download_has_room(const struct download *d);

/* Is any message on its way from the service? */
bool download_is_under_way(const struct download *d);

/* Take a task, whose it is from now on. */
void download_add(struct download *d, struct task *task);

/* Ask for as many as may be under way, and do not wait. */
void download_start(struct download *d);

/* Have the disk thread sync what was applied, whose it is from now on, and finish it then. */
struct outcome download_settle(struct download *d, struct applied *applied);

/*
 * Work until something happened, or a fifth of a second has passed.  flush: no more tasks
 * will come for now, so do not wait for a batch to fill.  *busy_r is false when nothing is
 * left to wait for.  An outcome that is not OK ends the run; what failed for one message
 * alone was reported and stays planned.
 */
struct outcome download_run(struct download *d, bool flush, bool *busy_r);

#endif
