/*
 * watch_clock - did the machine sleep, or did somebody set its clock?
 */
#ifndef FERRY_SYNC_WATCH_CLOCK_H
#define FERRY_SYNC_WATCH_CLOCK_H

#include <stdint.h>

/* Milliseconds of three clocks at one moment. */
struct watch_clock {
	int64_t monotonic; /* stands still while the machine sleeps */
	int64_t boot;      /* does not */
	int64_t wall;      /* can be set */
};

enum watch_clock_change { CLOCK_STEADY, CLOCK_SLEPT, CLOCK_SET };

void watch_clock_read(struct watch_clock *now);

/* What happened between the two.  A clock that is slowly corrected is steady. */
enum watch_clock_change
watch_clock_compare(const struct watch_clock *before, const struct watch_clock *now);

/* Milliseconds that pass while the machine sleeps, too. */
int64_t watch_clock_ms(void);

#endif
