/*
 * What the filter works with.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/service/simplelogin.h"
#include "common/wire/address.h"
#include "milter/setup.h"
#include "milter/stamp.h"

#define CHECK_MS 30000 /* for what the service is asked at the start */

void
milter_setups_init(struct milter_setups *setups, const char *path)
{
	*setups = (struct milter_setups){.path = path};
	pthread_mutex_init(&setups->lock, NULL);
}

void
milter_setups_free(struct milter_setups *setups)
{
	if (setups->current != NULL)
		milter_setup_release(setups, &setups->current);
	pthread_mutex_destroy(&setups->lock);
}

/* Is mail to leave by this section's aliases? */
static bool
is_used(const struct config *config, const struct alias_account *alias)
{
	return alias == config->milter.alias || *alias->senders != NULL;
}

/* From mode is for a domain that the section names. */
static struct outcome
check_from(const struct config *config)
{
	for (size_t i = 0; i < config->alias_count; i++)
		if (is_used(config, &config->aliases[i]) && config->aliases[i].domain == NULL)
			return outcome_make("local", "config",
			    "%s: mode = from needs domain in alias \"%s\"", config->path,
			    config->aliases[i].name);
	return outcome_ok();
}

/* Is there anybody's alias to send by? */
static struct outcome
check(const struct config *config)
{
	struct outcome o;
	bool used = false;

	if (config->alias_count == 0) {
		o = outcome_make("local", "config", "%s has no alias section", config->path);
		outcome_hint(&o, "add alias \"NAME\" { }, see ferry.conf(5)");
		return o;
	}
	for (size_t i = 0; i < config->alias_count; i++)
		used = used || is_used(config, &config->aliases[i]);
	if (!used)
		return outcome_make("local", "config",
		    "%s: the milter section names no alias section, and none of them lists "
		    "senders",
		    config->path);
	return config->milter.mode == MILTER_FROM ? check_from(config) : outcome_ok();
}

struct outcome
milter_setup_load(const struct milter_setups *setups, struct milter_setup **setup_r)
{
	struct config *config = NULL;
	struct outcome o = config_load(setups->path, &config);

	if (outcome_is_ok(&o))
		o = check(config);
	if (!outcome_is_ok(&o)) {
		config_free(&config);
		return o;
	}
	*setup_r = xcalloc(1, sizeof(**setup_r));
	**setup_r = (struct milter_setup){.config = config, .holders = 1};
	return o;
}

/* In from mode nobody but the service can say whether a domain may be used. */
static struct outcome
check_domain(const struct alias_account *account)
{
	struct simplelogin *sl = NULL;
	struct outcome o = simplelogin_open(account, NULL, &sl);

	if (outcome_is_ok(&o))
		o = simplelogin_domain_check(sl, account->domain, deadline_in_ms(CHECK_MS));
	simplelogin_close(&sl);
	return o;
}

static struct outcome
check_domains(const struct config *config)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < config->alias_count && outcome_is_ok(&o); i++)
		if (is_used(config, &config->aliases[i]))
			o = check_domain(&config->aliases[i]);
	return o;
}

/* The domains of the configuration, and this machine's name. */
static char **
own_domains(const struct milter_config *config)
{
	char name[256] = "", **domains;
	size_t count = 0;

	while (config->own_domains[count] != NULL)
		count++;
	domains = xcalloc(count + 2, sizeof(char *));
	for (size_t i = 0; i < count; i++)
		domains[i] = xstrdup(config->own_domains[i]);
	if (gethostname(name, sizeof(name) - 1) == 0 && *name != '\0')
		domains[count] = xstrdup(name);
	return domains;
}

