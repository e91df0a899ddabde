/* Requests, answers, redirects, and many transfers at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/http_script.h"
#include "tests/unit/unit.h"

static ssize_t
read_once(void *arg, char *bytes, size_t size)
{
	const char **text = arg;
	size_t length = strlen(*text);

	if (length > size)
		length = size;
	memcpy(bytes, *text, length);
	*text += length;
	return (ssize_t)length;
}

static void
an_answer_comes_with_all_that_is_said_of_it(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/a?b=c");
	struct http_answer answer;
	struct outcome o;

	script_play(script, {.status = 404,
	                        .headers = "Content-Type: text/plain\r\n"
	                                   "authorization:  Bearer t0ken \r\n",
	                        .body = "not here"});
	request.authorization = "Basic secret";
	request.accept = "application/json";
	o = http_perform(script->http, &request, &answer);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(answer.status, 404);
	assert_string_equal(answer.body.data, "not here");
	assert_string_equal(answer.content_type, "text/plain");
	assert_string_equal(answer.authorization, "Bearer t0ken");
	assert_string_equal(answer.url, http_server_at(script->server, "/a?b=c"));
	assert_int_equal(answer.received, 8);
	assert_int_equal(answer.attempts, 1);
	assert_true(script_asked_with(script, "GET /a?b=c HTTP/1.1\r\n"));
	assert_true(script_asked_with(script, "\r\nAuthorization: Basic secret\r\n"));
	assert_true(script_asked_with(script, "\r\nAccept: application/json\r\n"));
	assert_false(script_asked_with(script, "Accept-Encoding"));
	http_answer_free(&answer);
}

static void
a_body_goes_up_as_it_is(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", NULL);
	struct http_answer answer;

	script_play(script, {.status = 200});
	request.body = "a\0b\r\n";
	request.body_length = 5;
	http_perform(script->http, &request, &answer);
	assert_int_equal(script->body.len, 5);
	assert_memory_equal(script->body.data, "a\0b\r\n", 5);
	assert_true(script_asked_with(script, "\r\nContent-Length: 5\r\n"));
	assert_true(script_asked_with(script, "\r\nContent-Type: text/plain\r\n"));
	assert_false(script_asked_with(script, "Expect"));
	http_answer_free(&answer);
}

static void
a_post_without_a_body_says_so(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", NULL);
	struct http_answer answer;

	script_play(script, {.status = 200});
	request.content_type = NULL;
	http_perform(script->http, &request, &answer);
	assert_true(script_asked_with(script, "\r\nContent-Length: 0\r\n"));
	assert_false(script_asked_with(script, "Content-Type"));
	http_answer_free(&answer);
}

static void
a_body_of_unknown_size_goes_up_in_chunks(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", NULL);
	const char *text = "streamed";
	struct http_source source = {read_once, NULL, &text, -1};
	struct http_answer answer;

	script_play(script, {.status = 200});
	request.source = &source;
	http_perform(script->http, &request, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(script_asked_with(script, "\r\nTransfer-Encoding: chunked\r\n"));
	assert_string_equal(script->body.data, "8\r\nstreamed\r\n0\r\n\r\n");
	http_answer_free(&answer);
}

static void
a_connection_serves_many_requests(void **state)
{
	struct script *script = *state;

	script_play(script, {.status = 200, .body = "x"});
	for (int i = 0; i < 5; i++) {
		struct http_request request =
		    i % 2 != 0 ? script_get(script, "/") : script_post(script, "/", "y");
		struct http_answer answer;

		http_perform(script->http, &request, &answer);
		assert_int_equal(answer.status, 200);
		http_answer_free(&answer);
	}
	assert_int_equal(script->connections, 1);
}

static void
a_connection_that_may_be_dead_is_not_used_again(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");

	script_play(script, {.status = 200});
	(void)script_outcome(script, &request);
	http_disconnect(script->http);
	(void)script_outcome(script, &request);
	assert_int_equal(script->requests, 2);
	assert_int_equal(script->connections, 2);
}

static void
plain_http_beyond_this_machine_is_refused(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct outcome o;

	request.url = "http://192.0.2.1/";
	o = script_outcome(script, &request);
	assert_true(outcome_is(&o, "net/insecure"));
	assert_true(o.alarm);
}

static void
what_is_no_web_address_is_refused(void **state)
{
	static const char *const urls[] = {"", "x", "ftp://127.0.0.1/", "file:///etc/passwd",
	    "gopher://127.0.0.1/", "http://user:password@127.0.0.1/", "http:///"};
	struct script *script = *state;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct http_request request = script_get(script, "/");
		struct outcome o;

		request.url = urls[i];
		o = script_outcome(script, &request);
		assert_true(outcome_is(&o, "local/config"));
	}
}

static void
credentials_may_go_by_another_name(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct outcome o;

	script_play(script, {.status = 200});
	request.authorization = "secret";
	request.authorization_name = "X-Key";
	o = script_outcome(script, &request);
	assert_true(outcome_is_ok(&o));
	assert_true(script_asked_with(script, "\r\nX-Key: secret\r\n"));
	assert_false(script_asked_with(script, "Authorization"));
}

static void
a_header_cannot_be_smuggled_in(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct outcome o;

	script_play(script, {.status = 200});
	request.authorization = "Bearer x\r\nX-Evil: 1";
	o = script_outcome(script, &request);
	assert_true(outcome_is(&o, "local/usage"));
	assert_int_equal(script->requests, 0);
}

/* Redirects. */

