/*
 * What the LMTP server does, as numbers.
 */
#include "transport/lmtp_parts.h"

/* A function that reads one of the couriers' counts. */
#define COUNT(field)                                    \
	static double read_##field(void *arg)           \
	{                                               \
		struct lmtp_server *server = arg;       \
		struct courier_counts counts;           \
                                                        \
		setups_count(&server->setups, &counts); \
		return (double)counts.field;            \
	}

COUNT(sent)
COUNT(deferred)
COUNT(bounced)
COUNT(messages)
COUNT(bytes)
COUNT(requests)
COUNT(groups)
COUNT(grouped)
COUNT(ambiguous)
COUNT(earlier)
COUNT(circuits_open)
COUNT(waiting)
COUNT(in_flight)

/* And one that reads one of the server's own. */
#define OWN(field)                                \
	static double read_##field(void *arg)     \
	{                                         \
		struct lmtp_server *server = arg; \
                                                  \
		return (double)server->field;     \
	}

OWN(connections)
OWN(accepted)
OWN(sent_away)

static const struct monitor_histogram *
latency(void *arg)
{
	struct lmtp_server *server = arg;

	return &server->latency;
}

#define NAME(name) "ferry_transport_" name
#define BY_OUTCOME(word, f)                                                        \
	{                                                                          \
		NAME("recipients_total"), "outcome=\"" word "\"", MONITOR_COUNTER, \
		    "Recipients, by what came of their deliveries.", f, NULL       \
	}

static const struct monitor_metric metrics[] = {
    BY_OUTCOME("sent", read_sent),
    BY_OUTCOME("deferred", read_deferred),
    BY_OUTCOME("bounced", read_bounced),
    MONITOR_COUNTS(NAME("messages_total"), "Messages taken to be delivered.", read_messages),
    MONITOR_COUNTS(NAME("bytes_total"), "Bytes of messages taken to be delivered.", read_bytes),
    MONITOR_COUNTS(
        NAME("requests_total"), "Requests to services, uploads among them.", read_requests),
    MONITOR_COUNTS(NAME("groups_total"), "Requests that submitted messages.", read_groups),
    MONITOR_COUNTS(NAME("grouped_messages_total"), "Messages that those requests submitted.",
        read_grouped),
    MONITOR_COUNTS(NAME("ambiguous_total"),
        "Messages of which nobody knew whether they had left.", read_ambiguous),
    MONITOR_COUNTS(NAME("sent_earlier_total"),
        "Recipients that an earlier try turned out to have sent to.", read_earlier),
    MONITOR_GAUGES(
        NAME("circuits_open"), "Accounts whose login is refused.", read_circuits_open),
    MONITOR_GAUGES(
        NAME("deliveries_waiting"), "Deliveries that wait for a request.", read_waiting),
    MONITOR_GAUGES(
        NAME("requests_in_flight"), "Requests that wait for their answer.", read_in_flight),
    MONITOR_GAUGES(NAME("connections"), "Clients that are connected.", read_connections),
    MONITOR_COUNTS(NAME("connections_total"), "Clients that were accepted.", read_accepted),
    MONITOR_COUNTS(NAME("connections_refused_total"),
        "Clients that were sent away, being too many.", read_sent_away),
    MONITOR_TIMES(
        NAME("delivery_seconds"), "Time from the end of a message to its replies.", latency),
    MONITOR_END,
};

static bool
is_healthy(void *arg, struct buf *line)
{
	struct lmtp_server *server = arg;
	struct courier_counts counts;

	setups_count(&server->setups, &counts);
	if (server->stopping)
		buf_adds(line, "stopping");
	else if (counts.circuits_open != 0)
		buf_addf(line, "accounts whose login is refused: %u", counts.circuits_open);
	else
		buf_adds(line, "ok");
	return !server->stopping && counts.circuits_open == 0;
}

struct monitor_table
lmtp_metrics(struct lmtp_server *server)
{
	return (struct monitor_table){
	    .metrics = metrics, .is_healthy = is_healthy, .arg = server};
}
