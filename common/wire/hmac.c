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
#define KEY_MAX  64 /* bytes; a context with a longer one is not kept */

struct hmac_context {
	EVP_MAC_CTX *mac;
	size_t key_length;
	unsigned char key[KEY_MAX];
	bool keyed; /* mac has the key that stands here */
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
	EVP_MAC_CTX *mac = algorithm != NULL ? EVP_MAC_CTX_new(algorithm) : NULL;

	if (mac != NULL && EVP_MAC_CTX_set_params(mac, parameters) != 1) {
		EVP_MAC_CTX_free(mac);
		mac = NULL;
	}
	EVP_MAC_free(algorithm); /* the context holds it */
	return mac;
}

static struct hmac_context *
take_context(void)
{
	struct hmac_context *context = NULL;

	pthread_mutex_lock(&contexts.lock);
	if (contexts.count > 0)
		context = contexts.idle[--contexts.count];
	pthread_mutex_unlock(&contexts.lock);
	if (context == NULL) {
		context = xcalloc(1, sizeof(*context));
		context->mac = new_mac();
	}
	return context;
}

static void
free_context(struct hmac_context *context)
{
	EVP_MAC_CTX_free(context->mac);
	explicit_bzero(context, sizeof(*context));
	free(context);
}

static void
give_context(struct hmac_context *context)
{
	bool kept = false;

	pthread_mutex_lock(&contexts.lock);
	if (context->keyed && contexts.count < IDLE_MAX) {
		contexts.idle[contexts.count++] = context;
		kept = true;
	}
	pthread_mutex_unlock(&contexts.lock);
	if (!kept)
		free_context(context);
}

/* Begin anew with the key: the one it had needs no hashing again. */
static bool
set_key(struct hmac_context *context, const struct buf *key)
{
	const unsigned char *bytes = (const unsigned char *)buf_str(key);

	if (context->mac == NULL)
		return false;
	if (context->keyed && context->key_length == key->len &&
	    memcmp(context->key, bytes, key->len) == 0)
		return EVP_MAC_init(context->mac, NULL, 0, NULL) == 1;
	context->keyed = key->len <= KEY_MAX;
	context->key_length = key->len;
	memcpy(context->key, bytes, context->keyed ? key->len : 0);
	return EVP_MAC_init(context->mac, bytes, key->len, NULL) == 1;
}

struct hmac
hmac_begin(const struct buf *key)
{
	struct hmac h = {.context = take_context()};

	h.good = set_key(h.context, key);
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
