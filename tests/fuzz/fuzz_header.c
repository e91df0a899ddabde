/* A message's way out: the same however it is cut, with CRLF, and without hidden recipients. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "transport/header_filter.h"

/* What the filter makes of the message when it comes in pieces of this size. */
static void
filter(const char *bytes, size_t length, size_t piece, struct buf *out)
{
	struct header_filter f;

	header_filter_init(&f);
	for (size_t at = 0; at < length; at += piece)
		header_filter_feed(
		    &f, bytes + at, piece < length - at ? piece : length - at, out);
	header_filter_end(&f, out);
	header_filter_free(&f);
}

static void
check_line_ends(const struct buf *out)
{
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] == '\n' && (i == 0 || out->data[i - 1] != '\r'))
			abort();
}

/* No line of the header is a Bcc field. */
static void
check_header(const struct buf *out)
{
	const char *line = buf_str(out), *end = line + out->len, *lf;

	for (; line < end && strncmp(line, "\r\n", 2) != 0; line = lf + 1) {
		if (strncasecmp(line, "Bcc:", 4) == 0)
			abort();
		lf = memchr(line, '\n', (size_t)(end - line));
		if (lf == NULL)
			abort(); /* a header's line ends */
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buf whole = BUF_INIT, pieces = BUF_INIT;

	filter((const char *)bytes, length, length + 1, &whole);
	for (size_t piece = 1; piece <= 3; piece++) {
		buf_reset(&pieces);
		filter((const char *)bytes, length, piece, &pieces);
		if (pieces.len != whole.len ||
		    memcmp(buf_str(&pieces), buf_str(&whole), whole.len) != 0)
			abort();
	}
	check_line_ends(&whole);
	check_header(&whole);
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
