/*
 * watch_parts - what the watch_*.c files share and nobody else sees
 *
 *	watch.c		the process: configuration, signals, clocks, systemd
 *	watch_section.c	one section: what wakes it, its runs, its back-off
 *	watch_metrics.c	what they do, as numbers
 */
#ifndef FERRY_SYNC_WATCH_PARTS_H
#define FERRY_SYNC_WATCH_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/service/jmap_push.h"
#include "common/wire/monitor.h"
#include "sync/watch.h"
#include "sync/watch_folders.h"
#include "sync/watch_pace.h"

struct watch;

/* Counts of all sections since the start. */
struct watch_counts {
	_Atomic uint64_t runs, failed_runs;
	_Atomic uint64_t new_messages, uploaded, told, deleted;
	_Atomic uint64_t opened, cut, told_events, local_changes;
	_Atomic uint64_t hooks, failed_hooks;
	struct monitor_histogram run_time;
};

struct watch_section {
	struct watch *watch;
	const struct sync_config *config;
	pthread_t thread;
	bool started;
	int wake;                       /* eventfd: look at the next two */
	atomic_bool hurry;              /* run now */
	atomic_bool lost;               /* the connections may be dead: the machine slept */
	_Atomic(enum push_state) state; /* of the stream, for others to see */

	/* Of the thread alone. */
	struct jmap *jmap;
	struct push *push;
	struct watch_folders *folders; /* NULL where changes here do not matter */
	int lock;
	bool ready;            /* the last run went well: events are worth waiting for */
	bool hastened;         /* somebody asked for the next run */
	unsigned failures;     /* in a row */
	int64_t locked_since;  /* another run is at work since then, or 0 */
	int64_t due_ms;        /* watch_clock_ms(): when to run next */
	int64_t not_before_ms; /* ... but for what cannot wait */
	int64_t tend_ms;       /* when to look after the login */
	int64_t stirred_ms;    /* the first change here that is not dealt with, or 0 */
	int64_t quiet_ms;      /* when it is time to look at such changes */
	struct watch_pace pace;
	bool absent_said;
	struct outcome cut_said; /* why the stream was cut, as it was told last */

	/* Under the watch's lock. */
	struct outcome trouble; /* OK if all is well */
};

struct watch {
	const struct watch_options *options;
	struct config *config;
	pthread_mutex_t lock; /* of the sections' list and troubles */
	struct watch_section *sections;
	size_t count;
	atomic_bool stopping; /* sections end; perhaps to begin anew */
	int changed;          /* eventfd: some section's state did */
	struct watch_counts counts;

	int signals, timer;
	struct monitor_table metrics;
	struct monitor *monitor;
};

/* watch_section.c: start a section's thread; ask it to look at its flags; wait for its end. */
struct outcome watch_section_start(
    struct watch *watch, const struct sync_config *config, struct watch_section *section);
void watch_section_wake(struct watch_section *section);
void watch_section_join(struct watch_section *section);

/* watch_metrics.c; the watch must outlive it. */
struct monitor_table watch_metrics(struct watch *watch);

/* Append how the sections are, as one line; are all of them well? */
bool watch_describe(struct watch *watch, struct buf *line);

#endif
