/*
 * setup - what the filter works with: a configuration, and all that is opened for it
 *
 * They are replaced together and as a whole: a new setup is complete before the old one
 * goes.  Who works with one holds it meanwhile; the last to let go of a setup that was
 * replaced closes it.  Thread-safe, but for init, load and free.
 */
#ifndef FERRY_MILTER_SETUP_H
#define FERRY_MILTER_SETUP_H

#include <pthread.h>

#include "common/settings/config.h"
#include "milter/book.h"
#include "milter/exempt.h"
#include "milter/policy.h"

struct milter_setup {
	struct config *config;
	struct policy *policy;
	struct exempt_options exempt;
	char **own_domains; /* for from mode: the configuration's, and this machine */
	struct buf stamp_key;
	struct book **books; /* of the alias sections, in their order */
	unsigned holders;    /* the current one is held by struct milter_setups too */
};

struct milter_setups {
	const char *path; /* of the configuration; the caller's */
	pthread_mutex_t lock;
	struct milter_setup *current;
};

void milter_setups_init(struct milter_setups *setups, const char *path);
void milter_setups_free(struct milter_setups *setups); /* nobody holds any */

/* Read the configuration; nothing is opened yet. */
struct outcome
milter_setup_load(const struct milter_setups *setups, struct milter_setup **setup_r);

/* Open all it needs, as the user that the program has become.  In from mode the alias service is
 * asked whether the domains are verified there: local/config if one is not.  With dry, nothing is made that is
 * missing, and messages can be judged without asking anybody (struct judge_wishes) alone. */
struct outcome milter_setup_open(struct milter_setup *setup, bool dry);

/* Make it the current one. */
void milter_setup_use(struct milter_setups *setups, struct milter_setup *setup);

void milter_setup_free(struct milter_setup **setup); /* one that is not in use */

struct milter_setup *milter_setup_hold(struct milter_setups *setups);
void milter_setup_release(struct milter_setups *setups, struct milter_setup **setup);

/* Whose aliases a sender's mail leaves by; NULL: nobody's. */
struct book *milter_setup_book(const struct milter_setup *setup, const char *sender);

#endif
