/* The command line of ferry-milter. */
#include <string.h>

#include "milter/arguments.h"
#include "tests/unit/unit.h"

static struct milter_arguments args;

#define PARSE(...)                                                 \
	parse((const char *[]){"ferry-milter", __VA_ARGS__, NULL}, \
	    sizeof((const char *[]){"ferry-milter", __VA_ARGS__}) / sizeof(char *))

static struct outcome
parse(const char **argv, size_t argc)
{
	milter_arguments_free(&args);
	return milter_arguments_parse((int)argc, (char **)argv, &args);
}

static int
teardown(void **state)
{
	(void)state;
	milter_arguments_free(&args);
	return 0;
}

#define WITH_ARGUMENTS(test) cmocka_unit_test_teardown(test, teardown)

static void
refuses(struct outcome o, const char *text)
{
	assert_true(outcome_is(&o, "local/usage"));
	if (strstr(o.text, text) == NULL)
		fail_msg("%s", o.text);
}

static void
it_serves_unless_it_is_told_otherwise(void **state)
{
	struct outcome o = PARSE("-vv", "-c", "/f");

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_int_equal(args.task, TASK_SERVE);
	assert_int_equal(args.verbose, 2);
	assert_string_equal(args.config_path, "/f");
	o = PARSE("--check");
	assert_true(outcome_is_ok(&o));
	assert_int_equal(args.task, TASK_CHECK);
}

static void
a_trial_has_a_message_and_an_envelope(void **state)
{
	struct outcome o = PARSE(
	    "--test", "m.eml", "--from", "", "--to", "a@x.example", "--to", "b@x.example");

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_int_equal(args.task, TASK_TEST);
	assert_string_equal(args.message, "m.eml");
	assert_string_equal(args.sender, "");
	assert_int_equal(args.recipient_count, 2);
	assert_string_equal(args.recipients[1], "b@x.example");
}

static void
an_envelope_that_is_not_whole_is_refused(void **state)
{
	(void)state;
	refuses(PARSE("--test", "m.eml", "--from", "me@x.example"), "--to");
	refuses(PARSE("--test", "m.eml", "--to", "a@x.example"), "--from");
	refuses(PARSE("--from", "me@x.example"), "--test");
}

static void
what_is_not_known_is_refused(void **state)
{
	(void)state;
	refuses(PARSE("--nonsense"), "--nonsense");
	refuses(PARSE("file"), "file");
	refuses(PARSE("-c"), "no value");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARGUMENTS(it_serves_unless_it_is_told_otherwise),
	    WITH_ARGUMENTS(a_trial_has_a_message_and_an_envelope),
	    WITH_ARGUMENTS(an_envelope_that_is_not_whole_is_refused),
	    WITH_ARGUMENTS(what_is_not_known_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
