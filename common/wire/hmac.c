/*
 * HMAC by OpenSSL.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/hmac.h"

#define IDLE_MAX 16

struct hmac_context {
	EVP_MAC_CTX *mac;
	struct buf key; /* that it has; no data: none */
};

/* Without a use now. */
static struct {
	pthread_mutex_t lock;
	struct hmac_context *idle[IDLE_MAX];
	size_t count;
} contexts = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* NULL if OpenSSL cannot. */
static EVP_MAC_CTX *
new_mac(void)
{
	static char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end()};
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = algorithm != NULL ? EVP_MAC_CTX_new(algorithm) : NULL;

	if (context != NULL && EVP_MAC_CTX_set_params(context, parameters) != 1) {
		EVP_MAC_CTX_free(context);
		context = NULL;
	}
	EVP_MAC_free(algorithm); /* the context holds it */
	return context;
}

static struct hmac_context *
new_context(void)
{
	struct hmac_context *context = xcalloc(1, sizeof(*context));

	context->mac = new_mac();
	return context;
}

static void
free_context(struct hmac_context *context)
{
	EVP_MAC_CTX_free(context->mac);
	buf_wipe(&context->key);
	free(context);
}

static struct hmac_context *
take_context(void)
{
	struct hmac_context *context = NULL;

	pthread_mutex_lock(&contexts.lock);
	if (contexts.count > 0)
		context = contexts.idle[--contexts.count];
	pthread_mutex_unlock(&contexts.lock);
	return context != NULL ? context : new_context();
}

static void
give_context(struct hmac_context *context)
{
	pthread_mutex_lock(&contexts.lock);
	if (contexts.count < IDLE_MAX) {
		contexts.idle[contexts.count++] = context;
		context = NULL;
	}
	pthread_mutex_unlock(&contexts.lock);
	if (context != NULL)
		free_context(context);
}

/* Begin with a key; it is half of the work for a short text, unless the last one was the same. */
static bool
set_key(struct hmac_context *context, const struct buf *key)
{
	const struct buf *had = &context->key;

	if (had->data != NULL && had->len == key->len &&
	    memcmp(had->data, buf_str(key), key->len) == 0)
		return EVP_MAC_init(context->mac, NULL, 0, NULL) == 1;
	buf_wipe(&context->key);
	if (EVP_MAC_init(context->mac, (const unsigned char *)buf_str(key), key->len, NULL) !=
	    1)
		return false;
	buf_add(&context->key, buf_str(key), key->len);
	return true;
}

struct hmac
hmac_begin(const struct buf *key)
{
	struct hmac h = {.context = take_context()};

	h.good = h.context->mac != NULL && set_key(h.context, key);
	return h;
}

void
hmac_add(struct hmac *h, const void *bytes, size_t length)
{
	h->good = h->good && EVP_MAC_update(h->context->mac, bytes, length) == 1;
}

void
hmac_add_text(struct hmac *h, const char *text)
{
	hmac_add(h, text, strlen(text) + 1);
}

bool
hmac_end(struct hmac *h, char *digits, size_t length)
{
	static const char hexadecimal[] = "0123456789abcdef";
	unsigned char hash[HMAC_DIGITS / 2];
	size_t size;

	h->good = h->good && EVP_MAC_final(h->context->mac, hash, &size, sizeof(hash)) == 1;
	if (!h->good) {
		free_context(h->context);
		return false;
	}
	give_context(h->context);
	for (size_t i = 0; i < length; i++)
		digits[i] = hexadecimal[i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15];
	digits[length] = '\0';
	return true;
}
