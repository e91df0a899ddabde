/*
 * A message as the queue has it, made into the message that may leave.
 *
 * A small machine reads the header byte by byte until a line's name is known, and passes the
 * rest of the line, and the whole body, on in runs:
 *
 *	LINE --blank--> VALUE (the field goes on)
 *	  |                ^   \--LF--> LINE
 *	  v                |
 *	NAME --blank--> BLANKS
 *	  \------ ':' -----/       anything else: the body begins
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "transport/header_filter.h"

#define NAME_MAX_BYTES       256 /* longer is no field; the longest we look for has 14 */
#define MESSAGE_ID_MAX_BYTES 250
#define RECEIVED_MAX_BYTES   2048

/* Fields that do not leave. */
static const char *const dropped_fields[] = {
    "Bcc",
    "Resent-Bcc",
    "Return-Path",
    "Delivered-To",
    "X-Original-To",
    STAMP_FIELD,
    ALIAS_FIELD,
};

/* In enum header_kind's order. */
static const char *const kinds[HEADER_KINDS] = {
    "From",
    "Sender",
    "Reply-To",
    "Date",
    "To",
    "Cc",
    "Bcc",
    "Resent-To",
    "Resent-Cc",
    "Resent-Bcc",
};

void
header_filter_init(struct header_filter *f)
{
	*f = (struct header_filter){
	    .state = HEADER_LINE,
	    .first = true,
	    .wanted = 1u << HEADER_FROM | 1u << HEADER_SENDER | 1u << HEADER_REPLY_TO,
	};
}

void
header_filter_free(struct header_filter *f)
{
	buf_free(&f->name);
	buf_free(&f->message_id);
	buf_free(&f->received);
	for (size_t i = 0; i < f->noted_count; i++)
		buf_free(&f->noted[i].value);
	free(f->noted);
}

void
header_filter_strip(struct header_filter *f, char *const *strip)
{
	f->strip = strip;
}

void
header_filter_want(struct header_filter *f, enum header_kind kind)
{
	f->wanted |= 1u << kind;
}

const struct header_field *
header_filter_noted(
    const struct header_filter *f, enum header_kind kind, const struct header_field *after)
{
	size_t i = after != NULL ? (size_t)(after - f->noted) + 1 : 0;

	for (; i < f->noted_count; i++)
		if (f->noted[i].kind == kind)
			return &f->noted[i];
	return NULL;
}

/* Give bytes out, a LF that follows no CR as CRLF. */
static void
put(struct header_filter *f, const char *bytes, size_t length, struct buf *out)
{
	const char *end = bytes + length, *lf;
	size_t before = out->len;
	bool after_cr = f->after_cr;

	for (const char *p = bytes; (lf = memchr(p, '\n', (size_t)(end - p))) != NULL;
	     p = lf + 1) {
		if (lf != p)
			after_cr = lf[-1] == '\r';
		if (!after_cr) {
			buf_add(out, bytes, (size_t)(lf - bytes));
			buf_addc(out, '\r');
			bytes = lf;
		}
		after_cr = false;
	}
	buf_add(out, bytes, (size_t)(end - bytes));
	if (length != 0)
		f->after_cr = end[-1] == '\r';
	f->given += (int64_t)(out->len - before);
}

/* Give out what was held back to see what it is. */
static void
put_name(struct header_filter *f, struct buf *out)
{
	put(f, buf_str(&f->name), f->name.len, out);
	buf_reset(&f->name);
}

/* The line held back is no field: it is the body's first. */
static void
begin_body(struct header_filter *f, struct buf *out)
{
	put(f, "\n", 1, out);
	put_name(f, out);
	f->state = HEADER_OVER;
}

static bool
ends_name(char c)
{
	return c == ':' || c == ' ' || c == '\t';
}

/* Is the line held back, up to its colon, the field's? */
static bool
names(const struct header_filter *f, const char *field)
{
	size_t length = strlen(field);

	return f->name.len > length && ends_name(f->name.data[length]) &&
	       strncasecmp(f->name.data, field, length) == 0;
}

/* Does the line held back start with this, whatever the case? */
static bool
starts(const struct header_filter *f, const char *text, size_t length)
{
	return f->name.len > length && strncasecmp(f->name.data, text, length) == 0;
}

static bool
is_listed(const struct header_filter *f)
{
	for (char *const *item = f->strip; item != NULL && *item != NULL; item++) {
		size_t length = strcspn(*item, "*");

		if ((*item)[length] == '*' ? starts(f, *item, length) : names(f, *item))
			return true;
	}
	return false;
}

static bool
must_drop(struct header_filter *f)
{
	f->aliased |= names(f, ALIAS_FIELD);
	for (size_t i = 0; i < sizeof(dropped_fields) / sizeof(dropped_fields[0]); i++)
		if (names(f, dropped_fields[i]))
			return true;
	if (!f->received_dropped && names(f, "Received")) {
		f->received_dropped = f->in_received = true;
		return true;
	}
	return is_listed(f);
}

/* See which run of Resent- fields this is in. */
static void
follow_resent(struct header_filter *f)
{
	bool resent = starts(f, "Resent-", 7);

	f->resent_seen += resent && !f->in_resent;
	f->in_resent = resent;
}

/* Note the field whose name is held back, if it is wanted. */
static void
begin_note(struct header_filter *f)
{
	enum header_kind kind = 0;

	f->noting = false;
	while (kind < HEADER_KINDS && !names(f, kinds[kind]))
		kind++;
	if (kind == HEADER_KINDS || (f->wanted >> kind & 1) == 0 ||
	    (f->in_resent && f->resent_seen > 1))
		return;
	f->overflow |= f->noted_count == HEADER_NOTED_MAX;
	if (f->overflow)
		return;
	f->noted = xreallocarray(f->noted, f->noted_count + 1, sizeof(*f->noted));
	f->noted[f->noted_count++] = (struct header_field){.kind = kind, .at = f->given};
	f->noting = true;
}

