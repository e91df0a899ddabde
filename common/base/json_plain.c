/*
 * Eight bytes at a time, and those at the end one by one.
 */
#include <endian.h>
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

/* The bytes that are not plain, marked by their high bits.  A subtraction borrows that bit if the
 * byte is too small; by what it borrows from the bytes above, they may be marked wrongly, but never
 * the lowest that is marked. */
static uint64_t
stops_in(uint64_t word)
{
	uint64_t stops = word | (word - EVERY_BYTE(' ')) |
	                 ((word ^ EVERY_BYTE('"')) - EVERY_BYTE(1)) |
	                 ((word ^ EVERY_BYTE('\\')) - EVERY_BYTE(1));

	return stops & EVERY_BYTE(0x80);
}

const char *
json_plain_end(const char *p, const char *end)
{
	uint64_t word;

	for (; end - p >= (ptrdiff_t)sizeof(word); p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		word = stops_in(le64toh(word));
		if (word != 0)
			return p + __builtin_ctzll(word) / 8;
	}
	while (p < end && is_plain(*p))
		p++;
	return p;
}
