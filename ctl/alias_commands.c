/*
 * ferryctl's commands about aliases, as a table: those that are one endpoint each follow from
 * the table of endpoints; those made of several calls stand here.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "ctl/aliases.h"

#define SERVICE                                                                            \
	{                                                                                  \
		"service", "NAME", "the alias section of the configuration (the only one)" \
	}
#define TIMEOUT                                                                 \
	{                                                                       \
		"timeout", "SECONDS",                                           \
		    "give a request up after so long (600; 90000 with --stdin)" \
	}
#define CSV                                          \
	{                                            \
		"csv", NULL, "print the list as CSV" \
	}
#define DRY_RUN                                                    \
	{                                                          \
		"dry-run", NULL, "say what would be sent, no more" \
	}
#define YES                               \
	{                                 \
		"yes", NULL, "do not ask" \
	}
#define STDIN                                                           \
	{                                                               \
		"stdin", NULL,                                          \
		    "do it for each line of standard input instead of " \
		    "the first argument"                                \
	}
#define RESUME                                                                         \
	{                                                                              \
		"resume", "FILE", "with --stdin: note what is done there, and skip it" \
	}
#define OF_ALIAS_OPTION                                                            \
	{                                                                          \
		"alias", "ALIAS", "whose contact it is, if it is named by address" \
	}
#define END                      \
	{                        \
		NULL, NULL, NULL \
	}

static const struct ctl_option for_options[] = {{"disabled", NULL, "a disabled alias will do"},
    DRY_RUN, STDIN, RESUME, SERVICE, TIMEOUT, END};
static const struct ctl_option switch_options[] = {
    DRY_RUN, STDIN, RESUME, SERVICE, TIMEOUT, END};
static const struct ctl_option block_options[] = {
    OF_ALIAS_OPTION, DRY_RUN, STDIN, RESUME, SERVICE, TIMEOUT, END};
static const struct ctl_option login_options[] = {
    {"email", "ADDRESS", "the account's address, instead of being asked"},
    {"device", "NAME", "the API key's name in the list of keys (ferry@HOST)"}, SERVICE, TIMEOUT,
    END};
static const struct ctl_option logout_options[] = {SERVICE, TIMEOUT, END};
static const struct ctl_option rebuild_options[] = {
    {"without-contacts", NULL, "learn aliases alone"}, SERVICE, TIMEOUT, END};
static const struct ctl_option show_options[] = {
    {"contacts", NULL, "show contacts instead of aliases"}, CSV, SERVICE, END};
static const struct ctl_option check_options[] = {SERVICE, END};

/* Columns as in commands.c. */
static const struct ctl_command actions[] = {
    {"alias disable", "ALIAS", 0, 1, "Stop an alias from forwarding", switch_options,
        ctl_alias_disable, NULL},
    {"alias enable", "ALIAS", 0, 1, "Let an alias forward", switch_options, ctl_alias_enable,
        NULL},
    {"alias for", "HOSTNAME", 0, 1, "Print the alias for a site, made if there is none",
        for_options, ctl_alias_for, NULL},
    {"completion", "SHELL", 1, 1, "Print a script that completes commands in bash or zsh", NULL,
        ctl_completion, NULL},
    {"contact block", "CONTACT", 0, 1, "Drop what a contact writes", block_options,
        ctl_contact_block, NULL},
    {"contact unblock", "CONTACT", 0, 1, "Forward what a contact writes", block_options,
        ctl_contact_unblock, NULL},
    {"login", "", 0, 0, "Log in to the alias service, and keep its API key", login_options,
        ctl_login, NULL},
    {"logout", "", 0, 0, "Forget the alias service's API key", logout_options, ctl_logout,
        NULL},
    {"map check", "", 0, 0, "Say whether the alias map is sound", check_options, ctl_map_check,
        NULL},
    {"map rebuild", "", 0, 0, "Learn the alias map afresh from the service", rebuild_options,
        ctl_map_rebuild, NULL},
    {"map show", "", 0, 0, "Show which hostname has which alias", show_options, ctl_map_show,
        NULL},
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

/* What an option takes, for the help. */
static const char *
argument_of(const struct simplelogin_parameter *p)
{
	switch (p->type) {
	case OF_FLAG:
	case OF_SECRET:
		return NULL;
	case OF_NUMBER:
		return "NUMBER";
	case OF_TEXT:
		return "TEXT";
	case OF_CHOICE:
		return "WORD";
	case OF_BOOLEAN:
		return "YES|NO";
	case OF_PICTURE:
	case OF_JSON:
		return "FILE";
	case OF_ALIAS:
		return "ALIAS";
	case OF_MAILBOX:
		return "MAILBOX";
	case OF_MAILBOXES:
		return "MAILBOX,...";
	case OF_CONTACT:
		return "CONTACT";
	case OF_DOMAIN:
		return "DOMAIN";
	}
	return NULL;
}

static char *
upper(const char *text)
{
	char *copy = xstrdup(text);

	for (char *p = copy; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	return copy;
}

/* Options that a command has by what it does. */
static void
add_manners(const struct simplelogin_endpoint *e, bool for_many, bool of_contact,
    struct ctl_option *options, size_t *count)
{
	static const struct ctl_option all[] = {
	    CSV, DRY_RUN, YES, STDIN, RESUME, OF_ALIAS_OPTION, SERVICE, TIMEOUT};
	bool changes = (e->flags & SL_CHANGES) != 0;
	const bool wanted[] = {e->shape == GIVES_LIST || e->shape == GIVES_PAGES, changes,
	    (e->flags & SL_DELETES) != 0, for_many, for_many, of_contact, true, true};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (wanted[i])
			options[(*count)++] = all[i];
}

/* The command of an endpoint.  What it points to lives as long as the program. */
static struct ctl_command
command_of(const struct simplelogin_endpoint *e)
{
	struct ctl_option *options = xcalloc(CTL_OPTIONS_MAX + 1, sizeof(*options));
	struct ctl_command command = {.name = e->words,
	    .summary = e->summary,
	    .options = options,
	    .run =
	        strcmp(e->words, "alias create") == 0 ? ctl_alias_create : ctl_alias_endpoint,
	    .endpoint = e};
	bool for_many = false, of_contact = false;
	struct buf arguments = BUF_INIT;
	size_t count = 0;

	for (const struct simplelogin_parameter *p = e->parameters;
	     p != NULL && p->name != NULL; p++) {
		of_contact = of_contact || p->type == OF_CONTACT;
		if ((p->flags & SL_ARGUMENT) != 0) {
			char *word = upper(p->option);

			for_many = (e->flags & SL_CHANGES) != 0;
			buf_addf(&arguments, "%s%s", arguments.len != 0 ? " " : "", word);
			free(word);
			command.max++;
		} else if (p->type != OF_SECRET) {
			options[count++] =
			    (struct ctl_option){p->option, argument_of(p), p->summary};
		}
	}
	command.min = for_many ? command.max - 1 : command.max;
	command.arguments = arguments.len != 0 ? buf_steal(&arguments) : "";
	add_manners(e, for_many, of_contact, options, &count);
	return command;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct ctl_command *)a)->name, ((const struct ctl_command *)b)->name);
}

const struct ctl_command *
ctl_alias_command(size_t i)
{
	static struct ctl_command *commands;
	static size_t count;
	const struct simplelogin_endpoint *e;

	if (commands == NULL) {
		while (simplelogin_endpoint_row(count) != NULL)
			count++;
		commands = xcalloc(count + ACTIONS, sizeof(*commands));
		memcpy(commands + count, actions, sizeof(actions));
		for (size_t j = 0; (e = simplelogin_endpoint_row(j)) != NULL; j++)
			commands[j] = command_of(e);
		count += ACTIONS;
		qsort(commands, count, sizeof(*commands), by_name);
	}
	return i < count ? &commands[i] : NULL;
}