static void
a_redirect_on_the_same_host_is_followed_with_credentials(void **state)
{
	static const int statuses[] = {301, 302, 303, 307, 308};
	struct script *script = *state;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct http_request request = script_get(script, "/old");
		struct http_answer answer;

		script_play(script, {.status = statuses[i], .headers = "Location: /new?x\r\n"},
		    {.status = 200});
		request.authorization = "Basic secret";
		http_perform(script->http, &request, &answer);
		assert_int_equal(answer.status, 200);
		assert_string_equal(answer.url, http_server_at(script->server, "/new?x"));
		assert_true(script_asked_with(script, "GET /new?x HTTP"));
		assert_true(script_asked_with(script, "Authorization: Basic secret"));
		http_answer_free(&answer);
	}
}

static void
a_redirected_post_stays_a_post_or_is_not_followed(void **state)
{
	static const struct {
		int status;
		bool followed;
	} cases[] = {{301, false}, {302, false}, {303, false}, {307, true}, {308, true}};
	struct script *script = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_request request = script_post(script, "/old", "body");
		struct http_answer answer;

		script_play(script,
		    {.status = cases[i].status, .headers = "Location: /new\r\n"},
		    {.status = 200});
		http_perform(script->http, &request, &answer);
		assert_int_equal(answer.status, cases[i].followed ? 200 : cases[i].status);
		assert_true(script_asked_with(
		    script, cases[i].followed ? "POST /new HTTP" : "POST /old HTTP"));
		assert_string_equal(script->body.data, "body");
		http_answer_free(&answer);
	}
}

static void
a_redirect_to_another_plain_host_is_refused(void **state)
{
	static const char *const locations[] = {"http://192.0.2.1/", "http://127.0.0.2/",
	    "http://127.0.0.1:1/", "//192.0.2.1/", "ftp://127.0.0.1/", "file:///etc/passwd",
	    "http://user@127.0.0.1/"};
	struct script *script = *state;

	for (size_t i = 0; i < sizeof(locations) / sizeof(locations[0]); i++) {
		struct http_request request = script_get(script, "/");
		char header[80];
		struct outcome o;

		snprintf(header, sizeof(header), "Location: %s\r\n", locations[i]);
		script_play(script, {.status = 301, .headers = header}, {.status = 200});
		o = script_outcome(script, &request);
		assert_true(outcome_is(&o, "net/redirect"));
		assert_int_equal(script->requests, 1);
	}
}

static void
a_body_is_not_redirected_to_another_host(void **state)
{
	struct script *script = *state;
	struct http_request request = script_post(script, "/", "{\"apiKey\":\"secret\"}");
	struct outcome o;

	script_play(script, {.status = 307, .headers = "Location: https://192.0.2.1/\r\n"},
	    {.status = 200});
	o = script_outcome(script, &request);
	assert_true(outcome_is(&o, "net/redirect"));
}

static void
a_redirect_to_tls_is_followed(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct http_answer answer;
	struct outcome o;

	script_play(script, {.status = 301, .headers = "Location: https://127.0.0.1:1/x\r\n"});
	request.deadline = deadline_in_ms(2000);
	o = http_perform(script->http, &request, &answer);
	assert_true(outcome_is(&o, "net/connect"));
	assert_string_equal(answer.url, "https://127.0.0.1:1/x");
	http_answer_free(&answer);
}

static void
redirects_end_after_the_fifth(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct outcome o;

	script_play(script, {.status = 302, .headers = "Location: /\r\n"});
	o = script_outcome(script, &request);
	assert_true(outcome_is(&o, "net/redirect"));
	assert_int_equal(script->requests, 6);
}

/* Many at once. */

struct counted {
	struct http *http;
	struct http_request again;
	unsigned ok, bad, cancelled, to_start;
};

