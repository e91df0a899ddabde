/*
 * lmtp_setup - what a server works with: a configuration, and the courier that goes by it
 *
 * They are replaced together and as a whole: a new setup is complete before the old one
 * goes.  Who works with one holds it meanwhile; the last to let go of a setup that was
 * replaced closes it.  Thread-safe, but for init, load and free.
 */
#ifndef FERRY_LMTP_SETUP_H
#define FERRY_LMTP_SETUP_H

#include <pthread.h>

#include "transport/courier.h"

struct setup {
	struct config *config;
	struct courier *courier;
	char *spool_directory;
	unsigned holders; /* the current one is held by struct setups too */
	struct setup *next;
};

struct setups {
	const char *path; /* of the configuration; the caller's */
	pthread_mutex_t lock;
	struct setup *current;
	struct setup *alive;        /* all there are, a list */
	struct courier_counts past; /* what those did that are gone */
};

void setups_init(struct setups *setups, const char *path);
void setups_free(struct setups *setups); /* nobody holds any */

/* Read the configuration; the courier is not there yet. */
struct outcome setup_load(const struct setups *setups, struct setup **setup_r);

/* Open the courier and make the setup the current one; or free it, and keep the one there is. */
struct outcome setup_start(struct setups *setups, struct setup *setup);

void setup_free(struct setup **setup); /* one that was loaded and not started */

struct setup *setup_hold(struct setups *setups);
void setup_release(struct setups *setups, struct setup **setup);

/* What all of them did together. */
void setups_count(struct setups *setups, struct courier_counts *counts_r);

#endif
