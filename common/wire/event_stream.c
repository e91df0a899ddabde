/*
 * Server-sent events: lines into fields, fields into events.
 */
#include <string.h>

#include "common/wire/event_stream.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

void
event_stream_init(
    struct event_stream *stream, void (*event)(void *arg, const struct event *event), void *arg)
{
	*stream = (struct event_stream){
	    .event = event, .arg = arg, .retry_ms = -1, .first_line = true};
}

void
event_stream_free(struct event_stream *stream)
{
	buf_free(&stream->last_id);
	buf_free(&stream->line);
	buf_free(&stream->type);
	buf_free(&stream->data);
	buf_free(&stream->id);
}

static void
begin_event(struct event_stream *stream)
{
	buf_reset(&stream->type);
	buf_reset(&stream->data);
	stream->long_data = false;
}

void
event_stream_restart(struct event_stream *stream)
{
	begin_event(stream);
	buf_reset(&stream->line);
	buf_reset(&stream->id);
	buf_adds(&stream->id, buf_str(&stream->last_id));
	stream->first_line = true;
	stream->after_cr = stream->long_line = false;
}

/* Fields. */

static void
take_data(struct event_stream *stream, const char *value, size_t length)
{
	if (stream->long_data || length >= EVENT_DATA_MAX - stream->data.len) {
		stream->long_data = true;
		buf_reset(&stream->data);
		return;
	}
	buf_add(&stream->data, value, length);
	buf_addc(&stream->data, '\n');
}

static void
take_type(struct event_stream *stream, const char *value, size_t length)
{
	buf_reset(&stream->type);
	buf_add(&stream->type, value, length);
}

/* An id that no header can carry is as good as none. */
static void
take_id(struct event_stream *stream, const char *value, size_t length)
{
	if (length > EVENT_ID_MAX)
		return;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return;
	buf_reset(&stream->id);
	buf_add(&stream->id, value, length);
}

static void
take_retry(struct event_stream *stream, const char *value, size_t length)
{
	int64_t ms = 0;

	for (size_t i = 0; i < length; i++) {
		if (value[i] < '0' || value[i] > '9')
			return;
		ms = ms * 10 + (value[i] - '0');
		if (ms > EVENT_RETRY_MAX_MS)
			ms = EVENT_RETRY_MAX_MS;
	}
	if (length != 0)
		stream->retry_ms = ms;
}

static const struct {
	const char *name;
	void (*take)(struct event_stream *stream, const char *value, size_t length);
} fields[] = {
    {"data", take_data},
    {"event", take_type},
    {"id", take_id},
    {"retry", take_retry},
};

/* The empty line: the event is whole. */
static void
end_event(struct event_stream *stream)
{
	bool empty = stream->data.len == 0 && !stream->long_data;
	struct event event = {
	    .type = stream->type.len != 0 ? stream->type.data : "message",
	    .whole = !stream->long_data,
	};

	buf_reset(&stream->last_id);
	buf_adds(&stream->last_id, buf_str(&stream->id));
	if (!empty) {
		if (stream->data.len != 0) /* the line end behind the last line */
			buf_truncate(&stream->data, stream->data.len - 1);
		event.data = buf_str(&stream->data);
		event.length = stream->data.len;
		stream->event(stream->arg, &event);
	}
	begin_event(stream);
}

static void
take_field(struct event_stream *stream, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	size_t name = colon != NULL ? (size_t)(colon - line) : length;
	size_t value = colon != NULL ? name + 1 : length;

	if (value < length && line[value] == ' ')
		value++;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strlen(fields[i].name) == name && memcmp(fields[i].name, line, name) == 0)
			fields[i].take(stream, line + value, length - value);
}

static void
end_line(struct event_stream *stream)
{
	size_t mark = sizeof(byte_order_mark) - 1, skip = 0;

	if (stream->first_line && stream->line.len >= mark &&
	    memcmp(stream->line.data, byte_order_mark, mark) == 0)
		skip = mark;
	stream->first_line = false;
	if (stream->long_line)
		take_data(stream, "", EVENT_DATA_MAX);
	else if (stream->line.len == skip)
		end_event(stream);
	else
		take_field(stream, stream->line.data + skip, stream->line.len - skip);
	stream->long_line = false;
	buf_reset(&stream->line);
}

static void
add_to_line(struct event_stream *stream, const char *bytes, size_t length)
{
	size_t room = EVENT_LINE_MAX - stream->line.len;

	stream->long_line = stream->long_line || length > room;
	buf_add(&stream->line, bytes, length < room ? length : room);
}

static size_t
line_length(const char *bytes, size_t length)
{
	size_t n = 0;

	while (n < length && bytes[n] != '\n' && bytes[n] != '\r')
		n++;
	return n;
}

void
event_stream_feed(struct event_stream *stream, const char *bytes, size_t length)
{
	while (length != 0) {
		size_t part;

		if (stream->after_cr && *bytes == '\n') {
			bytes++;
			length--;
		}
		stream->after_cr = false;
		part = line_length(bytes, length);
		add_to_line(stream, bytes, part);
		if (part == length)
			return;
		stream->after_cr = bytes[part] == '\r';
		end_line(stream);
		bytes += part + 1;
		length -= part + 1;
	}
}
