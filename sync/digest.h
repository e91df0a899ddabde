/*
 * digest - short names for long things
 */
#ifndef FERRY_DIGEST_H
#define FERRY_DIGEST_H

#include <stddef.h>

/*
 * Write length characters (at most 43) of the base64url, or with hex of the lower-case
 * hexadecimal, SHA-256 of two strings and the NUL between them, and a NUL.
 */
void digest_base64url(const char *a, const char *b, size_t length, char *text);
void digest_hex(const char *a, const char *b, size_t length, char *text);

#endif
