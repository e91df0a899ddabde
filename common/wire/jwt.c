/*
 * Reading JSON Web Tokens without verifying them: the middle one of three base64url
 * segments, decoded and parsed.
 */
#include <stdbool.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/wire/json.h"
#include "common/wire/jwt.h"

#define SHOWN      12             /* characters of a token an operator may see */
#define EXPIRY_MAX 253402300799.0 /* the end of the year 9999 */

static const char base64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct outcome
malformed(const char *token, const char *why)
{
	struct outcome o = outcome_make("auth", "token", "%s", why);

	outcome_hint(&o, "it starts with \"%.*s\"", SHOWN, token);
	return o;
}

/* Decode length characters without padding (RFC 7515 §2); false if one is no base64url. */
static bool
decode(const char *segment, size_t length, struct buf *bytes)
{
	unsigned bits = 0, held = 0;

	if (length % 4 == 1)
		return false;
	for (size_t i = 0; i < length; i++) {
		const char *digit = memchr(base64url, segment[i], sizeof(base64url) - 1);

		if (digit == NULL)
			return false;
		bits = bits << 6 | (unsigned)(digit - base64url);
		held += 6;
		if (held >= 8) {
			held -= 8;
			buf_addc(bytes, (char)(bits >> held & 0xff));
		}
	}
	return true;
}

/* Find the payload; false unless there are three segments, all of base64url. */
static bool
find_payload(const char *token, const char **payload_r, size_t *length_r)
{
	size_t head = strspn(token, base64url), payload, signature;

	if (head == 0 || token[head] != '.')
		return false;
	*payload_r = token + head + 1;
	payload = strspn(*payload_r, base64url);
	if (payload == 0 || (*payload_r)[payload] != '.')
		return false;
	*length_r = payload;
	signature = strspn(*payload_r + payload + 1, base64url);
	return (*payload_r)[payload + 1 + signature] == '\0';
}

struct outcome
jwt_claims(const char *token, json_t **claims_r)
{
	struct buf json = BUF_INIT;
	struct outcome o;
	const char *payload;
	size_t length;

	*claims_r = NULL;
	if (strnlen(token, JWT_MAX + 1) > JWT_MAX)
		return malformed(token, "it is too long");
	if (!find_payload(token, &payload, &length))
		return malformed(token, "it is not three base64url segments");
	if (!decode(payload, length, &json))
		o = malformed(token, "its payload is not base64url");
	else
		o = json_parse(json.data, json.len, claims_r);
	buf_free(&json);
	if (outcome_is(&o, "answer/json"))
		return malformed(token, "its payload is not JSON");
	if (outcome_is_ok(&o) && !json_is_object(*claims_r)) {
		json_decref(*claims_r);
		*claims_r = NULL;
		return malformed(token, "its payload is not a JSON object");
	}
	return o;
}

int64_t
jwt_expiry(const json_t *claims)
{
	const json_t *value = json_object_get(claims, "exp");
	double seconds = json_number_value(value);

	return seconds > 0 && seconds <= EXPIRY_MAX ? (int64_t)seconds : 0;
}
