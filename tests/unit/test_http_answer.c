/* Answers: how much of them is taken, and into what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/http_script.h"
#include "tests/unit/unit.h"

/* A sink that remembers. */
struct kept {
	struct buf bytes;
	int64_t announced;
	unsigned begun;
	bool refuse_begin, refuse_bytes;
};

static bool
begin_kept(void *arg, int64_t size)
{
	struct kept *kept = arg;

	kept->begun++;
	kept->announced = size;
	buf_reset(&kept->bytes);
	return !kept->refuse_begin;
}

static bool
write_kept(void *arg, const char *bytes, size_t length)
{
	struct kept *kept = arg;

	buf_add(&kept->bytes, bytes, length);
	return !kept->refuse_bytes;
}

static struct http_sink
sink_of(struct kept *kept)
{
	return (struct http_sink){begin_kept, write_kept, kept};
}

/* Limits. */

static void
an_answer_up_to_the_limit_is_kept_and_no_larger_one(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct http_answer answer;
	struct outcome o;

	script_play(script, {.status = 200, .body = "0123456789"});
	request.answer_max = 10;
	o = http_perform(script->http, &request, &answer);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(answer.body.len, 10);
	http_answer_free(&answer);
	request.answer_max = 9;
	o = script_outcome(script, &request);
	assert_true(outcome_is(&o, "net/too-large"));
}

/* Answers with size zero bytes, compressed, though nobody asked for that. */
static void
answer_compressed(void *arg, const struct server_request *request, struct server_reply *reply)
{
	char command[64], bytes[65536];
	struct buf body = BUF_INIT;
	FILE *gzip;
	size_t n;

	assert_non_null(strstr(request->head, "Accept-Encoding: identity\r\n"));
	snprintf(command, sizeof(command), "head -c %u /dev/zero | gzip -9", *(unsigned *)arg);
	gzip = popen(command, "r");
	while ((n = fread(bytes, 1, sizeof(bytes), gzip)) != 0)
		buf_add(&body, bytes, n);
	pclose(gzip);
	buf_addf(&reply->bytes,
	    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    body.len);
	buf_add(&reply->bytes, body.data, body.len);
	buf_free(&body);
}

static void
a_compressed_answer_is_limited_by_what_it_becomes(void **state)
{
	unsigned size = 1000000;
	struct http_server *server = http_server_start(answer_compressed, &size);
	struct http *http = http_new(NULL);
	struct http_request request = {.method = "GET",
	    .url = http_server_at(server, "/"),
	    .compressed = true,
	    .answer_max = 1000000,
	    .deadline = deadline_in_ms(10000)};
	struct http_answer answer;
	struct outcome o = http_perform(http, &request, &answer);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_int_equal(answer.body.len, size);
	assert_in_range(answer.received, 1, 10000);
	http_answer_free(&answer);

	size = 50000000;
	o = http_perform(http, &request, &answer);
	assert_true(outcome_is(&o, "net/too-large"));
	assert_in_range(answer.body.len, 0, 1000000);
	http_answer_free(&answer);
	http_free(&http);
	http_server_stop(&server);
}

static char *
repeat(const char *text, size_t times)
{
	struct buf b = BUF_INIT;

	while (times-- != 0)
		buf_adds(&b, text);
	return buf_steal(&b);
}

static void
of_an_error_only_the_start_is_kept(void **state)
{
	char *body = repeat("0123456789", 100000);
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct http_answer answer;
	struct outcome o;

	script_play(script, {.status = 403, .body = body});
	o = http_perform(script->http, &request, &answer);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(answer.status, 403);
	assert_int_equal(answer.body.len, 65536);
	http_answer_free(&answer);
	free(body);
}

static void
headers_without_end_are_refused(void **state)
{
	char *headers = repeat("X-Header: 0123456789012345678901234567890123456789\r\n", 10000);
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct outcome o;

	script_play(script, {.status = 200, .headers = headers});
	o = script_outcome(script, &request);
	assert_true(outcome_is(&o, "net/too-large"));
	free(headers);
}

static void
what_is_not_http_is_said_to_be_so(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct outcome o;

	script_play(script, {.raw = "220 mail.example ESMTP\r\n", .close = true});
	o = script_outcome(script, &request);
	assert_true(outcome_is(&o, "net/protocol"));
}

