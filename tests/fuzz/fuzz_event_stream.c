/* Server-sent events: however they are cut, the same comes out. */
#include <stdlib.h>
#include <string.h>

#include "common/wire/event_stream.h"
#include "tests/fuzz/fuzz.h"

static void
note(void *arg, const struct event *event)
{
	struct buf *out = arg;

	if (strlen(event->data) > event->length || event->length >= EVENT_DATA_MAX)
		abort();
	buf_adds(out, event->type);
	buf_addc(out, event->whole ? '!' : '?');
	buf_add(out, event->data, event->length);
}

/* Feed in pieces of so many bytes, and append all that came of it. */
static void
read_all(const uint8_t *bytes, size_t length, size_t piece, struct buf *out)
{
	struct event_stream stream;

	event_stream_init(&stream, note, out);
	for (size_t at = 0; at < length; at += piece) {
		size_t left = length - at;

		event_stream_feed(
		    &stream, (const char *)bytes + at, left < piece ? left : piece);
		if (stream.line.len > EVENT_LINE_MAX || stream.data.len > EVENT_DATA_MAX)
			abort();
	}
	buf_adds(out, buf_str(&stream.last_id));
	buf_addf(out, " %lld", (long long)stream.retry_ms);
	event_stream_free(&stream);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buf whole = BUF_INIT, pieces = BUF_INIT;

	if (length == 0)
		return 0;
	read_all(bytes, length, length, &whole);
	read_all(bytes, length, (size_t)bytes[0] % 7 + 1, &pieces);
	if (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len) != 0)
		abort();
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
