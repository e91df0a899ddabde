/*
 * utf8 - what is UTF-8 (RFC 3629)
 *
 * Pure and thread-safe.
 */
#ifndef FERRY_UTF8_H
#define FERRY_UTF8_H

#include <stddef.h>

/* Length of the UTF-8 character at p, of which left bytes may be read; 0 if it is none. */
size_t utf8_length(const char *p, size_t left);

#endif
