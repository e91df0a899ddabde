/* When a request is tried again, and what is known when it is not. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/cancel.h"
#include "tests/unit/http_script.h"
#include "tests/unit/unit.h"

#define PLENTY (32 << 20) /* more than the kernel buffers of a connection */

/* A source of so many bytes that counts how often it was rewound. */
struct pattern {
	int64_t size, at;
	unsigned rewound;
	bool fixed; /* cannot be rewound */
	bool broken;
};

static ssize_t
read_pattern(void *arg, char *bytes, size_t size)
{
	struct pattern *pattern = arg;

	if (pattern->broken)
		return -1;
	if ((int64_t)size > pattern->size - pattern->at)
		size = (size_t)(pattern->size - pattern->at);
	memset(bytes, 'x', size);
	pattern->at += (int64_t)size;
	return (ssize_t)size;
}

static bool
rewind_pattern(void *arg)
{
	struct pattern *pattern = arg;

	pattern->at = 0;
	pattern->rewound++;
	return !pattern->fixed;
}

/* What came of a request. */
struct result {
	struct outcome outcome;
	int status;
	unsigned attempts;
};

static struct result
perform(struct script *script, const struct http_request *request)
{
	struct http_answer answer;
	struct result result = {.outcome = http_perform(script->http, request, &answer)};

	result.status = answer.status;
	result.attempts = answer.attempts;
	http_answer_free(&answer);
	return result;
}

/* POST what the pattern gives. */
static struct result
perform_source(struct script *script, struct pattern *pattern, int64_t deadline_ms)
{
	struct http_source source = {read_pattern, rewind_pattern, pattern, pattern->size};
	struct http_request request = script_post(script, "/", NULL);

	request.source = &source;
	request.deadline = deadline_in_ms(deadline_ms);
	return perform(script, &request);
}

static void
a_limited_rate_is_waited_for(void **state)
{
	static const int statuses[] = {429, 503};
	struct script *script = *state;

	for (size_t i = 0; i < 2; i++) {
		struct http_request request = script_post(script, "/", "once");
		struct result r;

		script_play(script, {.status = statuses[i], .headers = "Retry-After: 1\r\n"},
		    {.status = statuses[i]}, {.status = 200});
		r = perform(script, &request);
		assert_true(outcome_is_ok(&r.outcome));
		assert_int_equal(r.status, 200);
		assert_int_equal(r.attempts, 3);
		assert_string_equal(script->body.data, "once");
	}
}

static void
a_wait_beyond_the_deadline_is_told_at_once(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct http_answer answer;
	struct outcome o;

	script_play(script, {.status = 429, .headers = "Retry-After: 3600\r\n"});
	o = http_perform(script->http, &request, &answer);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(answer.status, 429);
	assert_int_equal(answer.retry_after, 3600);
	assert_int_equal(script->requests, 1);
	http_answer_free(&answer);
}

static void
a_wait_beyond_the_time_for_retries_is_told_at_once(void **state)
{
	struct http_options options = {.retry_ms = 30000};
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct http_answer answer;
	struct outcome o;

	http_free(&script->http);
	script->http = http_new(&options);
	request.deadline = DEADLINE_NEVER;
	script_play(script, {.status = 429, .headers = "Retry-After: 60\r\n"});
	o = http_perform(script->http, &request, &answer);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(answer.retry_after, 60);
	assert_int_equal(script->requests, 1);
	http_answer_free(&answer);
}

static void
retries_end_before_the_deadline_where_they_have_a_time_of_their_own(void **state)
{
	struct http_options options = {.retry_ms = 700};
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct http_answer answer;
	struct outcome o;

	http_free(&script->http);
	script->http = http_new(&options);
	request.deadline = DEADLINE_NEVER;
	script_play(script, {.status = 503});
	o = http_perform(script->http, &request, &answer);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(answer.status, 503);
	assert_in_range(answer.attempts, 1, 6);
	http_answer_free(&answer);
}

static void
who_keeps_the_pace_is_told_of_a_limit_at_once(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct result result;

	script_play(script, {.status = 429}, {.status = 200});
	request.keeps_pace = true;
	result = perform(script, &request);
	assert_int_equal(result.status, 429);
	assert_int_equal(result.attempts, 1);
}

static void
a_date_to_wait_for_is_understood(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	time_t then = time(NULL) + 3600;
	struct http_answer answer;
	char headers[80];
	struct tm tm;

	strftime(headers, sizeof(headers), "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n",
	    gmtime_r(&then, &tm));
	script_play(script, {.status = 503, .headers = headers});
	http_perform(script->http, &request, &answer);
	assert_int_equal(answer.status, 503);
	assert_in_range(answer.retry_after, 3000, 3600);
	http_answer_free(&answer);
}

