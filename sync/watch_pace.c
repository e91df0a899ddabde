/*
 * How long an event waits.
 */
#include "sync/watch_pace.h"

#define QUICKLY_MS 5000 /* runs that follow each other so, */
#define IDLE_RUNS  5    /* so many that found nothing, */
#define FIRST_MS   250  /* let the next one wait for this, and then for twice as long, ... */
#define DOUBLINGS  5

void
watch_pace_note(struct watch_pace *pace, int64_t now_ms, bool found_something)
{
	bool quickly = now_ms - pace->ended_ms < QUICKLY_MS;

	pace->idle = quickly && !found_something ? pace->idle + 1 : 0;
	pace->ended_ms = now_ms;
}

int64_t
watch_pace_pause(const struct watch_pace *pace)
{
	unsigned over = pace->idle < IDLE_RUNS ? 0 : pace->idle - IDLE_RUNS;

	if (pace->idle < IDLE_RUNS)
		return 0;
	return (int64_t)FIRST_MS << (over < DOUBLINGS ? over : DOUBLINGS);
}
