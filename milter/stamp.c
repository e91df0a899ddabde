/*
 * The mark on a message that the filter has made over.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/address.h"
#include "common/wire/key_file.h"
#include "milter/keyed_hash.h"
#include "milter/stamp.h"

#define KEY_FILE   "alias-stamp-key"
#define STAMP_V1   "v1"
#define DIGITS_MAX 12 /* of a time */
#define BLANKS     " \t\r\n"

#define HASHED_BYTES 200 /* as a rule */

struct outcome
alias_stamp_key(const char *state_dir, struct buf *key)
{
	return key_file(state_dir, KEY_FILE, key);
}

/* The key of an address of the envelope; the caller free()s. */
static char *
key_of(const char *address)
{
	size_t length = strlen(address);
	char *bare, *key;

	if (length < 2 || address[0] != '<' || address[length - 1] != '>')
		return address_key(address);
	bare = xstrndup(address + 1, length - 2);
	key = address_key(bare);
	free(bare);
	return key;
}

static void
add_text(struct buf *bytes, const char *text)
{
	buf_add(bytes, text, strlen(text) + 1);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Append the set of recipients. */
static void
add_recipients(struct buf *bytes, const char *const *recipients, size_t count)
{
	char **keys = xcalloc(count + 1, sizeof(*keys));

	for (size_t i = 0; i < count; i++)
		keys[i] = key_of(recipients[i]);
	qsort(keys, count, sizeof(*keys), compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(keys[i], keys[i - 1]) != 0)
			add_text(bytes, keys[i]);
	for (size_t i = 0; i < count; i++)
		free(keys[i]);
	free(keys);
}

static struct keyed_hash
hash_of(const struct buf *key, const struct alias_stamp_envelope *envelope, int64_t when)
{
	struct buf bytes = BUF_INIT;
	struct keyed_hash hash;
	char *sender = key_of(envelope->sender);

	buf_reserve(&bytes, HASHED_BYTES);
	add_text(&bytes, "stamp " STAMP_V1);
	buf_addi(&bytes, when);
	buf_addc(&bytes, '\0');
	add_text(&bytes, sender);
	add_recipients(&bytes, envelope->recipients, envelope->count);
	hash = keyed_hash(key, &bytes);
	free(sender);
	buf_free(&bytes);
	return hash;
}

void
alias_stamp_make(const struct buf *key, const struct alias_stamp_envelope *envelope,
    int64_t now, struct buf *value)
{
	struct keyed_hash hash = hash_of(key, envelope, now);

	buf_reserve(value, sizeof(STAMP_V1 " t= h=") + DIGITS_MAX + KEYED_HASH_LENGTH);
	buf_adds(value, STAMP_V1 " t=");
	buf_addi(value, now);
	buf_adds(value, " h=");
	buf_adds(value, hash.text);
}

/* Pass over a word, or be NULL. */
static const char *
skip(const char *p, const char *word)
{
	size_t length = strlen(word);

	return p != NULL && strncmp(p, word, length) == 0 ? p + length : NULL;
}

static const char *
skip_blanks(const char *p)
{
	return p != NULL && strchr(BLANKS, *p) != NULL && *p != '\0' ? p + strspn(p, BLANKS)
	                                                             : NULL;
}

/* Read a time as alias_stamp_make() writes it. */
static const char *
read_time(const char *p, int64_t *when_r)
{
	size_t digits = p != NULL ? strspn(p, "0123456789") : 0;

	if (digits == 0 || digits > DIGITS_MAX || (*p == '0' && digits > 1))
		return NULL;
	*when_r = strtoll(p, NULL, 10);
	return p + digits;
}

bool
alias_stamp_holds(const struct buf *key, const struct alias_stamp_envelope *envelope,
    int64_t now, const char *value)
{
	struct keyed_hash hash;
	int64_t when = 0;
	const char *p;

	p = skip(value + strspn(value, BLANKS), STAMP_V1);
	p = read_time(skip(skip_blanks(p), "t="), &when);
	p = skip(skip_blanks(p), "h=");
	if (p == NULL || strlen(p) < KEYED_HASH_LENGTH ||
	    p[KEYED_HASH_LENGTH + strspn(p + KEYED_HASH_LENGTH, BLANKS)] != '\0')
		return false;
	if (when > now + ALIAS_STAMP_SKEW || now - when > ALIAS_STAMP_LIFETIME)
		return false;
	hash = hash_of(key, envelope, when);
	return CRYPTO_memcmp(p, hash.text, KEYED_HASH_LENGTH) == 0;
}
