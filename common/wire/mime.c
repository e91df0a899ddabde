/*
 * The tree of parts.
 *
 * A multipart's body is read line by line for its boundary, and what lies between is read as
 * parts in turn, so an outer boundary ends all that is in it (RFC 2046 §5.1.2).  Each level
 * passes once over the bytes below it: with MIME_DEPTH_MAX levels, no message takes longer
 * than so many readings of it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/mime.h"

/* What reading has taken so far, of the whole message. */
struct reader {
	size_t parts;
	size_t header_bytes;
	size_t fields;
};

static const char *read_part(struct reader *r, struct mime_span entity, unsigned depth,
    bool in_digest, struct mime_part **part_r);

bool
mime_type_begins(const struct mime_part *part, const char *start)
{
	return strncmp(part->type.text, start, strlen(start)) == 0;
}

bool
mime_is_multipart(const struct mime_part *part)
{
	return mime_type_begins(part, "multipart/");
}

/* Count a header in; a fault if it is too much. */
static const char *
take_header(struct reader *r, struct mime_span header)
{
	struct mime_field field;

	r->header_bytes += header.length;
	if (r->header_bytes > MIME_HEADERS_MAX)
		return "its headers are too long";
	while (mime_next_field(&header, &field))
		if (++r->fields > MIME_FIELDS_MAX)
			return "it has too many header fields";
	return NULL;
}

/* Find the one field of a name; *found_r tells whether there is one. */
static const char *
only_field(struct mime_span header, const char *name, struct mime_field *field_r, bool *found_r)
{
	struct mime_field field;

	*found_r = false;
	while (mime_next_field(&header, &field)) {
		if (!mime_field_is(&field, name))
			continue;
		if (*found_r)
			return "a field that describes a part is there twice";
		*field_r = field;
		*found_r = true;
	}
	return NULL;
}

static const char *
read_encoding(struct mime_part *part)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} encodings[] = {
	    {"7bit", MIME_IDENTITY},
	    {"8bit", MIME_IDENTITY},
	    {"binary", MIME_IDENTITY},
	    {"quoted-printable", MIME_QUOTED_PRINTABLE},
	    {"base64", MIME_BASE64},
	};
	struct mime_value value = {0};
	struct mime_field field;
	bool found;
	const char *fault =
	    only_field(part->header, "Content-Transfer-Encoding", &field, &found);

	part->encoding = MIME_IDENTITY;
	if (fault != NULL || !found)
		return fault;
	fault = mime_value_read(field.value, false, &value);
	if (fault == NULL) {
		fault = "a part's transfer encoding is unknown";
		for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
			if (strcmp(value.text, encodings[i].name) == 0) {
				part->encoding = encodings[i].encoding;
				fault = NULL;
			}
	}
	mime_value_free(&value);
	return fault;
}

static const char *
read_type(struct mime_part *part, bool in_digest)
{
	struct mime_field field;
	bool found;
	const char *fault = only_field(part->header, "Content-Type", &field, &found);

	if (fault == NULL && found)
		fault = mime_value_read(field.value, true, &part->type);
	if (fault == NULL && !found)
		part->type.text = xstrdup(in_digest ? "message/rfc822" : "text/plain");
	return fault;
}

static const char *
read_disposition(struct mime_part *part)
{
	struct mime_field field;
	bool found;
	const char *fault = only_field(part->header, "Content-Disposition", &field, &found);

	if (fault == NULL && found)
		fault = mime_value_read(field.value, false, &part->disposition);
	return fault;
}

enum line { LINE_OTHER, LINE_BOUNDARY, LINE_LAST };

/* What is this line (of length bytes, its end included) to a multipart of this boundary? */
static enum line
line_kind(const char *line, size_t length, const char *boundary)
{
	size_t size = strlen(boundary), at = 2 + size;
	enum line kind = LINE_BOUNDARY;

	if (length < at || memcmp(line, "--", 2) != 0 || memcmp(line + 2, boundary, size) != 0)
		return LINE_OTHER;
	if (length - at >= 2 && memcmp(line + at, "--", 2) == 0) {
		kind = LINE_LAST;
		at += 2;
	}
	while (at < length && memchr(" \t\r\n", line[at], 4) != NULL)
		at++;
	return at == length ? kind : LINE_OTHER;
}

