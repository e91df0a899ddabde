/*
 * Sign and check HS256 tokens.  The signature is compared before a byte of the payload is
 * read: what an attacker wrote never reaches the JSON parser.
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "sandbox/codec.h"
#include "sandbox/jwt.h"

#define MAC_BYTES 32
static const char header_json[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

static void
mac(const unsigned char *key, const char *text, size_t length, unsigned char out[MAC_BYTES])
{
	unsigned got = 0;

	HMAC(EVP_sha256(), key, JWT_KEY_BYTES, (const unsigned char *)text, length, out, &got);
}

void
jwt_sign(const unsigned char key[JWT_KEY_BYTES], const json_t *claims, struct buf *token)
{
	char *payload = json_dumps(claims, JSON_COMPACT);
	unsigned char signature[MAC_BYTES];
	size_t start = token->len;

	base64url_encode(header_json, sizeof(header_json) - 1, token);
	buf_addc(token, '.');
	base64url_encode(payload, strlen(payload), token);
	mac(key, token->data + start, token->len - start, signature);
	buf_addc(token, '.');
	base64url_encode(signature, sizeof(signature), token);
	free(payload);
}

/* Is the last segment the right signature of what stands before it? */
static bool
signature_good(
    const unsigned char *key, const char *token, const char *last, size_t last_length)
{
	unsigned char expected[MAC_BYTES];
	struct buf given = BUF_INIT;
	bool good;

	mac(key, token, (size_t)(last - 1 - token), expected);
	good = base64url_decode(last, last_length, &given) && given.len == MAC_BYTES &&
	       CRYPTO_memcmp(given.data, expected, MAC_BYTES) == 0;
	buf_free(&given);
	return good;
}

/* Parse a segment of base64url JSON; NULL if it is none. */
static json_t *
segment_json(const char *text, size_t length)
{
	struct buf b = BUF_INIT;
	json_t *object = NULL;

	if (base64url_decode(text, length, &b))
		object = json_loadb(buf_str(&b), b.len, 0, NULL);
	buf_free(&b);
	return object;
}

enum jwt_verdict
jwt_check(const unsigned char key[JWT_KEY_BYTES], const char *token, size_t length,
    const char *use, int64_t now, json_t **claims_r)
{
	const char *first = memchr(token, '.', length);
	const char *end = token + length;
	const char *second =
	    first == NULL ? NULL : memchr(first + 1, '.', (size_t)(end - first - 1));
	const char *given;
	json_t *claims;

	*claims_r = NULL;
	if (second == NULL)
		return JWT_MALFORMED;
	if (!signature_good(key, token, second + 1, (size_t)(end - second - 1)))
		return JWT_FORGED;
	claims = segment_json(first + 1, (size_t)(second - first - 1));
	given = json_string_value(json_object_get(claims, "use"));
	if (given == NULL || !json_is_integer(json_object_get(claims, "exp"))) {
		json_decref(claims);
		return JWT_MALFORMED;
	}
	if (strcmp(given, use) != 0) {
		json_decref(claims);
		return JWT_WRONG_USE;
	}
	if (json_integer_value(json_object_get(claims, "exp")) <= now) {
		json_decref(claims);
		return JWT_EXPIRED;
	}
	*claims_r = claims;
	return JWT_GOOD;
}

const char *
jwt_verdict_text(enum jwt_verdict v)
{
	static const char *const texts[] = {
	    [JWT_GOOD] = "the token is good",
	    [JWT_MALFORMED] = "the token is malformed",
	    [JWT_FORGED] = "the token's signature is wrong",
	    [JWT_WRONG_USE] = "the token is for another use",
	    [JWT_EXPIRED] = "the token has expired",
	};

	return texts[v];
}
