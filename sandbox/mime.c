/*
 * Parse a message into a tree.  A part is a slice of the bytes; its parser reads header
 * fields up to the empty line, and if it is a multipart, cuts the rest at the lines that are
 * its boundary and parses each piece the same way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "sandbox/mime.h"
#include "sandbox/mime_field.h"

#define DEPTH_MAX 30
#define PARTS_MAX 2000

struct parser {
	unsigned parts;
	unsigned leaves;
};

/* The start of the line after p, or end. */
static const char *
next_line(const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	return newline == NULL ? end : newline + 1;
}

/* The end of a line's text: before its CRLF or LF. */
static const char *
line_end(const char *start, const char *next)
{
	if (next > start && next[-1] == '\n')
		next--;
	if (next > start && next[-1] == '\r')
		next--;
	return next;
}

static void
add_header(struct mime_part *part, const char *line, const char *end)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));
	struct mime_header *h;
	size_t name_length;

	if (colon == NULL)
		return; /* not a field: an mbox "From " line, or noise */
	name_length = (size_t)(colon - line);
	while (
	    name_length > 0 && (line[name_length - 1] == ' ' || line[name_length - 1] == '\t'))
		name_length--;
	if (name_length == 0)
		return;
	if ((part->header_count & (part->header_count - 1)) == 0)
		part->headers = xreallocarray(part->headers,
		    part->header_count == 0 ? 1 : 2 * part->header_count, sizeof(*h));
	h = &part->headers[part->header_count++];
	*h = (struct mime_header){line, name_length, colon + 1, (size_t)(end - colon - 1)};
}

/* Read the fields; returns where the body starts. */
static const char *
parse_headers(struct mime_part *part, const char *p, const char *end)
{
	while (p < end) {
		const char *next = next_line(p, end);

		if (line_end(p, next) == p)
			return next;
		while (next < end && (*next == ' ' || *next == '\t') &&
		       line_end(next, next_line(next, end)) != next)
			next = next_line(next, end);
		add_header(part, p, line_end(p, next));
		p = next;
	}
	return end;
}

static char *
lower_token(const struct mime_part *part, const char *name)
{
	const struct mime_header *h = mime_header(part, name);

	return h == NULL ? NULL : field_token(h->value, h->value_length);
}

/* Read what the fields say of the content. */
static void
describe(struct mime_part *part, const char *default_type)
{
	const struct mime_header *type = mime_header(part, "Content-Type");
	const struct mime_header *how = mime_header(part, "Content-Disposition");

	part->type = lower_token(part, "Content-Type");
	if (part->type == NULL || strchr(part->type, '/') == NULL) {
		free(part->type);
		part->type = xstrdup(default_type);
	}
	part->disposition = lower_token(part, "Content-Disposition");
	part->encoding = lower_token(part, "Content-Transfer-Encoding");
	if (part->encoding == NULL)
		part->encoding = xstrdup("7bit");
	if (how != NULL)
		part->name = field_parameter(how->value, how->value_length, "filename");
	if (type == NULL)
		return;
	part->charset = field_parameter(type->value, type->value_length, "charset");
	part->boundary = field_parameter(type->value, type->value_length, "boundary");
	if (part->name == NULL)
		part->name = field_parameter(type->value, type->value_length, "name");
}

/* Is the line the boundary (1), the closing boundary (2), or neither (0)? */
static int
boundary_line(const char *line, const char *end, const char *boundary, size_t length)
{
	const char *rest = line + 2 + length;
	int kind = 1;

	if ((size_t)(end - line) < 2 + length || line[0] != '-' || line[1] != '-' ||
	    memcmp(line + 2, boundary, length) != 0)
		return 0;
	if (end - rest >= 2 && rest[0] == '-' && rest[1] == '-') {
		kind = 2;
		rest += 2;
	}
	while (rest < end && (*rest == ' ' || *rest == '\t'))
		rest++;
	return rest == end ? kind : 0;
}

static struct mime_part *parse_part(struct parser *parser, struct mime_part *parent,
    const char *bytes, size_t length, unsigned depth);