/* More of the noted field: its bytes, and how far it reaches by now. */
static void
note(struct header_filter *f, const char *bytes, size_t length)
{
	struct header_field *field = &f->noted[f->noted_count - 1];

	field->length = f->dropped ? 0 : f->given - field->at;
	if (f->noted_bytes + length > HEADER_VALUE_BYTES) {
		f->overflow = true;
		return;
	}
	buf_add(&field->value, bytes, length);
	f->noted_bytes += length;
}

/* A colon came: the line held back is a field. */
static void
begin_field(struct header_filter *f, struct buf *out)
{
	f->in_field = true;
	f->in_received = false;
	f->dropped = must_drop(f);
	follow_resent(f);
	begin_note(f);
	f->in_message_id = !f->has_message_id && names(f, "Message-ID");
	f->has_message_id |= f->in_message_id;
	if (f->dropped)
		buf_reset(&f->name);
	else
		put_name(f, out);
	f->state = HEADER_VALUE;
}

/* Keep what of a Message-ID's value is worth a log line. */
static void
keep_message_id(struct header_filter *f, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length && f->message_id.len < MESSAGE_ID_MAX_BYTES; i++)
		if ((unsigned char)bytes[i] > ' ' && bytes[i] != 0x7f)
			buf_addc(&f->message_id, bytes[i]);
}

/* Keep a Received's value, however its lines end. */
static void
keep_received(struct header_filter *f, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length && f->received.len < RECEIVED_MAX_BYTES; i++)
		if (bytes[i] != '\r' && bytes[i] != '\n')
			buf_addc(&f->received, bytes[i]);
}

/* Take in a field's line up to its end; how many bytes that was. */
static size_t
feed_value(struct header_filter *f, const char *bytes, size_t length, struct buf *out)
{
	const char *lf = memchr(bytes, '\n', length);
	size_t run = lf != NULL ? (size_t)(lf - bytes) + 1 : length, before = out->len;

	if (!f->dropped)
		put(f, bytes, run, out);
	if (f->noting && f->dropped)
		note(f, bytes, run);
	else if (f->noting)
		note(f, buf_str(out) + before, out->len - before);
	if (f->in_message_id)
		keep_message_id(f, bytes, run);
	if (f->in_received)
		keep_received(f, bytes, run);
	if (lf != NULL) {
		f->state = HEADER_LINE;
		f->first = false;
	}
	return run;
}

/* The first line of a mailbox file's message: "From sender date". */
static bool
is_mailbox_line(const struct header_filter *f)
{
	return f->first && f->name.len > 5 && memcmp(f->name.data, "From ", 5) == 0;
}

/* A byte behind a name and blanks. */
static void
feed_blanks(struct header_filter *f, char c, struct buf *out)
{
	if (c == ':') {
		begin_field(f, out);
	} else if ((c != ' ' && c != '\t') || f->name.len > NAME_MAX_BYTES) {
		if (!is_mailbox_line(f)) {
			begin_body(f, out);
			return;
		}
		/* As a field of which nothing, not even a fold, is kept. */
		buf_reset(&f->name);
		f->dropped = true;
		f->first = false;
		f->state = c == '\n' ? HEADER_LINE : HEADER_VALUE;
	}
}

/* A byte of what may be a field's name, or an empty line. */
static void
feed_name(struct header_filter *f, char c, struct buf *out)
{
	bool empty = f->name.len == 1 || (f->name.len == 2 && f->name.data[0] == '\r');

	if (c == '\n' && empty) {
		put_name(f, out);
		f->state = HEADER_OVER;
	} else if (c == ':' && f->name.len > 1) {
		begin_field(f, out);
	} else if ((c == ' ' || c == '\t') && f->name.len > 1) {
		f->state = HEADER_BLANKS;
	} else if (!(c == '\r' && f->name.len == 1) &&
	           (c <= ' ' || c >= 0x7f || c == ':' || f->name.data[0] == '\r' ||
	               f->name.len > NAME_MAX_BYTES)) {
		begin_body(f, out);
	}
}

/* Take in one byte while it is not known what line this is. */
static void
feed_byte(struct header_filter *f, char c, struct buf *out)
{
	if (f->state == HEADER_LINE && f->in_field && (c == ' ' || c == '\t')) {
		f->state = HEADER_VALUE;
		(void)feed_value(f, &c, 1, out);
		return;
	}
	buf_addc(&f->name, c);
	if (f->state == HEADER_BLANKS) {
		feed_blanks(f, c, out);
		return;
	}
	f->state = HEADER_NAME;
	feed_name(f, c, out);
}

void
header_filter_feed(struct header_filter *f, const char *bytes, size_t length, struct buf *out)
{
	const char *end = bytes + length;

	buf_reserve(out, length); /* as a rule, that is enough */
	while (bytes < end && f->state != HEADER_OVER) {
		if (f->state == HEADER_VALUE)
			bytes += feed_value(f, bytes, (size_t)(end - bytes), out);
		else
			feed_byte(f, *bytes++, out);
	}
	put(f, bytes, (size_t)(end - bytes), out);
}

void
header_filter_end(struct header_filter *f, struct buf *out)
{
	if (f->state == HEADER_NAME || f->state == HEADER_BLANKS)
		begin_body(f, out);
	else if (f->state == HEADER_VALUE)
		(void)feed_value(f, "\n", 1, out);
}
