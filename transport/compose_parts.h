/*
 * compose_parts - what the files of compose share; nobody else includes it
 *
 * A fault is as in mime.h: NULL, or a static text of what cannot be represented.
 */
#ifndef FERRY_COMPOSE_PARTS_H
#define FERRY_COMPOSE_PARTS_H

#include <jansson.h>
#include <stdint.h>

#include "common/wire/mime.h"
#include "transport/compose.h"

/* A part that will be uploaded once it is known that all can be represented. */
struct compose_blob {
	json_t *part;     /* gets "blobId"; lives in the composition's email */
	const char *type; /* the part's in the tree */
	enum mime_encoding encoding;
	struct mime_span body;
	int64_t size; /* decoded */
};

struct composition {
	struct mime_span message;
	struct mime_part *root;
	json_t *email;
	json_t *values;     /* its bodyValues */
	size_t value_bytes; /* in them */
	struct compose_blob *blobs;
	size_t blob_count;
};

/* compose_header.c */

/* Set "header:..." properties for those fields of a header that wanted says, as they are. */
void compose_fields(
    struct mime_span header, bool (*wanted)(const struct mime_field *field), json_t *object);

/* The header fields of the message itself. */
const char *compose_message_fields(struct mime_span header, json_t *email);

/* The id of a value that is nothing but one <id>, a new reference; or NULL. */
json_t *compose_id(struct mime_span value);

/* A raw value as a JSON string: folds are CRLF. */
json_t *compose_raw(struct mime_span value);

/* compose_part.c: a part's JSON, with what is below it */
const char *compose_part(struct composition *c, const struct mime_part *part, json_t **json_r);

/* compose_type.c: its type, disposition and name.  by_value: its content is a body value. */
const char *compose_type(const struct mime_part *part, bool by_value, json_t *json);

/* compose_text.c: put its text into the body values and set "partId"; false if that cannot
 * be, or it should be uploaded. */
bool compose_value(struct composition *c, const struct mime_part *part, json_t *json);

/* compose_blob.c: note it for uploading; a fault if it cannot be decoded. */
const char *compose_blob(struct composition *c, const struct mime_part *part, json_t *json);
struct outcome compose_upload(struct composition *c, const struct compose_uploader *uploader);

#endif
