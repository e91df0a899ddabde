/*
 * mime - reading mail: header fields, values with parameters, the tree of parts
 *
 * RFC 5322 and RFC 2045 to 2049, 2231, for mail that anybody may have written.  Nothing here
 * copies a body: what is read is described by runs of the caller's bytes, which must stay.
 *
 * Of libetpan, its readers of tokens, parameters, comments and encoded words are used.  Its
 * reader of whole messages is not: it goes as deep as the sender nests, and mends silently
 * what is broken, while a caller who writes a message anew must hear of it.
 *
 * What can be wrong with a message is a fault: NULL if nothing is, else a static text that
 * says what it is and completes a sentence ("... : a part's boundary is missing").
 *
 * Thread-safe.
 */
#ifndef FERRY_MIME_H
#define FERRY_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base/buf.h"

/* Bounds, whatever the message: more is a fault. */
#define MIME_DEPTH_MAX   20          /* multiparts in multiparts; ferry-sandbox takes no more */
#define MIME_PARTS_MAX   1000        /* parts, multiparts among them */
#define MIME_HEADERS_MAX (1u << 20)  /* bytes of all the parts' headers together */
#define MIME_FIELDS_MAX  10000       /* fields of them */
#define MIME_VALUE_MAX   (64u << 10) /* bytes of a value whose parameters are read */

struct mime_span {
	const char *bytes;
	size_t length;
};

/* mime_field.c: header fields */

struct mime_field {
	struct mime_span name;
	struct mime_span
	    value; /* raw: from the colon to the field's last line end, folds too */
};

/* Part an entity at its empty line.  The header keeps the line end of its last field, the
 * body is empty if there is no empty line.  Lines end in CRLF or LF. */
void mime_split(struct mime_span entity, struct mime_span *header_r, struct mime_span *body_r);

/* Take the next field off a header.  False at the end, or if the next line is no field: then
 * header is not empty. */
bool mime_next_field(struct mime_span *header, struct mime_field *field_r);

/* A fault if something in it is no field, or a NUL, a CR of its own or bytes that are no
 * UTF-8 are in it. */
const char *mime_check_header(struct mime_span header);

/* Is the field of this name?  (In any case.) */
bool mime_field_is(const struct mime_field *field, const char *name);

/* The value as one line: without line ends, and blanks at its ends. */
void mime_unfold(struct mime_span value, struct buf *line);

/* mime_value.c: values with parameters, as of Content-Type and Content-Disposition */

struct mime_parameter {
	char *name;  /* in lower case, without the marks of RFC 2231 */
	char *value; /* UTF-8; NULL if it cannot be decoded (a charset nobody knows) */
};

struct mime_value {
	char *text; /* "text/plain", "attachment"; in lower case */
	struct mime_parameter *parameters;
	size_t count;
};

/*
 * Read a raw value; with_slash says that it is a type and a subtype.  Continued and encoded
 * parameters (RFC 2231) are put together; of one that is given in both ways the encoded one
 * counts.  On a fault v is empty.  The caller mime_value_free()s in any case.
 */
const char *mime_value_read(struct mime_span value, bool with_slash, struct mime_value *v);
void mime_value_free(struct mime_value *v);

/* The parameter of this name, or NULL. */
const struct mime_parameter *mime_parameter(const struct mime_value *v, const char *name);

/*
 * Text with its encoded words (RFC 2047) decoded to UTF-8, quoted or not; the caller free()s.
 * NULL if a word cannot be decoded without loss.  Text without any comes back as it is.
 */
char *mime_decode_words(const char *text);

/* mime_decode.c: bodies, out of their transfer encoding and charset */

enum mime_encoding { MIME_IDENTITY, MIME_QUOTED_PRINTABLE, MIME_BASE64 };

/* Decodes as it is read; needs no memory but itself. */
struct mime_decoder {
	enum mime_encoding encoding;
	struct mime_span body;
	const char *at;
	const char *kept;         /* blanks before here are no line's last */
	unsigned char pending[3]; /* of a base64 group, backwards */
	size_t pending_count;
};

void
mime_decoder_init(struct mime_decoder *d, enum mime_encoding encoding, struct mime_span body);

/*
 * Fill at most size bytes; how many, 0 at the end, -1 if it is no base64 (there is no broken
 * quoted-printable: an '=' that encodes nothing stands for itself, as all readers do it).
 */
ssize_t mime_decode(struct mime_decoder *d, char *bytes, size_t size);

/*
 * Append a body in UTF-8, its line ends as they are.  False, with what was appended undone, if
 * a byte of it is none of the charset's, iconv(3) does not know the charset, or it is longer
 * than max.
 */
bool mime_to_utf8(enum mime_encoding encoding, struct mime_span body, const char *charset,
    size_t max, struct buf *text);

/* Is this UTF-8, without overlong forms and surrogates? */
bool mime_is_utf8(const char *bytes, size_t length);

/* mime.c: the tree of parts */

struct mime_part {
	struct mime_span header;
	struct mime_span body;  /* without the line end that belongs to the boundary after it */
	struct mime_value type; /* the default one if there is no Content-Type */
	struct mime_value disposition; /* text is NULL if there is no Content-Disposition */
	enum mime_encoding encoding;
	struct mime_part *parts; /* the first of a multipart's; a multipart has one at least */
	struct mime_part *next;  /* beside it */
};

/*
 * Read a message's tree.  message/rfc822 is a leaf.  NULL and *part_r, which the caller
 * mime_part_free()s; or a fault.  A multipart's preamble and epilogue are passed over.  Where its
 * last boundary is missing, it goes on to the end of what it is in.
 */
const char *mime_read(struct mime_span message, struct mime_part **part_r);
void mime_part_free(struct mime_part **part);

bool mime_is_multipart(const struct mime_part *part);

/* Does the type begin so?  "text/", "message/". */
bool mime_type_begins(const struct mime_part *part, const char *start);

#endif