static void
the_last_answer_is_given_when_time_runs_out(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct result r;

	script_play(script, {.status = 503});
	request.deadline = deadline_in_ms(1000);
	r = perform(script, &request);
	assert_true(outcome_is_ok(&r.outcome));
	assert_int_equal(r.status, 503);
	assert_int_equal(r.attempts, script->requests);
}

static void
a_gateway_that_failed_is_asked_again_only_for_what_may_be_done_twice(void **state)
{
	static const int statuses[] = {502, 504};
	struct script *script = *state;

	for (size_t i = 0; i < 2; i++) {
		struct http_request request = script_post(script, "/", "x");
		struct result r;

		script_play(script, {.status = statuses[i]}, {.status = 200});
		r = perform(script, &request);
		assert_int_equal(r.status, statuses[i]);
		assert_int_equal(r.attempts, 1);

		request.idempotent = true;
		script->requests = 0;
		r = perform(script, &request);
		assert_int_equal(r.status, 200);
		assert_int_equal(r.attempts, 2);
	}
}

static void
an_error_that_lasts_is_not_asked_again(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct result r;

	request.idempotent = true;
	script_play(script, {.status = 500}, {.status = 200});
	r = perform(script, &request);
	assert_int_equal(r.status, 500);
}

static void
a_cut_after_the_request_is_ambiguous_and_not_repeated(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", "send it");
	struct result r;

	script_play(script, {.close = true}, {.status = 200});
	r = perform(script, &request);
	assert_true(outcome_is(&r.outcome, "net/cut-sent"));
	assert_true(r.outcome.ambiguous);
	assert_int_equal(script->requests, 1);
}

/* libcurl by itself sends again what got no answer on a connection it had kept. */
static void
a_cut_on_a_kept_connection_is_not_repeated_either(void **state)
{
	static const char *const bodies[] = {"send it", NULL};
	struct script *script = *state;

	for (size_t i = 0; i < 2; i++) {
		struct http_request get = script_get(script, "/"), post;
		struct result r;

		script_play(script, {.status = 200}, {.close = true}, {.status = 200});
		r = perform(script, &get);
		assert_true(outcome_is_ok(&r.outcome));
		post = script_post(script, "/", bodies[i]);
		r = perform(script, &post);
		assert_true(outcome_is(&r.outcome, "net/cut-sent"));
		assert_int_equal(script->requests, 2);
	}
}

static void
a_cut_is_repeated_where_twice_is_as_good_as_once(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", "look it up");
	struct result r;

	request.idempotent = true;
	script_play(script, {.close = true},
	    {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .close = true},
	    {.status = 200, .body = "whole"});
	r = perform(script, &request);
	assert_true(outcome_is_ok(&r.outcome));
	assert_int_equal(r.status, 200);
	assert_int_equal(script->requests, 3);
}

static void
half_an_answer_is_ambiguous(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", "send it");
	struct result r;

	script_play(script,
	    {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .close = true});
	r = perform(script, &request);
	assert_true(outcome_is(&r.outcome, "net/cut-sent"));
	assert_int_equal(script->requests, 1);
}

static void
a_cut_before_the_request_was_whole_is_repeated(void **state)
{
	struct script *script = *state;
	struct pattern pattern = {.size = PLENTY};
	struct result r;

	script_play(script, {.status = 200});
	http_server_cut_heads(script->server, 1);
	r = perform_source(script, &pattern, 20000);
	assert_true(outcome_is_ok(&r.outcome));
	assert_int_equal(r.status, 200);
	assert_int_equal(r.attempts, 2);
	assert_int_equal(pattern.rewound, 1);
	assert_int_equal(script->body.len, PLENTY);
}

static void
a_cut_before_the_request_was_whole_is_certain(void **state)
{
	struct script *script = *state;
	struct pattern pattern = {.size = PLENTY, .fixed = true};
	struct result r;

	script_play(script, {.status = 200});
	http_server_cut_heads(script->server, 1000);
	r = perform_source(script, &pattern, 2000);
	assert_false(outcome_is_ok(&r.outcome));
	assert_false(r.outcome.ambiguous);
	assert_int_equal(script->requests, 0);
}

