/*
 * breaker - what keeps us from asking where it is of no use
 *
 * While it is closed, everybody may ask.  Trouble opens it: then all are told at once what the
 * trouble was, until one is let through to see whether it lasts.  Of that one's fate it depends
 * whether the breaker closes, or stays open for twice as long.
 *
 * What opens and closes it is logged, once each: that is the alarm that a person gets instead
 * of one for each message.  Not thread-safe: its owner has a lock.
 */
#ifndef FERRY_BREAKER_H
#define FERRY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/outcome.h"

struct breaker {
	const char *subject; /* whose it is, and what it keeps from: for the log */
	unsigned patience;   /* so many failures in a row are chance; the next one opens it */
	int64_t first_ms;    /* how long it is open at first, */
	int64_t most_ms;     /* and at most */

	unsigned failures; /* in a row */
	int64_t open_ms;   /* how long it is open this time; 0: it is closed */
	int64_t until_ms;  /* of clock_ms() */
	bool probing;      /* somebody was let through */
	struct outcome trouble;
};

/* May one ask?  OK, or what the trouble is, without its alarm. */
struct outcome breaker_check(struct breaker *breaker, int64_t now_ms);

/* Would one be told so now?  Nobody is let through by this. */
bool breaker_stops(const struct breaker *breaker, int64_t now_ms);

/* What came of asking: OK or trouble. */
void breaker_note(struct breaker *breaker, const struct outcome *o, int64_t now_ms);

/* The one that was let through did not come to ask. */
void breaker_skip(struct breaker *breaker);

bool breaker_is_open(const struct breaker *breaker);

#endif
