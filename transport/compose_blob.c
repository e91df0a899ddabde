/*
 * Parts that are uploaded: decoded as they are sent, from the message's own bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "transport/compose_parts.h"

#define PIECE 16384

/* The decoded size, or -1 if it cannot be decoded. */
static int64_t
decoded_size(const struct mime_part *part)
{
	struct mime_decoder d;
	char piece[PIECE];
	int64_t size = 0;
	ssize_t got;

	if (part->encoding == MIME_IDENTITY)
		return (int64_t)part->body.length;
	mime_decoder_init(&d, part->encoding, part->body);
	while ((got = mime_decode(&d, piece, sizeof(piece))) > 0)
		size += got;
	return got < 0 ? -1 : size;
}

const char *
compose_blob(struct composition *c, const struct mime_part *part, json_t *json)
{
	int64_t size = decoded_size(part);

	if (size < 0)
		return "a part is said to be base64, and is not";
	c->blobs = xreallocarray(c->blobs, c->blob_count + 1, sizeof(*c->blobs));
	c->blobs[c->blob_count++] = (struct compose_blob){
	    .part = json,
	    .type = part->type.text,
	    .encoding = part->encoding,
	    .body = part->body,
	    .size = size,
	};
	return NULL;
}

static ssize_t
read_blob(void *arg, char *bytes, size_t size)
{
	return mime_decode(arg, bytes, size);
}

static bool
rewind_blob(void *arg)
{
	struct mime_decoder *d = arg;

	mime_decoder_init(d, d->encoding, d->body);
	return true;
}

/* A message is uploaded as bytes: Cyrus would take it for mail that arrives, and write an X
 * for each 8-bit byte of its header. */
static const char *
upload_type(const char *type)
{
	return strncmp(type, "message/", 8) == 0 ? "application/octet-stream" : type;
}

struct outcome
compose_upload(struct composition *c, const struct compose_uploader *uploader)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; outcome_is_ok(&o) && i < c->blob_count; i++) {
		const struct compose_blob *blob = &c->blobs[i];
		struct mime_decoder d;
		struct http_source source = {
		    .read = read_blob, .rewind = rewind_blob, .arg = &d, .size = blob->size};
		char *id = NULL;

		mime_decoder_init(&d, blob->encoding, blob->body);
		o = uploader->upload(uploader->arg, &source, upload_type(blob->type), &id);
		if (outcome_is_ok(&o))
			json_object_set_new(blob->part, "blobId", json_string(id));
		free(id);
	}
	return o;
}
