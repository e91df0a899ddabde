/*
 * pow-rates - hashes a second of Ferry's scrypt kernels and of what others use
 *
 * usage: pow-rates samples ROUNDS | rate THREADS | breakdown
 *
 * samples: for bench/summary.py, one line a figure and round, NAME UNIT OURS PEER.  In each
 * round every contestant, ours and the peers, works for a quarter of a second on one thread
 * and then on two; the order is reversed from round to round.  Memory is warm: the peers
 * allocate theirs for each hash, as they do for whoever calls them.  Figures that end in
 * ".cpu" are by the threads' CPU time, which other processes disturb less.
 * rate: what the solver reaches with so many threads.
 * breakdown: where each kernel's time goes, as a Markdown table.
 */
#include <err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/wire/pow.h"

#define SLOT_NS  (250 * INT64_C(1000000))
#define CAP      ((size_t)64 << 20) /* of "cap64" */
#define THREADS  2
#define SALT     "salt"
#define PASSWORD "challenge:7"

struct rate {
	double wall, cpu; /* hashes a second, of wall time and of the thread's CPU time */
};

/* What is measured: a kernel of ours, or a peer's function for one hash. */
struct contestant {
	const char *name;
	const struct scrypt_kernel *kernel; /* NULL: a peer */
	struct scrypt_shape shape;
	void (*hash)(uint8_t hash[SCRYPT_HASH_SIZE]);
	struct rate rates[THREADS + 1]; /* of this round, by the number of threads */
};

static void
openssl_hash(uint8_t hash[SCRYPT_HASH_SIZE])
{
	if (EVP_PBE_scrypt(PASSWORD, strlen(PASSWORD), (const uint8_t *)SALT, strlen(SALT),
	        POW_N, POW_R, 1, 64 << 20, hash, SCRYPT_HASH_SIZE) != 1)
		errx(EX_SOFTWARE, "EVP_PBE_scrypt failed");
}

static void
libsodium_hash(uint8_t hash[SCRYPT_HASH_SIZE])
{
	if (crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)PASSWORD, strlen(PASSWORD),
	        (const uint8_t *)SALT, strlen(SALT), POW_N, POW_R, 1, hash,
	        SCRYPT_HASH_SIZE) != 0)
		errx(EX_SOFTWARE, "libsodium's scrypt failed");
}

static bool
go_on(void *arg)
{
	(void)arg;
	return true;
}

static void *
map(size_t size)
{
	void *base =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		err(EX_OSERR, "cannot have %zu MiB", size >> 20);
	madvise(base, size, MADV_HUGEPAGE);
	return base;
}

/* Hash once, a batch with ours, of which PASSWORD is the first; returns how many. */
static unsigned
hash_once(const struct contestant *c, void *arena, uint8_t (*hashes)[SCRYPT_HASH_SIZE])
{
	struct scrypt_input inputs[SCRYPT_LANES_MAX], salt = {SALT, strlen(SALT)};
	char passwords[SCRYPT_LANES_MAX][sizeof(PASSWORD)] = {PASSWORD};

	if (c->kernel == NULL) {
		c->hash(hashes[0]);
		return 1;
	}
	/* Each lane its own, as in a search: lanes that went to the same places in V would find
	 * them side by side in memory. */
	for (unsigned i = 0; i < SCRYPT_LANES_MAX; i++) {
		if (i > 0)
			snprintf(passwords[i], sizeof(passwords[i]), "lane %u", i);
		inputs[i] = (struct scrypt_input){passwords[i], strlen(passwords[i])};
	}
	if (scrypt_batch(c->kernel, &c->shape, inputs, salt, arena, go_on, NULL, hashes) !=
	    SCRYPT_DONE)
		errx(EX_SOFTWARE, "%s failed", c->name);
	return c->kernel->lanes * c->shape.sets;
}

static int64_t
cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct runner {
	const struct contestant *contestant;
	void *arena;
	pthread_barrier_t *start;
	struct rate rate;
	pthread_t thread;
};

/* Whole batches till the slot is over. */
static void *
run(void *arg)
{
	struct runner *runner = arg;
	uint8_t hashes[SCRYPT_LANES_MAX][SCRYPT_HASH_SIZE];
	int64_t wall, cpu, now;
	unsigned count = 0;

	pthread_barrier_wait(runner->start);
	wall = clock_ns();
	cpu = cpu_ns();
	do {
		count += hash_once(runner->contestant, runner->arena, hashes);
		now = clock_ns();
	} while (now - wall < SLOT_NS);
	runner->rate.wall = count * 1e9 / (double)(now - wall);
	runner->rate.cpu = count * 1e9 / (double)(cpu_ns() - cpu);
	return NULL;
}

