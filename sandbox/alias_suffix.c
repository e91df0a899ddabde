/*
 * Sign and check suffixes.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_suffix.h"
#include "sandbox/codec.h"

#define SALT "itsdangerous.Signersigner" /* its salt, and what it adds to any */

/* Append the signature of the text. */
static void
sign(const unsigned char *secret, size_t secret_length, const char *text, size_t length,
    struct buf *out)
{
	unsigned char key[SHA_DIGEST_LENGTH], digest[SHA_DIGEST_LENGTH];
	struct buf salted = BUF_INIT;

	buf_adds(&salted, SALT);
	buf_add(&salted, secret, secret_length);
	SHA1((const unsigned char *)salted.data, salted.len, key);
	HMAC(EVP_sha1(), key, (int)sizeof(key), (const unsigned char *)text, length, digest,
	    NULL);
	base64url_encode(digest, sizeof(digest), out);
	buf_wipe(&salted);
}

void
alias_suffix_sign(const unsigned char *secret, size_t secret_length, const char *suffix,
    int64_t now, struct buf *out)
{
	struct buf text = BUF_INIT;
	unsigned char time[8];
	size_t first = 0;

	for (size_t i = 0; i < sizeof(time); i++)
		time[i] = (unsigned char)((uint64_t)now >> (56 - 8 * i));
	while (first < sizeof(time) - 1 && time[first] == 0)
		first++;
	buf_addf(&text, "%s.", suffix);
	base64url_encode(time + first, sizeof(time) - first, &text);
	buf_add(out, text.data, text.len);
	buf_addc(out, '.');
	sign(secret, secret_length, text.data, text.len, out);
	buf_free(&text);
}

/* Read a time; -1 if it is none. */
static int64_t
read_time(const char *text, size_t length)
{
	struct buf bytes = BUF_INIT;
	int64_t time = 0;

	if (!base64url_decode(text, length, &bytes) || bytes.len == 0 || bytes.len > 7)
		time = -1;
	for (size_t i = 0; time >= 0 && i < bytes.len; i++)
		time = time << 8 | (unsigned char)bytes.data[i];
	buf_free(&bytes);
	return time;
}

char *
alias_suffix_check(const unsigned char *secret, size_t secret_length, const char *text,
    int64_t now, int64_t life)
{
	const char *signature = strrchr(text, '.');
	const char *time = NULL;
	struct buf good = BUF_INIT;
	char *suffix = NULL;
	int64_t then;

	if (signature == NULL)
		return NULL;
	sign(secret, secret_length, text, (size_t)(signature - text), &good);
	if (strlen(signature + 1) == good.len &&
	    CRYPTO_memcmp(signature + 1, good.data, good.len) == 0)
		time = memrchr(text, '.', (size_t)(signature - text));
	buf_free(&good);
	if (time == NULL)
		return NULL;
	then = read_time(time + 1, (size_t)(signature - time - 1));
	if (then >= 0 && now - then <= life)
		suffix = xstrndup(text, (size_t)(time - text));
	return suffix;
}
