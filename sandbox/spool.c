/*
 * Bytes on their way in.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "sandbox/spool.h"

#define IN_MEMORY (1024 * 1024)

static int
nameless_file(int dir)
{
	char name[] = "spool.XXXXXX";
	int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	/* A file system without O_TMPFILE. */
	if (fchdir(dir) < 0)
		return -1;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	return fd;
}

bool
spool_add(struct spool *s, const void *bytes, size_t length)
{
	s->length += length;
	if (s->fd < 0 && s->length <= IN_MEMORY) {
		buf_add(&s->memory, bytes, length);
		return true;
	}
	if (s->fd < 0) {
		s->fd = nameless_file(s->dir);
		if (s->fd < 0 || file_write_full(s->fd, buf_str(&s->memory), s->memory.len) < 0)
			return false;
		buf_free(&s->memory);
	}
	return file_write_full(s->fd, bytes, length) == 0;
}

const char *
spool_bytes(struct spool *s)
{
	if (s->fd < 0)
		return buf_str(&s->memory);
	if (s->map == NULL) {
		s->map = mmap(NULL, s->length, PROT_READ, MAP_PRIVATE, s->fd, 0);
		if (s->map == MAP_FAILED)
			s->map = NULL;
	}
	return s->map;
}

void
spool_free(struct spool *s)
{
	if (s->map != NULL)
		munmap(s->map, s->length);
	if (s->fd >= 0)
		close(s->fd);
	buf_free(&s->memory);
	*s = SPOOL_INIT(s->dir);
}
