/* What services say when they refuse. */
#include <stdlib.h>
#include <string.h>

#include "common/service/problem.h"
#include "tests/unit/unit.h"

static struct outcome
outcome_of(int status, const char *body)
{
	struct http_answer answer = {.status = status, .body = BUF_INIT, .retry_after = 7};
	struct outcome o;

	buf_adds(&answer.body, body);
	o = problem_outcome(&answer);
	http_answer_free(&answer);
	return o;
}

static void
success_is_ok_whatever_it_says(void **state)
{
	struct outcome o = outcome_of(201, "{\"error\":{\"message\":\"no\"}}");

	(void)state;
	assert_true(outcome_is_ok(&o));
}

static void
an_error_object_gives_text_and_hint(void **state)
{
	struct outcome o = outcome_of(403, "{\"error\":{\"message\":\"not yours\",\"hint\":"
	                                   "\"ask\",\"docs_url\":\"https://d.example/\"}}");

	(void)state;
	assert_true(outcome_is(&o, "http/403"));
	assert_non_null(strstr(o.text, "not yours"));
	assert_string_equal(o.hint, "ask; see https://d.example/");
	assert_int_equal(o.retry_after, 7);
}

static void
other_shapes_of_errors_are_read_too(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}", "expired"},
	    {"{\"error\":\"invalid_grant\"}", "invalid_grant"},
	    {"{\"title\":\"Gone\",\"detail\":\"moved\"}", "moved"},
	    {"{\"type\":\"about:blank\",\"title\":\"Gone\"}", "Gone"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o = outcome_of(400, cases[i].body);

		assert_true(outcome_is(&o, "http/400"));
		assert_non_null(strstr(o.text, cases[i].text));
	}
}

static void
jmap_errors_are_conditions_of_their_own(void **state)
{
	static const struct {
		const char *body, *condition;
	} cases[] = {
	    {"{\"type\":\"urn:ietf:params:jmap:error:notJSON\",\"status\":400}",
	        "request/notJSON"},
	    {"{\"type\":\"urn:ietf:params:jmap:error:limit\",\"limit\":\"maxSizeRequest\"}",
	        "request/limit/maxSizeRequest"},
	    {"{\"type\":\"urn:ietf:params:jmap:error:limit\",\"limit\":\"maxNew\"}",
	        "request/limit"},
	    {"{\"type\":\"urn:ietf:params:jmap:error:limit\"}", "request/limit"},
	    {"{\"type\":\"urn:ietf:params:jmap:error:limit\",\"limit\":7}", "request/limit"},
	    {"{\"type\":\"urn:ietf:params:jmap:error:new\"}", "request/*"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o = outcome_of(400, cases[i].body);

		assert_string_equal(o.condition, cases[i].condition);
	}
}

static void
a_jmap_error_nobody_knows_leaves_the_status(void **state)
{
	struct outcome o = outcome_of(
	    404, "{\"type\":\"urn:ietf:params:jmap:error:notFound\",\"detail\":\"no blob\"}");

	(void)state;
	assert_true(outcome_is(&o, "http/404"));
	assert_non_null(strstr(o.text, "no blob"));
}

static void
what_is_no_error_object_leaves_the_status(void **state)
{
	static const char *const bodies[] = {"", "<html>No</html>", "[]", "null", "7",
	    "{\"error\":[]}", "{\"error\":{\"message\":{}}}", "{\"type\":7}",
	    "{\"detail\":[]}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct outcome o = outcome_of(404, bodies[i]);

		assert_true(outcome_is(&o, "http/404"));
		assert_string_equal(o.hint, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(success_is_ok_whatever_it_says),
	    cmocka_unit_test(an_error_object_gives_text_and_hint),
	    cmocka_unit_test(other_shapes_of_errors_are_read_too),
	    cmocka_unit_test(jmap_errors_are_conditions_of_their_own),
	    cmocka_unit_test(a_jmap_error_nobody_knows_leaves_the_status),
	    cmocka_unit_test(what_is_no_error_object_leaves_the_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
