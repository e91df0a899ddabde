/*
 * What the filter does, as numbers.
 */
#include "milter/metrics.h"

/* A function that reads one of the counts. */
#define COUNT(name, what)                           \
	static double read_##name(void *arg)        \
	{                                           \
		const struct filter *filter = arg;  \
                                                    \
		return (double)filter->counts.what; \
	}

COUNT(passed, events[VERDICT_PASSED])
COUNT(rewritten, events[VERDICT_REWRITTEN])
COUNT(would_rewrite, events[VERDICT_WOULD_REWRITE])
COUNT(refused, events[VERDICT_REFUSED])
COUNT(deferred, events[VERDICT_DEFERRED])
COUNT(recipients, recipients)
COUNT(aliases, aliases)
COUNT(contacts, contacts)
COUNT(requests, requests)
COUNT(sessions, sessions)
COUNT(working, working)

/* The desks of all alias sections together. */
static struct desk_counts
desks(struct filter *filter)
{
	struct milter_setup *setup = milter_setup_hold(&filter->setups);
	struct desk_counts sum = {0};

	for (size_t i = 0; i < setup->config->alias_count; i++) {
		struct desk_counts counts;

		desk_count(book_desk(setup->books[i]), &counts);
		sum.waiting += counts.waiting;
		sum.running += counts.running;
		sum.breakers_open += counts.breakers_open;
		if (sum.trouble == NULL)
			sum.trouble = counts.trouble;
	}
	milter_setup_release(&filter->setups, &setup);
	return sum;
}

static double
read_waiting(void *arg)
{
	return (double)desks(arg).waiting;
}

static double
read_running(void *arg)
{
	return (double)desks(arg).running;
}

static double
read_breakers_open(void *arg)
{
	return desks(arg).breakers_open;
}

static const struct monitor_histogram *
latency(void *arg)
{
	const struct filter *filter = arg;

	return &filter->counts.latency;
}

#define NAME(name) "ferry_milter_" name
#define BY_EVENT(word, f)                                                      \
	{                                                                      \
		NAME("messages_total"), "event=\"" word "\"", MONITOR_COUNTER, \
		    "Messages, by what became of them.", f, NULL               \
	}

static const struct monitor_metric metrics[] = {
    BY_EVENT("rewritten", read_rewritten),
    BY_EVENT("would-rewrite", read_would_rewrite),
    BY_EVENT("passed", read_passed),
    BY_EVENT("refused", read_refused),
    BY_EVENT("deferred", read_deferred),
    MONITOR_COUNTS(NAME("recipients_total"), "Recipients of these messages.", read_recipients),
    MONITOR_COUNTS(
        NAME("aliases_made_total"), "Aliases that were made for them.", read_aliases),
    MONITOR_COUNTS(
        NAME("contacts_made_total"), "Contacts that were made for them.", read_contacts),
    MONITOR_COUNTS(NAME("requests_total"),
        "Requests to alias services that messages waited for.", read_requests),
    MONITOR_GAUGES(NAME("lookups_waiting"), "Look-ups that wait for their turn.", read_waiting),
    MONITOR_GAUGES(NAME("lookups_in_flight"), "Look-ups at alias services.", read_running),
    MONITOR_GAUGES(NAME("breakers_open"), "Troubles that keep us from asking alias services.",
        read_breakers_open),
    MONITOR_GAUGES(NAME("sessions"), "Sessions with the MTA.", read_sessions),
    MONITOR_GAUGES(
        NAME("messages_in_hand"), "Messages that wait for our verdict.", read_working),
    MONITOR_TIMES(
        NAME("verdict_seconds"), "Time from the end of a message to our verdict.", latency),
    MONITOR_END,
};

static bool
is_healthy(void *arg, struct buf *line)
{
	struct desk_counts counts = desks(arg);

	if (counts.trouble != NULL)
		buf_addf(line, "an alias service is not asked: %s", counts.trouble);
	else if (counts.breakers_open != 0)
		buf_adds(line, "an alias service gives no new aliases or contacts");
	else
		buf_adds(line, "ok");
	return counts.breakers_open == 0;
}

struct monitor_table
milter_metrics(struct filter *filter)
{
	return (struct monitor_table){
	    .metrics = metrics, .is_healthy = is_healthy, .arg = filter};
}
