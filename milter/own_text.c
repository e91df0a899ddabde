/*
 * Own addresses in texts.
 *
 * They are found in any case, and with any extension.
 */
#include <string.h>
#include <strings.h>

#include "common/wire/address.h"
#include "milter/own.h"

#define EXTENSION_MAX 64

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/*
 * Does the text go on beside an address, so that it is another one?  next is the character
 * beside it, and further the one beside that: a dot, a dash and the like join two words, but
 * alone they end a sentence.
 */
static bool
goes_on(char next, char further)
{
	return is_letter(next) ||
	       (next != '\0' && strchr("._+-", next) != NULL && is_letter(further));
}

static bool
is_joined_before(const char *start, const char *p)
{
	return p > start && goes_on(p[-1], p - 1 > start ? p[-2] : '\0');
}

static bool
is_joined_after(const char *end)
{
	return *end != '\0' && goes_on(end[0], end[1]);
}

/* The length of an extension, "+more"; a longer one is no part of an address. */
static size_t
extension_length(const char *p)
{
	size_t length = 0;

	while (length < EXTENSION_MAX && p[length] != '\0' &&
	       strchr("@ \t\n<>,;\"()", p[length]) == NULL)
		length++;
	return length;
}

/* The length of the address at p, with whatever extension; 0 if it is not there. */
static size_t
length_at(const char *address, const char *p)
{
	size_t local = (size_t)(address_domain(address) - address);
	const char *at = p + local;

	if (strncasecmp(p, address, local) != 0)
		return 0;
	if (*at == '+')
		at += extension_length(at);
	if (strncasecmp(at, address + local, strlen(address + local)) != 0)
		return 0;
	return (size_t)(at - p) + strlen(address + local);
}

/* The length of an own address that begins at p, in a text that begins at start; or 0. */
static size_t
own_at(const struct own *own, const char *start, const char *p)
{
	size_t longest = 0;

	for (size_t i = 0; i < own->spellings.count; i++) {
		size_t length = length_at(own->spellings.items[i], p);

		if (length > longest && !is_joined_before(start, p) &&
		    !is_joined_after(p + length))
			longest = length;
	}
	return longest;
}

bool
own_within(const struct own *own, const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		for (size_t i = 0; i < own->spellings.count; i++)
			if (length_at(own->spellings.items[i], p) != 0)
				return true;
	return false;
}

bool
own_in(const struct own *own, const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (own_at(own, text, p) != 0)
			return true;
	return false;
}

void
own_replace(const struct own *own, const char *text, const char *alias, struct buf *out)
{
	const char *p = text;

	while (*p != '\0') {
		size_t length = own_at(own, text, p);

		if (length != 0)
			buf_adds(out, alias);
		else
			buf_addc(out, *p);
		p += length != 0 ? length : 1;
	}
}
