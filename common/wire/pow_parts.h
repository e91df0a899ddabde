/*
 * pow_parts - what the files of the proof of work share; for them alone
 */
#ifndef FERRY_POW_PARTS_H
#define FERRY_POW_PARTS_H

#include "common/wire/pow.h"

/* The memory of the solver: one arena a thread. */
struct pow {
	struct pow_arena {
		void *base; /* mapped, NULL if there is none yet */
		size_t size;
	} * arenas;
	unsigned count;
};

/* The bytes the task may use, all threads together. */
size_t pow_memory_bound(const struct pow_task *task);

/* pow_plan() with that bound. */
bool pow_plan_within(const struct pow_task *task, size_t memory, struct pow_plan *plan_r);

/*
 * Plan the task and see that arenas[0] to arenas[plan_r->threads - 1] are large enough; what
 * is there is kept.  If the memory cannot be had, a smaller plan is made.  On failure the
 * outcome is pow/memory.
 */
struct outcome
pow_arenas_prepare(struct pow *pow, const struct pow_task *task, struct pow_plan *plan_r);

/* Tell the system that it may take the pages, now without use, if it needs them. */
void pow_arenas_rest(struct pow *pow);

/*
 * Call work on each of count workers of so many bytes, the first in the calling thread and
 * the others in threads of their own, which have ended when it returns.  If the system gives
 * no more threads, the last workers are left out.
 */
void
pow_run_threads(unsigned count, void *(*work)(void *worker), void *workers, size_t worker_size);

#endif
