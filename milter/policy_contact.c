/*
 * Addresses that an alias service takes as a contact's.
 */
#include <string.h>

#include "milter/policy_contact.h"

#define LOCAL_MAX   64
#define LABEL_MAX   63
#define ADDRESS_MAX 254

/* Top-level domains that lead nowhere (RFC 6761 and others). */
static const char *const reserved[] = {
    "arpa", "invalid", "local", "localhost", "onion", "test"};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_domain_letter(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-';
}

static bool
is_atom_letter(char c)
{
	return is_domain_letter(c) || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Parts of such characters with single dots between them? */
static bool
is_dotted(const char *text, size_t length, bool (*is_letter)(char c), size_t part_max)
{
	for (size_t i = 0;; i++) {
		size_t part = 0;

		while (part < length - i && is_letter(text[i + part]))
			part++;
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

	if (last == NULL || !is_dotted(domain, strlen(domain), is_domain_letter, LABEL_MAX))
		return false;
	for (const char *p = domain; *p != '\0'; p++)
		if (*p == '-' && (p == domain || p[-1] == '.' || p[1] == '.' || p[1] == '\0'))
			return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(last + 1, reserved[i]) == 0)
			return false;
	return !is_digit(last[strlen(last) - 1]);
}

bool
policy_contact_possible(const char *address, const char *domain)
{
	size_t local = (size_t)(strrchr(address, '@') - address);

	return local <= LOCAL_MAX && is_dotted(address, local, is_atom_letter, LOCAL_MAX) &&
	       local + 1 + strlen(domain) <= ADDRESS_MAX && is_domain(domain);
}
