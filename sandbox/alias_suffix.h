/*
 * alias_suffix - suffixes of aliases, signed so that a client can only use those it was given
 *
 * "SUFFIX.TIME.SIGNATURE" as itsdangerous' TimestampSigner makes it: TIME is the seconds since
 * 1970, big-endian without leading zeros, SIGNATURE an HMAC-SHA1, both in base64url.  Pure.
 */
#ifndef SANDBOX_ALIAS_SUFFIX_H
#define SANDBOX_ALIAS_SUFFIX_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

/* Append the signed form. */
void alias_suffix_sign(const unsigned char *secret, size_t secret_length, const char *suffix,
    int64_t now, struct buf *out);

/* The suffix, which the caller free()s; NULL if it is not ours, or older than life seconds. */
char *alias_suffix_check(const unsigned char *secret, size_t secret_length, const char *text,
    int64_t now, int64_t life);

#endif
