/* The command line of sendmail(1). */
#include <string.h>

#include "tests/unit/unit.h"
#include "transport/sendmail_arguments.h"

#define MAX_WORDS 24

static struct sendmail_arguments args;
static struct buf why;
static char *words[MAX_WORDS + 1];
static char line[512];

/* Parse a command line whose words are separated by blanks; '' is an empty one. */
static bool
parse(const char *text)
{
	int count = 0;

	assert_true(strlen(text) < sizeof(line));
	strcpy(line, text);
	for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
		assert_true(count < MAX_WORDS);
		words[count++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	words[count] = NULL;
	sendmail_arguments_free(&args);
	buf_reset(&why);
	return sendmail_arguments_parse(count, words, &args, &why);
}

/* It is taken for a delivery to these recipients. */
static void
delivers_to(const char *text, const char *recipients)
{
	struct buf got = BUF_INIT;

	if (!parse(text))
		fail_msg("%s: %s", text, buf_str(&why));
	assert_int_equal(args.action, SENDMAIL_DELIVER);
	for (size_t i = 0; i < args.recipient_count; i++)
		buf_addf(&got, "%s%s", i != 0 ? " " : "", args.recipients[i]);
	assert_string_equal(buf_str(&got), recipients);
	buf_free(&got);
}

static void
refused(const char *text, const char *expected)
{
	assert_false(parse(text));
	if (strstr(buf_str(&why), expected) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", text, buf_str(&why), expected);
}

static void
mutt_is_understood(void **state)
{
	(void)state;
	delivers_to("/usr/sbin/sendmail -oem -oi -f me@x -- a@y b@z", "a@y b@z");
	assert_true(args.dots);
	assert_string_equal(args.sender, "me@x");
}

static void
mutt_that_wants_reports_is_understood(void **state)
{
	(void)state;
	delivers_to("sendmail -N failure,Delay -R hdrs -- a@y", "a@y");
	assert_string_equal(args.notify, "FAILURE,DELAY");
	assert_string_equal(args.ret, "HDRS");
}

static void
cron_is_understood(void **state)
{
	(void)state;
	delivers_to("/usr/sbin/sendmail -i -FCronDaemon -B8BITMIME -oem root", "root");
	assert_string_equal(args.full_name, "CronDaemon");
	assert_true(args.dots);
	assert_null(args.sender);
}

static void
git_send_email_is_understood(void **state)
{
	(void)state;
	delivers_to("/usr/sbin/sendmail -f me@x -i a@y b@z", "a@y b@z");
}

static void
php_is_understood(void **state)
{
	(void)state;
	delivers_to("/usr/sbin/sendmail -t -i -fwww@x", "");
	assert_true(args.from_header);
	assert_string_equal(args.sender, "www@x");
}

static void
options_may_come_behind_recipients(void **state)
{
	(void)state;
	delivers_to("sendmail a@y -f me@x", "a@y");
	assert_string_equal(args.sender, "me@x");
	delivers_to("sendmail -- -a@y -f", "-a@y -f");
	assert_null(args.sender);
}

static void
an_empty_sender_is_one(void **state)
{
	(void)state;
	delivers_to("sendmail -f '' a@y", "a@y");
	assert_string_equal(args.sender, "");
}

static void
what_means_nothing_here_is_accepted(void **state)
{
	(void)state;
	delivers_to(
	    "sendmail -Ac -Am -G -L tag -O Timeout=5m -U -X /log -bm -d0.1 -h 3 -m -n -s "
	    "a@y",
	    "a@y");
	delivers_to("sendmail -odb -oMrX -p SMTP:h -em -x -V id -v -C /f a@y", "a@y");
	assert_false(args.dots);
	assert_string_equal(args.envid, "id");
	assert_string_equal(args.config_path, "/f");
	assert_int_equal(args.verbose, 1);
}

/* The command line asks for this. */
static void
asks_for(const char *text, enum sendmail_action action)
{
	if (!parse(text))
		fail_msg("%s: %s", text, buf_str(&why));
	assert_int_equal(args.action, action);
}

static void
the_queue_can_be_asked_for(void **state)
{
	(void)state;
	asks_for("sendmail -bp", SENDMAIL_LIST_QUEUE);
	asks_for("/usr/bin/mailq", SENDMAIL_LIST_QUEUE);
	asks_for("mailq -v", SENDMAIL_LIST_QUEUE);
	asks_for("sendmail -q", SENDMAIL_RUN_QUEUE);
	asks_for("sendmail -q15m", SENDMAIL_RUN_QUEUE);
}

static void
aliases_can_be_asked_for(void **state)
{
	(void)state;
	asks_for("newaliases", SENDMAIL_ALIASES);
	asks_for("sendmail -bi", SENDMAIL_ALIASES);
	asks_for("sendmail -I", SENDMAIL_ALIASES);
}

static void
help_and_version_can_be_asked_for(void **state)
{
	(void)state;
	asks_for("sendmail --help", SENDMAIL_HELP);
	asks_for("sendmail --version", SENDMAIL_VERSION);
}

static void
other_services_are_refused(void **state)
{
	(void)state;
	refused("sendmail -bs", "SMTP is not spoken");
	refused("sendmail -bd -q15m", "no SMTP daemon");
	refused("sendmail -bv a@y", "no such mode \"v\"");
	refused("sendmail -bmp a@y", "no such mode \"mp\"");
}

static void
mistakes_are_named(void **state)
{
	(void)state;
	refused("sendmail -Y a@y", "unknown option \"-Y\"");
	refused("sendmail --colour a@y", "unknown option \"--colour\"");
	refused("sendmail -f", "no value for option \"-f\"");
	refused("sendmail -i", "no recipient is named");
	refused("sendmail -R some a@y", "-R: must be full or hdrs, not \"some\"");
	refused("sendmail -N never,delay a@y", "-N: must be never");
	refused("sendmail -N delay,never a@y", "-N: must be never");
	refused("sendmail -N delay, a@y", "-N: must be never");
	refused("sendmail -N '' a@y", "-N: must be never");
	refused("sendmail -V '' a@y", "-V: must be");
	refused("sendmail -V \xc3\xbc a@y", "-V: must be");
}

static int
free_all(void **state)
{
	(void)state;
	sendmail_arguments_free(&args);
	buf_free(&why);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mutt_is_understood),
	    cmocka_unit_test(mutt_that_wants_reports_is_understood),
	    cmocka_unit_test(cron_is_understood),
	    cmocka_unit_test(git_send_email_is_understood),
	    cmocka_unit_test(php_is_understood),
	    cmocka_unit_test(options_may_come_behind_recipients),
	    cmocka_unit_test(an_empty_sender_is_one),
	    cmocka_unit_test(what_means_nothing_here_is_accepted),
	    cmocka_unit_test(the_queue_can_be_asked_for),
	    cmocka_unit_test(aliases_can_be_asked_for),
	    cmocka_unit_test(help_and_version_can_be_asked_for),
	    cmocka_unit_test(other_services_are_refused),
	    cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, free_all);
}
