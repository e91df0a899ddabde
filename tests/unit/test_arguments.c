/* The command line that pipe(8) makes, and its mistakes. */
#include <string.h>

#include "tests/unit/unit.h"
#include "transport/arguments.h"

#define WORDS_MAX 16

/* Parse the words of line, which stand between bars; what they become lives until the next. */
static struct outcome
parse(const char *line, struct arguments *args)
{
	static char copy[256], name[] = "ferry-transport";
	static char *argv[WORDS_MAX + 1];
	char *rest = copy;
	int argc = 1;

	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	argv[0] = name;
	while (rest != NULL && *line != '\0' && argc < WORDS_MAX)
		argv[argc++] = strsep(&rest, "|");
	argv[argc] = NULL;
	return arguments_parse(argc, argv, args);
}

static void
what_the_manual_recommends_is_understood(void **state)
{
	struct arguments args;
	struct outcome o = parse("-c|/c|-a|acct|-f|s@x|-q|4bXzYd2l1Kz|--|a@x|-b@x", &args);

	(void)state;
	assert_string_equal(o.condition, "ok");
	assert_int_equal(args.action, ACTION_DELIVER);
	assert_string_equal(args.config_path, "/c");
	assert_string_equal(args.account, "acct");
	assert_string_equal(args.sender, "s@x");
	assert_string_equal(args.queue_id, "4bXzYd2l1Kz");
	assert_int_equal(args.recipient_count, 2);
	assert_string_equal(args.recipients[0], "a@x");
	assert_string_equal(args.recipients[1], "-b@x");
}

static void
an_empty_sender_is_the_null_sender(void **state)
{
	struct arguments args;
	struct outcome o = parse("-f||--|a@x", &args);

	(void)state;
	assert_string_equal(o.condition, "ok");
	assert_string_equal(args.sender, "");
	assert_null(args.queue_id);
	assert_null(args.account);
	assert_null(args.config_path);
}

static void
what_follows_a_recipient_is_a_recipient(void **state)
{
	struct arguments args;
	struct outcome o = parse("-f|s@x|a@x|-c|b@x", &args);

	(void)state;
	assert_string_equal(o.condition, "ok");
	assert_int_equal(args.recipient_count, 3);
	assert_null(args.config_path);
}

static void
mistakes_defer_the_message(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
	    {"", "-f SENDER is missing"},
	    {"a@x", "-f SENDER is missing"},
	    {"-f|s@x", "no recipient is named"},
	    {"-f|s@x|--", "no recipient is named"},
	    {"-f", "no value for -f"},
	    {"-z", "unknown option -z"},
	    {"--colour", "unknown option --colour"},
	    {"-f|s@x|", "a recipient is empty"},
	    {"-f|s@x|-q||a@x", "\"\" is no queue id"},
	    {"-f|s@x|-q|a b|a@x", "\"a b\" is no queue id"},
	    {"-f|s@x|-q|a: sent|a@x", "\"a: sent\" is no queue id"},
	    {"--lmtp|a@x", "--lmtp takes no account and no recipient"},
	    {"--lmtp|-a|acct", "--lmtp takes no account and no recipient"},
	};
	struct arguments args;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o = parse(cases[i].line, &args);

		assert_true(outcome_is(&o, "local/usage"));
		assert_int_equal(o.exit, 75);
		if (strstr(o.text, cases[i].text) == NULL)
			fail_msg("\"%s\" does not say: %s", o.text, cases[i].text);
	}
}

static void
addresses_that_jmap_cannot_express_bounce(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
	    {"-f|s\n@x|a@x", "the sender's has control characters"},
	    {"-f|s\xfc@x|a@x", "the sender's is not UTF-8"},
	    {"-f|s\xc0\xaf@x|a@x", "the sender's is not UTF-8"},
	    {"-f|s\xed\xa0\x80@x|a@x", "the sender's is not UTF-8"},
	    {"-f|s\xf4\x90\x80\x80@x|a@x", "the sender's is not UTF-8"},
	    {"-f|s\xe2\x82|a@x", "the sender's is not UTF-8"},
	    {"-f|s@x|a@x|b\t@x", "the recipient's has control characters"},
	    {"-f|s@x|a@x|\xfc@x", "the recipient's is not UTF-8"},
	};
	struct arguments args;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o = parse(cases[i].line, &args);

		assert_true(outcome_is(&o, "local/address"));
		assert_int_equal(o.exit, 65);
		if (strstr(o.text, cases[i].text) == NULL)
			fail_msg("\"%s\" does not say: %s", o.text, cases[i].text);
	}
}

static void
addresses_in_any_script_are_taken(void **state)
{
	struct arguments args;
	struct outcome o =
	    parse("-f|\xc3\xbc\xe2\x82\xac@x|\xf0\x9f\x93\xac@\xdf\xbf.test", &args);

	(void)state;
	assert_string_equal(o.condition, "ok");
}

static void
a_server_takes_its_words_from_the_configuration(void **state)
{
	struct arguments args;
	struct outcome o = parse("-v|-c|/c|--lmtp", &args);

	(void)state;
	assert_string_equal(o.condition, "ok");
	assert_int_equal(args.action, ACTION_LMTP);
	assert_string_equal(args.config_path, "/c");
	o = parse("-s|/run/sock|-f|s@x|a@x", &args);
	assert_string_equal(o.condition, "ok");
	assert_string_equal(args.server, "/run/sock");
}

static void
a_check_needs_no_message(void **state)
{
	struct arguments args;
	struct outcome o = parse("-v|-v|--check", &args);

	(void)state;
	assert_string_equal(o.condition, "ok");
	assert_int_equal(args.action, ACTION_CHECK);
	assert_int_equal(args.verbose, 2);
	o = parse("--version", &args);
	assert_int_equal(args.action, ACTION_VERSION);
	o = parse("--help", &args);
	assert_int_equal(args.action, ACTION_HELP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_manual_recommends_is_understood),
	    cmocka_unit_test(an_empty_sender_is_the_null_sender),
	    cmocka_unit_test(what_follows_a_recipient_is_a_recipient),
	    cmocka_unit_test(mistakes_defer_the_message),
	    cmocka_unit_test(addresses_that_jmap_cannot_express_bounce),
	    cmocka_unit_test(addresses_in_any_script_are_taken),
	    cmocka_unit_test(a_server_takes_its_words_from_the_configuration),
	    cmocka_unit_test(a_check_needs_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
