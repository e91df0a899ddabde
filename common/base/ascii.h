/*
 * ascii - what a character is, whatever the locale
 */
#ifndef FERRY_ASCII_H
#define FERRY_ASCII_H

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

#endif