static struct rate
measure(const struct contestant *c, unsigned threads, void *const arenas[THREADS])
{
	struct runner runners[THREADS];
	pthread_barrier_t start;
	struct rate sum = {0, 0};

	pthread_barrier_init(&start, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		runners[i] =
		    (struct runner){.contestant = c, .arena = arenas[i], .start = &start};
		if (pthread_create(&runners[i].thread, NULL, run, &runners[i]) != 0)
			errx(EX_OSERR, "cannot start a thread");
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(runners[i].thread, NULL);
		sum.wall += runners[i].rate.wall;
		sum.cpu += runners[i].rate.cpu;
	}
	pthread_barrier_destroy(&start);
	return sum;
}

/* Every kernel as it works with plenty of memory, the best one within CAP, and the peers. */
static unsigned
line_up(struct contestant *cs)
{
	struct pow_task task = {.difficulty = 20, .threads = 1, .memory = (size_t)4 << 30};
	struct pow_plan plan;
	unsigned count = 0;

	for (size_t i = 0; (task.kernel = scrypt_kernel(i)) != NULL; i++) {
		if (strcmp(task.kernel->name, "portable") == 0 || !pow_plan(&task, &plan))
			continue;
		cs[count++] = (struct contestant){
		    .name = task.kernel->name, .kernel = task.kernel, .shape = plan.shape};
	}
	task.kernel = NULL;
	task.memory = CAP;
	if (!pow_plan(&task, &plan))
		errx(EX_SOFTWARE, "no plan for %zu MiB", CAP >> 20);
	cs[count++] =
	    (struct contestant){.name = "cap64", .kernel = plan.kernel, .shape = plan.shape};
	cs[count++] = (struct contestant){.name = "openssl", .hash = openssl_hash};
	cs[count++] = (struct contestant){.name = "libsodium", .hash = libsodium_hash};
	return count;
}

static void
check_equal(const struct contestant *cs, unsigned count, void *arena)
{
	uint8_t hashes[SCRYPT_LANES_MAX][SCRYPT_HASH_SIZE], wanted[SCRYPT_HASH_SIZE];

	openssl_hash(wanted);
	for (unsigned i = 0; i < count; i++) {
		hash_once(&cs[i], arena, hashes);
		if (memcmp(hashes[0], wanted, sizeof(wanted)) != 0)
			errx(EX_SOFTWARE, "%s hashes wrongly", cs[i].name);
	}
}

static void
print_samples(const struct contestant *cs, unsigned count)
{
	for (unsigned threads = 1; threads <= THREADS; threads++)
		for (unsigned i = 0; i < count - 2; i++)
			for (unsigned peer = count - 2; peer < count; peer++) {
				const struct rate *a = &cs[i].rates[threads];
				const struct rate *b = &cs[peer].rates[threads];

				printf("pow.%s.%ut.%s\thashes/s\t%.3f\t%.3f\n", cs[i].name,
				    threads, cs[peer].name, a->wall, b->wall);
				printf("pow.%s.%ut.%s.cpu\thashes/s\t%.3f\t%.3f\n", cs[i].name,
				    threads, cs[peer].name, a->cpu, b->cpu);
			}
	fflush(stdout);
}

static int
samples(const char *rounds_text)
{
	struct contestant cs[8];
	unsigned count = line_up(cs);
	long rounds = strtol(rounds_text, NULL, 10);
	size_t size = CAP;
	void *arenas[THREADS];

	for (unsigned i = 0; i < count - 2; i++)
		if (scrypt_arena_size(cs[i].kernel, &cs[i].shape) > size)
			size = scrypt_arena_size(cs[i].kernel, &cs[i].shape);
	for (unsigned i = 0; i < THREADS; i++) {
		arenas[i] = map(size);
		memset(arenas[i], 1, size);
	}
	check_equal(cs, count, arenas[0]);
	for (long round = 0; round < rounds; round++) {
		for (unsigned k = 0; k < count; k++) {
			struct contestant *c = &cs[round % 2 == 0 ? k : count - 1 - k];

			for (unsigned threads = 1; threads <= THREADS; threads++)
				c->rates[threads] = measure(c, threads, arenas);
		}
		print_samples(cs, count);
		fprintf(stderr, "bench: pow, round %ld of %ld\n", round + 1, rounds);
	}
	return 0;
}

