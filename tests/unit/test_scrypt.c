/* scrypt on every kernel this CPU can run, against RFC 7914 and OpenSSL. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/wire/scrypt.h"
#include "tests/unit/unit.h"

#define PASSWORD_MAX 200

/* Setting i: each kernel with one set of lanes and two, and some degrees of what is kept. */
static const struct scrypt_kernel *
setting(size_t i, struct scrypt_shape *shape)
{
	static const unsigned keeps[] = {1, 2, 3, 4, 7, 16, SCRYPT_KEEP_MAX};
	size_t count = sizeof(keeps) / sizeof(keeps[0]);

	shape->keep = keeps[i % count];
	shape->sets = i / count % 2 + 1;
	return scrypt_kernel(i / count / 2);
}

static uint32_t seed;

/* A number below bound, the same in every run. */
static uint32_t
below(uint32_t bound)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * bound >> 32);
}

static bool
go_on(void *arg)
{
	(void)arg;
	return true;
}

/* Memory of exactly the size, a page that cannot be touched behind it. */
struct fenced {
	uint8_t *map, *base;
	size_t size;
};

static struct fenced
fence(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct fenced f = {.size = (size + page - 1) / page * page + page};

	f.map = mmap(NULL, f.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(f.map != MAP_FAILED);
	f.base = f.map + f.size - page - size;
	assert_int_equal(mprotect(f.base + size, page, PROT_NONE), 0);
	assert_int_equal((uintptr_t)f.base % 64, 0);
	return f;
}

static void
unfence(struct fenced *f)
{
	munmap(f->map, f->size);
}

static void
openssl_scrypt(struct scrypt_input password, struct scrypt_input salt,
    const struct scrypt_shape *shape, uint8_t hash[SCRYPT_HASH_SIZE])
{
	assert_int_equal(
	    EVP_PBE_scrypt(password.bytes, password.length, salt.bytes, salt.length, shape->n,
	        shape->r, 1, 64 << 20, hash, SCRYPT_HASH_SIZE),
	    1);
}

/* A batch of random passwords of random lengths, in an arena of the exact size. */
static void
compare_random_batch(const struct scrypt_kernel *kernel, const struct scrypt_shape *shape)
{
	unsigned lanes = kernel->lanes * shape->sets;
	struct fenced arena = fence(scrypt_arena_size(kernel, shape));
	char texts[SCRYPT_LANES_MAX + 1][PASSWORD_MAX];
	struct scrypt_input inputs[SCRYPT_LANES_MAX + 1];
	uint8_t hashes[SCRYPT_LANES_MAX][SCRYPT_HASH_SIZE], wanted[SCRYPT_HASH_SIZE];

	assert_true(lanes <= SCRYPT_LANES_MAX);
	for (unsigned i = 0; i <= lanes; i++) { /* the last is the salt */
		inputs[i].bytes = texts[i];
		inputs[i].length = below(PASSWORD_MAX);
		for (size_t k = 0; k < inputs[i].length; k++)
			texts[i][k] = (char)below(256);
	}
	assert_int_equal(
	    scrypt_batch(kernel, shape, inputs, inputs[lanes], arena.base, go_on, NULL, hashes),
	    SCRYPT_DONE);
	for (unsigned i = 0; i < lanes; i++) {
		openssl_scrypt(inputs[i], inputs[lanes], shape, wanted);
		assert_memory_equal(hashes[i], wanted, SCRYPT_HASH_SIZE);
	}
	unfence(&arena);
}

static void
every_lane_of_every_setting_agrees_with_openssl(void **state)
{
	const struct scrypt_kernel *kernel;
	struct scrypt_shape shape;

	(void)state;
	for (unsigned round = 0; round < 8; round++)
		for (size_t i = 0; (kernel = setting(i, &shape)) != NULL; i++) {
			shape.n = 2u << below(7);
			shape.r = 1u << below(4);
			compare_random_batch(kernel, &shape);
		}
}

static void
the_service_s_cost_agrees_with_openssl(void **state)
{
	const struct scrypt_kernel *kernel;
	struct scrypt_shape shape = {.n = 16384, .r = 8};

	(void)state;
	for (size_t i = 0; (kernel = scrypt_kernel(i)) != NULL; i++)
		for (shape.sets = 1; shape.sets <= 2; shape.sets++) {
			shape.keep = shape.sets == 1 ? 4 : 1;
			compare_random_batch(kernel, &shape);
		}
}

/* PBKDF2-HMAC-SHA256 with one iteration. */
static void
pbkdf2(const char *password, const void *salt, size_t salt_length, uint8_t *key, size_t length)
{
	assert_int_equal(PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt,
	                     (int)salt_length, 1, EVP_sha256(), (int)length, key),
	    1);
}

