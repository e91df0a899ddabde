/*
 * The account that commands about aliases speak to, and what is learnt of its answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "ctl/aliases.h"

#define TIMEOUT_SECONDS 600
#define BULK_SECONDS    90000 /* longer than the longest window */

static const struct alias_account *
choose_account(struct ctl *ctl, int *status)
{
	const struct config *config = ctl_config(ctl, status);
	const char *name = ctl_option(ctl, "service");
	const struct alias_account *account;

	if (config == NULL)
		return NULL;
	*status = EX_CONFIG;
	if (name != NULL) {
		account = config_alias(config, name);
		if (account == NULL)
			fprintf(stderr, "ferryctl: there is no alias \"%s\" in %s\n", name,
			    config->path);
		return account;
	}
	if (config->alias_count == 1)
		return &config->aliases[0];
	if (config->alias_count == 0)
		fprintf(stderr,
		    "ferryctl: %s has no alias section (see ferry.conf(5): alias \"main\" { "
		    "})\n",
		    config->path);
	else
		*status =
		    ctl_usage(ctl, "--service is missing: there are %zu", config->alias_count);
	return NULL;
}

/* Somebody is waiting: say for what. */
static void
show_wait(void *arg, unsigned seconds, const char *words)
{
	struct aliases *a = arg;

	if (isatty(STDERR_FILENO))
		aliases_progress("the service's limit for %s: waiting %u s", words, seconds);
	else if (a->ctl->verbose > 0)
		fprintf(stderr, "ferryctl: the service's limit for %s: waiting %u s\n", words,
		    seconds);
}

struct aliases *
aliases_open(struct ctl *ctl, int *status)
{
	const struct alias_account *account;
	long timeout = ctl_option(ctl, "stdin") != NULL ? BULK_SECONDS : TIMEOUT_SECONDS;
	struct aliases *a;
	struct outcome o;
	char *path;

	if (ctl_option(ctl, "resume") != NULL && ctl_option(ctl, "stdin") == NULL) {
		*status = ctl_usage(ctl, "--resume goes with --stdin");
		return NULL;
	}
	if (!ctl_number(ctl, "timeout", 1, 31L * 86400, &timeout, status))
		return NULL;
	account = choose_account(ctl, status);
	if (account == NULL)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	a->ctl = ctl;
	a->account = account;
	a->timeout_ms = 1000 * (int64_t)timeout;
	aliases_begin(a);
	o = simplelogin_open(account, NULL, &a->sl);
	if (outcome_is_ok(&o)) {
		simplelogin_on_wait(a->sl, show_wait, a);
		path = alias_map_path(account);
		o = alias_map_open(path, &a->map);
		free(path);
	}
	*status = ctl_fail(&o);
	if (!outcome_is_ok(&o))
		aliases_close(&a);
	return a;
}

int
aliases_run(struct ctl *ctl, struct outcome (*run)(struct aliases *a))
{
	int status;
	struct aliases *a = aliases_open(ctl, &status);
	struct outcome o;

	if (a == NULL)
		return status;
	o = run(a);
	aliases_close(&a);
	return ctl_fail(&o);
}

void
aliases_begin(struct aliases *a)
{
	a->deadline = deadline_in_ms(a->timeout_ms);
}

void
aliases_close(struct aliases **aliases)
{
	struct aliases *a = *aliases;

	if (a == NULL)
		return;
	aliases_progress_end();
	alias_map_close(&a->map);
	simplelogin_close(&a->sl);
	json_decref(a->mailboxes);
	json_decref(a->domains);
	free(a);
	*aliases = NULL;
}

enum print_form
aliases_form(const struct ctl *ctl)
{
	return ctl->json                        ? PRINT_JSON
	       : ctl_option(ctl, "csv") != NULL ? PRINT_CSV
	                                        : PRINT_TABLE;
}

static bool progress_shown;

void
aliases_progress(const char *format, ...)
{
	va_list args;

	if (!isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fflush(stderr);
	progress_shown = true;
}

void
aliases_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

/* Learning. */

/* An alias object; by its id a trashed alias looks like a disabled one, in a list it is not. */
static struct outcome
learn_alias(struct aliases *a, const json_t *object, bool listed)
{
	struct simplelogin_alias alias;
	struct outcome o = simplelogin_alias_read(object, &alias);

	if (!outcome_is_ok(&o))
		return outcome_ok(); /* the old list's, or none at all */
	if (alias.enabled || listed)
		o = alias_map_put_alias(a->map,
		    &(struct alias_map_alias){
		        .id = alias.id, .address = alias.address, .enabled = alias.enabled});
	simplelogin_alias_free(&alias);
	return o;
}

static struct outcome
learn_contact(struct aliases *a, int64_t alias_id, const json_t *object)
{
	struct simplelogin_contact contact;
	struct outcome o = simplelogin_contact_read(object, &contact);

	if (!outcome_is_ok(&o))
		return outcome_ok();
	o = alias_map_put_contact(a->map, &(struct alias_map_contact){.id = contact.id,
	                                      .alias_id = alias_id,
	                                      .address = contact.address,
	                                      .reverse = contact.reverse});
	simplelogin_contact_free(&contact);
	return o;
}

/* An alias that the map has changed its state. */
static struct outcome
learn_state(struct aliases *a, int64_t id, bool enabled, bool trashed)
{
	struct alias_map_alias alias;
	struct outcome o = alias_map_find_alias(a->map, id, &alias);

	if (outcome_is_ok(&o) && alias.id != 0) {
		alias.trashed = trashed || alias.trashed;
		alias.enabled = enabled && !alias.trashed;
		o = alias_map_put_alias(a->map, &alias);
	}
	alias_map_alias_free(&alias);
	return o;
}

void
aliases_learn(struct aliases *a, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, const json_t *answer)
{
	int64_t alias_id = json_get_count(parameters, "alias_id", 0);
	const char *words = endpoint->words;
	struct outcome o = outcome_ok();

	if (strcmp(words, "alias delete") == 0)
		o = learn_state(a, alias_id, false, true);
	else if (strcmp(words, "alias toggle") == 0)
		o = learn_state(a, alias_id, json_get_bool(answer, "enabled", false), false);
	else if (strcmp(words, "contact delete") == 0)
		o = alias_map_drop_contact(a->map, json_get_count(parameters, "contact_id", 0));
	else if (strcmp(words, "contact add") == 0 || strcmp(words, "contact list") == 0)
		o = learn_contact(a, alias_id, answer);
	else if (strncmp(words, "alias ", 6) == 0)
		o = learn_alias(a, answer, strncmp(words, "alias list", 10) == 0);
	if (!outcome_is_ok(&o))
		fprintf(stderr, "ferryctl: the alias map: %s\n", o.text);
}

struct outcome
aliases_call(struct aliases *a, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, json_t **answer_r)
{
	json_t *answer = NULL;
	struct outcome o = simplelogin_call(a->sl, endpoint, parameters, a->deadline, &answer);

	if (outcome_is_ok(&o))
		aliases_learn(a, endpoint, parameters, answer);
	if (answer_r != NULL)
		*answer_r = answer;
	else
		json_decref(answer);
	return o;
}
