/*
 * Threads that ended by themselves: a chain, of which only the last is known.
 */
#include "common/base/departed.h"

struct departed
departed_add(struct departed *last)
{
	struct departed before = *last;

	*last = (struct departed){.thread = pthread_self(), .any = true};
	return before;
}

void
departed_join(struct departed departed)
{
	if (departed.any)
		pthread_join(departed.thread, NULL);
}
