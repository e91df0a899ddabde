/*
 * content - is a file's content what the service says of a message?
 *
 * A file holds a message as it came, or with the line ends of this system; in the latter
 * case the size and the digest are those of what it is on the wire.  A file that another
 * program wrote may have fields in its header that such programs add; then only its size
 * without them can be compared.
 */
#ifndef FERRY_SYNC_CONTENT_H
#define FERRY_SYNC_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/outcome.h"

enum content_digest { DIGEST_NONE, DIGEST_SHA1, DIGEST_SHA256 };

#define DIGEST_MAX 32 /* bytes */

/* What the service says. */
struct content {
	int64_t size;
	enum content_digest digest;
	unsigned char hash[DIGEST_MAX];
};

enum content_verdict {
	CONTENT_SAME,       /* size and digest */
	CONTENT_SAME_SIZE,  /* there is no digest */
	CONTENT_OTHER_SIZE, /* so it is something else */
	CONTENT_OTHER,      /* of the same size */
};

/* The digest that a blob id is, where it is one: "G" and a SHA-1 in hexadecimal (Cyrus). */
void content_of_blob_id(struct content *content, const char *blob_id);

/* From the value of a property "digest:..." (RFC 9404 §4.2), base64.  False if it is none. */
bool content_from_base64(struct content *content, enum content_digest kind, const char *text);

/*
 * Compare the open file, from its start.  Its size on disk decides whether it is taken as
 * what came or for what it is on the wire.  local/io if it cannot be read.
 */
struct outcome content_compare(
    const struct content *content, int root, const char *file, enum content_verdict *verdict_r);

#endif
