/*
 * monitor - what a daemon does, for Prometheus and for health checks
 *
 * A small HTTP server on the loopback.  GET /metrics gives the daemon's table of metrics in
 * Prometheus' text format (version 0.0.4); GET /healthz gives 200 or 503 and one line.
 * It knows nothing of what it tells: names, meanings and numbers are the daemon's.
 *
 * The functions of the table are called in the monitor's own thread, whenever somebody asks.
 */
#ifndef FERRY_MONITOR_H
#define FERRY_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"

/* How long things took.  All zeros to begin with; one may be observed from any thread. */
#define MONITOR_BUCKETS 16
struct monitor_histogram {
	_Atomic uint64_t counts[MONITOR_BUCKETS]; /* by monitor_bounds_ms, and beyond */
	_Atomic uint64_t sum_ms;
};
void monitor_observe(struct monitor_histogram *histogram, int64_t milliseconds);

enum monitor_type { MONITOR_COUNTER, MONITOR_GAUGE, MONITOR_HISTOGRAM };

/*
 * One number.  Rows of one name stand together and differ in their label; the first has the
 * help.  Counters end in "_total", and histograms, which are of seconds, in "_seconds".
 */
struct monitor_metric {
	const char *name;
	const char *label; /* "outcome=\"sent\"", or NULL */
	enum monitor_type type;
	const char *help;
	double (*read)(void *arg); /* MONITOR_HISTOGRAM: NULL */
	const struct monitor_histogram *(*histogram)(void *arg);
};

/* Rows of a table, and its end. */
#define MONITOR_COUNTS(name, help, read)                            \
	{                                                           \
		(name), NULL, MONITOR_COUNTER, (help), (read), NULL \
	}
#define MONITOR_GAUGES(name, help, read)                          \
	{                                                         \
		(name), NULL, MONITOR_GAUGE, (help), (read), NULL \
	}
#define MONITOR_TIMES(name, help, histogram)                               \
	{                                                                  \
		(name), NULL, MONITOR_HISTOGRAM, (help), NULL, (histogram) \
	}
#define MONITOR_END                                           \
	{                                                     \
		NULL, NULL, MONITOR_COUNTER, NULL, NULL, NULL \
	}

struct monitor_table {
	const struct monitor_metric *metrics; /* ends with a row without a name */

	/* Is all well?  One line of why, or why not, is appended to *line. */
	bool (*is_healthy)(void *arg, struct buf *line);
	void *arg;
};

/* Append the table as /metrics gives it. */
void monitor_print(const struct monitor_table *table, struct buf *text);

struct monitor;

/* Serve at HOST:PORT on the loopback (as endpoint_accepts_inet()); the table must outlive it. */
struct outcome
monitor_start(const char *where, const struct monitor_table *table, struct monitor **monitor_r);
void monitor_stop(struct monitor **monitor);

#endif
