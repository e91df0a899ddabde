/*
 * Files on their way out: one pass that counts and finds the Message-ID, one that sends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/outgoing.h"

#define BLOCK      16384
#define HEADER_MAX 65536 /* of a header, to look for the Message-ID in */
#define ID_MAX     998   /* of an RFC 5322 line */

static ssize_t
read_block(int fd, char *block, size_t size)
{
	ssize_t n;

	do
		n = read(fd, block, size);
	while (n < 0 && errno == EINTR);
	return n;
}

/* The end of the line at p: its LF, or end. */
static const char *
line_end(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf != NULL ? lf : end;
}

/* What is between the first < and > of a field's body, folded or not. */
static char *
read_msg_id(const char *p, const char *end)
{
	struct buf id = BUF_INIT;
	const char *open = memchr(p, '<', (size_t)(end - p));
	const char *close = open != NULL ? memchr(open, '>', (size_t)(end - open)) : NULL;

	if (close == NULL)
		return NULL;
	for (p = open + 1; p < close; p++)
		if (strchr(" \t\r\n", *p) == NULL || *p == '\0')
			buf_addc(&id, *p);
	if (id.len == 0 || id.len > ID_MAX || memchr(id.data, '\0', id.len) != NULL) {
		buf_free(&id);
		return NULL;
	}
	return buf_steal(&id);
}

/* The end of the field at p: the LF of its last line, or end; p where the header is over. */
static const char *
field_end(const char *p, const char *end)
{
	const char *next = line_end(p, end);

	if (next == p || (next == p + 1 && *p == '\r'))
		return p;
	/* Lines that start with a blank belong to the field before. */
	while (next < end && next + 1 < end && (next[1] == ' ' || next[1] == '\t'))
		next = line_end(next + 1, end);
	return next;
}

static bool
is_field(const char *p, const char *end, const char *name)
{
	size_t length = strlen(name);

	return (size_t)(end - p) >= length && strncasecmp(p, name, length) == 0;
}

char *
outgoing_message_id(const char *header, size_t length)
{
	static const char name[] = "message-id:";
	const char *end = header + length, *next;

	for (const char *p = header; p < end; p = next + 1) {
		next = field_end(p, end);
		if (next == p)
			break;
		if (is_field(p, next, name))
			return read_msg_id(p + sizeof(name) - 1, next);
		if (next == end)
			break;
	}
	return NULL;
}

/* What a run of bytes is when every line ends in CRLF. */
static int64_t
wire_length(const char *p, const char *end)
{
	int64_t length = end - p;

	for (const char *lf = p; (lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL; lf++)
		if (lf == p || lf[-1] != '\r')
			length++;
	return length;
}

int64_t
outgoing_added(const char *header, size_t length)
{
	/* Of mutt and its kin, of mbsync, of OfflineIMAP. */
	static const char *const names[] = {
	    "content-length:", "lines:", "status:", "x-status:", "x-tuid:", "x-offlineimap:"};
	const char *end = header + length, *next;
	int64_t added = 0;

	for (const char *p = header; p < end; p = next + 1) {
		next = field_end(p, end);
		if (next == p || next == end)
			break;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (is_field(p, next, names[i]))
				added += wire_length(p, next + 1);
	}
	return added;
}

/* Count what the file is on the wire, and keep its start. */
static int
measure(struct outgoing *out, struct buf *header)
{
	char block[BLOCK], last = '\0';
	ssize_t n;

	while ((n = read_block(out->fd, block, sizeof(block))) > 0) {
		out->size += n;
		for (const char *p = block, *end = block + n;
		     (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
			if ((p == block ? last : p[-1]) != '\r')
				out->size++;
		last = block[n - 1];
		if (header->len < HEADER_MAX)
			buf_add(header, block, (size_t)n);
	}
	return n == 0 ? 0 : -1;
}

struct outcome
outgoing_open(struct outgoing *out, int root, const char *file)
{
	struct buf header = BUF_INIT;

	*out = (struct outgoing){
	    .fd = openat(root, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
	if (out->fd < 0 || fstat(out->fd, &out->st) < 0)
		return file_error("cannot open", file);
	if (!S_ISREG(out->st.st_mode))
		return outcome_make("local", "io", "%s is not a file", file);
	if (measure(out, &header) < 0) {
		buf_free(&header);
		return file_error("cannot read", file);
	}
	out->core = out->size - outgoing_added(buf_str(&header), header.len);
	out->message_id = outgoing_message_id(buf_str(&header), header.len);
	buf_free(&header);
	return outcome_ok();
}

void
outgoing_close(struct outgoing *out)
{
	if (out->fd >= 0)
		close(out->fd);
	free(out->message_id);
	*out = (struct outgoing){.fd = -1};
}

/* Read about half of what fits, so that every LF may become two bytes. */
static ssize_t
give(void *arg, char *bytes, size_t size)
{
	struct outgoing *out = arg;
	char block[BLOCK];
	size_t want = size / 2 < sizeof(block) ? size / 2 : sizeof(block), used = 0;
	ssize_t n;

	if (out->owes_lf || want == 0) {
		/* A buffer of one byte takes a CRLF in two steps. */
		if (!out->owes_lf && (n = read_block(out->fd, block, 1)) <= 0)
			return n;
		if (!out->owes_lf && (*block != '\n' || out->last_cr)) {
			out->last_cr = *block == '\r';
			*bytes = *block;
			return 1;
		}
		*bytes = out->owes_lf ? '\n' : '\r';
		out->owes_lf = !out->owes_lf;
		out->last_cr = false;
		return 1;
	}
	n = read_block(out->fd, block, want);
	for (ssize_t i = 0; i < n; i++) {
		if (block[i] == '\n' && !out->last_cr)
			bytes[used++] = '\r';
		bytes[used++] = block[i];
		out->last_cr = block[i] == '\r';
	}
	return n < 0 ? -1 : (ssize_t)used;
}

static bool
start_over(void *arg)
{
	struct outgoing *out = arg;

	out->last_cr = out->owes_lf = false;
	return lseek(out->fd, 0, SEEK_SET) == 0;
}

struct http_source
outgoing_source(struct outgoing *out)
{
	(void)start_over(out);
	return (struct http_source){
	    .read = give, .rewind = start_over, .arg = out, .size = out->size};
}

bool
outgoing_is_same(const struct outgoing *out)
{
	struct stat st;

	return fstat(out->fd, &st) == 0 && st.st_size == out->st.st_size &&
	       st.st_mtim.tv_sec == out->st.st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == out->st.st_mtim.tv_nsec;
}
