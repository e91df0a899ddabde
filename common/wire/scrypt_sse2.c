/*
 * SSE2, which every x86-64 has: a lane a register.
 */
#include "common/wire/scrypt_kernel.h"

#ifdef __x86_64__

#define TARGET __attribute__((target("sse2")))
#define ROW    16
#define GROUPS 3

#define STREAM(p, v) _mm_stream_si128((__m128i *)(p), (__m128i)(v))

#include "common/wire/scrypt_vector.h"

CELL_INLINE void
transpose(vec v[4])
{
	(void)v; /* a row is of one lane already */
}

#include "common/wire/scrypt_romix.h"

static bool
usable(void)
{
	return __builtin_cpu_supports("sse2") != 0;
}

const struct scrypt_kernel scrypt_sse2 = {"sse2", LANES, usable, romix};

#endif
