/*
 * A character by its first byte, and what that byte allows the second to be.
 */
#include "common/base/utf8.h"

size_t
utf8_length(const char *p, size_t left)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t length;

	if (left == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	length = u[0] >= 0xc2 && u[0] < 0xe0   ? 2
	         : u[0] >= 0xe0 && u[0] < 0xf0 ? 3
	         : u[0] >= 0xf0 && u[0] < 0xf5 ? 4
	                                       : 0;
	if (length == 0 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what lies above U+10FFFF. */
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return length;
}
