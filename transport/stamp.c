/*
 * The names that one delivery keeps through all its retries.
 *
 * Parts are hashed with a NUL behind each, which none of them contains, so that no two
 * different deliveries hash the same bytes.
 */
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/key_file.h"
#include "transport/stamp.h"

#define KEY_FILE "stamp-key"

static void
add_hex(struct buf *text, const unsigned char *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		buf_addc(text, digits[bytes[i] >> 4]);
		buf_addc(text, digits[bytes[i] & 15]);
	}
}

struct outcome
stamp_key(const char *state_dir, struct buf *key)
{
	return key_file(state_dir, KEY_FILE, key);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
add_text(EVP_MAC_CTX *mac, const char *text)
{
	return EVP_MAC_update(mac, (const unsigned char *)text, strlen(text) + 1) == 1;
}

static bool
add_recipients(EVP_MAC_CTX *mac, char *const *recipients, size_t count)
{
	char **sorted = xreallocarray(NULL, count + 1, sizeof(*sorted));
	bool good = true;

	memcpy(sorted, recipients, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; i < count && good; i++)
		if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
			good = add_text(mac, sorted[i]);
	free(sorted);
	return good;
}

static bool
add_message(EVP_MAC_CTX *mac, const struct spool *message)
{
	char bytes[16384];
	int64_t offset = 0;
	ssize_t got;

	while ((got = spool_read(message, offset, bytes, sizeof(bytes))) > 0) {
		if (EVP_MAC_update(mac, (unsigned char *)bytes, (size_t)got) != 1)
			return false;
		offset += got;
	}
	return got == 0;
}

/* Looking algorithms up takes longer than hashing: this is copied instead.  NULL if OpenSSL has
 * none of them. */
static EVP_MAC_CTX *pristine;

static void
make_pristine(void)
{
	static char digest_name[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_string("digest", digest_name, 0), OSSL_PARAM_construct_end()};
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);

	pristine = EVP_MAC_CTX_new(algorithm);
	EVP_MAC_free(algorithm); /* the context holds it */
	if (pristine != NULL && EVP_MAC_CTX_set_params(pristine, params) != 1) {
		EVP_MAC_CTX_free(pristine);
		pristine = NULL;
	}
}

/* Nor has each a copy made: who is through leaves his for the next. */
static _Atomic(EVP_MAC_CTX *) spare;

static EVP_MAC_CTX *
take_context(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	EVP_MAC_CTX *context = atomic_exchange(&spare, NULL);

	if (context != NULL)
		return context;
	pthread_once(&once, make_pristine);
	return pristine != NULL ? EVP_MAC_CTX_dup(pristine) : NULL;
}

static void
leave_context(EVP_MAC_CTX *context)
{
	EVP_MAC_CTX_free(atomic_exchange(&spare, context));
}

struct hash {
	EVP_MAC_CTX *mac;
	bool good; /* so far */
};

static struct hash
hash_begin(const struct buf *key)
{
	struct hash h = {.mac = take_context()};

	h.good = h.mac != NULL &&
	         EVP_MAC_init(h.mac, (unsigned char *)key->data, key->len, NULL) == 1;
	return h;
}

static struct outcome
hash_end(struct hash *h, struct stamp *stamp_r)
{
	unsigned char hash[32];
	struct buf text = BUF_INIT;

	h->good = h->good && EVP_MAC_final(h->mac, hash, NULL, sizeof(hash)) == 1;
	if (!h->good) {
		EVP_MAC_CTX_free(h->mac);
		return outcome_make("local", "io", "cannot hash the message");
	}
	leave_context(h->mac);
	add_hex(&text, hash, STAMP_LENGTH / 2);
	memcpy(stamp_r->text, text.data, sizeof(stamp_r->text));
	buf_free(&text);
	return outcome_ok();
}

struct outcome
stamp_message(const struct buf *key, const struct stamp_source *source, struct stamp *stamp_r)
{
	struct hash h = hash_begin(key);
	bool by_queue = source->queue_id != NULL;

	h.good = h.good && add_text(h.mac, by_queue ? "queue" : "message") &&
	         add_text(h.mac, by_queue ? source->queue_id : "") &&
	         add_text(h.mac, source->sender) && add_text(h.mac, source->received) &&
	         add_message(h.mac, source->message);
	return hash_end(&h, stamp_r);
}

struct outcome
stamp_delivery(const struct buf *key, const struct stamp *message, char *const *recipients,
    size_t count, struct stamp *stamp_r)
{
	struct hash h = hash_begin(key);

	h.good = h.good && add_text(h.mac, "delivery") && add_text(h.mac, message->text) &&
	         add_recipients(h.mac, recipients, count);
	return hash_end(&h, stamp_r);
}

struct outcome
stamp_recipient(const struct buf *key, const struct stamp *message, const char *recipient,
    struct stamp *stamp_r)
{
	struct hash h = hash_begin(key);

	h.good = h.good && add_text(h.mac, "recipient") && add_text(h.mac, message->text) &&
	         add_text(h.mac, recipient);
	return hash_end(&h, stamp_r);
}
