/*
 * AVX2: two lanes a register.
 */
#include "common/wire/scrypt_kernel.h"

#ifdef __x86_64__

#define TARGET __attribute__((target("avx2")))
#define ROW    32
#define GROUPS 3

#define STREAM(p, v) _mm256_stream_si256((__m256i *)(p), (__m256i)(v))

#include "common/wire/scrypt_vector.h"

CELL_INLINE void
transpose(vec v[4])
{
	UNROLL
	for (unsigned k = 0; k < 4; k += 2) {
		__m256i a = (__m256i)v[k], b = (__m256i)v[k + 1];

		v[k] = (vec)_mm256_permute2x128_si256(a, b, 0x20);
		v[k + 1] = (vec)_mm256_permute2x128_si256(a, b, 0x31);
	}
}

#include "common/wire/scrypt_romix.h"

static bool
usable(void)
{
	return __builtin_cpu_supports("avx2") != 0;
}

const struct scrypt_kernel scrypt_avx2 = {"avx2", LANES, usable, romix};

#endif
