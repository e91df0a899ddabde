/* Method calls, their answers, and every level of error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_parts.h"
#include "common/wire/json.h"
#include "common/wire/json_text.h"
#include "tests/unit/fake_service.h"
#include "tests/unit/unit.h"

static json_t *
json_of(const char *text)
{
	json_t *value;
	struct outcome o = json_parse(text, strlen(text), &value);

	assert_true(outcome_is_ok(&o));
	return value;
}

static struct jmap_response *
response_of(const char *text)
{
	json_t *document = json_of(text);
	struct jmap_response *response;
	struct outcome o = jmap_response_new(document, &response);

	assert_true(outcome_is_ok(&o));
	json_decref(document);
	return response;
}

/* Reading responses. */

static void
each_call_finds_its_own_answer(void **state)
{
	struct jmap_response *response = response_of(
	    "{\"methodResponses\":[[\"Email/get\",{\"n\":0},\"c0\"],"
	    "[\"EmailSubmission/set\",{\"n\":1},\"c1\"],[\"Email/set\",{\"n\":2},\"c1\"]]}");
	json_t *args;
	struct outcome o;

	(void)state;
	o = jmap_result(response, "c1", "Email/set", &args);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(json_get_count(args, "n", -1), 2);
	o = jmap_result(response, "c1", NULL, &args);
	assert_int_equal(json_get_count(args, "n", -1), 1);
	o = jmap_result(response, "c0", "Email/get", &args);
	assert_int_equal(json_get_count(args, "n", -1), 0);
	o = jmap_result(response, "c0", "Email/set", &args);
	assert_true(outcome_is(&o, "answer/missing"));
	assert_null(args);
	o = jmap_result(response, "c2", NULL, &args);
	assert_true(outcome_is(&o, "answer/missing"));
	jmap_response_free(&response);
}

static void
an_error_stands_for_the_answer_of_its_call(void **state)
{
	struct jmap_response *response =
	    response_of("{\"methodResponses\":[[\"error\",{\"type\":\"cannotCalculateChanges\","
	                "\"description\":\"too old\"},\"c0\"],[\"error\",{},\"c1\"],"
	                "[\"EmailSubmission/"
	                "set\",{},\"c2\"],[\"error\",{\"type\":\"serverFail\"},\"c2\"]]}");
	json_t *args;
	struct outcome o = jmap_result(response, "c0", NULL, &args);

	(void)state;
	assert_true(outcome_is(&o, "method/cannotCalculateChanges"));
	assert_non_null(strstr(o.text, "too old"));
	o = jmap_result(response, "c1", "Email/get", &args);
	assert_true(outcome_is(&o, "method/*"));
	/* An implicit Email/set may fail beside a submission that went well. */
	o = jmap_result(response, "c2", "EmailSubmission/set", &args);
	assert_true(outcome_is_ok(&o));
	o = jmap_result(response, "c2", "Email/set", &args);
	assert_true(outcome_is(&o, "method/serverFail"));
	jmap_response_free(&response);
}

static void
what_is_no_response_is_refused(void **state)
{
	static const char *const texts[] = {"{}", "[]", "null", "{\"methodResponses\":{}}",
	    "{\"methodResponses\":[7]}", "{\"methodResponses\":[[]]}",
	    "{\"methodResponses\":[[\"Email/get\",[],\"c0\"]]}",
	    "{\"methodResponses\":[[\"Email/get\",{},0]]}",
	    "{\"methodResponses\":[[7,{},\"c0\"]]}", "{\"methodResponses\":[{\"0\":1}]}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *document = json_of(texts[i]);
		struct jmap_response *response;
		struct outcome o = jmap_response_new(document, &response);

		assert_false(outcome_is_ok(&o));
		assert_null(response);
		json_decref(document);
	}
}

static void
creations_say_what_came_of_them(void **state)
{
	json_t *result =
	    json_of("{\"created\":{\"a\":{\"id\":\"M1\"},\"n\":null},\"notCreated\":{\"b\":"
	            "{\"type\":\"invalidRecipients\",\"description\":\"no such user\","
	            "\"invalidRecipients\":[\"x@y.example\",7,\"z@y.example\"]},\"c\":7}}");
	json_t *object;
	struct outcome o = jmap_created(result, "a", &object);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_string_equal(json_get_id(object, "id"), "M1");
	o = jmap_created(result, "b", &object);
	assert_true(outcome_is(&o, "set/invalidRecipients"));
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	assert_non_null(strstr(o.text, "no such user [x@y.example, z@y.example]"));
	assert_string_equal(json_get_string(object, "type"), "invalidRecipients");
	for (const char *id = "cnx"; *id != '\0'; id++) {
		o = jmap_created(result, (const char[]){*id, '\0'}, NULL);
		assert_true(outcome_is(&o, "answer/missing"));
	}
	o = jmap_created(NULL, "a", &object);
	assert_true(outcome_is(&o, "answer/missing"));
	json_decref(result);
}

