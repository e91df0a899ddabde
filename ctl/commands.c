/*
 * ferryctl's commands, as a table.
 */
#include "ctl/commands.h"
#include "ctl/account.h"
#include "ctl/aliases.h"

/* Columns: name, arguments, fewest and most arguments, summary, options, function, endpoint. */
static const struct ctl_command commands[] = {
    {"account register", "NAME", 1, 1, "Sign up: a proof of work, and an API key on disk",
        ctl_account_register_options, ctl_account_register, NULL},
    {"account login", "NAME", 1, 1, "Log in afresh", ctl_account_login_options,
        ctl_account_login, NULL},
    {"account status", "[NAME]", 0, 1, "Show addresses, and how long tokens live", NULL,
        ctl_account_status, NULL},
    {"account forget", "NAME", 1, 1, "Forget tokens", ctl_account_forget_options,
        ctl_account_forget, NULL},
    {"check", "[NAME]", 0, 1, "Say what is in order, and what to do where it is not",
        ctl_check_options, ctl_check, NULL},
    {"jmap", "NAME [FILE]", 1, 2, "Send a JMAP request and print the answer", NULL, ctl_jmap,
        NULL},
    {"journal list", "", 0, 0, "List what ferry-transport remembers of deliveries",
        ctl_journal_list_options, ctl_journal_list, NULL},
    {"journal show", "QUEUE_ID|KEY", 1, 1, "Show all that it remembers of some", NULL,
        ctl_journal_show, NULL},
    {"journal prune", "", 0, 0, "Make it forget what is old", ctl_journal_prune_options,
        ctl_journal_prune, NULL},
    {"journal resolve", "QUEUE_ID|KEY sent|send|bounce", 2, 2,
        "Decide about what may have been sent", NULL, ctl_journal_resolve, NULL},
    {"pow benchmark", "", 0, 0, "Measure the proof of work on this machine",
        ctl_pow_benchmark_options, ctl_pow_benchmark, NULL},
    {"pow solve", "CHALLENGE SALT DIFFICULTY", 3, 3, "Solve a challenge, by hand",
        ctl_pow_solve_options, ctl_pow_solve, NULL},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct ctl_command *
ctl_command(size_t i)
{
	return i < COMMANDS ? &commands[i] : ctl_alias_command(i - COMMANDS);
}
