/*
 * Header fields, as runs of the message's bytes.
 */
#include <string.h>
#include <strings.h>

#include "common/wire/mime.h"

/* The length of the first line, its line end included. */
static size_t
line_length(struct mime_span text)
{
	const char *lf = memchr(text.bytes, '\n', text.length);

	return lf != NULL ? (size_t)(lf - text.bytes) + 1 : text.length;
}

static void
skip(struct mime_span *text, size_t length)
{
	text->bytes += length;
	text->length -= length;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Is the line nothing but its end? */
static bool
is_empty(struct mime_span text, size_t line)
{
	return (line == 1 && text.bytes[0] == '\n') ||
	       (line == 2 && memcmp(text.bytes, "\r\n", 2) == 0);
}

void
mime_split(struct mime_span entity, struct mime_span *header_r, struct mime_span *body_r)
{
	struct mime_span rest = entity;
	size_t line;

	while (rest.length > 0) {
		line = line_length(rest);
		if (is_empty(rest, line)) {
			*header_r = (struct mime_span){
			    entity.bytes, (size_t)(rest.bytes - entity.bytes)};
			skip(&rest, line);
			*body_r = rest;
			return;
		}
		skip(&rest, line);
	}
	*header_r = entity;
	*body_r = rest;
}

bool
mime_next_field(struct mime_span *header, struct mime_field *field_r)
{
	const char *start = header->bytes;
	size_t name = 0, colon, end;

	while (name < header->length && start[name] > ' ' && start[name] < 0x7f &&
	       start[name] != ':')
		name++;
	for (colon = name; colon < header->length && is_blank(start[colon]);)
		colon++;
	if (name == 0 || colon == header->length || start[colon] != ':')
		return false;
	do {
		skip(header, line_length(*header));
	} while (header->length > 0 && is_blank(header->bytes[0]));
	end = (size_t)(header->bytes - start);
	if (start[end - 1] == '\n')
		end -= end > colon + 1 && start[end - 2] == '\r' ? 2 : 1;
	field_r->name = (struct mime_span){start, name};
	field_r->value = (struct mime_span){start + colon + 1, end - colon - 1};
	return true;
}

/* A CR is a line end's. */
static bool
has_lone_cr(struct mime_span text)
{
	const char *end = text.bytes + text.length, *cr = text.bytes;

	while ((cr = memchr(cr, '\r', (size_t)(end - cr))) != NULL) {
		cr++;
		if (cr == end || *cr != '\n')
			return true;
	}
	return false;
}

const char *
mime_check_header(struct mime_span header)
{
	struct mime_field field;

	if (header.length == 0)
		return NULL;
	if (memchr(header.bytes, '\0', header.length) != NULL)
		return "there is a NUL in a header";
	if (has_lone_cr(header))
		return "there is a CR without LF in a header";
	if (!mime_is_utf8(header.bytes, header.length))
		return "a header has 8-bit bytes that are not UTF-8";
	while (mime_next_field(&header, &field))
		continue;
	return header.length > 0 ? "a line of a header is no field" : NULL;
}

bool
mime_field_is(const struct mime_field *field, const char *name)
{
	return strlen(name) == field->name.length &&
	       strncasecmp(field->name.bytes, name, field->name.length) == 0;
}

void
mime_unfold(struct mime_span value, struct buf *line)
{
	size_t start = line->len;

	while (value.length > 0 && memchr(" \t\r\n", value.bytes[0], 4) != NULL)
		skip(&value, 1);
	for (size_t i = 0; i < value.length; i++)
		if (value.bytes[i] != '\r' && value.bytes[i] != '\n')
			buf_addc(line, value.bytes[i]);
	while (line->len > start && is_blank(line->data[line->len - 1]))
		buf_truncate(line, line->len - 1);
}
