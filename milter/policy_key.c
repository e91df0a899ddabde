/*
 * The keys of rules.
 */
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ascii.h"
#include "common/base/xalloc.h"
#include "common/wire/address.h"
#include "milter/policy_key.h"

#define DOMAIN_MAX    253
#define KEY_MAX       512
#define EXTENSION     '+'
#define DOMAIN_LETTER "abcdefghijklmnopqrstuvwxyz0123456789-_."

/* The text of an address's keys is at most so many times as long, and some bytes. */
#define TIMES      3
#define SEPARATORS 3

/* Append a domain in lower case and A-labels; as it is, if it has none. */
static void
add_domain(const char *domain, size_t length, struct buf *key)
{
	size_t start = key->len;
	char *ascii = NULL;

	if (length > 1 && domain[length - 1] == '.')
		length--;
	buf_add(key, domain, length);
	if (!ascii_only(key->data + start))
		(void)idn2_to_ascii_8z(
		    key->data + start, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (ascii != NULL) {
		buf_truncate(key, start);
		buf_adds(key, ascii);
	}
	for (size_t i = start; i < key->len; i++)
		if (key->data[i] >= 'A' && key->data[i] <= 'Z')
			key->data[i] = (char)(key->data[i] - 'A' + 'a');
	idn2_free(ascii);
}

/* Append an address; where its domain begins, in *domain_r. */
static void
add_address(const char *address, struct buf *key, size_t *domain_r)
{
	const char *domain = address_domain(address) + 1;
	char *folded = address_key(address);

	buf_add(key, folded, (size_t)(address_domain(folded) + 1 - folded));
	*domain_r = key->len;
	add_domain(domain, strlen(domain), key);
	free(folded);
}

/* What is wrong with a domain in its normal form. */
static const char *
domain_fault(const char *domain)
{
	size_t length = strlen(domain);

	if (*domain == '[' && length > 2 && domain[length - 1] == ']' &&
	    strcspn(domain, " \t\"") == length)
		return NULL;
	if (length == 0 || length > DOMAIN_MAX || *domain == '.' || domain[length - 1] == '.' ||
	    strstr(domain, "..") != NULL || strspn(domain, DOMAIN_LETTER) != length)
		return "the domain is none";
	return NULL;
}

const char *
policy_key_domain(const char *text, struct buf *key)
{
	size_t start = key->len, below = *text == '.';
	const char *fault;

	if (strlen(text) > KEY_MAX)
		return "the domain is too long";
	if (below)
		buf_addc(key, '.');
	add_domain(text + below, strlen(text + below), key);
	fault = domain_fault(buf_str(key) + start + below);
	if (fault != NULL)
		buf_truncate(key, start);
	return fault;
}

static const char *
normalise_address(const char *text, struct buf *key)
{
	size_t start = key->len, domain;
	const char *fault;

	if (*text == '@')
		return "a domain's key has no \"@\" before it";
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return "there is a control character in it";
	add_address(text, key, &domain);
	fault = domain_fault(buf_str(key) + domain);
	if (fault != NULL)
		buf_truncate(key, start);
	return fault;
}

const char *
policy_key_normalise(const char *text, struct buf *key)
{
	if (strlen(text) > KEY_MAX)
		return "the key is too long";
	if (strcmp(text, POLICY_KEY_ANY) == 0) {
		buf_adds(key, text);
		return NULL;
	}
	return strchr(text, '@') != NULL ? normalise_address(text, key)
	                                 : policy_key_domain(text, key);
}

/* Append the address without its extension, "user@domain" of "user+more@domain". */
static bool
add_unextended(const char *address, struct buf *text)
{
	const char *at = strrchr(address, '@');
	const char *plus = memchr(address, EXTENSION, (size_t)(at - address));

	if (plus == NULL || plus == address)
		return false;
	buf_add(text, address, (size_t)(plus - address));
	buf_adds(text, at);
	return true;
}

static void
add_key(struct policy_keys *keys, const char *key)
{
	keys->keys[keys->count++] = key;
}

/*
 * The text is the address, perhaps the address without its extension, and "." with the domain,
 * a NUL behind each; what is below the domain's parents are the ends of the last.
 */
void
policy_keys_make(const char *address, struct policy_keys *keys_r)
{
	struct policy_keys *k = keys_r;
	size_t domain, unextended, below, parts = 0;
	bool has_unextended;
	const char *whole;

	*k = (struct policy_keys){.text = BUF_INIT};
	buf_reserve(&k->text, TIMES * strlen(address) + SEPARATORS);
	add_address(address, &k->text, &domain);
	buf_reserve(&k->text, (TIMES - 1) * k->text.len + SEPARATORS);
	whole = k->text.data; /* it stays there */
	unextended = k->text.len + 1;
	buf_addc(&k->text, '\0');
	has_unextended = add_unextended(whole, &k->text);
	buf_addc(&k->text, '\0');
	below = k->text.len;
	buf_addc(&k->text, '.');
	buf_adds(&k->text, whole + domain);

	k->domain = k->text.data + below + 1;
	for (const char *p = k->domain; *p != '\0'; p++)
		parts += *p == '.';
	k->keys = xcalloc(parts + 4, sizeof(*k->keys));
	add_key(k, k->text.data);
	if (has_unextended)
		add_key(k, k->text.data + unextended);
	add_key(k, k->domain);
	/* What is longer is no domain, and has no parents that somebody could ask about. */
	if (strlen(k->domain) <= DOMAIN_MAX)
		for (const char *p = strchr(k->domain, '.'); p != NULL; p = strchr(p + 1, '.'))
			add_key(k, p);
	add_key(k, POLICY_KEY_ANY);
}

void
policy_keys_free(struct policy_keys *keys)
{
	free(keys->keys);
	buf_free(&keys->text);
	*keys = (struct policy_keys){.text = BUF_INIT};
}
