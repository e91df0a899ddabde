/*
 * The command line of ferry-milter.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "milter/arguments.h"

enum {
	OPTION_CHECK = 256,
	OPTION_TEST,
	OPTION_FROM,
	OPTION_TO,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"verbose", no_argument, NULL, 'v'},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"test", required_argument, NULL, OPTION_TEST},
    {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

const char milter_arguments_help[] =
    "usage: ferry-milter [-v] [-c FILE]\n"
    "       ferry-milter [-c FILE] --check\n"
    "       ferry-milter [-v] [-c FILE] --test MESSAGE --from SENDER --to RECIPIENT...\n"
    "\n"
    "Give every correspondent an alias, as a filter (milter) of Postfix.\n"
    "\n"
    "  -c, --config FILE    the configuration, instead of the default\n"
    "  -v, --verbose        log more; may be given several times\n"
    "      --check          read the configuration and say whether it is in order\n"
    "      --test MESSAGE   print what would be done with the message in this file, and\n"
    "                       do nothing; - is standard input\n"
    "      --from SENDER    its envelope sender\n"
    "      --to RECIPIENT   a recipient; may be given several times\n"
    "      --version        print the version\n"
    "      --help           print this help\n";

static void
add_recipient(struct milter_arguments *args, const char *recipient)
{
	args->recipients = xreallocarray(
	    args->recipients, args->recipient_count + 1, sizeof(args->recipients[0]));
	args->recipients[args->recipient_count++] = recipient;
}

/* What an option says; false if it is none. */
static bool
take_option(struct milter_arguments *args, int option)
{
	switch (option) {
	case 'c':
		args->config_path = optarg;
		return true;
	case 'v':
		args->verbose++;
		return true;
	case OPTION_CHECK:
		args->task = TASK_CHECK;
		return true;
	case OPTION_TEST:
		args->task = TASK_TEST;
		args->message = optarg;
		return true;
	case OPTION_FROM:
		args->sender = optarg;
		return true;
	case OPTION_TO:
		add_recipient(args, optarg);
		return true;
	case OPTION_VERSION:
		args->task = TASK_VERSION;
		return true;
	case OPTION_HELP:
		args->task = TASK_HELP;
		return true;
	default:
		return false;
	}
}

/* Do the options go together? */
static struct outcome
check(const struct milter_arguments *args)
{
	if (args->task == TASK_VERSION || args->task == TASK_HELP)
		return outcome_ok();
	if (args->task != TASK_TEST && (args->sender != NULL || args->recipient_count != 0))
		return outcome_make("local", "usage", "--from and --to go with --test");
	if (args->task == TASK_TEST && (args->sender == NULL || args->recipient_count == 0))
		return outcome_make("local", "usage", "--test needs --from and --to");
	return outcome_ok();
}

struct outcome
milter_arguments_parse(int argc, char **argv, struct milter_arguments *args_r)
{
	struct outcome o = outcome_ok();
	int option;

	*args_r = (struct milter_arguments){0};
	opterr = 0;
	optind = 0;
	while (outcome_is_ok(&o) &&
	       (option = getopt_long(argc, argv, "+:c:v", options, NULL)) != -1)
		if (!take_option(args_r, option))
			o = outcome_make("local", "usage", "%s %s",
			    option == ':' ? "no value for" : "unknown option",
			    argv[optind - 1]);
	if (outcome_is_ok(&o) && optind < argc)
		o = outcome_make("local", "usage", "unknown argument %s", argv[optind]);
	return outcome_is_ok(&o) ? check(args_r) : o;
}

void
milter_arguments_free(struct milter_arguments *args)
{
	free(args->recipients);
	*args = (struct milter_arguments){0};
}
