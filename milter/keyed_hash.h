/*
 * keyed_hash - HMAC-SHA-256 of some texts, in hexadecimal digits
 */
#ifndef FERRY_KEYED_HASH_H
#define FERRY_KEYED_HASH_H

#include "common/base/buf.h"

#define KEYED_HASH_LENGTH 64

struct keyed_hash {
	char text[KEYED_HASH_LENGTH + 1];
};

/*
 * Of the bytes: texts with a NUL behind each, so that no two lists of texts are the same bytes.
 * The first should say what the hash is for: none then is good for anything else.  Thread-safe.
 * A library that cannot hash ends the process, as one without memory does.
 */
struct keyed_hash keyed_hash(const struct buf *key, const struct buf *bytes);

#endif
