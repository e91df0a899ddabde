/*
 * AVX-512: four lanes a register, twice the registers, and rotation by one instruction.
 */
#include "common/wire/scrypt_kernel.h"

#ifdef __x86_64__

#define TARGET __attribute__((target("avx512f,avx512vl")))
#define ROW    64
#define GROUPS 4

#define STREAM(p, v) _mm512_stream_si512((__m512i *)(p), (__m512i)(v))

#include "common/wire/scrypt_vector.h"

CELL_INLINE void
transpose(vec v[4])
{
	__m512i a = (__m512i)v[0], b = (__m512i)v[1], c = (__m512i)v[2], d = (__m512i)v[3];
	__m512i ab = _mm512_shuffle_i32x4(a, b, 0x44), cd = _mm512_shuffle_i32x4(c, d, 0x44);

	v[0] = (vec)_mm512_shuffle_i32x4(ab, cd, 0x88);
	v[1] = (vec)_mm512_shuffle_i32x4(ab, cd, 0xdd);
	ab = _mm512_shuffle_i32x4(a, b, 0xee);
	cd = _mm512_shuffle_i32x4(c, d, 0xee);
	v[2] = (vec)_mm512_shuffle_i32x4(ab, cd, 0x88);
	v[3] = (vec)_mm512_shuffle_i32x4(ab, cd, 0xdd);
}

#include "common/wire/scrypt_romix.h"

static bool
usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
}

const struct scrypt_kernel scrypt_avx512 = {"avx512", LANES, usable, romix};

#endif
