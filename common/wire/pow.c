/*
 * The search for a proof of work.
 *
 * Threads take batches of consecutive nonces from one counter, so that no core waits for
 * another.  A hit stops the taking of new batches, but those with lower nonces are finished:
 * the answer is the lowest nonce that satisfies, on any number of threads.  The calling
 * thread works like the others and, between hashes, also reports progress.
 */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "common/wire/pow.h"
#include "common/wire/pow_parts.h"

#define REPORT_EVERY_NS (100 * INT64_C(1000000))
#define NONCE_DIGITS    20 /* of 2^64 */

enum state { SEARCHING, CANCELLED, LATE, NO_HMAC };

/* What the threads of one solve share. */
struct search {
	const struct pow_task *task;
	const struct pow_plan *plan;
	unsigned lanes;             /* of a batch */
	int64_t start, last_report; /* of CLOCK_MONOTONIC */
	_Atomic uint64_t next;      /* the first nonce nobody has taken */
	_Atomic uint64_t lowest;    /* nonce found, UINT64_MAX before */
	_Atomic uint64_t hashes;
	_Atomic enum state state;
	pthread_mutex_t lock; /* of the solution, which is that of the lowest nonce */
	struct pow_solution *solution;
};

struct worker {
	struct search *search;
	void *arena;
	uint64_t first; /* nonce of the batch at hand */
	bool reports;
};

static void
report(struct search *search, bool done)
{
	const struct pow_task *task = search->task;
	struct pow_progress progress = {
	    .difficulty = task->difficulty,
	    .expected = ldexp(1, task->difficulty),
	    .hashes = search->hashes,
	    .ns = clock_ns() - search->start,
	    .last_ns = search->last_report - search->start,
	    .done = done,
	};

	search->last_report = search->start + progress.ns;
	if (task->progress == NULL)
		return;
	if (progress.ns > 0)
		progress.rate = (double)progress.hashes * 1e9 / (double)progress.ns;
	task->progress(&progress, task->arg);
}

/* Called by the kernels many times a millisecond: is this batch still worth finishing? */
static bool
poll_worker(void *arg)
{
	struct worker *worker = arg;
	struct search *search = worker->search;
	int64_t now = clock_ns();

	if (cancel_requested())
		search->state = CANCELLED;
	else if (search->state == SEARCHING && now / 1000000 >= search->task->deadline.at_ms)
		search->state = LATE;
	if (worker->reports && now - search->last_report >= REPORT_EVERY_NS)
		report(search, false);
	return search->state == SEARCHING && worker->first < search->lowest;
}

static bool
has_zero_bits(const uint8_t hash[SCRYPT_HASH_SIZE], int bits)
{
	for (; bits >= 8; bits -= 8)
		if (*hash++ != 0)
			return false;
	return bits == 0 || *hash >> (8 - bits) == 0;
}

/* Keep nonce as the answer if no lower one is known. */
static void
found(struct search *search, uint64_t nonce, const uint8_t hash[SCRYPT_HASH_SIZE])
{
	struct pow_solution *solution = search->solution;

	pthread_mutex_lock(&search->lock);
	if (nonce < search->lowest) {
		search->lowest = nonce;
		solution->nonce = nonce;
		memcpy(solution->hash, hash, SCRYPT_HASH_SIZE);
		for (size_t i = 0; i < SCRYPT_HASH_SIZE; i++)
			snprintf(solution->hex + 2 * i, 3, "%02x", hash[i]);
	}
	pthread_mutex_unlock(&search->lock);
}

/* Hash the batch that starts at worker->first; passwords is room for its texts. */
static void
work_batch(struct worker *worker, char *passwords, size_t stride)
{
	struct search *search = worker->search;
	const struct pow_task *task = search->task;
	struct scrypt_input inputs[SCRYPT_LANES_MAX];
	struct scrypt_input salt = {task->salt, strlen(task->salt)};
	uint8_t hashes[SCRYPT_LANES_MAX][SCRYPT_HASH_SIZE];
	enum scrypt_result result;

	for (unsigned i = 0; i < search->lanes; i++) {
		char *text = passwords + i * stride;

		inputs[i].bytes = text;
		inputs[i].length = (size_t)snprintf(
		    text, stride, "%s:%" PRIu64, task->challenge, worker->first + i);
	}
	result = scrypt_batch(search->plan->kernel, &search->plan->shape, inputs, salt,
	    worker->arena, poll_worker, worker, hashes);
	if (result == SCRYPT_NO_HMAC)
		search->state = NO_HMAC;
	if (result != SCRYPT_DONE)
		return;
	search->hashes += search->lanes;
	for (unsigned i = 0; i < search->lanes; i++)
		if (has_zero_bits(hashes[i], task->difficulty)) {
			found(search, worker->first + i, hashes[i]);
			return;
		}
}