static struct outcome
open_policy(struct milter_setup *setup)
{
	const struct milter_config *config = &setup->config->milter;
	struct policy_options options = {
	    .rules = config->rules,
	    .own_domains = config->own_domains,
	    .grouping =
	        config->by_registrable_domain ? GROUP_BY_REGISTRABLE_DOMAIN : GROUP_BY_HOSTNAME,
	    .no_contact = config->no_contact_direct ? NO_CONTACT_DIRECT : NO_CONTACT_REFUSE,
	    .contacts = config->mode == MILTER_REVERSE,
	};

	return policy_new(&options, &setup->policy);
}

struct outcome
milter_setup_open(struct milter_setup *setup, bool dry)
{
	const struct config *config = setup->config;
	const struct milter_config *milter = &config->milter;
	struct outcome o = open_policy(setup);

	if (outcome_is_ok(&o) && !dry && milter->mode == MILTER_FROM)
		o = check_domains(config);
	if (outcome_is_ok(&o) && !dry)
		o = alias_stamp_key(config->state_dir, &setup->stamp_key);
	if (!outcome_is_ok(&o))
		return o;
	setup->exempt = (struct exempt_options){
	    .opt_out = milter->opt_out,
	    .skip_lists = milter->skip_lists,
	    .skip_automatic = milter->skip_automatic,
	    .key = dry ? NULL : &setup->stamp_key,
	};
	setup->own_domains = own_domains(milter);
	setup->books = xcalloc(config->alias_count + 1, sizeof(struct book *));
	for (size_t i = 0; i < config->alias_count && outcome_is_ok(&o); i++) {
		if (!dry)
			o = file_make_dirs(config->aliases[i].directory, 0700);
		setup->books[i] =
		    book_open(&config->aliases[i], dry ? 0 : config->milter.in_flight);
	}
	return o;
}

void
milter_setup_free(struct milter_setup **setup)
{
	struct milter_setup *s = *setup;

	if (s == NULL)
		return;
	for (size_t i = 0; s->books != NULL && i < s->config->alias_count; i++)
		book_close(&s->books[i]);
	free(s->books);
	for (char **domain = s->own_domains; domain != NULL && *domain != NULL; domain++)
		free(*domain);
	free(s->own_domains);
	policy_free(&s->policy);
	buf_wipe(&s->stamp_key);
	config_free(&s->config);
	free(s);
	*setup = NULL;
}

void
milter_setup_use(struct milter_setups *setups, struct milter_setup *setup)
{
	struct milter_setup *before;

	pthread_mutex_lock(&setups->lock);
	before = setups->current;
	setups->current = setup;
	pthread_mutex_unlock(&setups->lock);
	if (before != NULL)
		milter_setup_release(setups, &before);
}

struct milter_setup *
milter_setup_hold(struct milter_setups *setups)
{
	struct milter_setup *setup;

	pthread_mutex_lock(&setups->lock);
	setup = setups->current;
	setup->holders++;
	pthread_mutex_unlock(&setups->lock);
	return setup;
}

void
milter_setup_release(struct milter_setups *setups, struct milter_setup **setup)
{
	struct milter_setup *s = *setup;
	bool last;

	*setup = NULL;
	pthread_mutex_lock(&setups->lock);
	last = --s->holders == 0;
	pthread_mutex_unlock(&setups->lock);
	if (last)
		milter_setup_free(&s);
}

/* The section that lists the key, or NULL. */
static struct book *
claimant(const struct milter_setup *setup, const char *key)
{
	for (size_t i = 0; key != NULL && i < setup->config->alias_count; i++)
		for (char **s = setup->config->aliases[i].senders; *s != NULL; s++)
			if (strcmp(*s, key) == 0)
				return setup->books[i];
	return NULL;
}

struct book *
milter_setup_book(const struct milter_setup *setup, const char *sender)
{
	char *key = address_key(sender);
	struct book *book = claimant(setup, key);

	if (book == NULL)
		book = claimant(setup, address_domain(key));
	for (size_t i = 0; book == NULL && i < setup->config->alias_count; i++)
		if (&setup->config->aliases[i] == setup->config->milter.alias)
			book = setup->books[i];
	free(key);
	return book;
}
