/*
 * Choosing a scrypt kernel, and the PBKDF2 on either side of its ROMix.
 *
 * PBKDF2 with one iteration is less than a hundredth of the work, so libcrypto's will do.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/scrypt.h"
#include "common/wire/scrypt_kernel.h"

static const struct scrypt_kernel *const kernels[] = {
#ifdef __x86_64__
    &scrypt_avx512,
    &scrypt_avx2,
    &scrypt_sse2,
#endif
    &scrypt_portable,
};

const struct scrypt_kernel *
scrypt_kernel(size_t i)
{
	for (size_t k = 0; k < sizeof(kernels) / sizeof(kernels[0]); k++)
		if (kernels[k]->usable() && i-- == 0)
			return kernels[k];
	return NULL;
}

const struct scrypt_kernel *
scrypt_kernel_named(const char *name)
{
	const struct scrypt_kernel *kernel;

	for (size_t i = 0; (kernel = scrypt_kernel(i)) != NULL; i++)
		if (strcmp(kernel->name, name) == 0)
			return kernel;
	return NULL;
}

size_t
scrypt_arena_size(const struct scrypt_kernel *kernel, const struct scrypt_shape *shape)
{
	size_t block = 128 * (size_t)shape->r, set = kernel->lanes * block;
	size_t kept = (shape->n + shape->keep - 1) / shape->keep;

	return shape->sets * (kept + 2) * set + 2 * block;
}

static bool
pbkdf2(struct scrypt_input password, const void *salt, size_t salt_length, uint8_t *key_r,
    size_t key_length)
{
	return PKCS5_PBKDF2_HMAC(password.bytes, (int)password.length, salt, (int)salt_length,
	           1, EVP_sha256(), (int)key_length, key_r) == 1;
}

enum scrypt_result
scrypt_batch(const struct scrypt_kernel *kernel, const struct scrypt_shape *shape,
    const struct scrypt_input *passwords, struct scrypt_input salt, void *arena,
    bool (*poll)(void *), void *arg, uint8_t (*hashes_r)[SCRYPT_HASH_SIZE])
{
	unsigned lanes = shape->sets * kernel->lanes;
	size_t size = (size_t)128 * shape->r;
	uint8_t *blocks = xreallocarray(NULL, lanes, size);
	enum scrypt_result result = SCRYPT_DONE;

	for (unsigned i = 0; i < lanes && result == SCRYPT_DONE; i++)
		if (!pbkdf2(passwords[i], salt.bytes, salt.length, blocks + i * size, size))
			result = SCRYPT_NO_HMAC;
	if (result == SCRYPT_DONE && !kernel->romix(shape, blocks, arena, poll, arg))
		result = SCRYPT_STOPPED;
	for (unsigned i = 0; i < lanes && result == SCRYPT_DONE; i++)
		if (!pbkdf2(
		        passwords[i], blocks + i * size, size, hashes_r[i], SCRYPT_HASH_SIZE))
			result = SCRYPT_NO_HMAC;
	free(blocks);
	return result;
}
