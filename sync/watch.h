/*
 * watch - ferry-sync --watch: sections kept up to date as long as the process runs
 *
 * The essay on what wakes a section is in watch_section.c.
 */
#ifndef FERRY_SYNC_WATCH_H
#define FERRY_SYNC_WATCH_H

#include "sync/mirror.h"

struct watch_options {
	const char *ident;
	const char *config_path;
	int verbose;
	char **names; /* of sections, none for all */
	int count;
	struct report_style style;

	/* The exit status a run of one section would have. */
	int (*exit_status)(const struct outcome *outcome, bool partial);
};

/*
 * Watch until a signal ends it; the exit status.  SIGHUP reads the configuration again, and
 * keeps the old one if the new one cannot be used; SIGUSR1 brings all sections up to date
 * now; SIGTERM and SIGINT end it when what is being done is at a clean point.  Whoever is
 * impatient sends a second one.
 */
int watch_serve(const struct watch_options *options);

/* Does another process watch this section? */
bool watch_is_on(const struct sync_config *config);

#endif
