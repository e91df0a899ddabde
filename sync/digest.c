/*
 * SHA-256 cut to size: for tags in file names and for names the file system cannot hold.
 *
 * By OpenSSL's older functions: for the newer ones it reads its configuration and sets up its
 * providers, which takes longer than all else that a run computes before its first request.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <string.h>

#include "sync/digest.h"

static void
digest(const char *a, const char *b, unsigned char hash[SHA256_DIGEST_LENGTH])
{
	SHA256_CTX context;

	SHA256_Init(&context);
	SHA256_Update(&context, a, strlen(a) + 1);
	SHA256_Update(&context, b, strlen(b));
	SHA256_Final(hash, &context);
}

void
digest_base64url(const char *a, const char *b, size_t length, char *text)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char hash[SHA256_DIGEST_LENGTH + 1] = {0};

	digest(a, b, hash);
	for (size_t i = 0; i < length; i++) {
		size_t bit = i * 6, byte = bit / 8;
		unsigned pair = (unsigned)hash[byte] << 8 | hash[byte + 1];

		text[i] = alphabet[pair >> (10 - bit % 8) & 63];
	}
	text[length] = '\0';
}

void
digest_hex(const char *a, const char *b, size_t length, char *text)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	digest(a, b, hash);
	for (size_t i = 0; i < length; i++)
		text[i] = "0123456789abcdef"[i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15];
	text[length] = '\0';
}
