/*
 * The parts of a scrypt kernel by the vectors of RFC 7914 §8 to §10, in every lane.
 *
 * Built once for each kernel, whose file KERNEL_SOURCE is included for what is static there.
 */
#include <stdlib.h>

#include KERNEL_SOURCE

#include "tests/unit/unit.h"

#ifndef LANES /* not a kernel for this kind of machine */

int
main(void)
{
	return 77;
}

#else

#define N     16
#define BLOCK 128 /* bytes, r = 1 */

static const char salsa_in[] =
    "7e879a214f3ec9867ca940e641718f26baee555b8c61c1b50df846116dcd3b1d"
    "ee24f319df9b3d8514121e4b5ac5aa3276021d2909c74829edebc68db8b8c25e";
static const char salsa_out[] =
    "a41f859c6608cc993b81cacb020cef05044b2181a2fd337dfd7b1c6396682f29"
    "b4393168e3c9e6bcfe6bc5b7a06d96bae424cc102c91745c24ad673dc7618f81";
static const char block_in[] =
    "f7ce0b653d2d72a4108cf5abe912ffdd777616dbbb27a70e8204f3ae2d0f6fad"
    "89f68f4811d1e87bcc3bd7400a9ffd29094f0184639574f39ae5a1315217bcd7"
    "894991447213bb226c25b54da86370fbcd984380374666bb8ffcb5bf40c254b0"
    "67d27c51ce4ad5fed829c90b505a571b7f4d1cad6a523cda770e67bceaaf7e89";
static const char block_mix_out[] =
    "a41f859c6608cc993b81cacb020cef05044b2181a2fd337dfd7b1c6396682f29"
    "b4393168e3c9e6bcfe6bc5b7a06d96bae424cc102c91745c24ad673dc7618f81"
    "20edc975323881a80540f64c162dcd3c21077cfe5f8d5fe2b1a4168f953678b7"
    "7d3b3d803b60e4ab920996e59b4d53b65d2a225877d5edf5842cb9f14eefe425";
static const char romix_out[] =
    "79ccc193629debca047f0b70604bf6b62ce3dd4a9626e355fafc6198e6ea2b46"
    "d58413673b99b029d665c357601fb426a0b2f4bba200ee9f0a43d19b571a9c71"
    "ef1142e65d5a266fddca832ce59faa7cac0b9cf1be2bffca300d01ee387619c4"
    "ae12fd4438f203a0e4e1c47ec314861f4e9087cb33396a6873e8f9d2539a4b8e";

/* One set of lanes with r = 1, on an arena of its own. */
struct bench {
	struct run run;
	struct scrypt_shape shape;
	void *arena;
	uint8_t bytes[LANES * BLOCK];
};

static void
unhex(const char *hex, uint8_t *bytes)
{
	for (size_t i = 0; hex[2 * i] != '\0'; i++) {
		const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};

		bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

/* The vector in one lane, something else in the others. */
static void
set_up(struct bench *bench, unsigned lane, const char *hex)
{
	if (!usable())
		skip();
	*bench = (struct bench){.shape = {.n = N, .r = 1, .sets = 1, .keep = 1}};
	for (size_t i = 0; i < sizeof(bench->bytes); i++)
		bench->bytes[i] = (uint8_t)(i * 2654435761u >> 9);
	unhex(hex, bench->bytes + lane * BLOCK);
	bench->arena = aligned_alloc(64, (N + 2) * LANES * BLOCK + 2 * BLOCK);
	assert_non_null(bench->arena);
}

static TARGET void
enter(struct bench *bench)
{
	lay_out(&bench->run, &bench->shape, bench->arena);
	for (unsigned g = 0; g < GROUPS; g++)
		import(&bench->run, &bench->run.set[0], g, bench->bytes + g * PER * BLOCK);
}

/* Compare the lane's first bytes and free the bench. */
static void
expect(struct bench *bench, unsigned lane, const char *hex)
{
	uint8_t wanted[BLOCK];

	unhex(hex, wanted);
	assert_memory_equal(bench->bytes + lane * BLOCK, wanted, strlen(hex) / 2);
	free(bench->arena);
}

static TARGET void
salsa20_8_gives_its_vector(void **state)
{
	struct bench bench;

	(void)state;
	for (unsigned lane = 0; lane < LANES; lane++) {
		set_up(&bench, lane, salsa_in);
		enter(&bench);
		salsa20_8(slot(&bench.run, &bench.run.set[0], 0));
		export(&bench.run, &bench.run.set[0], lane, bench.bytes + lane * BLOCK);
		expect(&bench, lane, salsa_out);
	}
}

static TARGET void
block_mix_gives_its_vector(void **state)
{
	struct bench bench;

	(void)state;
	for (unsigned lane = 0; lane < LANES; lane++) {
		set_up(&bench, lane, block_in);
		enter(&bench);
		tick(&bench.run, &bench.run.set[0], NULL, NULL, NULL, false, NULL);
		export(&bench.run, &bench.run.set[0], lane, bench.bytes + lane * BLOCK);
		expect(&bench, lane, block_mix_out);
	}
}

static bool
go_on(void *arg)
{
	(void)arg;
	return true;
}

static void
romix_gives_its_vector_whatever_is_kept(void **state)
{
	struct bench bench;

	(void)state;
	for (unsigned keep = 1; keep <= N; keep++)
		for (unsigned lane = 0; lane < LANES; lane++) {
			set_up(&bench, lane, block_in);
			bench.shape.keep = keep;
			assert_true(romix(&bench.shape, bench.bytes, bench.arena, go_on, NULL));
			expect(&bench, lane, romix_out);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(salsa20_8_gives_its_vector),
	    cmocka_unit_test(block_mix_gives_its_vector),
	    cmocka_unit_test(romix_gives_its_vector_whatever_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
