/*
 * spool - bytes on their way in: in memory while few, in a nameless file when many
 *
 * So that fifty uploads of fifty megabytes at once need no gigabytes of memory.
 */
#ifndef SANDBOX_SPOOL_H
#define SANDBOX_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

struct spool {
	int dir; /* where the file is made */
	int fd;  /* -1 while in memory */
	struct buf memory;
	size_t length;
	void *map;
};

#define SPOOL_INIT(directory) ((struct spool){.dir = (directory), .fd = -1})

/* False, with errno, if the disk refuses. */
bool spool_add(struct spool *s, const void *bytes, size_t length);

/* All of it in one piece, NUL-terminated unless mapped; NULL, with errno, if it cannot be
 * mapped.  Valid until the next spool_add() or spool_free(). */
const char *spool_bytes(struct spool *s);

void spool_free(struct spool *s);

#endif
