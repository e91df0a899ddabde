/*
 * HMAC-SHA-256.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "milter/keyed_hash.h"

struct keyed_hash
keyed_hash(const struct buf *key, const struct buf *bytes)
{
	unsigned char hash[KEYED_HASH_LENGTH / 2];
	struct keyed_hash h;

	if (HMAC(EVP_sha256(), buf_str(key), (int)key->len,
	        (const unsigned char *)buf_str(bytes), bytes->len, hash, NULL) == NULL) {
		fputs("cannot hash\n", stderr);
		exit(EX_TEMPFAIL);
	}
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(h.text + 2 * i, 3, "%02x", hash[i]);
	return h;
}