static void
updates_and_destructions_say_so_too(void **state)
{
	json_t *result =
	    json_of("{\"updated\":{\"a\":null},\"notUpdated\":{\"b\":{\"type\":\"notFound\"}},"
	            "\"destroyed\":[7,\"a\"],\"notDestroyed\":{\"b\":{}}}");
	struct outcome o = jmap_updated(result, "a");

	(void)state;
	assert_true(outcome_is_ok(&o));
	o = jmap_updated(result, "b");
	assert_true(outcome_is(&o, "set/notFound"));
	o = jmap_updated(result, "c");
	assert_true(outcome_is(&o, "answer/missing"));
	o = jmap_destroyed(result, "a");
	assert_true(outcome_is_ok(&o));
	o = jmap_destroyed(result, "b");
	assert_true(outcome_is(&o, "set/*"));
	o = jmap_destroyed(result, "c");
	assert_true(outcome_is(&o, "answer/missing"));
	json_decref(result);
}

/* Sending. */

/* Send one Core/echo. */
static struct outcome
send_echo(struct jmap *jmap, bool idempotent)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response;
	struct outcome o;

	jmap_call(request, "Core/echo", json_object());
	o = jmap_send(jmap, request, idempotent, deadline_in_ms(20000), &response);
	assert_int_equal(response != NULL, outcome_is_ok(&o));
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

static void
a_request_carries_calls_accounts_and_references(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_request *request = jmap_request_new(JMAP_USING_SUBMISSION);
	struct jmap_response *response;
	json_t *args = json_object();
	const char *query = jmap_call(request, "Email/query", json_object());
	struct outcome o;

	jmap_refer(args, "ids", query, "Email/query", "/ids");
	jmap_call(request, "Email/get", args);
	jmap_call(request, "Core/echo", json_object());
	jmap_call(request, "Email/get", json_pack("{s:s}", "accountId", "shared"));
	assert_int_equal(jmap_request_calls(request), 4);
	o = jmap_send(jmap, request, true, deadline_in_ms(20000), &response);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(fake->last_body.data,
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\","
	    "\"urn:ietf:params:jmap:submission\"],\"methodCalls\":["
	    "[\"Email/query\",{\"accountId\":\"a1\"},\"c0\"],"
	    "[\"Email/get\",{\"#ids\":{\"resultOf\":\"c0\",\"name\":\"Email/query\","
	    "\"path\":\"/ids\"},\"accountId\":\"a1\"},\"c1\"],"
	    "[\"Core/echo\",{},\"c2\"],[\"Email/get\",{\"accountId\":\"shared\"},\"c3\"]]}");
	assert_non_null(strstr(fake->last_head.data, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(fake->last_head.data, "Accept-Encoding: identity\r\n"));
	jmap_response_free(&response);
	jmap_request_free(&request);
	jmap_close(&jmap);
}

static void
arguments_that_are_text_already_get_the_account_too(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response;
	struct buf args = BUF_INIT;
	struct outcome o;

	json_text_bool(&args, "x", true);
	assert_string_equal(jmap_call_text(request, "Email/set", &args), "c0");
	assert_int_equal(args.len, 0);
	assert_string_equal(jmap_call_text(request, "Email/set", &args), "c1");
	o = jmap_send(jmap, request, true, deadline_in_ms(20000), &response);
	assert_true(outcome_is_ok(&o));
	assert_non_null(strstr(fake->last_body.data,
	    "[[\"Email/set\",{\"x\":true,\"accountId\":\"a1\"},\"c0\"],"
	    "[\"Email/set\",{\"accountId\":\"a1\"},\"c1\"]]"));
	jmap_response_free(&response);
	jmap_request_free(&request);
	jmap_close(&jmap);
}

static void
limits_are_obeyed_before_anything_is_sent(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response;
	struct outcome o;
	char *text = xmalloc(20001);

	for (int i = 0; i < 5; i++)
		jmap_call(request, "Core/echo", json_object());
	o = jmap_send(jmap, request, true, deadline_in_ms(20000), &response);
	assert_true(outcome_is(&o, "request/limit/maxCallsInRequest"));
	jmap_request_free(&request);

	memset(text, 'x', 20000);
	text[20000] = '\0';
	/* Only a request that carries a message is too large because the message is. */
	request = jmap_request_new(0);
	jmap_call(request, "Core/echo", json_pack("{s:s}", "x", text));
	o = jmap_send(jmap, request, true, deadline_in_ms(20000), &response);
	assert_true(outcome_is(&o, "method/requestTooLarge"));
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	jmap_request_free(&request);

	request = jmap_request_new(JMAP_USING_BLOB);
	jmap_call(request, "Blob/upload", json_pack("{s:s}", "x", text));
	o = jmap_send(jmap, request, true, deadline_in_ms(20000), &response);
	assert_true(outcome_is(&o, "request/limit/maxSizeRequest"));
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	jmap_request_free(&request);
	assert_int_equal(fake->api, 0);
	jmap_close(&jmap);
	free(text);
}

static void
an_account_that_cannot_submit_says_so(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_request *request = jmap_request_new(JMAP_USING_SUBMISSION);
	struct jmap_response *response;
	struct outcome o;

	fake->session_body =
	    "{\"capabilities\":{},\"primaryAccounts\":{\"urn:ietf:params:jmap:mail\":\"a1\"},"
	    "\"apiUrl\":\"/api\",\"uploadUrl\":\"/u\",\"downloadUrl\":\"/d\"}";
	jmap_call(request, "Identity/get", json_object());
	o = jmap_send(jmap, request, true, deadline_in_ms(20000), &response);
	assert_true(outcome_is(&o, "request/unknownCapability"));
	assert_int_equal(fake->api, 0);
	jmap_request_free(&request);
	jmap_close(&jmap);
}

static void
a_refused_token_is_renewed_and_the_request_sent_again(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct outcome o;

	fake->faults[0] = (struct fake_fault){.path = "/jmap", .status = 401, .count = 1};
	o = send_echo(jmap, false);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(fake->api, 1);
	assert_int_equal(fake->capabilities, 2);
	assert_int_equal(fake->sessions, 1);
	jmap_close(&jmap);
}

static void
a_token_refused_twice_is_given_up(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct outcome o = send_echo(jmap, false);

	assert_true(outcome_is_ok(&o));
	fake->faults[0] = (struct fake_fault){.path = "/jmap", .status = 401, .count = 2};
	o = send_echo(jmap, false);
	assert_true(outcome_is(&o, "auth/expired"));
	assert_false(o.ambiguous);
	jmap_close(&jmap);
}

static void
an_api_that_moved_is_found_again(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct outcome o = send_echo(jmap, false);

	assert_true(outcome_is_ok(&o));
	fake->faults[0] = (struct fake_fault){.path = "/jmap", .status = 404, .count = 1};
	o = send_echo(jmap, false);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(fake->discoveries, 2);
	fake->faults[0] = (struct fake_fault){.path = "/jmap", .status = 404, .count = 2};
	o = send_echo(jmap, false);
	assert_true(outcome_is(&o, "http/404"));
	jmap_close(&jmap);
}

static void
another_session_state_makes_the_session_be_fetched_again(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);

	send_echo(jmap, false);
	jmap_close(&jmap);
	/* This process has the session from disk. */
	jmap = fake_service_open(fake);
	send_echo(jmap, false);
	assert_int_equal(fake->discoveries, 1);
	fake->api_body = "{\"methodResponses\":[],\"sessionState\":\"s2\"}";
	send_echo(jmap, false);
	send_echo(jmap, false);
	assert_int_equal(fake->discoveries, 2);
	/* The session still says s1: it is not fetched for ever. */
	for (int i = 0; i < 5; i++)
		send_echo(jmap, false);
	assert_int_equal(fake->discoveries, 2);
	jmap_close(&jmap);
}

