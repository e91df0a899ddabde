/*
 * jwt - the three kinds of token the auth service hands out, signed and checked
 *
 * JSON Web Tokens in the compact form (RFC 7515 §3.1), HS256 with one key.  A token carries
 * its kind in the claim "use", so that none can stand in for another.
 */
#ifndef SANDBOX_JWT_H
#define SANDBOX_JWT_H

#include <stdint.h>

#include <jansson.h>

#include "common/base/buf.h"

#define JWT_KEY_BYTES 32

/* Why a token was not taken. */
enum jwt_verdict {
	JWT_GOOD,
	JWT_MALFORMED, /* not three segments of base64url JSON, or not HS256 */
	JWT_FORGED,    /* the signature is not ours */
	JWT_WRONG_USE, /* ours, but for another purpose */
	JWT_EXPIRED,
};

/* Append the token of these claims, an object that has "use" and "exp". */
void jwt_sign(const unsigned char key[JWT_KEY_BYTES], const json_t *claims, struct buf *token);

/*
 * Check a token of length bytes for one use at a time (seconds since 1970).  On JWT_GOOD
 * *claims_r is a new reference; else it is NULL.
 */
enum jwt_verdict jwt_check(const unsigned char key[JWT_KEY_BYTES], const char *token,
    size_t length, const char *use, int64_t now, json_t **claims_r);

/* The verdict in words, for the message of an error. */
const char *jwt_verdict_text(enum jwt_verdict v);

#endif
