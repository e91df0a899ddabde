/*
 * mime - a message as a tree of parts (RFC 5322, RFC 2045, RFC 2046)
 *
 * mime_parse() never fails: what is not a message is one text/plain part.  The tree points
 * into the bytes it was made from, which must outlive it.  Depth and number of parts are
 * bounded; a multipart beyond the bounds is a leaf.
 */
#ifndef SANDBOX_MIME_H
#define SANDBOX_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

/* A header field as it stands: the value is all after the colon, folds in it, without the
 * line end that closes it. */
struct mime_header {
	const char *name;
	size_t name_length;
	const char *value;
	size_t value_length;
};

struct mime_part {
	struct mime_header *headers;
	size_t header_count;
	const char *body;
	size_t body_length;

	char *type;        /* "text/plain", lower case; never NULL */
	char *charset;     /* NULL if not given */
	char *boundary;    /* of a multipart */
	char *disposition; /* "inline", "attachment", ..., lower case, or NULL */
	char *name;        /* file name, UTF-8, or NULL */
	char *encoding;    /* of the content, lower case; "7bit" if not given */
	char *part_id;     /* "1", "2", ... in the order of the leaves; NULL of a multipart */

	struct mime_part *parent;
	struct mime_part *children; /* the first */
	struct mime_part *next;     /* the next of the same parent */
};

struct mime_part *mime_parse(const char *bytes, size_t length);
void mime_free(struct mime_part **message);

/* Is the part of this type ("text/plain"), or of a type that starts so ("multipart/")? */
bool mime_is(const struct mime_part *part, const char *type);
bool mime_is_a(const struct mime_part *part, const char *prefix);

/* The last field of a name (any case), or NULL; RFC 8621 §4.1.2.1 wants the last. */
const struct mime_header *mime_header(const struct mime_part *part, const char *name);

/* The first id in the field Message-ID, without its brackets; NULL if there is none.  The
 * caller free()s it. */
char *mime_message_id(const struct mime_part *message);

bool mime_header_is(const struct mime_header *header, const char *name);

/* The leaf of this id, or NULL. */
const struct mime_part *mime_find(const struct mime_part *message, const char *part_id);

/* The part after this one, depth first, or NULL: for (p = m; p != NULL; p = mime_after(p)). */
const struct mime_part *mime_after(const struct mime_part *part);

/* Append the content with its transfer encoding undone; false if it was damaged. */
bool mime_decode(const struct mime_part *part, struct buf *out);

/* Append the content of a text part as UTF-8 with LF line ends; false if damaged, or if the
 * charset is unknown or was not kept to. */
bool mime_text(const struct mime_part *part, struct buf *out);

#endif
