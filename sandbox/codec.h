/*
 * codec - the small encodings: base64, base64url, hexadecimal, UTF-8, SHA-1, and random bytes
 *
 * All functions are pure (but random_bytes) and thread-safe.
 */
#ifndef SANDBOX_CODEC_H
#define SANDBOX_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

/* Append the encoding of bytes: base64 (RFC 4648 §4) in one line, with padding. */
void base64_encode(const void *bytes, size_t length, struct buf *out);

/* Append bytes as base64url without padding (RFC 4648 §5, RFC 7515 §2). */
void base64url_encode(const void *bytes, size_t length, struct buf *out);

/*
 * Append what the text encodes.  Blanks and line ends are skipped, as RFC 2045 §6.8 wants.
 * False if there were other foreign characters or the end is cut; what could be decoded is
 * appended all the same.
 */
bool base64_decode(const char *text, size_t length, struct buf *out);

/* The same for base64url without padding; strict: nothing foreign is skipped. */
bool base64url_decode(const char *text, size_t length, struct buf *out);

/* Append lower-case hexadecimal. */
void hex_encode(const void *bytes, size_t length, struct buf *out);

/* Decode exactly 2 * length hexadecimal digits of either case; false if they are not. */
bool hex_decode(const char *text, void *bytes, size_t length);

bool utf8_valid(const char *bytes, size_t length);

/* Append the bytes, each one that is not part of UTF-8, and each NUL, as U+FFFD. */
void utf8_clean(const char *bytes, size_t length, struct buf *out);

#define SHA1_BYTES 20

/* The SHA-1 of the bytes, as SHA1() of OpenSSL gives it, which looks for who can do it each time. */
void sha1(const void *bytes, size_t length, unsigned char hash_r[SHA1_BYTES]);

/* Fill with random bytes; the process ends if the system has none to give. */
void random_bytes(void *bytes, size_t length);

#endif
