/*
 * Plain C, one lane, for every other CPU and either byte order.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/wire/scrypt_kernel.h"

#define TARGET
#define GROUPS     1
#define PER        1
#define WORD_AT(k) (k)
#define UNROLL
#define ROTL(x, n) ((x) << (n) | (x) >> (32 - (n)))

struct cell {
	uint32_t word[16];
};

#define QUARTER_ROUND(a, b, c, d)              \
	do {                                   \
		x[b] ^= ROTL(x[a] + x[d], 7);  \
		x[c] ^= ROTL(x[b] + x[a], 9);  \
		x[d] ^= ROTL(x[c] + x[b], 13); \
		x[a] ^= ROTL(x[d] + x[c], 18); \
	} while (0)

static inline void
salsa20_8(struct cell *cell)
{
	uint32_t x[16];

	memcpy(x, cell, sizeof(x));
	for (int i = 0; i < 8; i += 2) {
		QUARTER_ROUND(0, 4, 8, 12);
		QUARTER_ROUND(5, 9, 13, 1);
		QUARTER_ROUND(10, 14, 2, 6);
		QUARTER_ROUND(15, 3, 7, 11);
		QUARTER_ROUND(0, 1, 2, 3);
		QUARTER_ROUND(5, 6, 7, 4);
		QUARTER_ROUND(10, 11, 8, 9);
		QUARTER_ROUND(15, 12, 13, 14);
	}
	for (int k = 0; k < 16; k++)
		cell->word[k] += x[k];
}

static inline void
cell_xor(struct cell *cell, const struct cell *other)
{
	for (int k = 0; k < 16; k++)
		cell->word[k] ^= other->word[k];
}

static inline void
cell_and(struct cell *cell, uint32_t mask[PER][4])
{
	for (int k = 0; k < 16; k++)
		cell->word[k] &= mask[0][0];
}

static inline void
cell_gather(struct cell *cell, const uint32_t *const from[PER])
{
	memcpy(cell, from[0], sizeof(*cell));
}

static inline void
cell_scatter(const struct cell *cell, uint32_t *const to[PER], bool stream)
{
	(void)stream;
	memcpy(to[0], cell, sizeof(*cell));
}

#include "common/wire/scrypt_romix.h"

static bool
usable(void)
{
	return true;
}

const struct scrypt_kernel scrypt_portable = {"portable", LANES, usable, romix};
