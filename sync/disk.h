/*
 * disk - a second thread that makes downloaded messages durable and gives them their names
 *
 * Waiting for a disk must not keep the network waiting.  The thread takes batches of
 * temporary files and does, for a whole batch at once,
 *
 *	flush the files' bytes -> rename and link them into place -> fsync the folders
 *
 * so that one wait serves hundreds of messages.  For messages that were here already, and have
 * their new names, the last of these is all there is to do.  The thread touches neither the
 * state nor the mailbox table: all it needs is in the batch.
 */
#ifndef FERRY_SYNC_DISK_H
#define FERRY_SYNC_DISK_H

#include <stdbool.h>
#include <stddef.h>

#include "sync/files.h"
#include "sync/mirror.h"

struct applied;

/* A message's temporary file and its names to be, relative to the root. */
struct disk_job {
	char *tmp;
	int64_t size;   /* of it */
	char **files;   /* the first is renamed to, the others are links of it */
	char **folders; /* of each: made again if it is not there */
	size_t count;
	struct outcome outcome; /* on failure none of the names, nor tmp, is there */
	void *owner;
};

struct disk_batch {
	struct disk_job jobs[MIRROR_CHUNK];
	size_t count;
	struct touched touched;  /* folders to fsync: those of the jobs come to them */
	struct applied *applied; /* whose names are in these; the caller's */
	struct outcome outcome;  /* of the flush and the folders: then no job counts */
	struct disk_batch *next;
};

struct disk;

/* m is used for what does not change during a run: root and layout. */
struct disk *disk_start(struct mirror *m);

/* Give it a batch; it is the thread's until disk_finished() returns it. */
void disk_submit(struct disk *disk, struct disk_batch *batch);

/* How many batches it has. */
size_t disk_load(struct disk *disk);

/* A batch that is finished, in order; NULL if none is, or, with wait, if it has none. */
struct disk_batch *disk_finished(struct disk *disk, bool wait);

/* Finish what it has (the caller takes it with disk_finished() before), and end. */
void disk_stop(struct disk **disk);

#endif
