/*
 * The command line of ferry-transport.
 */
#include <getopt.h>
#include <jansson.h>
#include <string.h>

#include "common/settings/config.h"
#include "transport/arguments.h"

#define QUEUE_ID_MAX 64

enum { OPTION_CHECK = 256, OPTION_VERSION, OPTION_HELP };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"account", required_argument, NULL, 'a'},
    {"sender", required_argument, NULL, 'f'},
    {"queue-id", required_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

const char arguments_help[] =
    "usage: ferry-transport [-v] [-c FILE] [-a ACCOUNT] -f SENDER [-q QUEUE_ID] [--] "
    "RECIPIENT...\n"
    "       ferry-transport [-c FILE] [-a ACCOUNT] --check\n"
    "\n"
    "Submit the message on standard input, as Postfix's pipe(8) hands it over.\n"
    "\n"
    "  -c, --config FILE       the configuration, instead of the default\n"
    "  -a, --account ACCOUNT   the account that sends\n"
    "  -f, --sender SENDER     the envelope sender; '' is the null sender\n"
    "  -q, --queue-id ID       the queue's name for the message\n"
    "  -v, --verbose           log more; may be given several times\n"
    "      --check             read the configuration and say whether it is in order\n"
    "      --version           print the version\n"
    "      --help              print this help\n";

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* Queue ids are letters, digits and little else: they go to the log as they are. */
static bool
is_queue_id(const char *text)
{
	size_t length = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
	                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.");

	return length != 0 && text[length] == '\0' && length <= QUEUE_ID_MAX;
}

/* What an option says; false if it is none. */
static bool
take_option(struct arguments *args, int option)
{
	switch (option) {
	case 'c':
		args->config_path = optarg;
		return true;
	case 'a':
		args->account = optarg;
		return true;
	case 'f':
		args->sender = optarg;
		return true;
	case 'q':
		args->queue_id = optarg;
		return true;
	case 'v':
		args->verbose++;
		return true;
	case OPTION_CHECK:
		args->action = ACTION_CHECK;
		return true;
	case OPTION_VERSION:
		args->action = ACTION_VERSION;
		return true;
	case OPTION_HELP:
		args->action = ACTION_HELP;
		return true;
	default:
		return false;
	}
}

static bool
is_utf8(const char *text)
{
	json_t *string = json_string(text);
	bool is = string != NULL;

	json_decref(string);
	return is;
}

/* JMAP has addresses in UTF-8 alone: others can be sent to neither now nor later. */
static struct outcome
check_address(const char *address, const char *whose)
{
	if (has_control(address))
		return outcome_make(
		    "local", "address", "the %s's has control characters", whose);
	if (!is_utf8(address))
		return outcome_make("local", "address", "the %s's is not UTF-8", whose);
	return outcome_ok();
}

/* Is what is needed for a delivery there? */
static struct outcome
check_delivery(const struct arguments *args)
{
	struct outcome o;

	if (args->sender == NULL)
		return outcome_make("local", "usage", "-f SENDER is missing");
	if (args->queue_id != NULL && !is_queue_id(args->queue_id))
		return outcome_make("local", "usage", "\"%s\" is no queue id", args->queue_id);
	if (args->recipient_count == 0)
		return outcome_make("local", "usage", "no recipient is named");
	o = check_address(args->sender, "sender");
	for (size_t i = 0; i < args->recipient_count && outcome_is_ok(&o); i++) {
		if (*args->recipients[i] == '\0')
			return outcome_make("local", "usage", "a recipient is empty");
		o = check_address(args->recipients[i], "recipient");
	}
	return o;
}

struct outcome
arguments_parse(int argc, char **argv, struct arguments *args_r)
{
	struct outcome o = outcome_ok();
	int option;

	*args_r = (struct arguments){.config_path = config_default_path()};
	opterr = 0;
	optind = 0;
	while (outcome_is_ok(&o) &&
	       (option = getopt_long(argc, argv, "+:c:a:f:q:v", options, NULL)) != -1)
		if (!take_option(args_r, option))
			o = outcome_make("local", "usage", "%s %s",
			    option == ':' ? "no value for" : "unknown option",
			    argv[optind - 1]);
	if (!outcome_is_ok(&o))
		return o;
	args_r->recipients = argv + optind;
	args_r->recipient_count = (size_t)(argc - optind);
	return args_r->action == ACTION_DELIVER ? check_delivery(args_r) : o;
}
