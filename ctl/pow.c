/*
 * ferryctl's commands about the proof of work: solve a challenge by hand, and say what this
 * machine makes of one.
 */
#include <inttypes.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cancel.h"
#include "common/wire/pow.h"
#include "ctl/commands.h"

#define SOLVE_SECONDS   3600 /* unless told otherwise */
#define MEASURE_MS      700
#define KERNELS_MAX     8
#define DIFFICULTY_STEP 2 /* of the table of expected times */

#define BOUND_OPTIONS                                                                  \
	{"threads", "NUMBER", "how many threads (as many as CPUs)"},                   \
	{                                                                              \
		"memory", "MIB", "how much memory, in MiB (a quarter of what is free)" \
	}

const struct ctl_option ctl_pow_solve_options[] = {
    BOUND_OPTIONS,
    {"timeout", "SECONDS", "give up after so long (3600)"},
    {NULL, NULL, NULL},
};

const struct ctl_option ctl_pow_benchmark_options[] = {
    BOUND_OPTIONS,
    {NULL, NULL, NULL},
};

/* A task with the bounds that the options set; false, with the status set, for nonsense. */
static bool
read_bounds(const struct ctl *ctl, struct pow_task *task, int *status)
{
	long threads = 0, memory = 0;

	*task = (struct pow_task){.deadline = DEADLINE_NEVER};
	if (!ctl_number(ctl, "threads", 1, 4096, &threads, status) ||
	    !ctl_number(ctl, "memory", 1, 1L << 24, &memory, status))
		return false;
	task->threads = (unsigned)threads;
	task->memory = (size_t)memory << 20;
	return true;
}

static void
print_solution(const struct ctl *ctl, const struct pow_solution *solution)
{
	double seconds = (double)solution->ns / 1e9;
	char nonce[24];

	snprintf(nonce, sizeof(nonce), "%" PRIu64, solution->nonce);
	if (ctl->json) {
		ctl_print_json(
		    json_pack("{s:s, s:s, s:I, s:f}", "nonce", nonce, "powHex", solution->hex,
		        "hashes", (json_int_t)solution->hashes, "seconds", seconds),
		    false);
		return;
	}
	printf("nonce  %s\nhex    %s\n", nonce, solution->hex);
	if (ctl->verbose > 0)
		fprintf(stderr, "%" PRIu64 " hashes in %.2f s, %.0f hashes/s\n",
		    solution->hashes, seconds, (double)solution->hashes / seconds);
}

int
ctl_pow_solve(struct ctl *ctl, int argc, char **argv)
{
	struct pow_solution solution;
	long timeout = SOLVE_SECONDS, difficulty;
	struct pow_task task;
	struct outcome o;
	char *end;
	int status;

	(void)argc;
	if (!read_bounds(ctl, &task, &status) ||
	    !ctl_number(ctl, "timeout", 1, 7L * 86400, &timeout, &status))
		return status;
	difficulty = strtol(argv[2], &end, 10);
	if (end == argv[2] || *end != '\0' || difficulty < 0 || difficulty > POW_DIFFICULTY_MAX)
		return ctl_usage(
		    ctl, "the difficulty must be from 0 to %d bits", POW_DIFFICULTY_MAX);
	task.challenge = argv[0];
	task.salt = argv[1];
	task.difficulty = (int)difficulty;
	task.max_difficulty = POW_DIFFICULTY_MAX; /* whoever types it means it */
	task.deadline = deadline_in_ms(1000 * (int64_t)timeout);
	task.progress = pow_progress_terminal;
	o = pow_solve(&task, &solution);
	if (outcome_is_ok(&o))
		print_solution(ctl, &solution);
	return ctl_fail(&o);
}

/* Hashes a second of one kernel on one thread, and on all. */
struct measured {
	const struct scrypt_kernel *kernel;
	double one, all;
};

/* What a machine can do. */
struct benchmark {
	struct measured kernels[KERNELS_MAX]; /* fastest first */
	size_t count;
	double openssl;       /* on one thread */
	struct pow_plan plan; /* of the first kernel for a hard challenge */
};

static double
openssl_rate(void)
{
	uint8_t hash[SCRYPT_HASH_SIZE];
	int64_t begin = clock_ns(), ns;
	unsigned count = 0;

	do {
		if (EVP_PBE_scrypt("challenge:0", 11, (const uint8_t *)"salt", 4, POW_N, POW_R,
		        1, 64 << 20, hash, sizeof(hash)) != 1)
			return 0;
		count++;
		ns = clock_ns() - begin;
	} while (ns < MEASURE_MS * 1000000 && !cancel_requested());
	return count * 1e9 / (double)ns;
}

