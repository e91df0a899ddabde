/*
 * clock - time of day, elapsed time, and deadlines
 *
 * A deadline is a moment on the monotonic clock that the caller of an operation chooses
 * once and that every step below it obeys, so that ten retries cannot add up to more than
 * the caller has.  Values are plain and copied freely.
 */
#ifndef FERRY_CLOCK_H
#define FERRY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
	int64_t at_ms; /* CLOCK_MONOTONIC milliseconds; INT64_MAX is never */
};

#define DEADLINE_NEVER ((struct deadline){INT64_MAX})

/* Milliseconds, and nanoseconds, of CLOCK_MONOTONIC. */
int64_t clock_ms(void);
int64_t clock_ns(void);

/* Seconds since 1970, wall clock. */
int64_t clock_wall(void);

/* Milliseconds since 1970, wall clock. */
int64_t clock_wall_ms(void);

/* A moment of the wall clock as RFC 3339 has it, and JMAP (RFC 8620 §1.4): "2026-09-01T12:00:00Z". */
struct clock_date {
	char text[40];
} clock_date(int64_t seconds);

struct deadline deadline_in_ms(int64_t milliseconds);

/* The earlier of the two. */
struct deadline deadline_min(struct deadline a, struct deadline b);

/* Milliseconds left, 0 when it has passed; INT64_MAX for never. */
int64_t deadline_left_ms(struct deadline d);

bool deadline_passed(struct deadline d);

/*
 * Sleep so many milliseconds, or until the deadline, or until cancel_requested().
 * True if the whole time was slept.
 */
bool clock_sleep_ms(int64_t milliseconds, struct deadline d);

#endif