/* The bytes from start up to a boundary's line, without the line end that belongs to it. */
static struct mime_span
up_to(const char *start, const char *line)
{
	size_t length = (size_t)(line - start);

	if (length > 0 && start[length - 1] == '\n')
		length -= length > 1 && start[length - 2] == '\r' ? 2 : 1;
	return (struct mime_span){start, length};
}

/* Read what lies between two boundaries and hang it on. */
static const char *
add_part(struct reader *r, const struct mime_part *parent, struct mime_span entity,
    unsigned depth, struct mime_part ***end)
{
	bool in_digest = strcmp(parent->type.text, "multipart/digest") == 0;
	const char *fault = read_part(r, entity, depth, in_digest, *end);

	if (fault == NULL)
		*end = &(**end)->next;
	return fault;
}

static const char *
split_parts(struct reader *r, struct mime_part *part, const char *boundary, unsigned depth)
{
	const char *line = part->body.bytes, *end = line + part->body.length, *start = NULL;
	struct mime_part **last = &part->parts;
	enum line kind = LINE_OTHER;
	const char *fault = NULL;

	while (fault == NULL && kind != LINE_LAST && line < end) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		size_t length = lf != NULL ? (size_t)(lf - line) + 1 : (size_t)(end - line);

		kind = line_kind(line, length, boundary);
		if (kind != LINE_OTHER && start != NULL)
			fault = add_part(r, part, up_to(start, line), depth, &last);
		line += length;
		if (kind != LINE_OTHER)
			start = line;
	}
	if (fault == NULL && start == NULL)
		return "a multipart's boundary is nowhere in it";
	if (fault == NULL && kind != LINE_LAST)
		fault = add_part(
		    r, part, (struct mime_span){start, (size_t)(end - start)}, depth, &last);
	if (fault == NULL && part->parts == NULL)
		return "a multipart has no part";
	return fault;
}

static const char *
read_multipart(struct reader *r, struct mime_part *part, unsigned depth)
{
	const struct mime_parameter *boundary = mime_parameter(&part->type, "boundary");

	if (part->encoding != MIME_IDENTITY)
		return "a multipart is encoded as a whole";
	if (boundary == NULL || boundary->value == NULL || *boundary->value == '\0')
		return "a multipart names no boundary";
	if (depth == MIME_DEPTH_MAX)
		return "its parts are nested too deep";
	return split_parts(r, part, boundary->value, depth + 1);
}

/* Read a part; on a fault too, what there is of it is hung on and will be freed. */
static const char *
read_part(struct reader *r, struct mime_span entity, unsigned depth, bool in_digest,
    struct mime_part **part_r)
{
	struct mime_part *part;
	const char *fault;

	*part_r = NULL;
	if (++r->parts > MIME_PARTS_MAX)
		return "it has too many parts";
	part = *part_r = xcalloc(1, sizeof(*part));
	mime_split(entity, &part->header, &part->body);
	fault = take_header(r, part->header);
	if (fault == NULL)
		fault = mime_check_header(part->header);
	if (fault == NULL)
		fault = read_encoding(part);
	if (fault == NULL)
		fault = read_type(part, in_digest);
	if (fault == NULL)
		fault = read_disposition(part);
	if (fault == NULL && mime_is_multipart(part))
		fault = read_multipart(r, part, depth);
	return fault;
}

const char *
mime_read(struct mime_span message, struct mime_part **part_r)
{
	struct reader r = {0};
	const char *fault = read_part(&r, message, 0, false, part_r);

	if (fault != NULL)
		mime_part_free(part_r);
	return fault;
}

void
mime_part_free(struct mime_part **part)
{
	struct mime_part *p, *next;

	for (p = *part; p != NULL; p = next) {
		next = p->next;
		mime_part_free(&p->parts);
		mime_value_free(&p->type);
		mime_value_free(&p->disposition);
		free(p);
	}
	*part = NULL;
}
