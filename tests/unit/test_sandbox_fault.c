/* The sandbox's ordered faults: which request gets which, and refusals by address. */
#include <string.h>

#include "sandbox/fault.h"
#include "sandbox/refusal.h"
#include "tests/unit/unit.h"

static struct faults *
ordered(const char *orders_text)
{
	struct faults *f = faults_new();
	json_t *orders = json_loads(orders_text, 0, NULL);
	const char *why;

	assert_non_null(orders);
	assert_true(faults_order(f, orders, &why));
	json_decref(orders);
	return f;
}

/* Take the fault for a path, and a request that calls one method (or no body). */
static enum fault_kind
take(struct faults *f, const char *path, const char *method)
{
	json_t *body =
	    method == NULL ? NULL : json_pack("{s:[[s, {}, s]]}", "methodCalls", method, "0");
	struct fault fault = faults_take(f, path, body);
	enum fault_kind kind = fault.kind;

	fault_release(&fault);
	json_decref(body);
	return kind;
}

static void
a_fault_waits_for_its_path_and_strikes_once(void **state)
{
	struct faults *f = ordered("{\"path\":\"/a\",\"do\":\"cut-after\"}");

	(void)state;
	assert_int_equal(take(f, "/b", NULL), FAULT_NONE);
	assert_int_equal(take(f, "/ab", NULL), FAULT_CUT_AFTER);
	assert_int_equal(take(f, "/ab", NULL), FAULT_NONE);
	faults_free(&f);
}

static void
skip_lets_pass_and_count_repeats(void **state)
{
	struct faults *f =
	    ordered("{\"path\":\"/\",\"do\":\"cut-before\",\"skip\":2,\"count\":2}");
	static const enum fault_kind expected[] = {
	    FAULT_NONE, FAULT_NONE, FAULT_CUT_BEFORE, FAULT_CUT_BEFORE, FAULT_NONE};

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(take(f, "/", NULL), expected[i]);
	faults_free(&f);
}

static void
a_method_is_looked_for_in_the_body(void **state)
{
	struct faults *f = ordered("{\"method\":\"Email/set\",\"do\":\"truncate\"}");

	(void)state;
	assert_true(faults_need_body(f, "/jmap/"));
	assert_int_equal(take(f, "/jmap/", NULL), FAULT_NONE);
	assert_int_equal(take(f, "/jmap/", "Email/get"), FAULT_NONE);
	assert_int_equal(take(f, "/jmap/", "Email/set"), FAULT_TRUNCATE);
	assert_false(faults_need_body(f, "/jmap/"));
	faults_free(&f);
}

static void
a_fault_of_changes_waits_for_changes(void **state)
{
	struct faults *f = ordered("{\"path\":\"/\",\"do\":\"cannotCalculateChanges\"}");

	(void)state;
	assert_int_equal(take(f, "/jmap/", "Email/get"), FAULT_NONE);
	assert_int_equal(take(f, "/jmap/", "Thread/changes"), FAULT_CANNOT_CALCULATE);
	faults_free(&f);
}

/* A request that submits to one recipient. */
static json_t *
submission_to(const char *recipient)
{
	return json_pack("{s:[[s, {s:{s:{s:{s:[{s:s}]}}}}, s]]}", "methodCalls",
	    "EmailSubmission/set", "create", "s", "envelope", "rcptTo", "email", recipient,
	    "0");
}

static void
a_recipient_is_looked_for_in_submissions(void **state)
{
	struct faults *f = ordered("{\"recipient\":\"a@b.example\",\"do\":\"cut-after\"}");
	json_t *other = submission_to("c@d.example"), *wanted = submission_to("A@b.example");
	struct fault fault;

	(void)state;
	assert_true(faults_need_body(f, "/jmap/"));
	fault = faults_take(f, "/jmap/", other);
	assert_int_equal(fault.kind, FAULT_NONE);
	fault_release(&fault);
	assert_int_equal(take(f, "/jmap/", "EmailSubmission/set"), FAULT_NONE);
	fault = faults_take(f, "/jmap/", wanted);
	assert_int_equal(fault.kind, FAULT_CUT_AFTER);
	fault_release(&fault);
	json_decref(other);
	json_decref(wanted);
	faults_free(&f);
}

static void
delays_add_up_and_leave_room_for_another_fault(void **state)
{
	struct faults *f =
	    ordered("[{\"path\":\"/\",\"do\":\"delay\",\"ms\":1},"
	            "{\"path\":\"/\",\"do\":\"cut-after\"},"
	            "{\"path\":\"/\",\"do\":\"cut-before\"},"
	            "{\"path\":\"/\",\"do\":\"delay\",\"ms\":2,\"count\":2},"
	            "{\"path\":\"/\",\"do\":\"delay\",\"ms\":4,\"when\":\"after\"}]");
	struct fault fault = faults_take(f, "/", NULL);

	(void)state;
	assert_int_equal(fault.kind, FAULT_CUT_AFTER);
	assert_int_equal(fault.ms_before, 3);
	assert_int_equal(fault.ms_after, 4);
	assert_int_equal(fault.orders, 4);
	fault_release(&fault);
	fault = faults_take(f, "/", NULL);
	assert_int_equal(fault.kind, FAULT_CUT_BEFORE);
	assert_int_equal(fault.ms_before, 2);
	assert_int_equal(fault.ms_after, 0);
	fault_release(&fault);
	assert_int_equal(take(f, "/", NULL), FAULT_NONE);
	faults_free(&f);
}

