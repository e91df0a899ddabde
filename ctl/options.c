/*
 * ferryctl's command line: global options, a command of one or two words, its options and
 * arguments, and the help that follows from the table.
 *
 * Global options may stand before or after the command, so the line is read twice: up to
 * the command, and, when its options are known, from there on.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/xalloc.h"
#include "ctl/ctl.h"

enum { OPTION_JSON = 256, OPTION_HELP, OPTION_VERSION, OPTION_OF_COMMAND };

static const struct option global_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
};

#define GLOBAL_OPTIONS (sizeof(global_options) / sizeof(global_options[0]))

int
ctl_usage(const struct ctl *ctl, const char *format, ...)
{
	va_list args;

	fputs("ferryctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (ctl->command != NULL)
		fprintf(stderr, " (try \"ferryctl %s --help\")\n", ctl->command->name);
	else
		fputs(" (try \"ferryctl --help\")\n", stderr);
	return EX_USAGE;
}

static void
print_global_options(void)
{
	puts("  -c, --config FILE     the configuration, instead of the default\n"
	     "      --json            print results as JSON\n"
	     "  -v, --verbose         log more; may be given several times\n"
	     "      --version         print the version\n"
	     "      --help            print this help");
}

static void
print_help(void)
{
	const struct ctl_command *command;
	int longest = 0;

	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++) {
		int length = (int)(strlen(command->name) + strlen(command->arguments));

		longest = length > longest ? length : longest;
	}
	puts("usage: ferryctl [-c FILE] [--json] COMMAND [ARGUMENT...]\n"
	     "\n"
	     "Commands (each has its own --help):");
	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++)
		printf("  %s %-*s  %s\n", command->name, longest - (int)strlen(command->name),
		    command->arguments, command->summary);
	puts("\nOptions:");
	print_global_options();
	printf("\nThe default configuration is %s.\n", config_default_path());
}

/* How far an option and what it takes reach: summaries stand behind the longest. */
static int
option_width(const struct ctl_option *o)
{
	return 9 + (int)strlen(o->name) + (o->argument != NULL ? (int)strlen(o->argument) : 0);
}

static void
print_command_help(const struct ctl_command *command)
{
	int longest = 22;

	for (const struct ctl_option *o = command->options; o != NULL && o->name != NULL; o++)
		longest = option_width(o) > longest ? option_width(o) : longest;
	printf("usage: ferryctl %s%s%s%s\n\n%s.\n\nOptions:\n", command->name,
	    command->options != NULL ? " [OPTION...]" : "",
	    *command->arguments != '\0' ? " " : "", command->arguments, command->summary);
	for (const struct ctl_option *o = command->options; o != NULL && o->name != NULL; o++)
		printf("      --%s %s%*s  %s\n", o->name,
		    o->argument != NULL ? o->argument : "", longest - option_width(o), "",
		    o->summary);
	print_global_options();
}

/* The options of the command (or of none) and the global ones, for getopt_long(3). */
static struct option *
build_options(const struct ctl_command *command)
{
	struct option *all = xcalloc(GLOBAL_OPTIONS + CTL_OPTIONS_MAX + 1, sizeof(*all));
	size_t count = 0;

	memcpy(all, global_options, sizeof(global_options));
	for (; command != NULL && command->options != NULL &&
	       command->options[count].name != NULL && count < CTL_OPTIONS_MAX;
	     count++)
		all[GLOBAL_OPTIONS + count] = (struct option){command->options[count].name,
		    command->options[count].argument != NULL, NULL,
		    OPTION_OF_COMMAND + (int)count};
	return all;
}

/* Take in one option; -1 to go on, or the status to exit with. */
static int
take_option(struct ctl *ctl, int option, const char *word)
{
	switch (option) {
	case 'c':
		ctl->config_path = optarg;
		return -1;
	case 'v':
		ctl->verbose++;
		return -1;
	case OPTION_JSON:
		ctl->json = true;
		return -1;
	case OPTION_HELP:
		if (ctl->command != NULL)
			print_command_help(ctl->command);
		else
			print_help();
		return EX_OK;
	case OPTION_VERSION:
		puts("ferryctl (Ferry) " PACKAGE_VERSION);
		return EX_OK;
	case '?':
		return ctl_usage(ctl, "option \"%s\" is unknown or used in a wrong way", word);
	default:
		ctl->values[option - OPTION_OF_COMMAND] = optarg != NULL ? optarg : "";
		return -1;
	}
}

/* Read options from where optind is.  order is "+" (stop at the first word) or "". */
static int
read_options(struct ctl *ctl, const char *order, int argc, char **argv)
{
	struct option *options = build_options(ctl->command);
	char *letters = xasprintf("%sc:v", order);
	int option, status = -1;

	opterr = 0;
	while (status < 0 && (option = getopt_long(argc, argv, letters, options, NULL)) != -1)
		status = take_option(ctl, option, argv[optind - 1]);
	free(letters);
	free(options);
	return status;
}

/* How many of the words are the command's name; 0 if they are not. */
static int
matches(const struct ctl_command *command, int argc, char **argv)
{
	const char *second = strchr(command->name, ' ');
	size_t length =
	    second != NULL ? (size_t)(second - command->name) : strlen(command->name);

	if (argc < 1 || strlen(argv[0]) != length ||
	    strncmp(argv[0], command->name, length) != 0)
		return 0;
	if (second == NULL)
		return 1;
	return argc >= 2 && strcmp(argv[1], second + 1) == 0 ? 2 : 0;
}

/* Find the command; how many words it took, or 0. */
static int
find_command(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_command *command;
	int words;

	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++) {
		words = matches(command, argc, argv);
		if (words != 0) {
			ctl->command = command;
			return words;
		}
	}
	return 0;
}

/* Read options, and step over them and what is before them. */
static int
consume_options(struct ctl *ctl, const char *order, int *argc, char ***argv)
{
	int status;

	optind = 0; /* getopt starts afresh, behind argv[0] */
	status = read_options(ctl, order, *argc, *argv);
	*argc -= optind;
	*argv += optind;
	return status;
}

int
ctl_parse(struct ctl *ctl, int *argc, char ***argv)
{
	int status = consume_options(ctl, "+", argc, argv);
	int words;

	if (status >= 0)
		return status;
	if (*argc == 0)
		return ctl_usage(ctl, "a command is missing");
	words = find_command(ctl, *argc, *argv);
	if (words == 0)
		return ctl_usage(ctl, "there is no command \"%s%s%s\"", (*argv)[0],
		    *argc > 1 ? " " : "", *argc > 1 ? (*argv)[1] : "");
	*argc -= words - 1;
	*argv += words - 1;
	status = consume_options(ctl, "", argc, argv);
	if (status >= 0)
		return status;
	if (*argc < ctl->command->min || *argc > ctl->command->max)
		return ctl_usage(
		    ctl, "too %s arguments", *argc < ctl->command->min ? "few" : "many");
	return -1;
}

const char *
ctl_option(const struct ctl *ctl, const char *name)
{
	const struct ctl_option *options = ctl->command->options;

	for (size_t i = 0; options != NULL && options[i].name != NULL; i++)
		if (strcmp(options[i].name, name) == 0)
			return ctl->values[i];
	return NULL;
}
