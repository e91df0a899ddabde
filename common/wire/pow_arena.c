/*
 * How much memory the proof of work takes, and taking it.
 *
 * Each thread needs an arena of its own.  Three things can be given up when memory is short:
 * the second set of lanes, remembered blocks (the time-memory trade-off), and threads.  What
 * is best follows from the expected time of a solve, which is the time of one batch times
 * the rounds of batches that are expected, so the few combinations are simply all tried.
 *
 * New memory costs a fault a page, or a huge page, on its first touch.  Huge pages are asked
 * for, and each thread touches its own arena, which is then near it.  A resting arena stays
 * mapped but its pages are marked free: they cost nobody anything, and are still there next
 * time unless the machine ran short.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/base/xalloc.h"
#include "common/wire/pow_arena.h"
#include "common/wire/pow_resources.h"

#define MEMORY_SHARE 4                  /* one part in so many of what is available */
#define MEMORY_FLOOR ((size_t)32 << 20) /* but at least so many bytes */

/* A batch of two sets against one of one set, measured (AVX2 and AVX-512, 1.8 to 1.9). */
#define TWO_SETS_TIME 1.85

static size_t
memory_bound(const struct pow_task *task)
{
	size_t share;

	if (task->memory != 0)
		return task->memory;
	share = pow_memory_available("") / MEMORY_SHARE;
	return share > MEMORY_FLOOR ? share : MEMORY_FLOOR;
}

/* Expected time of a solve, in times of a batch of one set that remembers every block. */
static double
expected_time(const struct pow_plan *plan, int difficulty)
{
	const struct scrypt_shape *shape = &plan->shape;
	double tries = (double)plan->kernel->lanes * shape->sets * plan->threads;
	double rounds = 1 / -expm1(tries * log1p(-ldexp(1, -difficulty)));
	double batch = shape->sets == 1 ? 1 : TWO_SETS_TIME;

	return rounds * batch * (1 + (shape->keep - 1) / 4.0);
}

/* The smallest keep with which the shape's arena fits; 0 if none does. */
static unsigned
smallest_keep(const struct scrypt_kernel *kernel, struct scrypt_shape shape, size_t memory)
{
	for (shape.keep = 1; shape.keep <= SCRYPT_KEEP_MAX; shape.keep++)
		if (scrypt_arena_size(kernel, &shape) <= memory)
			return shape.keep;
	return 0;
}

static bool
plan_within(const struct pow_task *task, size_t memory, struct pow_plan *plan_r)
{
	struct pow_plan plan = {
	    .kernel = task->kernel != NULL ? task->kernel : scrypt_kernel(0),
	    .shape = {.n = task->n != 0 ? task->n : POW_N, .r = POW_R},
	};
	double best = INFINITY;

	plan.threads = task->threads != 0 ? task->threads : pow_cpus("");
	for (; plan.threads > 0; plan.threads--)
		for (plan.shape.sets = 1; plan.shape.sets <= 2; plan.shape.sets++) {
			double time;

			plan.shape.keep =
			    smallest_keep(plan.kernel, plan.shape, memory / plan.threads);
			if (plan.shape.keep == 0)
				continue;
			time = expected_time(&plan, task->difficulty);
			if (time >= best)
				continue;
			best = time;
			plan.arena = scrypt_arena_size(plan.kernel, &plan.shape);
			*plan_r = plan;
		}
	return best < INFINITY;
}

bool
pow_plan(const struct pow_task *task, struct pow_plan *plan_r)
{
	return plan_within(task, memory_bound(task), plan_r);
}

/* See that one arena has the size; its contents do not matter. */
static bool
ensure(struct pow_arena *arena, size_t size)
{
	void *base;

	if (arena->size >= size)
		return true;
	if (arena->base != NULL)
		munmap(arena->base, arena->size);
	*arena = (struct pow_arena){NULL, 0};
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return false;
	madvise(base, size, MADV_HUGEPAGE);
	*arena = (struct pow_arena){base, size};
	return true;
}

static bool
ensure_all(struct pow_arenas *arenas, const struct pow_plan *plan)
{
	if (arenas->count < plan->threads) {
		arenas->at = xreallocarray(arenas->at, plan->threads, sizeof(*arenas->at));
		while (arenas->count < plan->threads)
			arenas->at[arenas->count++] = (struct pow_arena){NULL, 0};
	}
	for (unsigned i = 0; i < plan->threads; i++)
		if (!ensure(&arenas->at[i], plan->arena))
			return false;
	return true;
}

bool
pow_arenas_for(struct pow_arenas *arenas, const struct pow_task *task, struct pow_plan *plan_r)
{
	for (size_t memory = memory_bound(task); plan_within(task, memory, plan_r);
	     memory /= 2) {
		if (ensure_all(arenas, plan_r))
			return true;
		pow_arenas_free(arenas);
	}
	return false;
}

void
pow_arenas_rest(struct pow_arenas *arenas)
{
	for (unsigned i = 0; i < arenas->count; i++)
		if (arenas->at[i].base != NULL)
			madvise(arenas->at[i].base, arenas->at[i].size, MADV_FREE);
}

void
pow_arenas_free(struct pow_arenas *arenas)
{
	for (unsigned i = 0; i < arenas->count; i++)
		if (arenas->at[i].base != NULL)
			munmap(arenas->at[i].base, arenas->at[i].size);
	free(arenas->at);
	*arenas = (struct pow_arenas){NULL, 0};
}
