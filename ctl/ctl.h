/*
 * ctl - what ferryctl's commands share: their table, their options, their manners
 *
 * A command is a row of the table in commands.c and a function; names, arguments, options
 * and help come from the table.  Results go to stdout, as text or with --json as one JSON
 * value; errors go to stderr in one line.  Exit statuses are those of sysexits(3).
 */
#ifndef FERRY_CTL_H
#define FERRY_CTL_H

#include <jansson.h>
#include <stdbool.h>

#include "common/base/outcome.h"
#include "common/settings/config.h"

/* An option of one command; options of all commands are in options.c. */
struct ctl_option {
	const char *name;     /* "username", given as --username */
	const char *argument; /* what it takes, for the help; NULL: nothing */
	const char *summary;
};

struct ctl;
struct simplelogin_endpoint;

struct ctl_command {
	const char *name;      /* "account register" */
	const char *arguments; /* "NAME [FILE]", for the help; "" if there are none */
	int min, max;          /* how many arguments */
	const char *summary;
	const struct ctl_option *options;                   /* ends with a NULL name; or NULL */
	int (*run)(struct ctl *ctl, int argc, char **argv); /* argv: the arguments alone */
	const struct simplelogin_endpoint *endpoint;        /* of the alias service, or NULL */
};

#define CTL_OPTIONS_MAX 24

struct ctl {
	const char *config_path;
	bool json;
	int verbose;
	const struct ctl_command *command;
	const char *values[CTL_OPTIONS_MAX]; /* of the command's options, by position */
	struct config *config;               /* once loaded */
};

/* Row i of the table, or NULL past the end. */
const struct ctl_command *ctl_command(size_t i);

/* Read argv: global options, the command, its options; what is left are the arguments.
 * -1 to go on, or the status to exit with. */
int ctl_parse(struct ctl *ctl, int *argc, char ***argv);

/* The value of the command's option: NULL if it was not given, "" for one that takes none. */
const char *ctl_option(const struct ctl *ctl, const char *name);

/* If the option was given, read it as a number from least to most into *value.  False, with
 * EX_USAGE in *status and a line on stderr, if it is no such number. */
bool ctl_number(
    const struct ctl *ctl, const char *name, long least, long most, long *value, int *status);

/* One line on stderr about the command line, with where to find help.  Returns EX_USAGE. */
int
ctl_usage(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Print the outcome's text and hint on stderr, if it is not OK.  Returns the exit status:
 * EX_CONFIG, EX_NOPERM for a login that was refused, 128 + a signal, or the outcome's. */
int ctl_fail(const struct outcome *o);

/* The configuration, read at first use; root becomes the owner of its state-dir then.  NULL
 * after an error, with the exit status in *status. */
const struct config *ctl_config(struct ctl *ctl, int *status);

/* An account of it by name. */
const struct account *ctl_account(struct ctl *ctl, const char *name, int *status);

/* Print a JSON value on stdout and let go of it: indented on a terminal or if pretty. */
void ctl_print_json(json_t *value, bool pretty);

#endif
