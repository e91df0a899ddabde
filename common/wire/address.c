/*
 * Mail addresses as they are compared.
 */
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/wire/address.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

const char *
address_domain(const char *address)
{
	return strrchr(address, '@');
}

/* The local part, without the quotes and backslashes that only protect it. */
static void
add_local(const char *local, const char *end, struct buf *key)
{
	bool quoted = end - local >= 2 && local[0] == '"' && end[-1] == '"';

	for (const char *p = local + quoted; p < end - quoted; p++) {
		if (quoted && *p == '\\' && p + 1 < end - 1)
			p++;
		buf_addc(key, lower(*p));
	}
}

static void
add_domain(const char *domain, struct buf *key)
{
	char *ascii = NULL;

	if (!is_ascii(domain) &&
	    idn2_to_ascii_8z(domain, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) == IDN2_OK)
		domain = ascii;
	for (; *domain != '\0'; domain++)
		buf_addc(key, lower(*domain));
	idn2_free(ascii);
}

char *
address_key(const char *address)
{
	const char *at = address_domain(address);
	struct buf key = BUF_INIT;

	buf_reserve(&key, strlen(address));
	add_local(address, at != NULL ? at : address + strlen(address), &key);
	if (at != NULL) {
		buf_addc(&key, '@');
		add_domain(at + 1, &key);
	}
	return buf_steal(&key);
}

bool
address_same(const char *a, const char *b)
{
	char *key_a = address_key(a), *key_b = address_key(b);
	bool same = strcmp(key_a, key_b) == 0;

	free(key_a);
	free(key_b);
	return same;
}
