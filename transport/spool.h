/*
 * spool - the bytes of one message, in memory while they are few, else in a nameless file
 *
 * Written once from front to back, then read from anywhere, any number of times.
 */
#ifndef FERRY_SPOOL_H
#define FERRY_SPOOL_H

#include <stdint.h>
#include <sys/types.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"

/* Bytes kept in memory: a server that has a hundred messages in hand must not grow large. */
#define SPOOL_MEMORY (64u << 10)

struct spool {
	const char *directory; /* where the file goes; made if missing; the caller's */
	struct buf memory;
	int fd; /* the file, or -1 */
	int64_t size;
};

void spool_init(struct spool *spool, const char *directory);
void spool_free(struct spool *spool);

/* Errors are local/disk-full, local/io, local/permission. */
struct outcome spool_add(struct spool *spool, const char *bytes, size_t length);

/* Read at most size bytes from offset on: how many, 0 at the end, -1 with errno. */
ssize_t spool_read(const struct spool *spool, int64_t offset, char *bytes, size_t size);

#endif
