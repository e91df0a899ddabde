/*
 * pace - not more bytes a second than the configuration allows, nor more requests than the
 * service likes
 *
 * A debt of time: each transfer costs as long as its bytes take at the rate, and the next one
 * starts when the debt is paid.  Small ones may run side by side, because a second's worth
 * may be owed; a large one runs alone, held to the rate itself (http_options.speed).  What
 * the service wants us to wait is added to the debt.
 */
#ifndef FERRY_SYNC_PACE_H
#define FERRY_SYNC_PACE_H

#include <stdint.h>

struct pace {
	int64_t rate;       /* bytes a second, 0 for any */
	int64_t paid_at_ms; /* clock_ms() when nothing is owed any more */
};

/* A transfer of so many bytes starts now. */
void pace_take(struct pace *p, int64_t now_ms, int64_t bytes);

/* The service wants no request for so long from now. */
void pace_pause(struct pace *p, int64_t now_ms, int64_t ms);

/* How long until the next transfer may start; 0: now. */
int64_t pace_wait_ms(const struct pace *p, int64_t now_ms);

#endif
