/*
 * apply - do what needs no download: links, flags, removals, many messages at once
 */
#ifndef FERRY_SYNC_APPLY_H
#define FERRY_SYNC_APPLY_H

#include "sync/files.h"
#include "sync/task.h"

struct batch {
	struct task *tasks[MIRROR_CHUNK];
	size_t count;
	int64_t bytes;
};

void batch_free(struct batch *batch);

/* Tasks whose new names are in place, and the folders that have to be synced before old ones
 * may go and anything is recorded. */
struct applied {
	struct batch batch;
	struct touched touched;
};

void applied_free(struct applied **applied);

/*
 * Make the new names of a batch, none of whose tasks needs a download.  A task that turns out
 * to need one (its last file is gone) is put to *downloads, whose it is then; one that fails
 * is reported, and stays planned.  The batch is empty afterwards, what it held is in
 * *applied_r.
 */
struct outcome apply_begin(
    struct mirror *m, struct batch *batch, struct batch *downloads, struct applied **applied_r);

/* When the folders are synced (synced says how that went): remove old names, record. */
struct outcome apply_finish(struct mirror *m, struct applied **applied, struct outcome synced);

/* Record tasks that were done, in one transaction, then report and free them. */
struct outcome apply_record(struct mirror *m, struct batch *batch);

#endif
