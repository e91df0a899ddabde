/* What a daemon tells of itself: Prometheus' text, and what is served where. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/wire/http.h"
#include "common/wire/monitor.h"
#include "tests/unit/unit.h"

static struct monitor_histogram times;
static bool healthy = true;

static double
read_small(void *arg)
{
	return *(double *)arg;
}

static double
read_large(void *arg)
{
	(void)arg;
	return 12345678901.0;
}

static const struct monitor_histogram *
read_times(void *arg)
{
	(void)arg;
	return &times;
}

static bool
is_healthy(void *arg, struct buf *line)
{
	(void)arg;
	buf_adds(line, healthy ? "ok" : "it is ill");
	return healthy;
}

static const struct monitor_metric metrics[] = {
    {"t_things_total", "of=\"a\"", MONITOR_COUNTER, "Things.", read_small, NULL},
    {"t_things_total", "of=\"b\"", MONITOR_COUNTER, "Things.", read_large, NULL},
    {"t_now", NULL, MONITOR_GAUGE, "Right now.", read_small, NULL},
    {"t_time_seconds", NULL, MONITOR_HISTOGRAM, "Time.", NULL, read_times},
    {NULL, NULL, MONITOR_COUNTER, NULL, NULL, NULL},
};

static double small = 3;
static const struct monitor_table table = {metrics, is_healthy, &small};

static void
metrics_are_prometheus_text(void **state)
{
	static const char head[] = "# HELP t_things_total Things.\n"
	                           "# TYPE t_things_total counter\n"
	                           "t_things_total{of=\"a\"} 3\n"
	                           "t_things_total{of=\"b\"} 12345678901\n"
	                           "# HELP t_now Right now.\n"
	                           "# TYPE t_now gauge\n"
	                           "t_now 3\n"
	                           "# HELP t_time_seconds Time.\n"
	                           "# TYPE t_time_seconds histogram\n"
	                           "t_time_seconds_bucket{le=\"0.005\"} 1\n"
	                           "t_time_seconds_bucket{le=\"0.01\"} 2\n";
	static const char tail[] = "t_time_seconds_bucket{le=\"900\"} 3\n"
	                           "t_time_seconds_bucket{le=\"+Inf\"} 4\n"
	                           "t_time_seconds_sum 1000.046\n"
	                           "t_time_seconds_count 4\n";
	struct buf text = BUF_INIT;

	(void)state;
	monitor_observe(&times, 5);
	monitor_observe(&times, 6);
	monitor_observe(&times, 35);
	monitor_observe(&times, 1000000);
	monitor_print(&table, &text);
	assert_memory_equal(text.data, head, sizeof(head) - 1);
	assert_string_equal(text.data + text.len - (sizeof(tail) - 1), tail);
	buf_free(&text);
}

/* Serve at some free port; the URL is to be free()d. */
static char *
serve(struct monitor **monitor)
{
	for (int port = 20000 + (int)getpid() % 20000; port < 65536; port++) {
		char *where = xasprintf("127.0.0.1:%d", port);
		struct outcome o = monitor_start(where, &table, monitor);

		free(where);
		if (outcome_is_ok(&o))
			return xasprintf("http://127.0.0.1:%d", port);
	}
	fail_msg("no port is free");
	return NULL;
}

/* The status; the body is in *text. */
static int
ask(const char *method, const char *base, const char *path, struct buf *text)
{
	struct http *http = http_new(&(struct http_options){0});
	char *url = xasprintf("%s%s", base, path);
	/* A 503 is tried again until the deadline, and then it is the answer. */
	const struct http_request request = {.method = method,
	    .url = url,
	    .deadline = strcmp(path, "/healthz") == 0 && !healthy ? deadline_in_ms(1000)
	                                                          : deadline_in_ms(60000)};
	struct http_answer answer;
	struct outcome o = http_perform(http, &request, &answer);
	int status;

	assert_string_equal(o.condition, "ok");
	status = answer.status;
	buf_reset(text);
	buf_adds(text, buf_str(&answer.body));
	http_answer_free(&answer);
	http_free(&http);
	free(url);
	return status;
}

static void
health_and_metrics_are_served_and_nothing_else(void **state)
{
	struct monitor *monitor = NULL;
	struct buf text = BUF_INIT;
	char *base = serve(&monitor);

	(void)state;
	assert_int_equal(ask("GET", base, "/healthz", &text), 200);
	assert_string_equal(text.data, "ok\n");
	assert_int_equal(ask("GET", base, "/metrics", &text), 200);
	assert_non_null(strstr(text.data, "\nt_now 3\n"));
	assert_int_equal(ask("GET", base, "/", &text), 404);
	assert_int_equal(ask("POST", base, "/metrics", &text), 405);
	healthy = false;
	assert_int_equal(ask("GET", base, "/healthz", &text), 503);
	assert_string_equal(text.data, "it is ill\n");
	monitor_stop(&monitor);
	assert_null(monitor);
	free(base);
	buf_free(&text);
}

static void
it_is_served_to_this_machine_alone(void **state)
{
	struct monitor *monitor = NULL;
	struct outcome o = monitor_start("0.0.0.0:20000", &table, &monitor);

	(void)state;
	assert_string_equal(o.condition, "local/config");
	assert_null(monitor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(metrics_are_prometheus_text),
	    cmocka_unit_test(health_and_metrics_are_served_and_nothing_else),
	    cmocka_unit_test(it_is_served_to_this_machine_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
