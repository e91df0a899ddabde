/*
 * scryptROMix (RFC 7914 §3 to §5) in plain C, one lane, for any CPU and byte order.
 */
#include <string.h>

#include "common/wire/scrypt_kernel.h"

#define ROTL(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define QUARTER(a, b, c, d)                                          \
	(x[b] ^= ROTL(x[a] + x[d], 7), x[c] ^= ROTL(x[b] + x[a], 9), \
	    x[d] ^= ROTL(x[c] + x[b], 13), x[a] ^= ROTL(x[d] + x[c], 18))

static void
salsa20_8(uint32_t *block)
{
	uint32_t x[16];

	memcpy(x, block, sizeof(x));
	for (int round = 0; round < 8; round += 2) {
		QUARTER(0, 4, 8, 12);
		QUARTER(5, 9, 13, 1);
		QUARTER(10, 14, 2, 6);
		QUARTER(15, 3, 7, 11);
		QUARTER(0, 1, 2, 3);
		QUARTER(5, 6, 7, 4);
		QUARTER(10, 11, 8, 9);
		QUARTER(15, 12, 13, 14);
	}
	for (size_t i = 0; i < 16; i++)
		block[i] += x[i];
}

static void
block_mix(uint32_t *block, uint32_t *scratch, size_t r)
{
	uint32_t t[16];

	memcpy(t, block + (2 * r - 1) * 16, sizeof(t));
	for (size_t i = 0; i < 2 * r; i++) {
		for (size_t k = 0; k < 16; k++)
			t[k] ^= block[i * 16 + k];
		salsa20_8(t);
		memcpy(scratch + (i / 2 + (i & 1) * r) * 16, t, sizeof(t));
	}
	memcpy(block, scratch, r * 128);
}

static bool
romix(const struct scrypt_shape *shape, uint8_t *bytes, void *arena, bool (*poll)(void *),
    void *arg)
{
	size_t words = shape->r * 32;
	uint32_t *x = arena, *y = x + words, *v = y + words;

	for (size_t k = 0; k < words; k++, bytes += 4)
		x[k] = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
		       (uint32_t)bytes[3] << 24;
	for (size_t i = 0; i < shape->n; i++) {
		if (i % 64 == 0 && !poll(arg))
			return false;
		memcpy(v + i * words, x, words * 4);
		block_mix(x, y, shape->r);
	}
	for (size_t i = 0; i < shape->n; i++) {
		const uint32_t *from = v + (x[words - 16] & (shape->n - 1)) * words;

		if (i % 64 == 0 && !poll(arg))
			return false;
		for (size_t k = 0; k < words; k++)
			x[k] ^= from[k];
		block_mix(x, y, shape->r);
	}
	bytes -= words * 4;
	for (size_t k = 0; k < words; k++, bytes += 4)
		for (int b = 0; b < 4; b++)
			bytes[b] = (uint8_t)(x[k] >> 8 * b);
	return true;
}

static bool
usable(void)
{
	return true;
}

const struct scrypt_kernel scrypt_portable = {"portable", 1, usable, romix};