/* Measure a kernel; task has the bounds. */
static struct outcome
measure(struct pow_task task, const struct scrypt_kernel *kernel, struct measured *measured)
{
	struct pow *pow = pow_new();
	struct pow_task one = task;

	one.threads = 1;
	one.kernel = task.kernel = measured->kernel = kernel;
	measured->one = pow_rate(pow, &one, MEASURE_MS);
	measured->all = pow_rate(pow, &task, MEASURE_MS);
	pow_free(&pow);
	if (cancel_requested())
		return outcome_make("local", "cancelled", NULL);
	if (measured->one <= 0 || measured->all <= 0)
		return outcome_make("pow", "memory", "the %s kernel needs more", kernel->name);
	return outcome_ok();
}

static struct outcome
run_benchmark(const struct pow_task *task, struct benchmark *b)
{
	const struct scrypt_kernel *kernel;
	struct outcome o = outcome_ok();

	b->count = 0;
	if (!pow_plan(task, &b->plan))
		return outcome_make("pow", "memory", NULL);
	b->openssl = openssl_rate();
	while (outcome_is_ok(&o) && b->count < KERNELS_MAX &&
	       (kernel = scrypt_kernel(b->count)) != NULL)
		o = measure(*task, kernel, &b->kernels[b->count++]);
	return o;
}

/* Seconds till a nonce of the difficulty is found: expected, and in nine cases of ten. */
struct seconds {
	double expected, most;
};

static struct seconds
seconds_for(const struct pow_task *task, const struct benchmark *b, int difficulty)
{
	struct pow_task this = *task;
	struct pow_plan plan = b->plan;
	double batch, tries, misses;

	this.difficulty = difficulty;
	pow_plan(&this, &plan);
	tries = (double)plan.kernel->lanes * plan.shape.sets * plan.threads;
	batch = tries / b->kernels[0].all;
	misses = tries * log1p(-ldexp(1, -difficulty)); /* logarithm of their probability */
	return (struct seconds){
	    batch / -expm1(misses), batch * fmax(1, ceil(log(0.1) / misses))};
}

static void
print_text(const struct pow_task *task, const struct benchmark *b)
{
	printf("%-10s %10s %10s %12s\n", "hashes/s", "1 thread", "", "all threads");
	for (size_t i = 0; i < b->count; i++)
		printf("%-10s %10.1f %9.1fx %12.1f\n", b->kernels[i].kernel->name,
		    b->kernels[i].one, b->kernels[i].one / b->openssl, b->kernels[i].all);
	printf("%-10s %10.1f %9.1fx\n\n", "OpenSSL", b->openssl, 1.0);
	printf("with %s on %u threads, %zu MiB:\n", b->plan.kernel->name, b->plan.threads,
	    b->plan.arena * b->plan.threads >> 20);
	printf("%-10s %12s %18s\n", "difficulty", "expected", "9 of 10 within");
	for (int d = DIFFICULTY_STEP; d <= POW_DEFAULT_MAX_DIFFICULTY; d += DIFFICULTY_STEP) {
		struct seconds s = seconds_for(task, b, d);
		char expected[POW_TIME_TEXT], most[POW_TIME_TEXT];

		pow_time_text(s.expected, expected);
		pow_time_text(s.most, most);
		printf("%-10d %12s %18s\n", d, expected, most);
	}
}

static void
print_json(const struct pow_task *task, const struct benchmark *b)
{
	json_t *kernels = json_array(), *times = json_array();

	for (size_t i = 0; i < b->count; i++)
		json_array_append_new(kernels,
		    json_pack("{s:s, s:f, s:f}", "name", b->kernels[i].kernel->name,
		        "oneThread", b->kernels[i].one, "allThreads", b->kernels[i].all));
	for (int d = 0; d <= POW_DEFAULT_MAX_DIFFICULTY; d++) {
		struct seconds s = seconds_for(task, b, d);

		json_array_append_new(
		    times, json_pack("{s:i, s:f, s:f}", "difficulty", d, "expectedSeconds",
		               s.expected, "nineOfTenSeconds", s.most));
	}
	ctl_print_json(json_pack("{s:o, s:f, s:i, s:I, s:o}", "kernels", kernels, "openssl",
	                   b->openssl, "threads", (int)b->plan.threads, "memory",
	                   (json_int_t)(b->plan.arena * b->plan.threads), "times", times),
	    false);
}

int
ctl_pow_benchmark(struct ctl *ctl, int argc, char **argv)
{
	struct benchmark benchmark;
	struct pow_task task;
	struct outcome o;
	int status;

	(void)argc;
	(void)argv;
	if (!read_bounds(ctl, &task, &status))
		return status;
	task.difficulty = task.max_difficulty = POW_DEFAULT_MAX_DIFFICULTY;
	o = run_benchmark(&task, &benchmark);
	if (outcome_is_ok(&o))
		(ctl->json ? print_json : print_text)(&task, &benchmark);
	return ctl_fail(&o);
}
