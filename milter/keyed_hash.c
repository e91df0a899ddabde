/*
 * HMAC-SHA-256.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "milter/keyed_hash.h"

/* HMAC-SHA-256 without a key, to be copied: to look for it takes longer than to hash. */
static EVP_MAC_CTX *keyless;

static void
find_hmac(void)
{
	static char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	keyless = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
	if (keyless != NULL && EVP_MAC_CTX_set_params(keyless, parameters) != 1) {
		EVP_MAC_CTX_free(keyless);
		keyless = NULL;
	}
	EVP_MAC_free(hmac); /* the context holds it */
}

static bool
hash_bytes(const struct buf *key, const struct buf *bytes, unsigned char *hash, size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	EVP_MAC_CTX *context;
	bool done;

	pthread_once(&once, find_hmac);
	context = keyless != NULL ? EVP_MAC_CTX_dup(keyless) : NULL;
	done =
	    context != NULL &&
	    EVP_MAC_init(context, (const unsigned char *)buf_str(key), key->len, NULL) == 1 &&
	    EVP_MAC_update(context, (const unsigned char *)buf_str(bytes), bytes->len) == 1 &&
	    EVP_MAC_final(context, hash, &size, size) == 1;
	EVP_MAC_CTX_free(context);
	return done;
}

struct keyed_hash
keyed_hash(const struct buf *key, const struct buf *bytes)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[KEYED_HASH_LENGTH / 2];
	struct keyed_hash h = {""};

	if (!hash_bytes(key, bytes, hash, sizeof(hash))) {
		fputs("cannot hash\n", stderr);
		exit(EX_TEMPFAIL);
	}
	for (size_t i = 0; i < sizeof(hash); i++) {
		h.text[2 * i] = digits[hash[i] >> 4];
		h.text[2 * i + 1] = digits[hash[i] & 15];
	}
	return h;
}
