/*
 * The cells of scrypt_romix.h in vector registers of ROW bytes, by the vector extensions of
 * gcc and clang.
 *
 * A row is one diagonal of the 4 × 4 words of a sub-block, for ROW/16 lanes side by side.
 * The file that includes this one defines TARGET, ROW, GROUPS and the two things that the
 * extensions have no good word for: STREAM(p, v), a store past the cache, and transpose(),
 * which makes of four rows of all lanes four pieces of ROW bytes of one lane each, the lanes
 * in turn, and back.
 */
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define CELL_INLINE static inline __attribute__((always_inline)) TARGET

typedef uint32_t vec __attribute__((vector_size(ROW)));
typedef vec vec_in_words __attribute__((may_alias)); /* of memory that is used as words, too */

struct cell {
	vec row[4];
};

CELL_INLINE void transpose(vec v[4]);

#define PER        (ROW / 16)
#define WORD_AT(k) ((k)*5 % 16)

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* Shuffle the four words of every lane alike. */
#define PART(a, b, c, d, k) (a) + 4 * (k), (b) + 4 * (k), (c) + 4 * (k), (d) + 4 * (k)
#if ROW == 16
#define SHUFFLE(v, ...) __builtin_shufflevector(v, v, __VA_ARGS__)
#elif ROW == 32
#define SHUFFLE(v, ...) \
	__builtin_shufflevector(v, v, PART(__VA_ARGS__, 0), PART(__VA_ARGS__, 1))
#else
#define SHUFFLE(v, ...)                                                           \
	__builtin_shufflevector(v, v, PART(__VA_ARGS__, 0), PART(__VA_ARGS__, 1), \
	    PART(__VA_ARGS__, 2), PART(__VA_ARGS__, 3))
#endif

#define ROTL(x, n) ((x) << (n) | (x) >> (32 - (n)))

/* One addition, rotation and xor of a quarter-round, in every group. */
#define STEP(a, b, c, n)                                           \
	UNROLL                                                     \
	for (unsigned g = 0; g < GROUPS; g++) {                    \
		t[g].row[a] ^= ROTL(t[g].row[b] + t[g].row[c], n); \
	}

/* Slide a row's words along. */
#define SLIDE(a, ...)                                            \
	UNROLL                                                   \
	for (unsigned g = 0; g < GROUPS; g++) {                  \
		t[g].row[a] = SHUFFLE(t[g].row[a], __VA_ARGS__); \
	}

/* Four quarter-rounds, and the diagonals brought into place for the four across. */
#define QUARTER_ROUNDS(a, b, c, d) \
	STEP(b, a, d, 7)           \
	STEP(c, b, a, 9)           \
	STEP(d, c, b, 13)          \
	STEP(a, d, c, 18)          \
	SLIDE(b, 3, 0, 1, 2)       \
	SLIDE(c, 2, 3, 0, 1)       \
	SLIDE(d, 1, 2, 3, 0)

CELL_INLINE void
salsa20_8(struct cell x[GROUPS])
{
	struct cell t[GROUPS];

	UNROLL
	for (unsigned g = 0; g < GROUPS; g++)
		t[g] = x[g];
	for (unsigned i = 0; i < 8; i += 2) {
		QUARTER_ROUNDS(0, 1, 2, 3)
		QUARTER_ROUNDS(0, 3, 2, 1)
	}
	UNROLL
	for (unsigned g = 0; g < GROUPS; g++) {
		UNROLL
		for (unsigned k = 0; k < 4; k++)
			x[g].row[k] += t[g].row[k];
	}
}

CELL_INLINE void
cell_xor(struct cell *cell, const struct cell *other)
{
	UNROLL
	for (unsigned k = 0; k < 4; k++)
		cell->row[k] ^= other->row[k];
}

CELL_INLINE void
cell_and(struct cell *cell, uint32_t mask[PER][4])
{
	UNROLL
	for (unsigned k = 0; k < 4; k++)
		cell->row[k] &= *(const vec_in_words *)mask;
}

CELL_INLINE void
cell_gather(struct cell *cell, const uint32_t *const from[PER])
{
	UNROLL
	for (unsigned k = 0; k < 4; k++)
		cell->row[k] = *(const vec_in_words *)(from[k % PER] + k / PER * (ROW / 4));
	transpose(cell->row);
}

CELL_INLINE void
cell_scatter(const struct cell *cell, uint32_t *const to[PER], bool stream)
{
	struct cell lanes = *cell;

	transpose(lanes.row);
	UNROLL
	for (unsigned k = 0; k < 4; k++) {
		vec_in_words *p = (vec_in_words *)(to[k % PER] + k / PER * (ROW / 4));

		if (stream)
			STREAM(p, lanes.row[k]);
		else
			*p = lanes.row[k];
	}
}
