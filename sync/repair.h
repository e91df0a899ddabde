/*
 * repair - put the service's bytes in the place of a file that differs
 */
#ifndef FERRY_SYNC_REPAIR_H
#define FERRY_SYNC_REPAIR_H

#include "sync/mirror.h"

/* A message whose files were looked at. */
struct repair {
	int64_t n; /* row of email */
	const char *id, *blob;
	int64_t size, received;
	bool raw;         /* stored as it came */
	const char *good; /* a file of it that is as it should be, or NULL */
};

/* A file that is not. */
struct repair_file {
	int64_t n; /* row of place */
	const struct mailbox *mailbox;
	const char *base;
	char *file; /* below the root */
};

/*
 * Give all of the files the right content, under the names they have: that of the good one,
 * or what is downloaded once.  They are one file afterwards.  Each name has the old content or
 * the new, never none; a crash leaves a temporary file.
 */
struct outcome
repair_files(struct mirror *m, const struct repair *r, struct repair_file *files, size_t count);

#endif
