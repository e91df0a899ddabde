/*
 * The memory of the proof of work, and its threads.
 *
 * New memory costs a fault a page, or a huge page, on its first touch: more than an easy
 * challenge.  So huge pages are asked for, each thread touches its own arena, and a solver
 * keeps its arenas.  A resting arena stays mapped but its pages are marked free: they cost
 * nobody anything, and are still there next time unless the machine ran short.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/base/xalloc.h"
#include "common/wire/pow_parts.h"

/* See that an arena has the size; its contents do not matter. */
static bool
ensure(struct pow_arena *arena, size_t size)
{
	if (arena->size >= size)
		return true;
	if (arena->base != NULL)
		munmap(arena->base, arena->size);
	*arena = (struct pow_arena){NULL, 0};
	arena->base =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena->base == MAP_FAILED) {
		arena->base = NULL;
		return false;
	}
	arena->size = size;
	madvise(arena->base, size, MADV_HUGEPAGE);
	return true;
}

static bool
ensure_all(struct pow *pow, const struct pow_plan *plan)
{
	if (pow->count < plan->threads) {
		pow->arenas = xreallocarray(pow->arenas, plan->threads, sizeof(*pow->arenas));
		while (pow->count < plan->threads)
			pow->arenas[pow->count++] = (struct pow_arena){NULL, 0};
	}
	for (unsigned i = 0; i < plan->threads; i++)
		if (!ensure(&pow->arenas[i], plan->arena))
			return false;
	return true;
}

static void
unmap_all(struct pow *pow)
{
	for (unsigned i = 0; i < pow->count; i++)
		if (pow->arenas[i].base != NULL)
			munmap(pow->arenas[i].base, pow->arenas[i].size);
	free(pow->arenas);
	*pow = (struct pow){NULL, 0};
}

struct outcome
pow_arenas_prepare(struct pow *pow, const struct pow_task *task, struct pow_plan *plan_r)
{
	size_t bound = pow_memory_bound(task);

	for (size_t memory = bound; pow_plan_within(task, memory, plan_r); memory /= 2) {
		if (ensure_all(pow, plan_r))
			return outcome_ok();
		unmap_all(pow);
	}
	return outcome_make("pow", "memory", "%zu KiB are not enough", bound >> 10);
}

void
pow_arenas_rest(struct pow *pow)
{
	for (unsigned i = 0; i < pow->count; i++)
		if (pow->arenas[i].base != NULL)
			madvise(pow->arenas[i].base, pow->arenas[i].size, MADV_FREE);
}

struct pow *
pow_new(void)
{
	return xcalloc(1, sizeof(struct pow));
}

void
pow_free(struct pow **pow)
{
	if (*pow == NULL)
		return;
	unmap_all(*pow);
	free(*pow);
	*pow = NULL;
}

void
pow_run_threads(unsigned count, void *(*work)(void *worker), void *workers, size_t worker_size)
{
	pthread_t *threads = xcalloc(count, sizeof(*threads));
	unsigned started = 1;

	while (started < count && pthread_create(&threads[started], NULL, work,
	                              (char *)workers + started * worker_size) == 0)
		started++;
	work(workers);
	while (started > 1)
		pthread_join(threads[--started], NULL);
	free(threads);
}
