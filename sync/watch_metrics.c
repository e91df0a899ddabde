/*
 * What the watched sections do, as numbers and in a line.
 */
#include "sync/watch_parts.h"

/* A function that reads one of the counts. */
#define COUNT(field)                                \
	static double read_##field(void *arg)       \
	{                                           \
		struct watch *watch = arg;          \
                                                    \
		return (double)watch->counts.field; \
	}

COUNT(runs)
COUNT(failed_runs)
COUNT(new_messages)
COUNT(uploaded)
COUNT(told)
COUNT(deleted)
COUNT(opened)
COUNT(cut)
COUNT(told_events)
COUNT(local_changes)
COUNT(hooks)
COUNT(failed_hooks)

struct tally {
	size_t sections, open, troubled;
};

static struct tally
count_sections(struct watch *watch)
{
	struct tally tally = {0};

	pthread_mutex_lock(&watch->lock);
	tally.sections = watch->count;
	for (size_t i = 0; i < watch->count; i++) {
		tally.open += watch->sections[i].state == PUSH_OPEN;
		tally.troubled += !outcome_is_ok(&watch->sections[i].trouble);
	}
	pthread_mutex_unlock(&watch->lock);
	return tally;
}

static double
read_sections(void *arg)
{
	return (double)count_sections(arg).sections;
}

static double
read_open(void *arg)
{
	return (double)count_sections(arg).open;
}

static double
read_troubled(void *arg)
{
	return (double)count_sections(arg).troubled;
}

static const struct monitor_histogram *
run_time(void *arg)
{
	struct watch *watch = arg;

	return &watch->counts.run_time;
}

#define NAME(name) "ferry_sync_" name
#define COUNTER(name, help, f)                                   \
	{                                                        \
		NAME(name), NULL, MONITOR_COUNTER, help, f, NULL \
	}
#define GAUGE(name, help, f)                                   \
	{                                                      \
		NAME(name), NULL, MONITOR_GAUGE, help, f, NULL \
	}

static const struct monitor_metric metrics[] = {
    GAUGE("sections", "Sections that are watched.", read_sections),
    GAUGE("sections_failing", "Sections whose last run failed.", read_troubled),
    GAUGE("streams_open", "Sections whose service tells of changes.", read_open),
    COUNTER("runs_total", "Runs, of all sections.", read_runs),
    COUNTER("runs_failed_total", "Runs that failed.", read_failed_runs),
    COUNTER("messages_new_total", "Messages that were downloaded.", read_new_messages),
    COUNTER("messages_deleted_total", "Messages that were deleted here.", read_deleted),
    COUNTER("messages_uploaded_total", "Messages that were uploaded.", read_uploaded),
    COUNTER("messages_told_total", "Messages that were changed at the service.", read_told),
    COUNTER("streams_total", "Streams of events that were opened.", read_opened),
    COUNTER("streams_cut_total", "Streams that were cut, or could not be opened.", read_cut),
    COUNTER("events_total", "Times that a service told of a change.", read_told_events),
    COUNTER("local_changes_total", "Times that the Maildirs changed.", read_local_changes),
    COUNTER("hooks_total", "Commands that were run for new messages.", read_hooks),
    COUNTER("hooks_failed_total", "Commands of these that failed.", read_failed_hooks),
    {NAME("run_seconds"), NULL, MONITOR_HISTOGRAM, "How long the runs took.", NULL, run_time},
    {NULL, NULL, MONITOR_COUNTER, NULL, NULL, NULL},
};

bool
watch_describe(struct watch *watch, struct buf *line)
{
	struct tally tally = count_sections(watch);

	if (watch->stopping) {
		buf_adds(line, "stopping");
		return false;
	}
	buf_addf(line, "%zu section%s, %zu told by events", tally.sections,
	    tally.sections == 1 ? "" : "s", tally.open);
	pthread_mutex_lock(&watch->lock);
	for (size_t i = 0; i < watch->count; i++) {
		const struct watch_section *s = &watch->sections[i];

		if (!outcome_is_ok(&s->trouble))
			buf_addf(line, "; %s: %s", s->config->name, s->trouble.text);
	}
	pthread_mutex_unlock(&watch->lock);
	return tally.troubled == 0;
}

static bool
is_healthy(void *arg, struct buf *line)
{
	return watch_describe(arg, line);
}

struct monitor_table
watch_metrics(struct watch *watch)
{
	return (struct monitor_table){
	    .metrics = metrics, .is_healthy = is_healthy, .arg = watch};
}
