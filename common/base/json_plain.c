/*
 * Eight bytes at a time, and those at the end, or around what is not plain, one by one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/base/json_plain.h"

/* What ends a plain stretch: the quote, the backslash, controls, and all but ASCII. */
static bool
is_plain(char c)
{
	return c != '"' && c != '\\' && (unsigned char)c >= ' ' && (unsigned char)c < 0x80;
}

#define EVERY_BYTE(c) (0x0101010101010101ULL * (c))

/* Is one of eight bytes not plain?  A subtraction borrows a byte's high bit if that is too small;
 * what it borrows from the next byte does not matter, since then the answer is yes already. */
static bool
has_stop(uint64_t word)
{
	uint64_t stops = word | (word - EVERY_BYTE(' ')) |
	                 ((word ^ EVERY_BYTE('"')) - EVERY_BYTE(1)) |
	                 ((word ^ EVERY_BYTE('\\')) - EVERY_BYTE(1));

	return (stops & EVERY_BYTE(0x80)) != 0;
}

const char *
json_plain_end(const char *p, const char *end)
{
	uint64_t word;

	for (; end - p >= (ptrdiff_t)sizeof(word); p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		if (has_stop(word))
			break;
	}
	while (p < end && is_plain(*p))
		p++;
	return p;
}
