/*
 * Time of day, elapsed time, and deadlines.
 */
#include <time.h>

#include "common/base/cancel.h"
#include "common/base/clock.h"

int64_t
clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t
clock_ms(void)
{
	return clock_ns() / 1000000;
}

int64_t
clock_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_wall(void)
{
	return clock_wall_ms() / 1000;
}

struct clock_date
clock_date(int64_t seconds)
{
	struct clock_date date = {""};
	time_t when = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&when, &tm) != NULL)
		(void)strftime(date.text, sizeof(date.text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return date;
}

struct deadline
deadline_in_ms(int64_t milliseconds)
{
	struct deadline d;

	if (__builtin_add_overflow(clock_ms(), milliseconds, &d.at_ms))
		return DEADLINE_NEVER;
	return d;
}

struct deadline
deadline_min(struct deadline a, struct deadline b)
{
	return a.at_ms < b.at_ms ? a : b;
}

int64_t
deadline_left_ms(struct deadline d)
{
	int64_t now;

	if (d.at_ms == INT64_MAX)
		return INT64_MAX;
	now = clock_ms();
	return d.at_ms > now ? d.at_ms - now : 0;
}

bool
deadline_passed(struct deadline d)
{
	return deadline_left_ms(d) == 0;
}

bool
clock_sleep_ms(int64_t milliseconds, struct deadline d)
{
	struct deadline end = deadline_in_ms(milliseconds);

	while (!deadline_passed(end)) {
		int64_t nap = deadline_left_ms(deadline_min(end, d));

		if (nap == 0 || cancel_requested())
			return false;
		/* Short naps: a signal may land in another thread and not wake this one. */
		if (nap > 100)
			nap = 100;
		nanosleep(&(struct timespec){.tv_nsec = (long)nap * 1000000}, NULL);
	}
	return true;
}