static void *
work(void *arg)
{
	struct worker *worker = arg;
	struct search *search = worker->search;
	size_t stride = strlen(search->task->challenge) + 1 + NONCE_DIGITS + 1;
	char *passwords = xreallocarray(NULL, search->lanes, stride);

	while (
	    worker->first = atomic_fetch_add(&search->next, search->lanes), poll_worker(worker))
		work_batch(worker, passwords, stride);
	free(passwords);
	return NULL;
}

static struct outcome
outcome_of(const struct search *search)
{
	const struct pow_task *task = search->task;

	if (search->state == CANCELLED)
		return outcome_make("local", "cancelled", NULL);
	if (search->lowest != UINT64_MAX)
		return outcome_ok();
	if (search->state == LATE)
		return outcome_make("pow", "deadline",
		    "difficulty %d, %" PRIu64 " hashes tried", task->difficulty,
		    (uint64_t)search->hashes);
	return outcome_make("pow", "hmac", "libcrypto refuses PBKDF2 with HMAC-SHA256");
}

static struct outcome
search_nonce(struct pow *pow, const struct pow_task *task, const struct pow_plan *plan,
    struct pow_solution *solution)
{
	struct worker *workers = xcalloc(plan->threads, sizeof(*workers));
	struct search search = {
	    .task = task,
	    .plan = plan,
	    .lanes = plan->kernel->lanes * plan->shape.sets,
	    .start = clock_ns(),
	    .lowest = UINT64_MAX,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .solution = solution,
	};
	struct outcome o;

	search.last_report = search.start;
	for (unsigned i = 0; i < plan->threads; i++)
		workers[i] = (struct worker){
		    .search = &search, .arena = pow->arenas[i].base, .reports = i == 0};
	pow_run_threads(plan->threads, work, workers, sizeof(*workers));
	free(workers);
	pthread_mutex_destroy(&search.lock);
	report(&search, true);
	o = outcome_of(&search);
	if (!outcome_is_ok(&o))
		memset(solution, 0, sizeof(*solution));
	solution->hashes = search.hashes;
	solution->ns = clock_ns() - search.start;
	return o;
}

/* More than we are willing to do: say how long it would take, which is a batch's work. */
static struct outcome
refuse(struct pow *pow, const struct pow_task *task, int most)
{
	double rate = pow_rate(pow, task, 0), hashes = ldexp(1, task->difficulty);
	char expected[POW_TIME_TEXT] = "an unknown time";
	struct outcome o;

	if (rate > 0)
		pow_time_text(hashes / rate, expected);
	o = outcome_make("pow", "difficulty", "%d bits are more than the limit of %d",
	    task->difficulty, most);
	outcome_hint(
	    &o, "it would take about %s here; the limit is pow-max-difficulty", expected);
	return o;
}

struct outcome
pow_solve_with(struct pow *pow, const struct pow_task *task, struct pow_solution *solution_r)
{
	int most =
	    task->max_difficulty != 0 ? task->max_difficulty : POW_DEFAULT_MAX_DIFFICULTY;
	struct pow_plan plan;
	struct outcome o;

	memset(solution_r, 0, sizeof(*solution_r));
	if (task->difficulty < 0 || task->difficulty > POW_DIFFICULTY_MAX)
		return outcome_make("pow", "difficulty", "%d is not between 0 and %d bits",
		    task->difficulty, POW_DIFFICULTY_MAX);
	if (task->difficulty > most)
		return refuse(pow, task, most);
	o = pow_arenas_prepare(pow, task, &plan);
	if (!outcome_is_ok(&o))
		return o;
	o = search_nonce(pow, task, &plan, solution_r);
	pow_arenas_rest(pow);
	return o;
}

struct outcome
pow_solve(const struct pow_task *task, struct pow_solution *solution_r)
{
	struct pow *pow = pow_new();
	struct outcome o = pow_solve_with(pow, task, solution_r);

	pow_free(&pow);
	return o;
}