static void
a_cut_answer_is_ambiguous_unless_asking_twice_is_harmless(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct outcome o = send_echo(jmap, false);

	assert_true(outcome_is_ok(&o));
	fake->faults[0] = (struct fake_fault){.path = "/jmap", .status = 0, .count = 1};
	o = send_echo(jmap, false);
	assert_true(outcome_is(&o, "net/cut-sent"));
	assert_true(o.ambiguous);
	fake->faults[0].count = 1;
	o = send_echo(jmap, true);
	assert_true(outcome_is_ok(&o));
	jmap_close(&jmap);
}

static void
errors_of_the_whole_request_are_told(void **state)
{
	static const struct {
		int status;
		const char *body, *condition;
	} cases[] = {
	    {400, "{\"type\":\"urn:ietf:params:jmap:error:notRequest\"}", "request/notRequest"},
	    {400,
	        "{\"type\":\"urn:ietf:params:jmap:error:limit\",\"limit\":"
	        "\"maxCallsInRequest\"}",
	        "request/limit/maxCallsInRequest"},
	    {413,
	        "{\"type\":\"urn:ietf:params:jmap:error:limit\",\"limit\":\"maxSizeRequest\"}",
	        "method/requestTooLarge"},
	    {413, "too large", "method/requestTooLarge"},
	    {403, "{\"error\":{\"message\":\"suspended\"}}", "http/403"},
	    {500, "<html>", "http/5xx"},
	    {200, "<html>", "answer/json"},
	    {200, "{}", "answer/missing"},
	};
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct outcome o = send_echo(jmap, false);

	assert_true(outcome_is_ok(&o));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake->faults[0] = (struct fake_fault){.path = "/jmap",
		    .status = cases[i].status,
		    .body = cases[i].body,
		    .count = 1};
		o = send_echo(jmap, false);
		assert_string_equal(o.condition, cases[i].condition);
		assert_int_equal(o.class, OUTCOME_TEMPORARY);
	}
	jmap_close(&jmap);
}

