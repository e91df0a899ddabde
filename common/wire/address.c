/*
 * Mail addresses as they are compared.
 */
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ascii.h"
#include "common/base/xalloc.h"
#include "common/wire/address.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

const char *
address_domain(const char *address)
{
	return strrchr(address, '@');
}

/* Write the local part, without the quotes and backslashes that only protect it. */
static char *
put_local(const char *local, const char *end, char *to)
{
	bool quoted = end - local >= 2 && local[0] == '"' && end[-1] == '"';

	for (const char *p = local + quoted; p < end - quoted; p++) {
		if (quoted && *p == '\\' && p + 1 < end - 1)
			p++;
		*to++ = lower(*p);
	}
	return to;
}

/* The domain in A-labels, to be idn2_free()d; NULL if it is so already, or has none. */
static char *
to_ascii(const char *domain)
{
	char *ascii = NULL;

	if (!ascii_only(domain))
		(void)idn2_to_ascii_8z(domain, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	return ascii;
}

char *
address_key(const char *address)
{
	const char *at = address_domain(address);
	const char *end = at != NULL ? at : address + strlen(address);
	const char *domain = at != NULL ? at + 1 : "";
	char *ascii = to_ascii(domain), *key, *to;

	if (ascii != NULL)
		domain = ascii;
	key = xmalloc((size_t)(end - address) + 1 + strlen(domain) + 1);
	to = put_local(address, end, key);
	if (at != NULL)
		*to++ = '@';
	while (*domain != '\0')
		*to++ = lower(*domain++);
	*to = '\0';
	idn2_free(ascii);
	return key;
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
