/* The sandbox's result references. */
#include <string.h>

#include "sandbox/jmap_ref.h"
#include "tests/unit/unit.h"

/* What a pointer leads to in a document, as JSON with single quotes; "-" for nowhere. */
static void
leads_to(const char *document, const char *pointer, const char *expected)
{
	json_t *value = json_loads(document, 0, NULL);
	json_t *found, *wanted = json_loads(expected, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	found = jmap_pointer(value, pointer);
	if (strcmp(expected, "-") == 0) {
		assert_null(found);
	} else {
		assert_non_null(found);
		assert_non_null(wanted);
		assert_true(json_equal(found, wanted));
	}
	json_decref(wanted);
	json_decref(found);
	json_decref(value);
}

static void
a_pointer_walks_objects_and_arrays(void **state)
{
	(void)state;
	leads_to("{\"a\":{\"b\":[5,6]}}", "/a/b/1", "6");
	leads_to("{\"a\":1}", "", "{\"a\":1}");
	leads_to("{\"a/b\":1,\"m~n\":2}", "/a~1b", "1");
	leads_to("{\"a/b\":1,\"m~n\":2}", "/m~0n", "2");
	leads_to("{\"\":3}", "/", "3");
}

static void
a_pointer_may_lead_nowhere(void **state)
{
	static const char *const pointers[] = {
	    "a", "/b", "/a/2", "/a/01", "/a/-", "/a/1x", "/a/0/x", "/a/99999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
		leads_to("{\"a\":[1,2]}", pointers[i], "-");
}

static void
a_star_maps_over_an_array_and_flattens_one_level(void **state)
{
	(void)state;
	leads_to("{\"list\":[{\"id\":1},{\"id\":2}]}", "/list/*/id", "[1,2]");
	leads_to("{\"list\":[{\"ids\":[1,2]},{\"ids\":[3]}]}", "/list/*/ids", "[1,2,3]");
	leads_to("{\"list\":[[[1]],[[2]]]}", "/list/*", "[[1],[2]]");
	leads_to("{\"list\":[]}", "/list/*/id", "[]");
	leads_to("{\"list\":[{\"id\":1},{}]}", "/list/*/id", "-");
	leads_to("{\"list\":{\"*\":7}}", "/list/*", "7");
}

/* Resolve arguments against one response, ["Foo/get", {"ids": [1, 2]}, "c1"]. */
static bool
resolve(const char *arguments_text, json_t **arguments_r, const char **type_r)
{
	json_t *responses = json_pack("[[s, {s:[i, i]}, s]]", "Foo/get", "ids", 1, 2, "c1");
	const char *why;
	bool good;

	*arguments_r = json_loads(arguments_text, 0, NULL);
	assert_non_null(*arguments_r);
	good = jmap_resolve(*arguments_r, responses, type_r, &why);
	json_decref(responses);
	return good;
}

static void
a_reference_replaces_its_argument(void **state)
{
	json_t *arguments;
	const char *type;

	(void)state;
	assert_true(
	    resolve("{\"#x\":{\"resultOf\":\"c1\",\"name\":\"Foo/get\",\"path\":\"/ids\"}}",
	        &arguments, &type));
	assert_null(json_object_get(arguments, "#x"));
	assert_int_equal(json_array_size(json_object_get(arguments, "x")), 2);
	json_decref(arguments);
}

static void
a_reference_to_another_call_or_name_is_refused(void **state)
{
	static const char *const bad[] = {
	    "{\"#x\":{\"resultOf\":\"c2\",\"name\":\"Foo/get\",\"path\":\"/ids\"}}",
	    "{\"#x\":{\"resultOf\":\"c1\",\"name\":\"Bar/get\",\"path\":\"/ids\"}}",
	    "{\"#x\":{\"resultOf\":\"c1\",\"name\":\"Foo/get\",\"path\":\"/id\"}}",
	    "{\"#x\":{\"resultOf\":\"c1\",\"name\":\"Foo/get\"}}",
	    "{\"#x\":null}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *arguments;
		const char *type;

		assert_false(resolve(bad[i], &arguments, &type));
		assert_string_equal(type, "invalidResultReference");
		json_decref(arguments);
	}
}

static void
an_argument_given_both_ways_is_refused(void **state)
{
	json_t *arguments;
	const char *type;

	(void)state;
	assert_false(resolve("{\"x\":1,\"#x\":{\"resultOf\":\"c1\",\"name\":\"Foo/get\","
	                     "\"path\":\"/ids\"}}",
	    &arguments, &type));
	assert_string_equal(type, "invalidArguments");
	json_decref(arguments);
}

static void
a_filters_value_may_be_a_reference_without_the_sign(void **state)
{
	json_t *arguments;
	const char *type;

	(void)state;
	assert_true(
	    resolve("{\"filter\":{\"operator\":\"AND\",\"conditions\":[{\"inMailbox\":"
	            "{\"resultOf\":\"c1\",\"name\":\"Foo/get\",\"path\":\"/ids/1\"}}]}}",
	        &arguments, &type));
	assert_int_equal(
	    json_integer_value(json_object_get(
	        json_array_get(
	            json_object_get(json_object_get(arguments, "filter"), "conditions"), 0),
	        "inMailbox")),
	    2);
	json_decref(arguments);
}

static void
outside_of_filters_such_an_object_is_left_alone(void **state)
{
	json_t *arguments;
	const char *type;

	(void)state;
	assert_true(
	    resolve("{\"x\":{\"resultOf\":\"c1\",\"name\":\"Foo/get\",\"path\":\"/ids\"}}",
	        &arguments, &type));
	assert_true(json_is_object(json_object_get(arguments, "x")));
	json_decref(arguments);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pointer_walks_objects_and_arrays),
	    cmocka_unit_test(a_pointer_may_lead_nowhere),
	    cmocka_unit_test(a_star_maps_over_an_array_and_flattens_one_level),
	    cmocka_unit_test(a_reference_replaces_its_argument),
	    cmocka_unit_test(a_reference_to_another_call_or_name_is_refused),
	    cmocka_unit_test(an_argument_given_both_ways_is_refused),
	    cmocka_unit_test(a_filters_value_may_be_a_reference_without_the_sign),
	    cmocka_unit_test(outside_of_filters_such_an_object_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
