/*
 * How the proof of work uses the memory and the CPUs it may have.
 *
 * Each thread needs an arena of its own.  Three things can be given up when memory is short:
 * the second set of lanes, remembered blocks (the time-memory trade-off), and threads.  What
 * is best follows from the expected time of a solve, which is the time of one batch times
 * the rounds of batches that are expected, so the few combinations are simply all tried.
 * For an easy challenge that gives small batches, for a hard one whatever is fastest.
 */
#include <math.h>

#include "common/wire/pow_parts.h"
#include "common/wire/pow_resources.h"

#define MEMORY_SHARE 4                  /* one part in so many of what is available */
#define MEMORY_FLOOR ((size_t)32 << 20) /* but at least so many bytes */

/* A batch of two sets against one of one set, measured (AVX2 and AVX-512, 1.8 to 1.9). */
#define TWO_SETS_TIME 1.85

size_t
pow_memory_bound(const struct pow_task *task)
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

bool
pow_plan_within(const struct pow_task *task, size_t memory, struct pow_plan *plan_r)
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
	return pow_plan_within(task, pow_memory_bound(task), plan_r);
}
