/*
 * Three clocks compared.
 */
#include <stdlib.h>
#include <time.h>

#include "sync/watch_clock.h"

#define SLEPT_MS 1000 /* less is the time between reading the clocks */
#define SET_MS   5000 /* less is no jump that anybody would notice */

static int64_t
read_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
watch_clock_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

void
watch_clock_read(struct watch_clock *now)
{
	now->monotonic = read_ms(CLOCK_MONOTONIC);
	now->boot = read_ms(CLOCK_BOOTTIME);
	now->wall = read_ms(CLOCK_REALTIME);
}

enum watch_clock_change
watch_clock_compare(const struct watch_clock *before, const struct watch_clock *now)
{
	int64_t slept = (now->boot - before->boot) - (now->monotonic - before->monotonic);
	int64_t set = (now->wall - before->wall) - (now->boot - before->boot);

	if (slept >= SLEPT_MS)
		return CLOCK_SLEPT;
	return llabs(set) >= SET_MS ? CLOCK_SET : CLOCK_STEADY;
}
