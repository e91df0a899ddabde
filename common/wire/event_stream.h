/*
 * event_stream - read text/event-stream (HTML, "Server-sent events") as it comes
 *
 * Bytes go in in pieces of any size; events come out by a callback, each once its empty line
 * is there.  Lines end in LF, CRLF or CR; a byte order mark at the start is passed over.  Nothing
 * grows with what a server sends: what is longer than the bounds below is left out, and the
 * event says so.
 */
#ifndef FERRY_EVENT_STREAM_H
#define FERRY_EVENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

#define EVENT_LINE_MAX     (64u << 10)  /* bytes of a line; the rest is passed over */
#define EVENT_DATA_MAX     (256u << 10) /* bytes of an event's data */
#define EVENT_ID_MAX       512          /* bytes of an id; a longer one is ignored */
#define EVENT_RETRY_MAX_MS 86400000     /* a longer time to wait is taken for this */

struct event {
	const char *type; /* "message" where the stream names none */
	const char *data; /* NUL-terminated */
	size_t length;
	bool whole; /* false: something of it was too long, and data is "" */
};

struct event_stream {
	void (*event)(void *arg, const struct event *event);
	void *arg;

	/* What the stream said beside its events. */
	struct buf last_id; /* of the last event that ended; fit for a header */
	int64_t retry_ms;   /* how long to wait before coming back; -1: it did not say */

	/* Of the line, and of the event, that are being read. */
	struct buf line, type, data, id;
	bool first_line, after_cr, long_line, long_data;
};

/* Begin; event(arg, ...) is called from event_stream_feed(). */
void event_stream_init(struct event_stream *stream,
    void (*event)(void *arg, const struct event *event), void *arg);
void event_stream_free(struct event_stream *stream);

/* Another connection: what was half read goes, last_id and retry_ms stay. */
void event_stream_restart(struct event_stream *stream);

void event_stream_feed(struct event_stream *stream, const char *bytes, size_t length);

#endif
