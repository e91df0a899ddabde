/*
 * pow_arena - the memory of the proof of work, one arena a thread; for pow.c
 */
#ifndef FERRY_POW_ARENA_H
#define FERRY_POW_ARENA_H

#include "common/wire/pow.h"

struct pow_arenas {
	struct pow_arena {
		void *base;
		size_t size;
	} * at;
	unsigned count;
};

/*
 * Plan the task and see that at[0] to at[plan_r->threads - 1] are large enough; what is
 * there is kept.  A smaller plan is made if the memory cannot be mapped; false if none is
 * small enough.
 */
bool
pow_arenas_for(struct pow_arenas *arenas, const struct pow_task *task, struct pow_plan *plan_r);

/* Tell the kernel that it may take the pages, now without use, if it needs them. */
void pow_arenas_rest(struct pow_arenas *arenas);

void pow_arenas_free(struct pow_arenas *arenas);

#endif
