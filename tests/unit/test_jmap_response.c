/* JMAP responses: results, method errors, SetErrors. */
#include <string.h>

#include "common/service/jmap_parts.h"
#include "common/service/problem.h"
#include "common/wire/json.h"
#include "tests/unit/unit.h"

/* Parse text written with ' for ". */
static json_t *
json(const char *text)
{
	struct buf b = BUF_INIT;
	json_t *value;
	struct outcome o;

	buf_adds(&b, text);
	for (char *p = b.data; (p = strchr(p, '\'')) != NULL;)
		*p = '"';
	o = json_parse(b.data, b.len, &value);
	assert_true(outcome_is_ok(&o));
	buf_free(&b);
	return value;
}

static struct outcome
response(const char *text, struct jmap_response **response_r)
{
	json_t *document = json(text);
	struct outcome o = jmap_response_new(document, response_r);

	json_decref(document);
	return o;
}

static void
an_answer_is_found_by_call_and_method(void **state)
{
	struct jmap_response *r;
	struct outcome o =
	    response("{'methodResponses': [['EmailSubmission/set', {'n': 1}, 'c0'],"
	             "['Email/set', {'n': 2}, 'c0'], ['Email/get', {'n': 3}, 'c1']]}",
	        &r);
	json_t *args;

	(void)state;
	assert_true(outcome_is_ok(&o));
	o = jmap_result(r, "c0", "Email/set", &args);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(json_get_count(args, "n", 0), 2);
	o = jmap_result(r, "c0", NULL, &args);
	assert_int_equal(json_get_count(args, "n", 0), 1);
	o = jmap_result(r, "c1", "Email/get", &args);
	assert_int_equal(json_get_count(args, "n", 0), 3);
	o = jmap_result(r, "c2", NULL, &args);
	assert_true(outcome_is(&o, "answer/missing"));
	assert_true(o.ambiguous);
	assert_null(args);
	jmap_response_free(&r);
}

static void
a_method_error_is_the_calls_outcome(void **state)
{
	struct jmap_response *r;
	struct outcome o = response("{'methodResponses': [['error', {'type': 'serverFail',"
	                            "'description': 'disk'}, 'c0'], ['error', {}, 'c1']]}",
	    &r);
	json_t *args;

	(void)state;
	assert_true(outcome_is_ok(&o));
	o = jmap_result(r, "c0", "Email/set", &args);
	assert_true(outcome_is(&o, "method/serverFail"));
	assert_non_null(strstr(o.text, "disk"));
	o = jmap_result(r, "c1", "Email/set", &args);
	assert_true(outcome_is(&o, "method/*"));
	jmap_response_free(&r);
}

static void
what_is_no_response_is_refused(void **state)
{
	static const char *const hostile[] = {
	    "{}",
	    "[]",
	    "'methodResponses'",
	    "{'methodResponses': {}}",
	    "{'methodResponses': [1]}",
	    "{'methodResponses': [[]]}",
	    "{'methodResponses': [['Email/get', {}]]}",
	    "{'methodResponses': [['Email/get', [], 'c0']]}",
	    "{'methodResponses': [[null, {}, 'c0']]}",
	    "{'methodResponses': [['Email/get', {}, 0]]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct jmap_response *r;
		struct outcome o = response(hostile[i], &r);

		assert_int_equal(o.class, OUTCOME_TEMPORARY);
		assert_null(r);
	}
}

