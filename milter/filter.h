/*
 * filter - the filter, as libmilter calls it
 *
 * Events are collected (mail.h); everything is decided, and done, at the end of the message
 * (judge.h).  Nothing is said to earlier events, which an MTA therefore need not wait for.
 *
 * Debian's libmilter serves one connection by different threads, one after the other: nothing
 * belongs to a thread here.
 */
#ifndef FERRY_FILTER_H
#define FERRY_FILTER_H

#include <stdatomic.h>

#include "common/wire/monitor.h"
#include "milter/judge.h"
#include "milter/setup.h"

/* What was done, for the monitor. */
struct filter_counts {
	atomic_ullong events[VERDICT_EVENTS];
	atomic_ullong aliases, contacts, requests;
	atomic_ullong recipients;
	atomic_uint sessions; /* there are */
	atomic_uint working;  /* at the end of a message */
	struct monitor_histogram latency;
};

struct filter {
	struct milter_setups setups;
	struct filter_counts counts;
};

/* Tell libmilter of the filter.  There is one in a process. */
struct outcome filter_register(struct filter *filter);

#endif
