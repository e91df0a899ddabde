/*
 * Addresses that an alias service takes as a contact's.
 */
#include <string.h>

#include "milter/policy_contact.h"

#define LOCAL_MAX   64
#define LABEL_MAX   63
#define ADDRESS_MAX 254

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
#define ATOM  LOWER UPPER DIGIT "!#$%&'*+-/=?^_`{|}~"

/* Top-level domains that lead nowhere (RFC 6761 and others). */
static const char *const reserved[] = {
    "arpa", "invalid", "local", "localhost", "onion", "test"};

/* Parts of these characters with single dots between them? */
static bool
is_dotted(const char *text, size_t length, const char *letters, size_t part_max)
{
	for (size_t i = 0;; i++) {
		size_t part = strspn(text + i, letters);

		if (part > length - i)
			part = length - i;
		if (part == 0 || part > part_max)
			return false;
		i += part;
		if (i == length)
			return true;
		if (text[i] != '.')
			return false;
	}
}

static bool
is_domain(const char *domain)
{
	const char *last = strrchr(domain, '.');

	if (last == NULL || !is_dotted(domain, strlen(domain), LOWER DIGIT "-", LABEL_MAX))
		return false;
	for (const char *p = domain; *p != '\0'; p++)
		if (*p == '-' && (p == domain || p[-1] == '.' || p[1] == '.' || p[1] == '\0'))
			return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(last + 1, reserved[i]) == 0)
			return false;
	return strchr(DIGIT, last[strlen(last) - 1]) == NULL;
}

bool
policy_contact_possible(const char *address, const char *domain)
{
	size_t local = (size_t)(strrchr(address, '@') - address);

	return local <= LOCAL_MAX && is_dotted(address, local, ATOM, LOCAL_MAX) &&
	       local + 1 + strlen(domain) <= ADDRESS_MAX && is_domain(domain);
}
