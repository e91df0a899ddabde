/*
 * hmac - HMAC-SHA-256 (RFC 2104), in hexadecimal digits
 *
 *	struct hmac h = hmac_begin(&key);
 *
 *	hmac_add_text(&h, "what this is for");
 *	hmac_add(&h, bytes, length);
 *	good = hmac_end(&h, digits, sizeof(digits) - 1);
 *
 * What fails on the way, hmac_end() tells; it is to be called in any case.  OpenSSL's contexts
 * are kept for the next who comes, because making one takes longer than to hash a message's
 * envelope; and their keys, for as long as the process lives.  Thread-safe; a struct hmac
 * belongs to one thread.
 */
#ifndef FERRY_HMAC_H
#define FERRY_HMAC_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

#define HMAC_DIGITS 64

struct hmac_context;

struct hmac {
	struct hmac_context *context;
	bool good; /* so far */
};

struct hmac hmac_begin(const struct buf *key);
void hmac_add(struct hmac *h, const void *bytes, size_t length);

/* Add a text and the NUL behind it, so that no two lists of texts are the same bytes. */
void hmac_add_text(struct hmac *h, const char *text);

/* The first so many digits, at most HMAC_DIGITS, and a NUL.  False: it could not be done. */
bool hmac_end(struct hmac *h, char *digits, size_t length);

#endif
