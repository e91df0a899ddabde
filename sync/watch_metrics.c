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

static const struct monitor_metric metrics[] = {
    MONITOR_GAUGES(NAME("sections"), "Sections that are watched.", read_sections),
    MONITOR_GAUGES(NAME("sections_failing"), "Sections whose last run failed.", read_troubled),
    MONITOR_GAUGES(NAME("streams_open"), "Sections whose service tells of changes.", read_open),
    MONITOR_COUNTS(NAME("runs_total"), "Runs, of all sections.", read_runs),
    MONITOR_COUNTS(NAME("runs_failed_total"), "Runs that failed.", read_failed_runs),
    MONITOR_COUNTS(
        NAME("messages_new_total"), "Messages that were downloaded.", read_new_messages),
    MONITOR_COUNTS(
        NAME("messages_deleted_total"), "Messages that were deleted here.", read_deleted),
    MONITOR_COUNTS(
        NAME("messages_uploaded_total"), "Messages that were uploaded.", read_uploaded),
    MONITOR_COUNTS(
        NAME("messages_told_total"), "Messages that were changed at the service.", read_told),
    MONITOR_COUNTS(NAME("streams_total"), "Streams of events that were opened.", read_opened),
    MONITOR_COUNTS(
        NAME("streams_cut_total"), "Streams that were cut, or could not be opened.", read_cut),
    MONITOR_COUNTS(
        NAME("events_total"), "Times that a service told of a change.", read_told_events),
    MONITOR_COUNTS(
        NAME("local_changes_total"), "Times that the Maildirs changed.", read_local_changes),
    MONITOR_COUNTS(NAME("hooks_total"), "Commands that were run for new messages.", read_hooks),
    MONITOR_COUNTS(
        NAME("hooks_failed_total"), "Commands of these that failed.", read_failed_hooks),
    MONITOR_TIMES(NAME("run_seconds"), "How long the runs took.", run_time),
    MONITOR_END,
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
