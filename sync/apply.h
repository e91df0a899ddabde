/*
 * apply - do what needs no download: links, flags, removals, many messages at once
 */
#ifndef FERRY_SYNC_APPLY_H
#define FERRY_SYNC_APPLY_H

#include "sync/task.h"

struct batch {
	struct task *tasks[MIRROR_CHUNK];
	size_t count;
	int64_t bytes;
};

void batch_free(struct batch *batch);

/*
 * Do and record the tasks of a batch, none of which needs a download.  A task that turns out
 * to need one (its last file is gone) is put to *downloads, whose it is then; one that fails
 * is reported, and stays planned.  The batch is empty afterwards.
 */
struct outcome apply_batch(struct mirror *m, struct batch *batch, struct batch *downloads);

/* Record tasks that were done, in one transaction, then report and free them. */
struct outcome apply_record(struct mirror *m, struct batch *batch);

#endif