static void
append_child(struct parser *parser, struct mime_part *parent, struct mime_part ***tail,
    const char *start, const char *end, unsigned depth)
{
	/* The line end before a boundary belongs to the boundary. */
	end = line_end(start, end);
	**tail = parse_part(parser, parent, start, (size_t)(end - start), depth + 1);
	*tail = &(**tail)->next;
}

static void
parse_children(struct parser *parser, struct mime_part *part, unsigned depth)
{
	const char *end = part->body + part->body_length;
	size_t length = strlen(part->boundary);
	struct mime_part **tail = &part->children;
	const char *start = NULL;

	for (const char *line = part->body; line < end;) {
		const char *next = next_line(line, end);
		int kind = boundary_line(line, line_end(line, next), part->boundary, length);

		if (kind != 0 && start != NULL)
			append_child(parser, part, &tail, start, line, depth);
		if (kind != 0)
			start = kind == 1 ? next : NULL;
		if (kind == 2 || parser->parts > PARTS_MAX)
			break;
		line = next;
	}
	if (start != NULL && parser->parts <= PARTS_MAX) /* cut short: keep what came */
		append_child(parser, part, &tail, start, end, depth);
}

static struct mime_part *
parse_part(struct parser *parser, struct mime_part *parent, const char *bytes, size_t length,
    unsigned depth)
{
	struct mime_part *part = xcalloc(1, sizeof(*part));
	bool in_digest = parent != NULL && mime_is(parent, "multipart/digest");

	parser->parts++;
	part->parent = parent;
	part->body = parse_headers(part, bytes, bytes + length);
	part->body_length = (size_t)(bytes + length - part->body);
	describe(part, in_digest ? "message/rfc822" : "text/plain");
	if (mime_is_a(part, "multipart/") && part->boundary != NULL &&
	    *part->boundary != '\0' && depth < DEPTH_MAX && parser->parts < PARTS_MAX)
		parse_children(parser, part, depth);
	if (part->children == NULL)
		part->part_id = xasprintf("%u", ++parser->leaves);
	return part;
}

struct mime_part *
mime_parse(const char *bytes, size_t length)
{
	struct parser parser = {0};

	return parse_part(&parser, NULL, bytes != NULL ? bytes : "", length, 0);
}

void
mime_free(struct mime_part **message)
{
	struct mime_part *part = *message;

	if (part == NULL)
		return;
	while (part->children != NULL) {
		struct mime_part *child = part->children;

		part->children = child->next;
		mime_free(&child);
	}
	free(part->headers);
	free(part->type);
	free(part->charset);
	free(part->boundary);
	free(part->disposition);
	free(part->name);
	free(part->encoding);
	free(part->part_id);
	free(part);
	*message = NULL;
}

bool
mime_is(const struct mime_part *part, const char *type)
{
	return strcmp(part->type, type) == 0;
}

bool
mime_is_a(const struct mime_part *part, const char *prefix)
{
	return strncmp(part->type, prefix, strlen(prefix)) == 0;
}

bool
mime_header_is(const struct mime_header *header, const char *name)
{
	return strlen(name) == header->name_length &&
	       strncasecmp(header->name, name, header->name_length) == 0;
}

const struct mime_header *
mime_header(const struct mime_part *part, const char *name)
{
	for (size_t i = part->header_count; i-- > 0;)
		if (mime_header_is(&part->headers[i], name))
			return &part->headers[i];
	return NULL;
}

char *
mime_message_id(const struct mime_part *message)
{
	const struct mime_header *h = mime_header(message, "Message-ID");
	const char *start = h == NULL ? NULL : memchr(h->value, '<', h->value_length);
	const char *end = h == NULL ? NULL : h->value + h->value_length;
	const char *close = start == NULL ? NULL : memchr(start, '>', (size_t)(end - start));

	return close == NULL ? NULL : xstrndup(start + 1, (size_t)(close - start) - 1);
}

const struct mime_part *
mime_after(const struct mime_part *part)
{
	if (part->children != NULL)
		return part->children;
	while (part != NULL && part->next == NULL)
		part = part->parent;
	return part == NULL ? NULL : part->next;
}

const struct mime_part *
mime_find(const struct mime_part *message, const char *part_id)
{
	for (const struct mime_part *p = message; p != NULL; p = mime_after(p))
		if (p->part_id != NULL && strcmp(p->part_id, part_id) == 0)
			return p;
	return NULL;
}
