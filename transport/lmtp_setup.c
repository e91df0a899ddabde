/*
 * What a server works with: a configuration, and the courier that goes by it.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "transport/lmtp_setup.h"

void
setups_init(struct setups *setups, const char *path)
{
	*setups = (struct setups){.path = path};
	pthread_mutex_init(&setups->lock, NULL);
}

void
setups_free(struct setups *setups)
{
	if (setups->current != NULL)
		setup_release(setups, &setups->current);
	pthread_mutex_destroy(&setups->lock);
}

struct outcome
setup_load(const struct setups *setups, struct setup **setup_r)
{
	struct config *config = NULL;
	struct outcome o = config_load(setups->path, &config);

	if (!outcome_is_ok(&o))
		return o;
	*setup_r = xcalloc(1, sizeof(**setup_r));
	**setup_r = (struct setup){
	    .config = config,
	    .spool_directory = xasprintf("%s/spool", config->state_dir),
	    .holders = 1,
	};
	return o;
}

void
setup_free(struct setup **setup)
{
	struct setup *s = *setup;

	if (s == NULL)
		return;
	courier_close(&s->courier);
	config_free(&s->config);
	free(s->spool_directory);
	free(s);
	*setup = NULL;
}

struct outcome
setup_start(struct setups *setups, struct setup *setup)
{
	struct outcome o = courier_open(setup->config, &setup->courier);
	struct setup *before;

	if (!outcome_is_ok(&o)) {
		setup_free(&setup);
		return o;
	}
	pthread_mutex_lock(&setups->lock);
	before = setups->current;
	setup->next = setups->alive;
	setups->alive = setups->current = setup;
	pthread_mutex_unlock(&setups->lock);
	if (before != NULL)
		setup_release(setups, &before);
	return o;
}

struct setup *
setup_hold(struct setups *setups)
{
	struct setup *setup;

	pthread_mutex_lock(&setups->lock);
	setup = setups->current;
	setup->holders++;
	pthread_mutex_unlock(&setups->lock);
	return setup;
}

static void
add_counts(struct courier_counts *sum, const struct courier_counts *counts)
{
	sum->sent += counts->sent;
	sum->deferred += counts->deferred;
	sum->bounced += counts->bounced;
	sum->messages += counts->messages;
	sum->bytes += counts->bytes;
	sum->requests += counts->requests;
	sum->groups += counts->groups;
	sum->grouped += counts->grouped;
	sum->ambiguous += counts->ambiguous;
	sum->earlier += counts->earlier;
	sum->circuits_open += counts->circuits_open;
	sum->waiting += counts->waiting;
	sum->in_flight += counts->in_flight;
}

/* Take a setup off the list; what it did stays known. */
static void
forget(struct setups *setups, struct setup *setup)
{
	struct courier_counts counts = {0};
	struct setup **link = &setups->alive;

	while (*link != setup)
		link = &(*link)->next;
	*link = setup->next;
	courier_count(setup->courier, &counts);
	counts.circuits_open = counts.waiting = counts.in_flight = 0;
	add_counts(&setups->past, &counts);
}

void
setup_release(struct setups *setups, struct setup **setup)
{
	struct setup *s = *setup;
	bool last;

	*setup = NULL;
	pthread_mutex_lock(&setups->lock);
	last = --s->holders == 0;
	if (last)
		forget(setups, s);
	pthread_mutex_unlock(&setups->lock);
	if (last)
		setup_free(&s);
}

void
setups_count(struct setups *setups, struct courier_counts *counts_r)
{
	pthread_mutex_lock(&setups->lock);
	*counts_r = setups->past;
	for (struct setup *s = setups->alive; s != NULL; s = s->next) {
		struct courier_counts counts = {0};

		courier_count(s->courier, &counts);
		add_counts(counts_r, &counts);
	}
	pthread_mutex_unlock(&setups->lock);
}
