/*
 * What ferryctl's commands do alike: load the configuration, find an account, print results
 * and say what failed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/owner.h"
#include "ctl/ctl.h"

/* Statuses that a person or a script at a terminal expects, by the start of the condition.
 * The outcome's own are Postfix's: nearly all "try again". */
static const struct {
	const char *condition;
	int status;
} statuses[] = {
    {"local/config", EX_CONFIG},
    {"local/usage", EX_USAGE},
    {"local/permission", EX_NOPERM},
    {"auth/registered", EX_CANTCREAT},
    {"auth/username", EX_DATAERR},
    {"auth/", EX_NOPERM},
    {"local/address", EX_DATAERR},
    {"alias/key", EX_NOPERM},
    {"alias/no-key", EX_NOPERM},
    {"alias/disabled", EX_NOPERM},
    {"alias/forbidden", EX_NOPERM},
    {"alias/sudo", EX_NOPERM},
    {"alias/exists", EX_CANTCREAT},
    {"alias/missing", EX_NOUSER},
    {"alias/refused", EX_DATAERR},
};

bool
ctl_number(
    const struct ctl *ctl, const char *name, long least, long most, long *value, int *status)
{
	const char *text = ctl_option(ctl, name);
	char *end;

	if (text == NULL)
		return true;
	errno = 0;
	*value = strtol(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && *value >= least && *value <= most)
		return true;
	*status = ctl_usage(ctl, "--%s must be from %ld to %ld", name, least, most);
	return false;
}

int
ctl_fail(const struct outcome *o)
{
	if (outcome_is_ok(o))
		return EX_OK;
	fprintf(stderr, "ferryctl: %s", o->text);
	if (o->hint[0] != '\0')
		fprintf(stderr, " (%s)", o->hint);
	fputc('\n', stderr);
	if (outcome_is(o, "local/cancelled") && cancel_requested())
		return 128 + cancel_signal();
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strncmp(o->condition, statuses[i].condition,
		        strlen(statuses[i].condition)) == 0)
			return statuses[i].status;
	return o->exit;
}

const struct config *
ctl_config(struct ctl *ctl, int *status)
{
	struct outcome o = outcome_ok();

	if (ctl->config == NULL) {
		o = config_load(ctl->config_path, &ctl->config);
		if (outcome_is_ok(&o))
			o = owner_become(ctl->config->state_dir);
	}
	*status = ctl_fail(&o);
	return outcome_is_ok(&o) ? ctl->config : NULL;
}

const struct account *
ctl_account(struct ctl *ctl, const char *name, int *status)
{
	const struct config *config = ctl_config(ctl, status);
	const struct account *account;

	if (config == NULL)
		return NULL;
	account = config_account(config, name);
	if (account == NULL) {
		fprintf(
		    stderr, "ferryctl: there is no account \"%s\" in %s\n", name, config->path);
		*status = EX_CONFIG;
	}
	return account;
}

void
ctl_print_json(json_t *value, bool pretty)
{
	size_t flags = JSON_ENCODE_ANY | JSON_PRESERVE_ORDER;

	if (pretty || isatty(STDOUT_FILENO))
		flags |= JSON_INDENT(2);
	json_dumpf(value, stdout, flags);
	putchar('\n');
	json_decref(value);
}
