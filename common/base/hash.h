/*
 * hash - where a text belongs in a table (FNV-1a)
 *
 * Quick, and no secret: who chooses the texts can choose them so that they belong in one place.
 */
#ifndef FERRY_HASH_H
#define FERRY_HASH_H

#include <stdint.h>

static inline uint32_t
hash_text(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash ^ hash >> 16;
}

#endif
