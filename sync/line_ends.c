/*
 * CRLF to LF, reversibly.  Turning back grows the file from its end: the place where a byte
 * goes is never before the place it comes from, so nothing unread is overwritten.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/line_ends.h"

#define HELD   32768 /* bytes that wait to be written: TLS brings them in pieces of 4 KB */
#define BLOCK  16384 /* to be turned back at once */
#define STRIDE 16    /* bytes to be looked at together */

void
line_ends_begin(struct line_ends *l, int fd)
{
	*l = (struct line_ends){.fd = fd};
}

void
line_ends_drop(struct line_ends *l)
{
	free(l->held);
	l->held = NULL;
	l->held_length = 0;
}

static bool
write_held(struct line_ends *l)
{
	size_t length = l->held_length;

	l->held_length = 0;
	return length == 0 || file_write_full(l->fd, l->held, length) == 0;
}

static bool
put_much(struct line_ends *l, const char *bytes, size_t length)
{
	if (l->held == NULL)
		l->held = xmalloc(HELD);
	while (length > HELD - l->held_length) {
		size_t part = HELD - l->held_length;

		memcpy(l->held + l->held_length, bytes, part);
		l->held_length += part;
		bytes += part;
		length -= part;
		if (!write_held(l))
			return false;
	}
	memcpy(l->held + l->held_length, bytes, length);
	l->held_length += length;
	return true;
}

static inline bool
put(struct line_ends *l, const char *bytes, size_t length)
{
	l->written += (int64_t)length;
	if (l->held == NULL || length > HELD - l->held_length)
		return put_much(l, bytes, length);
	memcpy(l->held + l->held_length, bytes, length);
	l->held_length += length;
	return true;
}

static bool
pread_full(int fd, char *bytes, size_t length, off_t at)
{
	while (length != 0) {
		ssize_t n = pread(fd, bytes, length, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return false;
		}
		bytes += n;
		at += n;
		length -= (size_t)n;
	}
	return true;
}

static bool
pwrite_full(int fd, const char *bytes, size_t length, off_t at)
{
	while (length != 0) {
		ssize_t n = pwrite(fd, bytes, length, at);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		bytes += n;
		at += n;
		length -= (size_t)n;
	}
	return true;
}

/* What was written until now had CRLFs only: put them back. */
static bool
turn_back(struct line_ends *l)
{
	char from[BLOCK], to[2 * BLOCK];
	off_t end = (off_t)(l->received - (l->pending_cr ? 1 : 0));
	off_t done = end;

	if (!write_held(l))
		return false;
	for (off_t left = (off_t)l->written; left > 0;) {
		size_t length = left < BLOCK ? (size_t)left : BLOCK;
		size_t start = sizeof(to);

		left -= (off_t)length;
		if (!pread_full(l->fd, from, length, left))
			return false;
		for (size_t i = length; i > 0; i--) {
			to[--start] = from[i - 1];
			if (from[i - 1] == '\n')
				to[--start] = '\r';
		}
		done -= (off_t)(sizeof(to) - start);
		if (!pwrite_full(l->fd, to + start, sizeof(to) - start, done))
			return false;
	}
	l->raw = true;
	l->written = end;
	return lseek(l->fd, end, SEEK_SET) == end;
}

/* So many bytes, compared at once by whatever the machine has for it. */
typedef signed char stride __attribute__((vector_size(STRIDE)));

static stride
load(const char *bytes)
{
	stride loaded;

	memcpy(&loaded, bytes, sizeof(loaded));
	return loaded;
}

/* Is each LF where a CR was before it, and nowhere else?  The last byte may be a CR. */
static bool
all_crlf(const char *bytes, size_t length, bool after_cr)
{
	static const stride none;
	bool odd = (*bytes == '\n') != after_cr;
	size_t i = 1;
	stride seen = none;

	for (; length - i >= STRIDE; i += STRIDE)
		seen |= (load(bytes + i) == '\n') ^ (load(bytes + i - 1) == '\r');
	for (; i < length; i++)
		odd = odd || (bytes[i] == '\n') != (bytes[i - 1] == '\r');
	return !odd && memcmp(&seen, &none, sizeof(seen)) == 0;
}

/* Write bytes that all_crlf(), without their CRs. */
static bool
put_without_cr(struct line_ends *l, const char *bytes, size_t length)
{
	const char *p = bytes, *end = bytes + length, *cr;

	while ((cr = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		if (!put(l, p, (size_t)(cr - p)))
			return false;
		p = cr + 1;
	}
	l->pending_cr = end[-1] == '\r';
	l->received += (int64_t)length;
	return put(l, p, (size_t)(end - p));
}

/*
 * Write bytes that are not all_crlf() with LFs, to the first line end that is no CRLF: a CR that
 * no LF follows, which is kept back, or an LF that no CR precedes.  *taken_r: so many bytes.
 */
static bool
put_converted(struct line_ends *l, const char *bytes, size_t length, size_t *taken_r)
{
	const char *p = bytes, *end = bytes + length, *bare = NULL;

	while (p < end && bare == NULL && (!l->pending_cr || *p == '\n')) {
		const char *from = l->pending_cr ? p + 1 : p;
		const char *cr = memchr(from, '\r', (size_t)(end - from));
		const char *run_end = cr != NULL ? cr : end;

		bare = memchr(from, '\n', (size_t)(run_end - from));
		if (bare != NULL) {
			cr = NULL;
			run_end = bare;
		}
		if (!put(l, p, (size_t)(run_end - p)))
			return false;
		l->pending_cr = cr != NULL;
		p = cr != NULL ? cr + 1 : run_end;
	}
	*taken_r = (size_t)(p - bytes);
	l->received += (int64_t)*taken_r;
	return true;
}

/* Write bytes as they are, counting the LFs without CR for W=. */
static bool
put_raw(struct line_ends *l, const char *bytes, size_t length)
{
	const char *p = bytes, *end = bytes + length;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (p == bytes ? !l->pending_cr : p[-1] != '\r')
			l->bare_lf++;
		p++;
	}
	l->received += (int64_t)length;
	l->pending_cr = bytes[length - 1] == '\r';
	return put(l, bytes, length);
}

bool
line_ends_write(struct line_ends *l, const char *bytes, size_t length)
{
	size_t taken = 0;

	if (length == 0)
		return true;
	if (!l->raw && all_crlf(bytes, length, l->pending_cr))
		return put_without_cr(l, bytes, length);
	if (!l->raw) {
		if (!put_converted(l, bytes, length, &taken))
			return false;
		if (!turn_back(l) || (l->pending_cr && !put(l, "\r", 1)))
			return false;
	}
	return put_raw(l, bytes + taken, length - taken);
}

bool
line_ends_finish(struct line_ends *l)
{
	bool good = l->raw || !l->pending_cr || (turn_back(l) && put(l, "\r", 1));

	good = good && write_held(l);
	line_ends_drop(l);
	return good;
}

int64_t
line_ends_vsize(const struct line_ends *l)
{
	return l->received + l->bare_lf;
}
