/*
 * ascii - what a character is, whatever the locale
 */
#ifndef FERRY_ASCII_H
#define FERRY_ASCII_H

#include <stdbool.h>

/* What a hexadecimal digit of either case stands for; -1 if it is none. */
static inline int
ascii_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Is the text nothing else? */
static inline bool
ascii_only(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

#endif