static void
count(void *arg, struct outcome outcome, struct http_answer *answer)
{
	struct counted *counted = arg;

	if (outcome_is(&outcome, "local/cancelled"))
		counted->cancelled++;
	else if (outcome_is_ok(&outcome) && answer->status == 200)
		counted->ok++;
	else
		counted->bad++;
	if (counted->to_start != 0) {
		counted->to_start--;
		http_start(counted->http, &counted->again, count, counted);
	}
}

/* So many transfers of one byte, by a client with these options. */
static struct counted
transfer_many(struct script *script, const struct http_options *options, int transfers)
{
	struct http_request request = script_get(script, "/");
	struct counted counted = {0};

	http_free(&script->http);
	script->http = http_new(options);
	script_play(script, {.status = 200, .body = "x"});
	for (int i = 0; i < transfers; i++)
		http_start(script->http, &request, count, &counted);
	while (http_run(script->http, 1000) != 0) {
	}
	return counted;
}

static void
many_transfers_run_side_by_side_over_few_connections(void **state)
{
	struct script *script = *state;
	struct http_options options = {.connections = 3, .connect_ms = 5000};
	struct counted counted = transfer_many(script, &options, 200);

	assert_int_equal(counted.ok, 200);
	assert_int_equal(counted.bad, 0);
	assert_in_range(script->connections, 1, 3);
}

static void
connections_without_streams_do_not_wait_for_more_to_come(void **state)
{
	struct http_options options = {.connections = 3, .gather_ms = 60000};
	struct counted counted = transfer_many(*state, &options, 20);

	assert_int_equal(counted.ok, 20);
}

static void
the_end_of_one_transfer_may_start_another(void **state)
{
	struct script *script = *state;
	struct counted counted = {.http = script->http, .to_start = 10};

	script_play(script, {.status = 200});
	counted.again = script_get(script, "/");
	http_start(script->http, &counted.again, count, &counted);
	while (http_run(script->http, 1000) != 0) {
	}
	assert_int_equal(counted.ok, 11);
}

static void
a_transfer_may_be_performed_while_others_are_under_way(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct counted counted = {0};
	struct outcome o;

	script_play(script, {.hold = true}, {.status = 200});
	http_start(script->http, &request, count, &counted);
	http_run(script->http, 0);
	o = script_outcome(script, &request);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(counted.ok + counted.bad + counted.cancelled, 0);
	http_abandon(script->http);
	assert_int_equal(counted.cancelled, 1);
}

static void
transfers_given_up_are_told_so(void **state)
{
	struct script *script = *state;
	struct http_request request = script_get(script, "/");
	struct counted counted = {0};

	script_play(script, {.hold = true});
	for (int i = 0; i < 5; i++)
		http_start(script->http, &request, count, &counted);
	assert_int_equal(http_run(script->http, 50), 5);
	http_abandon(script->http);
	assert_int_equal(counted.cancelled, 5);
	assert_int_equal(http_run(script->http, 1000), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SCRIPT(an_answer_comes_with_all_that_is_said_of_it),
	    WITH_SCRIPT(a_body_goes_up_as_it_is),
	    WITH_SCRIPT(a_post_without_a_body_says_so),
	    WITH_SCRIPT(a_body_of_unknown_size_goes_up_in_chunks),
	    WITH_SCRIPT(a_connection_serves_many_requests),
	    WITH_SCRIPT(a_connection_that_may_be_dead_is_not_used_again),
	    WITH_SCRIPT(plain_http_beyond_this_machine_is_refused),
	    WITH_SCRIPT(what_is_no_web_address_is_refused),
	    WITH_SCRIPT(credentials_may_go_by_another_name),
	    WITH_SCRIPT(a_header_cannot_be_smuggled_in),
	    WITH_SCRIPT(a_redirect_on_the_same_host_is_followed_with_credentials),
	    WITH_SCRIPT(a_redirected_post_stays_a_post_or_is_not_followed),
	    WITH_SCRIPT(a_redirect_to_another_plain_host_is_refused),
	    WITH_SCRIPT(a_body_is_not_redirected_to_another_host),
	    WITH_SCRIPT(a_redirect_to_tls_is_followed),
	    WITH_SCRIPT(redirects_end_after_the_fifth),
	    WITH_SCRIPT(many_transfers_run_side_by_side_over_few_connections),
	    WITH_SCRIPT(connections_without_streams_do_not_wait_for_more_to_come),
	    WITH_SCRIPT(the_end_of_one_transfer_may_start_another),
	    WITH_SCRIPT(a_transfer_may_be_performed_while_others_are_under_way),
	    WITH_SCRIPT(transfers_given_up_are_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