static void
creations_updates_and_destructions_are_told_apart(void **state)
{
	json_t *result =
	    json("{'created': {'a': {'id': 'M1'}}, 'notCreated': {'b':"
	         "{'type': 'alreadyExists', 'existingId': 'M2'}},"
	         "'updated': {'M3': null}, 'notUpdated': {'M4': {'type': 'notFound'}},"
	         "'destroyed': ['M5', 7], 'notDestroyed': {'M6': {}}}");
	json_t *object;
	struct outcome o;

	(void)state;
	o = jmap_created(result, "a", &object);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(json_get_id(object, "id"), "M1");
	o = jmap_created(result, "b", &object);
	assert_true(outcome_is(&o, "set/alreadyExists"));
	assert_string_equal(json_get_id(object, "existingId"), "M2");
	o = jmap_created(result, "c", &object);
	assert_true(outcome_is(&o, "answer/missing"));
	assert_null(object);
	o = jmap_updated(result, "M3");
	assert_true(outcome_is_ok(&o));
	o = jmap_updated(result, "M4");
	assert_true(outcome_is(&o, "set/notFound"));
	o = jmap_updated(result, "M9");
	assert_true(outcome_is(&o, "answer/missing"));
	o = jmap_destroyed(result, "M5");
	assert_true(outcome_is_ok(&o));
	o = jmap_destroyed(result, "M6");
	assert_true(outcome_is(&o, "set/*"));
	o = jmap_destroyed(result, "M7");
	assert_true(outcome_is(&o, "answer/missing"));
	json_decref(result);
}

static void
a_set_error_names_what_it_is_about(void **state)
{
	json_t *error = json("{'type': 'invalidRecipients', 'description': '5.1.1 unknown',"
	                     "'invalidRecipients': ['a@x.example', 3, 'b@x.example']}");
	struct outcome o = jmap_set_error(error);

	(void)state;
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	assert_non_null(strstr(o.text, "5.1.1 unknown [a@x.example, b@x.example]"));
	json_decref(error);
}

/* The outcome of an answer with this status and body (with ' for "). */
static struct outcome
problem(int status, const char *text)
{
	struct http_answer answer = {.status = status, .retry_after = 3};
	struct outcome o;

	buf_adds(&answer.body, text);
	for (char *p = answer.body.data; (p = strchr(p, '\'')) != NULL;)
		*p = '"';
	o = problem_outcome(&answer);
	buf_free(&answer.body);
	return o;
}

static void
refusals_are_read_in_every_shape_the_services_use(void **state)
{
	struct outcome o;

	(void)state;
	o = problem(403, "{'error': {'message': 'API key unknown', 'hint': 'sign up'}}");
	assert_string_equal(o.condition, "http/403");
	assert_non_null(strstr(o.text, "API key unknown"));
	assert_string_equal(o.hint, "sign up");
	assert_int_equal(o.retry_after, 3);

	o = problem(
	    400, "{'type': 'urn:ietf:params:jmap:error:limit', 'limit': 'maxSizeUpload'}");
	assert_string_equal(o.condition, "request/limit/maxSizeUpload");
	o = problem(400, "{'type': 'urn:ietf:params:jmap:error:limit', 'limit': 'maxMoons'}");
	assert_string_equal(o.condition, "request/limit");
	o = problem(400, "{'type': 'urn:ietf:params:jmap:error:notJSON', 'detail': 'line 1'}");
	assert_string_equal(o.condition, "request/notJSON");
	assert_non_null(strstr(o.text, "line 1"));

	o = problem(401, "{'error': 'invalid_grant', 'error_description': 'token revoked'}");
	assert_string_equal(o.condition, "http/401");
	assert_non_null(strstr(o.text, "token revoked"));

	o = problem(502, "<html>Bad gateway</html>");
	assert_string_equal(o.condition, "http/5xx");
	assert_null(strstr(o.text, "html"));
	o = problem(500, "[[[]]]");
	assert_string_equal(o.condition, "http/5xx");
	o = problem(200, "not even JSON");
	assert_true(outcome_is_ok(&o));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_is_found_by_call_and_method),
	    cmocka_unit_test(a_method_error_is_the_calls_outcome),
	    cmocka_unit_test(what_is_no_response_is_refused),
	    cmocka_unit_test(creations_updates_and_destructions_are_told_apart),
	    cmocka_unit_test(a_set_error_names_what_it_is_about),
	    cmocka_unit_test(refusals_are_read_in_every_shape_the_services_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
