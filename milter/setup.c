/*
 * What the filter works with.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/wire/address.h"
#include "milter/setup.h"
#include "milter/stamp.h"

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

/* Is there anybody's alias to send by? */
static struct outcome
check(const struct config *config)
{
	struct outcome o;

	if (config->alias_count == 0) {
		o = outcome_make("local", "config", "%s has no alias section", config->path);
		outcome_hint(&o, "add alias \"NAME\" { }, see ferry.conf(5)");
		return o;
	}
	if (config->milter.alias != NULL)
		return outcome_ok();
	for (size_t i = 0; i < config->alias_count; i++)
		if (*config->aliases[i].senders != NULL)
			return outcome_ok();
	return outcome_make("local", "config",
	    "%s: the milter section names no alias section, and none of them lists senders",
	    config->path);
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

struct outcome
milter_setup_open(struct milter_setup *setup, bool dry)
{
	const struct config *config = setup->config;
	const struct milter_config *milter = &config->milter;
	struct policy_options options = {
	    .rules = milter->rules,
	    .own_domains = milter->own_domains,
	    .grouping =
	        milter->by_registrable_domain ? GROUP_BY_REGISTRABLE_DOMAIN : GROUP_BY_HOSTNAME,
	    .no_contact = milter->no_contact_direct ? NO_CONTACT_DIRECT : NO_CONTACT_REFUSE,
	    .contacts = milter->mode == MILTER_REVERSE,
	};
	struct outcome o = policy_new(&options, &setup->policy);

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