static void
a_source_is_rewound_for_another_attempt(void **state)
{
	struct script *script = *state;
	struct pattern pattern = {.size = 100000};
	struct result r;

	script_play(script, {.status = 503}, {.status = 200});
	r = perform_source(script, &pattern, 20000);
	assert_int_equal(r.status, 200);
	assert_int_equal(pattern.rewound, 1);
	assert_int_equal(script->body.len, 100000);
}

static void
a_source_that_cannot_be_read_ends_the_transfer(void **state)
{
	struct script *script = *state;
	struct pattern pattern = {.size = 100000, .broken = true};
	struct result r;

	script_play(script, {.status = 200});
	r = perform_source(script, &pattern, 20000);
	assert_true(outcome_is(&r.outcome, "local/io"));
	assert_false(r.outcome.ambiguous);
	assert_int_equal(script->requests, 0);
}

static void
a_port_nobody_listens_on_is_no_connection(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", "x");
	struct result r;

	request.url = "http://127.0.0.1:1/";
	request.deadline = deadline_in_ms(3000);
	r = perform(script, &request);
	assert_true(outcome_is(&r.outcome, "net/connect"));
	assert_false(r.outcome.ambiguous);
	assert_in_range(r.attempts, 2, 10);
}

static void
a_deadline_ends_a_request_that_gets_no_answer(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", "send it");
	struct result r;

	script_play(script, {.hold = true});
	request.deadline = deadline_in_ms(1000);
	r = perform(script, &request);
	assert_true(outcome_is(&r.outcome, "net/timeout-sent"));
	assert_true(r.outcome.ambiguous);
}

static void
a_deadline_in_the_past_sends_nothing(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct result r;

	script_play(script, {.status = 200});
	request.deadline = deadline_in_ms(0);
	r = perform(script, &request);
	assert_true(outcome_is(&r.outcome, "local/deadline"));
	assert_int_equal(script->requests, 0);
}

static void
a_connection_on_which_nothing_moves_is_given_up(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", "send it");
	struct http_options options = {.stall_ms = 1000};
	struct result r;

	http_free(&script->http);
	script->http = http_new(&options);
	script_play(script, {.hold = true});
	request.deadline = DEADLINE_NEVER;
	r = perform(script, &request);
	assert_true(outcome_is(&r.outcome, "net/timeout-sent"));
}

static void
a_signal_ends_a_transfer(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", "send it");
	struct result r;

	script_play(script, {.hold = true, .cancel = true});
	request.deadline = DEADLINE_NEVER;
	r = perform(script, &request);
	cancel_set(0);
	assert_true(outcome_is(&r.outcome, "local/cancelled"));
	assert_true(r.outcome.ambiguous);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SCRIPT(a_limited_rate_is_waited_for),
	    WITH_SCRIPT(a_wait_beyond_the_deadline_is_told_at_once),
	    WITH_SCRIPT(a_wait_beyond_the_time_for_retries_is_told_at_once),
	    WITH_SCRIPT(retries_end_before_the_deadline_where_they_have_a_time_of_their_own),
	    WITH_SCRIPT(who_keeps_the_pace_is_told_of_a_limit_at_once),
	    WITH_SCRIPT(a_date_to_wait_for_is_understood),
	    WITH_SCRIPT(the_last_answer_is_given_when_time_runs_out),
	    WITH_SCRIPT(a_gateway_that_failed_is_asked_again_only_for_what_may_be_done_twice),
	    WITH_SCRIPT(an_error_that_lasts_is_not_asked_again),
	    WITH_SCRIPT(a_cut_after_the_request_is_ambiguous_and_not_repeated),
	    WITH_SCRIPT(a_cut_on_a_kept_connection_is_not_repeated_either),
	    WITH_SCRIPT(a_cut_is_repeated_where_twice_is_as_good_as_once),
	    WITH_SCRIPT(half_an_answer_is_ambiguous),
	    WITH_SCRIPT(a_cut_before_the_request_was_whole_is_repeated),
	    WITH_SCRIPT(a_cut_before_the_request_was_whole_is_certain),
	    WITH_SCRIPT(a_source_is_rewound_for_another_attempt),
	    WITH_SCRIPT(a_source_that_cannot_be_read_ends_the_transfer),
	    WITH_SCRIPT(a_port_nobody_listens_on_is_no_connection),
	    WITH_SCRIPT(a_deadline_ends_a_request_that_gets_no_answer),
	    WITH_SCRIPT(a_deadline_in_the_past_sends_nothing),
	    WITH_SCRIPT(a_connection_on_which_nothing_moves_is_given_up),
	    WITH_SCRIPT(a_signal_ends_a_transfer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