static void
expect_hash(const uint8_t hash[SCRYPT_HASH_SIZE], const char *hex)
{
	char text[2 * SCRYPT_HASH_SIZE + 1];

	for (size_t i = 0; i < SCRYPT_HASH_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(text, hex);
}

static void
whole_scrypt_gives_its_rfc_vectors(void **state)
{
	static const struct {
		const char *password, *salt;
		uint32_t n, r;
		const char *hex;
	} vectors[] = {
	    {"", "", 16, 1,
	        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
	        "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"},
	    {"pleaseletmein", "SodiumChloride", 16384, 8,
	        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
	        "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"},
	};
	const struct scrypt_kernel *kernel;

	(void)state;
	for (size_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++)
		for (size_t i = 0; (kernel = scrypt_kernel(i)) != NULL; i++) {
			struct scrypt_shape shape = {
			    .n = vectors[v].n, .r = vectors[v].r, .sets = 1, .keep = 1};
			struct fenced arena = fence(scrypt_arena_size(kernel, &shape));
			struct scrypt_input inputs[SCRYPT_LANES_MAX], salt;
			uint8_t hashes[SCRYPT_LANES_MAX][SCRYPT_HASH_SIZE];

			salt = (struct scrypt_input){vectors[v].salt, strlen(vectors[v].salt)};
			for (unsigned k = 0; k < SCRYPT_LANES_MAX; k++)
				inputs[k] = (struct scrypt_input){
				    vectors[v].password, strlen(vectors[v].password)};
			assert_int_equal(scrypt_batch(kernel, &shape, inputs, salt, arena.base,
			                     go_on, NULL, hashes),
			    SCRYPT_DONE);
			for (unsigned k = 0; k < kernel->lanes; k++)
				expect_hash(hashes[k], vectors[v].hex);
			unfence(&arena);
		}
}

/* RFC 7914's vector with p = 16: sixteen blocks with nothing in common, so lanes of batches. */
static void
romix_of_sixteen_blocks_gives_the_rfc_vector(void **state)
{
	enum { BLOCK = 1024, P = 16 };
	const struct scrypt_kernel *kernel;

	(void)state;
	for (size_t i = 0; (kernel = scrypt_kernel(i)) != NULL; i++) {
		struct scrypt_shape shape = {.n = 1024, .r = 8, .sets = 1, .keep = 1};
		struct fenced arena = fence(scrypt_arena_size(kernel, &shape));
		static uint8_t blocks[(P + SCRYPT_LANES_MAX) * BLOCK];
		uint8_t hash[SCRYPT_HASH_SIZE];

		pbkdf2("password", "NaCl", 4, blocks, sizeof(blocks[0]) * P * BLOCK);
		for (unsigned done = 0; done < P; done += kernel->lanes)
			assert_true(kernel->romix(
			    &shape, blocks + done * BLOCK, arena.base, go_on, NULL));
		pbkdf2("password", blocks, P * BLOCK, hash, sizeof(hash));
		expect_hash(hash,
		    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
		    "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
		unfence(&arena);
	}
}

/* True for so many calls; arg counts them down and then below zero. */
static bool
countdown(void *arg)
{
	int *left = arg;

	return (*left)-- > 0;
}

static void
work_is_given_up_at_the_first_no(void **state)
{
	static uint8_t blocks[SCRYPT_LANES_MAX * 1024];
	const struct scrypt_kernel *kernel;
	struct scrypt_shape shape = {.n = 512, .r = 8};

	(void)state;
	for (size_t i = 0; (kernel = setting(i, &shape)) != NULL; i++) {
		struct fenced arena = fence(scrypt_arena_size(kernel, &shape));

		/* At least once in 64 of the 2 N ticks of a hash. */
		for (int calls = 0; calls < 2 * 512 / 64; calls++) {
			int left = calls;

			assert_false(
			    kernel->romix(&shape, blocks, arena.base, countdown, &left));
			assert_int_equal(left, -1);
		}
		unfence(&arena);
	}
}

static void
a_batch_that_is_stopped_says_so(void **state)
{
	const struct scrypt_kernel *kernel = scrypt_kernel(0);
	struct scrypt_shape shape = {.n = 64, .r = 8, .sets = 1, .keep = 1};
	struct fenced arena = fence(scrypt_arena_size(kernel, &shape));
	struct scrypt_input inputs[SCRYPT_LANES_MAX] = {{NULL, 0}}, salt = {"NaCl", 4};
	uint8_t hashes[SCRYPT_LANES_MAX][SCRYPT_HASH_SIZE];
	int left = 1;

	(void)state;
	for (unsigned i = 0; i < SCRYPT_LANES_MAX; i++)
		inputs[i].bytes = "";
	assert_int_equal(
	    scrypt_batch(kernel, &shape, inputs, salt, arena.base, countdown, &left, hashes),
	    SCRYPT_STOPPED);
	unfence(&arena);
}

static void
kernels_are_found_by_name_and_the_portable_one_is_last(void **state)
{
	const struct scrypt_kernel *kernel, *last = NULL;

	(void)state;
	for (size_t i = 0; (kernel = scrypt_kernel(i)) != NULL; i++) {
		assert_ptr_equal(scrypt_kernel_named(kernel->name), kernel);
		last = kernel;
	}
	assert_string_equal(last->name, "portable");
	assert_null(scrypt_kernel_named("sse9"));
}

static void
keeping_less_takes_less_memory(void **state)
{
	const struct scrypt_kernel *kernel = scrypt_kernel(0);
	struct scrypt_shape shape = {.n = 16384, .r = 8, .sets = 1, .keep = 1};
	size_t whole = scrypt_arena_size(kernel, &shape);

	(void)state;
	shape.keep = 4;
	assert_true(scrypt_arena_size(kernel, &shape) < whole / 4 + whole / 100);
	assert_true(whole < (size_t)kernel->lanes * 129 * 131072);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kernels_are_found_by_name_and_the_portable_one_is_last),
	    cmocka_unit_test(whole_scrypt_gives_its_rfc_vectors),
	    cmocka_unit_test(romix_of_sixteen_blocks_gives_the_rfc_vector),
	    cmocka_unit_test(every_lane_of_every_setting_agrees_with_openssl),
	    cmocka_unit_test(the_service_s_cost_agrees_with_openssl),
	    cmocka_unit_test(work_is_given_up_at_the_first_no),
	    cmocka_unit_test(a_batch_that_is_stopped_says_so),
	    cmocka_unit_test(keeping_less_takes_less_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
