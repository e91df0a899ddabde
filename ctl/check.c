/*
 * ferryctl check: is everything in order, and what is to be done where it is not?
 *
 * Each finding is one line.  The order is that of a message's way: the configuration, the
 * files, the login, what the service offers.  A check goes on as long as the next finding can
 * mean anything.
 */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/owner.h"
#include "ctl/check.h"
#include "ctl/commands.h"

const struct ctl_option ctl_check_options[] = {
    {"offline", NULL, "check the configuration and the files alone"},
    {NULL, NULL, NULL},
};

const struct http_options check_patience = {.retry_ms = 3000};

static const struct {
	const char *name, *colour;
} levels[] = {
    [FINDING_OK] = {"ok", "\033[32m"},
    [FINDING_WARNING] = {"warning", "\033[33m"},
    [FINDING_ERROR] = {"error", "\033[31m"},
};

static void
print_finding(const struct check *check, enum finding_level level, const char *subject,
    const char *text, const char *advice)
{
	printf("%s%-7s%s %s: %s", check->colour ? levels[level].colour : "", levels[level].name,
	    check->colour ? "\033[m" : "", subject, text);
	if (*advice != '\0')
		printf(" -> %s", advice);
	putchar('\n');
	fflush(stdout);
}

void
check_finding(struct check *check, enum finding_level level, const char *subject,
    const char *advice, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_addv(&text, format, args);
	va_end(args);
	check->counts[level]++;
	if (check->json)
		json_array_append_new(check->findings,
		    json_pack("{s:s, s:s, s:s, s:s}", "level", levels[level].name, "subject",
		        subject, "text", buf_str(&text), "advice", advice));
	else
		print_finding(check, level, subject, buf_str(&text), advice);
	buf_free(&text);
}

void
check_outcome(struct check *check, const char *subject, const struct outcome *o)
{
	check_finding(check, FINDING_ERROR, subject, o->hint, "%s", o->text);
}

/* All there is, or the one account or alias service that is named. */
static void
run(struct check *check, const char *config_path, const char *name, bool offline)
{
	struct config *config = NULL;
	struct outcome o = config_load(config_path, &config);

	if (outcome_is_ok(&o))
		o = owner_become(config->state_dir);
	if (!outcome_is_ok(&o)) {
		check_outcome(check, "configuration", &o);
		config_free(&config);
		return;
	}
	check_files(check, config);
	if (name != NULL && config_account(config, name) == NULL &&
	    config_alias(config, name) == NULL)
		check_finding(check, FINDING_ERROR, "configuration", "",
		    "there is no account or alias \"%s\" in %s", name, config->path);
	for (size_t i = 0; i < config->account_count; i++)
		if (name == NULL || config_account(config, name) == &config->accounts[i])
			check_account(check, &config->accounts[i], offline);
	for (size_t i = 0; i < config->alias_count; i++)
		if (name == NULL || config_alias(config, name) == &config->aliases[i])
			check_alias(check, &config->aliases[i], offline);
	check_milter(check, config, name, offline);
	config_free(&config);
}

int
ctl_check(struct ctl *ctl, int argc, char **argv)
{
	struct check check = {
	    .json = ctl->json, .colour = isatty(STDOUT_FILENO), .findings = json_array()};

	run(&check, ctl->config_path, argc > 0 ? argv[0] : NULL,
	    ctl_option(ctl, "offline") != NULL);
	if (check.json)
		ctl_print_json(check.findings, false);
	else
		json_decref(check.findings);
	return check.counts[FINDING_ERROR] != 0 ? EX_CONFIG : EX_OK;
}
