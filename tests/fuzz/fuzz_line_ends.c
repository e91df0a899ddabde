/* A message comes back from its file byte for byte, in whatever pieces it came. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "sync/line_ends.h"
#include "tests/fuzz/fuzz.h"

/* Is each CR before an LF, and each LF behind a CR? */
static bool
can_be_undone(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((bytes[i] == '\r' && (i + 1 == length || bytes[i + 1] != '\n')) ||
		    (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r')))
			return false;
	return true;
}

static void
expect_stored(const char *bytes, size_t length, struct buf *stored)
{
	bool change = can_be_undone(bytes, length);

	for (size_t i = 0; i < length; i++)
		if (!change || bytes[i] != '\r')
			buf_addc(stored, bytes[i]);
}

static int64_t
bare_ends(const struct buf *stored)
{
	int64_t count = 0;

	for (size_t i = 0; i < stored->len; i++)
		count += stored->data[i] == '\n' && (i == 0 || stored->data[i - 1] != '\r');
	return count;
}

static void
check_file(const struct line_ends *l, const struct buf *stored)
{
	char *found = malloc(stored->len + 1);

	if (pread(l->fd, found, stored->len + 1, 0) != (ssize_t)stored->len ||
	    memcmp(found, buf_str(stored), stored->len) != 0)
		abort();
	if (l->written != (int64_t)stored->len ||
	    line_ends_vsize(l) != l->written + bare_ends(stored))
		abort();
	free(found);
}

static void
store(const struct buf *message, size_t step)
{
	struct buf stored = BUF_INIT;
	struct line_ends l;
	int fd = memfd_create("mail", 0);

	line_ends_begin(&l, fd);
	for (size_t i = 0; i < message->len; i += step) {
		size_t left = message->len - i;

		if (!line_ends_write(&l, message->data + i, left < step ? left : step))
			abort();
	}
	if (!line_ends_finish(&l) || l.received != (int64_t)message->len)
		abort();
	expect_stored(buf_str(message), message->len, &stored);
	check_file(&l, &stored);
	buf_free(&stored);
	close(fd);
}

/* The first byte is the size of the pieces; with few enough in the second, the third is there many
 * times before the rest, so that not all is held till the end. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf message = BUF_INIT;

	if (size < 3)
		return 0;
	for (size_t i = 0; data[1] < 6 && i < (size_t)data[1] * 8192; i++)
		buf_addc(&message, (char)data[2]);
	buf_add(&message, data + 3, size - 3);
	store(&message, (size_t)data[0] * data[0] + 1);
	buf_free(&message);
	return 0;
}
