/* A message's way out: the same however it is cut, with CRLF, and without hidden recipients; and
 * what is noted of it is there. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "transport/header_filter.h"

static char trace[] = "X-Trace-*", received[] = "Received";
static char *const stripped[] = {trace, received, NULL};

/* Every noted field that leaves is a run of whole lines of its name, with its value. */
static void
check_noted(const struct header_filter *f, const struct buf *out)
{
	static const char *const names[] = {[HEADER_FROM] = "From", [HEADER_TO] = "To"};

	if ((int64_t)out->len != f->given)
		abort();
	for (size_t i = 0; i < f->noted_count; i++) {
		const struct header_field *field = &f->noted[i];
		const char *at = buf_str(out) + field->at;

		if (field->length == 0)
			continue;
		if (field->at + field->length > f->given || at[field->length - 1] != '\n' ||
		    (field->at != 0 && at[-1] != '\n') ||
		    (size_t)field->length <= field->value.len)
			abort();
		if (!f->overflow && memcmp(at + field->length - field->value.len,
		                        buf_str(&field->value), field->value.len) != 0)
			abort();
		if ((field->kind == HEADER_FROM || field->kind == HEADER_TO) &&
		    strncasecmp(at, names[field->kind], strlen(names[field->kind])) != 0)
			abort();
	}
}

/* What the filter makes of the message when it comes in pieces of this size. */
static void
filter(const char *bytes, size_t length, size_t piece, struct buf *out)
{
	struct header_filter f;

	header_filter_init(&f);
	header_filter_strip(&f, stripped);
	header_filter_want(&f, HEADER_TO);
	header_filter_want(&f, HEADER_BCC);
	for (size_t at = 0; at < length; at += piece)
		header_filter_feed(
		    &f, bytes + at, piece < length - at ? piece : length - at, out);
	header_filter_end(&f, out);
	check_noted(&f, out);
	header_filter_free(&f);
}

static void
check_line_ends(const struct buf *out)
{
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] == '\n' && (i == 0 || out->data[i - 1] != '\r'))
			abort();
}

/* No line of the header is a field that was to stay behind. */
static void
check_header(const struct buf *out)
{
	const char *line = buf_str(out), *end = line + out->len, *lf;

	for (; line < end && strncmp(line, "\r\n", 2) != 0; line = lf + 1) {
		if (strncasecmp(line, "Bcc:", 4) == 0 ||
		    strncasecmp(line, "Received:", 9) == 0 ||
		    strncasecmp(line, "X-Trace-:", 9) == 0)
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
