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

#define IDLE_MAX 16

/* Where a hash is made: to look for HMAC, or to copy it, takes longer than to hash. */
static struct {
	pthread_mutex_t lock;
	EVP_MAC_CTX *idle[IDLE_MAX];
	size_t count;
} contexts = {.lock = PTHREAD_MUTEX_INITIALIZER};

static EVP_MAC_CTX *
new_context(void)
{
	static char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;

	if (context != NULL && EVP_MAC_CTX_set_params(context, parameters) != 1) {
		EVP_MAC_CTX_free(context);
		context = NULL;
	}
	EVP_MAC_free(hmac); /* the context holds it */
	return context;
}

static EVP_MAC_CTX *
take_context(void)
{
	EVP_MAC_CTX *context = NULL;

	pthread_mutex_lock(&contexts.lock);
	if (contexts.count > 0)
		context = contexts.idle[--contexts.count];
	pthread_mutex_unlock(&contexts.lock);
	return context != NULL ? context : new_context();
}

static void
give_context(EVP_MAC_CTX *context)
{
	pthread_mutex_lock(&contexts.lock);
	if (contexts.count < IDLE_MAX) {
		contexts.idle[contexts.count++] = context;
		context = NULL;
	}
	pthread_mutex_unlock(&contexts.lock);
	EVP_MAC_CTX_free(context);
}

static bool
hash_bytes(const struct buf *key, const struct buf *bytes, unsigned char *hash, size_t size)
{
	EVP_MAC_CTX *context = take_context();
	bool done =
	    context != NULL &&
	    EVP_MAC_init(context, (const unsigned char *)buf_str(key), key->len, NULL) == 1 &&
	    EVP_MAC_update(context, (const unsigned char *)buf_str(bytes), bytes->len) == 1 &&
	    EVP_MAC_final(context, hash, &size, size) == 1;

	give_context(context);
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