static void
a_raw_request_is_sent_as_it_is(void **state)
{
	static const char text[] = "{\"using\":[],\"methodCalls\":[]}";
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	json_t *document = json_of(text), *answer;
	struct outcome o = jmap_send_raw(jmap, document, deadline_in_ms(20000), &answer);

	assert_true(outcome_is_ok(&o));
	assert_string_equal(fake->last_body.data, text);
	assert_non_null(json_get_array(answer, "methodResponses"));
	json_decref(answer);
	json_decref(document);
	jmap_close(&jmap);
}

/* Requests ahead of their responses. */

static struct jmap_ahead *
begin_echo(struct jmap *jmap, struct jmap_request **request_r)
{
	*request_r = jmap_request_new(0);
	jmap_call(*request_r, "Core/echo", json_object());
	return jmap_ahead_begin(jmap, *request_r, deadline_in_ms(20000));
}

static void
finish_echo(struct jmap_ahead **ahead, struct jmap_request **request)
{
	struct jmap_response *response;
	struct outcome o = jmap_ahead_finish(ahead, &response);

	assert_true(outcome_is_ok(&o));
	assert_non_null(response);
	assert_null(*ahead);
	jmap_response_free(&response);
	jmap_request_free(request);
}

static void
requests_begun_ahead_are_answered_in_any_order(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_request *requests[2];
	struct jmap_ahead *first = begin_echo(jmap, &requests[0]);
	struct jmap_ahead *second = begin_echo(jmap, &requests[1]);

	finish_echo(&second, &requests[1]);
	finish_echo(&first, &requests[0]);
	assert_int_equal(fake->api, 2);
	jmap_close(&jmap);
}

static void
a_request_ahead_that_was_refused_is_sent_again(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_request *request;
	struct jmap_ahead *ahead;

	fake->faults[0] = (struct fake_fault){.path = "/jmap", .status = 401, .count = 1};
	ahead = begin_echo(jmap, &request);
	finish_echo(&ahead, &request);
	fake->faults[0] = (struct fake_fault){.path = "/jmap", .status = 404, .count = 1};
	ahead = begin_echo(jmap, &request);
	finish_echo(&ahead, &request);
	assert_int_equal(fake->api, 2);
	jmap_close(&jmap);
}

static void
a_request_ahead_may_be_dropped_at_any_time(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_request *requests[3];
	struct jmap_ahead *early = begin_echo(jmap, &requests[0]);
	struct jmap_ahead *late = begin_echo(jmap, &requests[1]);
	struct jmap_ahead *never = NULL, *last = begin_echo(jmap, &requests[2]);

	jmap_ahead_drop(&early);
	jmap_request_free(&requests[0]);
	finish_echo(&late, &requests[1]);
	jmap_ahead_drop(&never);
	jmap_ahead_drop(&last);
	jmap_request_free(&requests[2]);
	jmap_close(&jmap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_call_finds_its_own_answer),
	    cmocka_unit_test(an_error_stands_for_the_answer_of_its_call),
	    cmocka_unit_test(what_is_no_response_is_refused),
	    cmocka_unit_test(creations_say_what_came_of_them),
	    cmocka_unit_test(updates_and_destructions_say_so_too),
	    WITH_SERVICE(a_request_carries_calls_accounts_and_references),
	    WITH_SERVICE(arguments_that_are_text_already_get_the_account_too),
	    WITH_SERVICE(limits_are_obeyed_before_anything_is_sent),
	    WITH_SERVICE(an_account_that_cannot_submit_says_so),
	    WITH_SERVICE(a_refused_token_is_renewed_and_the_request_sent_again),
	    WITH_SERVICE(a_token_refused_twice_is_given_up),
	    WITH_SERVICE(an_api_that_moved_is_found_again),
	    WITH_SERVICE(another_session_state_makes_the_session_be_fetched_again),
	    WITH_SERVICE(a_cut_answer_is_ambiguous_unless_asking_twice_is_harmless),
	    WITH_SERVICE(errors_of_the_whole_request_are_told),
	    WITH_SERVICE(a_raw_request_is_sent_as_it_is),
	    WITH_SERVICE(requests_begun_ahead_are_answered_in_any_order),
	    WITH_SERVICE(a_request_ahead_that_was_refused_is_sent_again),
	    WITH_SERVICE(a_request_ahead_may_be_dropped_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