static int
print_rate(const char *threads)
{
	struct pow_task task = {
	    .difficulty = 20, .threads = (unsigned)strtoul(threads, NULL, 10)};
	struct pow *pow = pow_new();

	printf("%.3f\n", pow_rate(pow, &task, 1000));
	pow_free(&pow);
	return 0;
}

/* A kernel polls once in 64 ticks: so is known when its first loop ends. */
struct times {
	unsigned calls, fill_calls;
	int64_t begin, filled;
};

static bool
note_time(void *arg)
{
	struct times *times = arg;

	if (times->calls++ == 0)
		times->begin = cpu_ns();
	if (times->calls == times->fill_calls + 1)
		times->filled = cpu_ns();
	return true;
}

/* Milliseconds of each loop for a hash of POW_N, the median of so many batches. */
struct split {
	double fill, mix;
};

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define SPLIT_BATCHES 15

static struct split
split(const struct scrypt_kernel *kernel, struct scrypt_shape shape, void *arena)
{
	static uint8_t blocks[SCRYPT_LANES_MAX * 128 * POW_R];
	double fill[SPLIT_BATCHES], mix[SPLIT_BATCHES];
	double lanes = kernel->lanes * shape.sets;

	for (size_t i = 0; i < sizeof(blocks); i++)
		blocks[i] = (uint8_t)rand(); /* else every lane would go the same way */
	for (unsigned i = 0; i < SPLIT_BATCHES; i++) {
		struct times times = {.fill_calls = shape.sets * shape.n / 64};

		kernel->romix(&shape, blocks, arena, note_time, &times);
		fill[i] = (double)(times.filled - times.begin) / 1e6 / lanes;
		mix[i] = (double)(cpu_ns() - times.filled) / 1e6 / lanes;
	}
	qsort(fill, SPLIT_BATCHES, sizeof(fill[0]), ascending);
	qsort(mix, SPLIT_BATCHES, sizeof(mix[0]), ascending);
	return (struct split){fill[SPLIT_BATCHES / 2], mix[SPLIT_BATCHES / 2]};
}

static int
breakdown(void)
{
	struct contestant cs[8];
	unsigned count = line_up(cs) - 3; /* without cap64 and the peers */

	puts("Milliseconds of CPU for one hash on one thread.  Each of scryptROMix's two loops "
	     "is\n"
	     "N BlockMixes; the first also stores V, the second also reads it and waits for "
	     "it.\n\n"
	     "| kernel | lanes | 2 N BlockMixes | storing V | reading V | hashes/s "
	     "| if V cost nothing |\n"
	     "| --- | --- | --- | --- | --- | --- | --- |");
	for (unsigned i = 0; i < count; i++)
		for (cs[i].shape.sets = 1; cs[i].shape.sets <= 2; cs[i].shape.sets++) {
			struct scrypt_shape bare = cs[i].shape;
			size_t size = scrypt_arena_size(cs[i].kernel, &cs[i].shape);
			void *arena = map(size);
			struct split whole;
			double mixes;

			memset(arena, 1, size);
			bare.keep = SCRYPT_KEEP_MAX; /* the first loop hardly stores */
			mixes = split(cs[i].kernel, bare, arena).fill;
			whole = split(cs[i].kernel, cs[i].shape, arena);
			printf("| %s | %u | %.2f | %.2f | %.2f | %.0f | %.0f |\n", cs[i].name,
			    cs[i].kernel->lanes * cs[i].shape.sets, 2 * mixes,
			    whole.fill - mixes, whole.mix - mixes,
			    1e3 / (whole.fill + whole.mix), 1e3 / (2 * mixes));
			munmap(arena, size);
		}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "samples") == 0)
		return samples(argv[2]);
	if (argc == 3 && strcmp(argv[1], "rate") == 0)
		return print_rate(argv[2]);
	if (argc == 2 && strcmp(argv[1], "breakdown") == 0)
		return breakdown();
	errx(EX_USAGE, "usage: pow-rates samples ROUNDS | rate THREADS | breakdown");
}
