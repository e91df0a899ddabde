/*
 * What an envelope may name.
 */
#include <stdint.h>
#include <string.h>

#include "transport/address_check.h"

#define QUEUE_ID_MAX 64

bool
text_has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* The length of the character at p, 0 if there is none. */
static size_t
character(const unsigned char *p)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = *p < 0x80 ? 1 : *p < 0xc0 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	uint32_t code = length < 2 ? *p : *p & (0x7fu >> length);

	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if (*p >= 0xf8 || code < least[length] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return length;
}

bool
text_is_utf8(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p != '\0') {
		size_t length = character(p);

		if (length == 0)
			return false;
		p += length;
	}
	return true;
}

bool
is_queue_id(const char *text)
{
	size_t length = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
	                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.");

	return length != 0 && text[length] == '\0' && length <= QUEUE_ID_MAX;
}

struct outcome
address_check(const char *address, const char *whose)
{
	if (text_has_control(address))
		return outcome_make(
		    "local", "address", "the %s's has control characters", whose);
	if (!text_is_utf8(address))
		return outcome_make("local", "address", "the %s's is not UTF-8", whose);
	return outcome_ok();
}
