/*
 * scrypt - many scrypt hashes at once (RFC 7914), by the fastest means this CPU has
 *
 * A kernel computes the memory-hard part, scryptROMix, of several independent inputs
 * ("lanes") side by side.  The kernels are compiled into every binary; those the CPU cannot
 * run are never called.  All of them give the same bytes.
 *
 * scrypt_batch() is whole scrypt with p = 1 for the lanes of a kernel: PBKDF2-HMAC-SHA256,
 * ROMix, PBKDF2-HMAC-SHA256.  Everything here is thread-safe as long as each thread has its
 * own arena.
 */
#ifndef FERRY_SCRYPT_H
#define FERRY_SCRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCRYPT_LANES_MAX 32 /* of any kernel, all its sets together */
#define SCRYPT_HASH_SIZE 64
#define SCRYPT_KEEP_MAX  32

/*
 * How a kernel is to work.
 *
 * n is RFC 7914's N (a power of two, 2 or more), r its block size (a power of two).
 * sets is 1 or 2: two sets of a kernel's lanes take turns, which hides memory latency at
 * twice the memory and twice the time for one batch.  keep trades time for memory: one block
 * in keep (1 to SCRYPT_KEEP_MAX) is remembered and the others are computed again when
 * needed, which takes 1/keep of the memory and 1 + (keep-1)/4 times the work.
 */
struct scrypt_shape {
	uint32_t n;
	uint32_t r;
	unsigned sets;
	unsigned keep;
};

struct scrypt_kernel {
	const char *name; /* "portable", "sse2", "avx2", "avx512" */
	unsigned lanes;   /* of one set */

	/* Can this CPU, under this operating system, run it? */
	bool (*usable)(void);

	/*
	 * scryptROMix in place on sets × lanes blocks of 128 × r bytes, one behind another.
	 * The arena is aligned to 64 bytes and holds at least scrypt_arena_size() of them; its
	 * contents before do not matter.  poll(arg) is called every tenth of a millisecond or
	 * so; as soon as it returns false the work is given up and false returned.
	 */
	bool (*romix)(const struct scrypt_shape *shape, uint8_t *blocks, void *arena,
	    bool (*poll)(void *arg), void *arg);
};

/* Kernel i of those this CPU can run, fastest first, the portable one last; then NULL. */
const struct scrypt_kernel *scrypt_kernel(size_t i);

/* The usable kernel of that name, or NULL. */
const struct scrypt_kernel *scrypt_kernel_named(const char *name);

/* Bytes of arena the kernel needs for that shape. */
size_t scrypt_arena_size(const struct scrypt_kernel *kernel, const struct scrypt_shape *shape);

/* A password or salt: any bytes, not NUL-terminated, owned by the caller. */
struct scrypt_input {
	const void *bytes;
	size_t length;
};

enum scrypt_result {
	SCRYPT_DONE,
	SCRYPT_STOPPED, /* poll returned false */
	SCRYPT_NO_HMAC, /* libcrypto refuses PBKDF2-HMAC-SHA256 */
};

/*
 * scrypt(password, salt, n, r, p = 1, dkLen = 64) for each of the sets × lanes passwords
 * under one salt; hashes_r[i] belongs to passwords[i].
 */
enum scrypt_result
scrypt_batch(const struct scrypt_kernel *kernel, const struct scrypt_shape *shape,
    const struct scrypt_input *passwords, struct scrypt_input salt, void *arena,
    bool (*poll)(void *arg), void *arg, uint8_t (*hashes_r)[SCRYPT_HASH_SIZE]);

#endif