/* Sinks. */

static void
a_sink_gets_what_succeeds_and_its_size_first(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct kept kept = {.bytes = BUF_INIT};
	struct http_sink sink = sink_of(&kept);
	struct http_answer answer;

	script_play(script, {.status = 200, .body = "mail"});
	request.sink = &sink;
	http_perform(script->http, &request, &answer);
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.body.len, 0);
	assert_string_equal(kept.bytes.data, "mail");
	assert_int_equal(kept.announced, 4);
	http_answer_free(&answer);
	buf_free(&kept.bytes);
}

static void
a_sink_gets_no_error(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct kept kept = {.bytes = BUF_INIT};
	struct http_sink sink = sink_of(&kept);
	struct http_answer answer;

	script_play(script, {.status = 404, .body = "gone"});
	request.sink = &sink;
	http_perform(script->http, &request, &answer);
	assert_int_equal(kept.begun, 0);
	assert_string_equal(answer.body.data, "gone");
	http_answer_free(&answer);
}

static void
a_sink_begins_even_for_nothing(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct kept kept = {.bytes = BUF_INIT, .announced = -7};
	struct http_sink sink = sink_of(&kept);
	struct outcome o;

	script_play(script, {.status = 200, .body = ""});
	request.sink = &sink;
	o = script_outcome(script, &request);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(kept.begun, 1);
	assert_int_equal(kept.announced, 0);
}

static void
a_sink_starts_over_with_another_attempt(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct kept kept = {.bytes = BUF_INIT};
	struct http_sink sink = sink_of(&kept);
	struct outcome o;

	script_play(script,
	    {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .close = true},
	    {.status = 200, .body = "whole"});
	request.sink = &sink;
	request.idempotent = true;
	o = script_outcome(script, &request);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(kept.begun, 2);
	assert_string_equal(kept.bytes.data, "whole");
	buf_free(&kept.bytes);
}

static void
a_sink_that_refuses_ends_the_transfer(void **state)
{
	struct script *script = *state;

	script_play(script, {.status = 200, .body = "mail"});
	for (int i = 0; i < 2; i++) {
		struct http_request request = script_get(script, "/");
		struct kept kept = {
		    .bytes = BUF_INIT, .refuse_begin = i == 0, .refuse_bytes = i == 1};
		struct http_sink sink = sink_of(&kept);
		struct outcome o;

		request.sink = &sink;
		o = script_outcome(script, &request);
		assert_true(outcome_is(&o, "local/io"));
		buf_free(&kept.bytes);
	}
}

static void
a_sink_takes_no_more_than_its_limit(void **state)
{
	static const char chunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	                              "4\r\nmail\r\n4\r\nmore\r\n0\r\n\r\n";
	struct script *script = *state;

	for (int i = 0; i < 2; i++) {
		struct http_request request = script_get(script, "/");
		struct kept kept = {.bytes = BUF_INIT};
		struct http_sink sink = sink_of(&kept);
		struct outcome o;

		if (i == 0)
			script_play(script, {.status = 200, .body = "mailmore"});
		else
			script_play(script, {.raw = chunked});
		request.sink = &sink;
		request.sink_max = 7;
		o = script_outcome(script, &request);
		assert_true(outcome_is(&o, "net/too-large"));
		assert_in_range(kept.bytes.len, 0, 7);
		buf_free(&kept.bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SCRIPT(an_answer_up_to_the_limit_is_kept_and_no_larger_one),
	    cmocka_unit_test(a_compressed_answer_is_limited_by_what_it_becomes),
	    WITH_SCRIPT(of_an_error_only_the_start_is_kept),
	    WITH_SCRIPT(headers_without_end_are_refused),
	    WITH_SCRIPT(what_is_not_http_is_said_to_be_so),
	    WITH_SCRIPT(a_sink_gets_what_succeeds_and_its_size_first),
	    WITH_SCRIPT(a_sink_gets_no_error),
	    WITH_SCRIPT(a_sink_begins_even_for_nothing),
	    WITH_SCRIPT(a_sink_starts_over_with_another_attempt),
	    WITH_SCRIPT(a_sink_that_refuses_ends_the_transfer),
	    WITH_SCRIPT(a_sink_takes_no_more_than_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
