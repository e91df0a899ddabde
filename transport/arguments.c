/*
 * The command line of ferry-transport.
 */
#include <getopt.h>
#include <string.h>

#include "transport/address_check.h"
#include "transport/arguments.h"

enum { OPTION_LMTP = 256, OPTION_CHECK, OPTION_VERSION, OPTION_HELP };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"account", required_argument, NULL, 'a'},
    {"sender", required_argument, NULL, 'f'},
    {"queue-id", required_argument, NULL, 'q'},
    {"server", required_argument, NULL, 's'},
    {"verbose", no_argument, NULL, 'v'},
    {"lmtp", no_argument, NULL, OPTION_LMTP},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

const char arguments_help[] =
    "usage: ferry-transport [-v] [-c FILE] [-a ACCOUNT] -f SENDER [-q QUEUE_ID]\n"
    "                       [-s SOCKET] [--] RECIPIENT...\n"
    "       ferry-transport [-v] [-c FILE] --lmtp\n"
    "       ferry-transport [-c FILE] [-a ACCOUNT] --check\n"
    "       ferry-transport --sendmail [OPTION...] [RECIPIENT...]\n"
    "\n"
    "Submit the message on standard input, as Postfix's pipe(8) hands it over, or\n"
    "serve LMTP, or be a sendmail: ferry-sendmail(8).\n"
    "\n"
    "  -c, --config FILE       the configuration, instead of the default\n"
    "  -a, --account ACCOUNT   the account that sends\n"
    "  -f, --sender SENDER     the envelope sender; '' is the null sender\n"
    "  -q, --queue-id ID       the queue's name for the message\n"
    "  -s, --server SOCKET     where a server is that may do the work; none: do it here\n"
    "  -v, --verbose           log more; may be given several times\n"
    "      --lmtp              serve LMTP, as the configuration says\n"
    "      --check             read the configuration and say whether it is in order\n"
    "      --version           print the version\n"
    "      --help              print this help\n";

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
	case 's':
		args->server = optarg;
		return true;
	case 'v':
		args->verbose++;
		return true;
	case OPTION_LMTP:
		args->action = ACTION_LMTP;
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
	o = address_check(args->sender, "sender");
	for (size_t i = 0; i < args->recipient_count && outcome_is_ok(&o); i++) {
		if (*args->recipients[i] == '\0')
			return outcome_make("local", "usage", "a recipient is empty");
		o = address_check(args->recipients[i], "recipient");
	}
	return o;
}

struct outcome
arguments_parse(int argc, char **argv, struct arguments *args_r)
{
	struct outcome o = outcome_ok();
	int option;

	*args_r = (struct arguments){0};
	opterr = 0;
	optind = 0;
	while (outcome_is_ok(&o) &&
	       (option = getopt_long(argc, argv, "+:c:a:f:q:s:v", options, NULL)) != -1)
		if (!take_option(args_r, option))
			o = outcome_make("local", "usage", "%s %s",
			    option == ':' ? "no value for" : "unknown option",
			    argv[optind - 1]);
	if (!outcome_is_ok(&o))
		return o;
	args_r->recipients = argv + optind;
	args_r->recipient_count = (size_t)(argc - optind);
	if (args_r->action == ACTION_LMTP &&
	    (args_r->recipient_count != 0 || args_r->account != NULL))
		return outcome_make(
		    "local", "usage", "--lmtp takes no account and no recipient");
	return args_r->action == ACTION_DELIVER ? check_delivery(args_r) : o;
}