static void
forever_ends_when_it_is_forgotten(void **state)
{
	struct faults *f = ordered("{\"path\":\"/\",\"do\":\"half\",\"forever\":true}");

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(take(f, "/", NULL), FAULT_HALF);
	faults_clear(f);
	assert_int_equal(take(f, "/", NULL), FAULT_NONE);
	faults_free(&f);
}

static void
the_list_tells_what_is_left(void **state)
{
	struct faults *f = ordered("[{\"path\":\"/\",\"do\":\"cut-after\",\"count\":3}]");
	json_t *list;

	(void)state;
	take(f, "/", NULL);
	list = faults_list(f);
	assert_int_equal(json_array_size(list), 1);
	assert_int_equal(
	    json_integer_value(json_object_get(json_array_get(list, 0), "count")), 2);
	json_decref(list);
	faults_clear(f);
	assert_int_equal(take(f, "/", NULL), FAULT_NONE);
	faults_free(&f);
}

/* The response after a fault of this order was worked on both, as compact JSON. */
static void
rewrites(const char *order, const char *request_text, const char *expected_request,
    const char *response_text, const char *expected_response)
{
	json_t *request = json_loads(request_text, 0, NULL);
	json_t *response = json_loads(response_text, 0, NULL);
	json_t *wanted_request = json_loads(expected_request, 0, NULL);
	json_t *wanted_response = json_loads(expected_response, 0, NULL);
	struct faults *f = ordered(order);
	struct fault fault = faults_take(f, "/jmap/", request);
	json_t *memo;

	assert_non_null(wanted_request);
	assert_non_null(wanted_response);
	assert_true(fault_in_jmap(&fault));
	fault_rewrite_request(&fault, request, &memo);
	assert_true(json_equal(request, wanted_request));
	fault_rewrite_response(&fault, memo, response);
	assert_true(json_equal(response, wanted_response));
	json_decref(memo);
	fault_release(&fault);
	faults_free(&f);
	json_decref(request);
	json_decref(response);
	json_decref(wanted_request);
	json_decref(wanted_response);
}

static void
an_error_after_the_call_leaves_it_and_hides_what_came_of_it(void **state)
{
	(void)state;
	rewrites(
	    "{\"method\":\"A/set\",\"do\":\"method-error\",\"type\":\"t\",\"when\":\"after\"}",
	    "{\"methodCalls\":[[\"A/set\",{\"x\":1},\"1\"],[\"B/get\",{},\"2\"]]}",
	    "{\"methodCalls\":[[\"A/set\",{\"x\":1},\"1\"],[\"B/get\",{},\"2\"]]}",
	    "{\"methodResponses\":[[\"A/set\",{},\"1\"],[\"E/set\",{},\"1\"],[\"B/"
	    "get\",{},\"2\"]]}",
	    "{\"methodResponses\":[[\"error\",{\"type\":\"t\"},\"1\"],[\"B/get\",{},\"2\"]]}");
}

static void
a_set_error_is_for_the_creation_it_counts_to(void **state)
{
	(void)state;
	rewrites("{\"method\":\"A/set\",\"do\":\"set-error\",\"type\":\"t\",\"creation\":2,"
	         "\"more\":{\"maxSize\":7}}",
	    "{\"methodCalls\":[[\"A/set\",{\"create\":{\"x\":{},\"y\":{},\"z\":{}}},\"1\"]]}",
	    "{\"methodCalls\":[[\"A/set\",{\"create\":{\"x\":{},\"z\":{}}},\"1\"]]}",
	    "{\"methodResponses\":[[\"A/set\",{\"notCreated\":null},\"1\"]]}",
	    "{\"methodResponses\":[[\"A/"
	    "set\",{\"notCreated\":{\"y\":{\"type\":\"t\",\"maxSize\":7}}},"
	    "\"1\"]]}");
}

static void
a_method_error_takes_the_place_of_the_call(void **state)
{
	(void)state;
	rewrites("{\"method\":\"A/set\",\"do\":\"method-error\",\"type\":\"t\"}",
	    "{\"methodCalls\":[[\"B/get\",{},\"0\"],[\"A/set\",{\"x\":1},\"1\"]]}",
	    "{\"methodCalls\":[[\"B/get\",{},\"0\"],[\"Core/echo\",{},\"1\"]]}",
	    "{\"methodResponses\":[[\"B/get\",{},\"0\"],[\"Core/echo\",{},\"1\"]]}",
	    "{\"methodResponses\":[[\"B/get\",{},\"0\"],[\"error\",{\"type\":\"t\"},\"1\"]]}");
}

