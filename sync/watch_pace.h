/*
 * watch_pace - listen less to a service that tells of changes where there are none
 */
#ifndef FERRY_SYNC_WATCH_PACE_H
#define FERRY_SYNC_WATCH_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct watch_pace {
	int64_t ended_ms; /* the last run */
	unsigned idle;    /* runs in quick succession that found nothing to do */
};

/* A run has ended, at a time in milliseconds of any clock that does not go back. */
void watch_pace_note(struct watch_pace *pace, int64_t now_ms, bool found_something);

/* For how many milliseconds an event now has to wait: mostly for none. */
int64_t watch_pace_pause(const struct watch_pace *pace);

#endif
