/*
 * What a daemon does, for Prometheus and for health checks.
 */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/endpoint.h"
#include "common/wire/monitor.h"

#define CONNECTIONS        8
#define CONNECTION_MEMORY  16384
#define CONNECTION_SECONDS 10

/* Upper bounds of the buckets; what is longer falls in one more. */
static const int64_t bounds_ms[MONITOR_BUCKETS - 1] = {
    5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 900000};

struct monitor {
	const struct monitor_table *table;
	struct endpoint_socket socket;
	struct MHD_Daemon *daemon;
};

void
monitor_observe(struct monitor_histogram *histogram, int64_t milliseconds)
{
	size_t i = 0;

	while (i < MONITOR_BUCKETS - 1 && milliseconds > bounds_ms[i])
		i++;
	histogram->counts[i]++;
	histogram->sum_ms += milliseconds > 0 ? (uint64_t)milliseconds : 0;
}

static void
print_histogram(const char *name, const struct monitor_histogram *histogram, struct buf *text)
{
	uint64_t total = 0;

	for (size_t i = 0; i < MONITOR_BUCKETS; i++) {
		total += histogram->counts[i];
		if (i < MONITOR_BUCKETS - 1)
			buf_addf(text, "%s_bucket{le=\"%g\"} %llu\n", name,
			    (double)bounds_ms[i] / 1000, (unsigned long long)total);
	}
	buf_addf(text, "%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)total);
	buf_addf(text, "%s_sum %.3f\n", name, (double)histogram->sum_ms / 1000);
	buf_addf(text, "%s_count %llu\n", name, (unsigned long long)total);
}

void
monitor_print(const struct monitor_table *table, struct buf *text)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};
	const char *last = "";

	for (const struct monitor_metric *m = table->metrics; m->name != NULL; m++) {
		if (strcmp(m->name, last) != 0)
			buf_addf(text, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help,
			    m->name, types[m->type]);
		last = m->name;
		if (m->type == MONITOR_HISTOGRAM)
			print_histogram(m->name, m->histogram(table->arg), text);
		else if (m->label != NULL)
			buf_addf(
			    text, "%s{%s} %.17g\n", m->name, m->label, m->read(table->arg));
		else
			buf_addf(text, "%s %.17g\n", m->name, m->read(table->arg));
	}
}

/* Answer with the text, which is consumed. */
static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *type, struct buf *text)
{
	size_t length = text->len;
	char *bytes = length != 0 ? buf_steal(text) : xstrdup("");
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (response == NULL) {
		free(bytes);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *body, size_t *length, void **state)
{
	static const char plain[] = "text/plain; charset=utf-8";
	const struct monitor *monitor = arg;
	struct buf text = BUF_INIT;

	(void)version, (void)body;
	if (*state == NULL) { /* the header; the answer belongs behind the whole request */
		*state = arg;
		return MHD_YES;
	}
	if (*length != 0) {
		*length = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		buf_adds(&text, "only GET is served\n");
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, plain, &text);
	}
	if (strcmp(url, "/metrics") == 0) {
		monitor_print(monitor->table, &text);
		return answer(
		    connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &text);
	}
	if (strcmp(url, "/healthz") == 0) {
		bool healthy = monitor->table->is_healthy(monitor->table->arg, &text);

		buf_addc(&text, '\n');
		return answer(connection, healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
		    plain, &text);
	}
	buf_adds(&text, "there are /metrics and /healthz\n");
	return answer(connection, MHD_HTTP_NOT_FOUND, plain, &text);
}

struct outcome
monitor_start(const char *where, const struct monitor_table *table, struct monitor **monitor_r)
{
	struct monitor *monitor = xcalloc(1, sizeof(*monitor));
	char *endpoint = xasprintf("inet:%s", where);
	struct outcome o = endpoint_listen(endpoint, NULL, &monitor->socket);

	free(endpoint);
	monitor->table = table;
	if (outcome_is_ok(&o)) {
		monitor->daemon = MHD_start_daemon(
		    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC, 0, NULL, NULL,
		    on_request, monitor, MHD_OPTION_LISTEN_SOCKET, monitor->socket.fd,
		    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_SECONDS,
		    MHD_OPTION_END);
		if (monitor->daemon == NULL)
			o = outcome_make("local", "io", "cannot serve HTTP at %s", where);
	}
	if (outcome_is_ok(&o))
		*monitor_r = monitor;
	else
		monitor_stop(&monitor);
	return o;
}

void
monitor_stop(struct monitor **monitor)
{
	struct monitor *m = *monitor;

	if (m == NULL)
		return;
	if (m->daemon != NULL) { /* closes the socket */
		MHD_stop_daemon(m->daemon);
		m->socket.fd = -1;
	}
	endpoint_close(&m->socket);
	free(m);
	*monitor = NULL;
}