static void
a_set_error_takes_the_first_create_out(void **state)
{
	(void)state;
	rewrites(
	    "{\"method\":\"A/set\",\"do\":\"set-error\",\"type\":\"t\",\"description\":\"d\"}",
	    "{\"methodCalls\":[[\"A/set\",{\"create\":{\"k\":{},\"l\":{}}},\"0\"]]}",
	    "{\"methodCalls\":[[\"A/set\",{\"create\":{\"l\":{}}},\"0\"]]}",
	    "{\"methodResponses\":[[\"A/set\",{\"notCreated\":null},\"0\"]]}",
	    "{\"methodResponses\":[[\"A/set\",{\"notCreated\":{\"k\":{\"type\":\"t\","
	    "\"description\":\"d\"}}},\"0\"]]}");
}

static void
a_clamped_limit_is_asked_for_and_told(void **state)
{
	(void)state;
	rewrites("{\"path\":\"/\",\"do\":\"clamp-limit\",\"limit\":3}",
	    "{\"methodCalls\":[[\"A/query\",{},\"0\"]]}",
	    "{\"methodCalls\":[[\"A/query\",{\"limit\":3},\"0\"]]}",
	    "{\"methodResponses\":[[\"A/query\",{\"ids\":[]},\"0\"]]}",
	    "{\"methodResponses\":[[\"A/query\",{\"ids\":[],\"limit\":3},\"0\"]]}");
}

static void
hostile_requests_and_responses_do_no_harm(void **state)
{
	(void)state;
	rewrites("{\"method\":\"A/set\",\"do\":\"set-error\",\"type\":\"t\"}",
	    "{\"methodCalls\":[1,[],[\"A/set\"],[\"A/set\",{\"create\":[]},\"0\"]]}",
	    "{\"methodCalls\":[1,[],[\"A/set\"],[\"A/set\",{\"create\":[]},\"0\"]]}",
	    "{\"methodResponses\":[1,[],[\"A/set\",1,\"0\"]]}",
	    "{\"methodResponses\":[1,[],[\"A/set\",1,\"0\"]]}");
	rewrites("{\"path\":\"/\",\"do\":\"wrong-state\"}", "{\"methodCalls\":{}}",
	    "{\"methodCalls\":{}}", "{\"methodResponses\":7}",
	    "{\"methodResponses\":7,\"sessionState\":\"a-state-that-nobody-knows\"}");
}

static void
refusals_are_read_from_addresses(void **state)
{
	static const struct {
		const char *email;
		bool data;
		const char *type, *description;
	} rows[] = {
	    {"reply+550@x", false, "smtpProtocolError", "5.0.0 refused as asked"},
	    {"reply+550.5.1.1@x", false, "invalidRecipients", "5.1.1 refused as asked"},
	    {"reply+452.4.5.3@x", false, "tooManyRecipients", "4.5.3 refused as asked"},
	    {"data+552.5.3.4@x", true, "tooLarge", "5.3.4 refused as asked"},
	    {"jmap+forbiddenFrom@x", false, "forbiddenFrom", "5.3.0 refused as asked"},
	};
	static const char *const none[] = {"a@b", "reply+250@x", "reply+55@x", "reply+550",
	    "reply+5500@x", "reply+550.5.1@x", "reply+550.2.1.1@x", "reply+550.5.1.1",
	    "jmap+@x", "jmap+a", "", "data+550@x"};
	struct refusal_order order;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(refusal_ordered(rows[i].email, rows[i].data, &order));
		assert_string_equal(order.type, rows[i].type);
		assert_string_equal(order.description, rows[i].description);
		assert_false(refusal_ordered(rows[i].email, !rows[i].data, &order));
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(refusal_ordered(none[i], false, &order));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_fault_waits_for_its_path_and_strikes_once),
	    cmocka_unit_test(skip_lets_pass_and_count_repeats),
	    cmocka_unit_test(a_method_is_looked_for_in_the_body),
	    cmocka_unit_test(a_fault_of_changes_waits_for_changes),
	    cmocka_unit_test(a_recipient_is_looked_for_in_submissions),
	    cmocka_unit_test(delays_add_up_and_leave_room_for_another_fault),
	    cmocka_unit_test(forever_ends_when_it_is_forgotten),
	    cmocka_unit_test(an_error_after_the_call_leaves_it_and_hides_what_came_of_it),
	    cmocka_unit_test(a_set_error_is_for_the_creation_it_counts_to),
	    cmocka_unit_test(the_list_tells_what_is_left),
	    cmocka_unit_test(a_method_error_takes_the_place_of_the_call),
	    cmocka_unit_test(a_set_error_takes_the_first_create_out),
	    cmocka_unit_test(a_clamped_limit_is_asked_for_and_told),
	    cmocka_unit_test(hostile_requests_and_responses_do_no_harm),
	    cmocka_unit_test(refusals_are_read_from_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
