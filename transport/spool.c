/*
 * The bytes of one message, in memory while they are few, else in a nameless file.
 *
 * Nameless from the start where the file system can (O_TMPFILE), so that nothing is left
 * behind however the process ends; unlinked at once where it cannot.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "transport/spool.h"

void
spool_init(struct spool *spool, const char *directory)
{
	*spool = (struct spool){.directory = directory, .fd = -1};
}

void
spool_free(struct spool *spool)
{
	buf_free(&spool->memory);
	if (spool->fd >= 0)
		close(spool->fd);
	spool->fd = -1;
}

static int
open_named(const char *directory)
{
	char *name = xasprintf("%s/message.XXXXXX", directory);
	int fd = mkostemp(name, O_CLOEXEC);
	int error = errno;

	if (fd >= 0)
		(void)unlink(name);
	free(name);
	errno = error;
	return fd;
}

/* Move what is in memory to a file. */
static struct outcome
open_file(struct spool *spool)
{
	struct outcome o = file_make_dirs(spool->directory, 0700);

	if (!outcome_is_ok(&o))
		return o;
	spool->fd = open(spool->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (spool->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
		spool->fd = open_named(spool->directory);
	if (spool->fd < 0)
		return file_error("cannot create a file in", spool->directory);
	if (file_write_full(spool->fd, buf_str(&spool->memory), spool->memory.len) < 0)
		return file_error("cannot write in", spool->directory);
	buf_free(&spool->memory);
	return outcome_ok();
}

struct outcome
spool_add(struct spool *spool, const char *bytes, size_t length)
{
	struct outcome o = outcome_ok();

	if (spool->fd < 0 && spool->memory.len + length > SPOOL_MEMORY)
		o = open_file(spool);
	if (!outcome_is_ok(&o))
		return o;
	if (spool->fd < 0)
		buf_add(&spool->memory, bytes, length);
	else if (file_write_full(spool->fd, bytes, length) < 0)
		return file_error("cannot write in", spool->directory);
	spool->size += (int64_t)length;
	return o;
}

static ssize_t
read_memory(const struct buf *memory, int64_t offset, char *bytes, size_t size)
{
	size_t left = offset < (int64_t)memory->len ? memory->len - (size_t)offset : 0;

	if (size > left)
		size = left;
	if (size != 0)
		memcpy(bytes, memory->data + offset, size);
	return (ssize_t)size;
}

ssize_t
spool_read(const struct spool *spool, int64_t offset, char *bytes, size_t size)
{
	ssize_t got;

	if (spool->fd < 0)
		return read_memory(&spool->memory, offset, bytes, size);
	do
		got = pread(spool->fd, bytes, size, (off_t)offset);
	while (got < 0 && errno == EINTR);
	return got;
}
