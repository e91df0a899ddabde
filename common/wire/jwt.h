/*
 * jwt - reading JSON Web Tokens without verifying them
 */
#ifndef FERRY_JWT_H
#define FERRY_JWT_H

#include <jansson.h>
#include <stdint.h>

#include "common/base/outcome.h"

#define JWT_MAX 16384 /* bytes; real ones have 200 to 1,500 */

/*
 * jwt_claims - read the payload of a JSON Web Token without verifying it
 *
 * Takes the compact form (three base64url segments, RFC 7515 §3.1) as a NUL-terminated
 * string of at most JWT_MAX bytes.  The signature is not checked: the client holds no key,
 * and decides nothing by these claims but when to ask for a new token.
 *
 * On OK, *claims_r is a new reference to a JSON object; the caller json_decref()s it.
 * A malformed token is the service's fault: auth/token, with the first 12 characters of the
 * token in the hint (never more: it is a secret).
 *
 * Thread-safe.  Source: RFC 7519.
 */
struct outcome jwt_claims(const char *token, json_t **claims_r);

/* The "exp" claim, seconds since 1970 (RFC 7519 §4.1.4: a NumericDate, perhaps with a
 * fraction); 0 if it is missing or no sane number. */
int64_t jwt_expiry(const json_t *claims);

#endif
