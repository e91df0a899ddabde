/*
 * mirror - bring one account into one Maildir
 *
 * The essay on how, and why in which order, is in mirror.c.
 */
#ifndef FERRY_SYNC_MIRROR_H
#define FERRY_SYNC_MIRROR_H

#include <stdbool.h>

#include "common/base/outcome.h"
#include "common/service/jmap.h"
#include "common/settings/config.h"
#include "common/settings/store.h"
#include "sync/mailboxes.h"
#include "sync/maildir_name.h"
#include "sync/report.h"
#include "sync/root.h"

struct news;

struct mirror_options {
	bool dry_run;        /* say what would be done, and touch nothing */
	bool allow_deletes;  /* however many */
	bool rebuild;        /* forget the database and take the folder as it is */
	int64_t patience_ms; /* to wait for another run of the section to end */
	struct jmap *jmap;   /* of mirror_connect(), to use; NULL: one for this run alone */
	struct news *news;   /* to add what is new to, or NULL */
};

#define MIRROR_CHUNK 256
#define MIRROR_AHEAD 2 /* requests: the service works while we do */

/* What the modules of a run share. */
struct mirror {
	const struct sync_config *config;
	struct mirror_options options;
	struct report *report;
	struct jmap *jmap;
	char *service; /* host of the API */
	char *account_id;
	size_t page;     /* ids to ask for at once */
	size_t set_page; /* objects to change at once */
	size_t ahead;    /* requests to have under way beside the one that is answered */
	bool adopts;     /* files of other programs may be what the service has */
	bool pulls;      /* the service's changes are made here, */
	bool pushes;     /* and what is changed here, there */
	bool unsteady;   /* some folder did not hold still: nothing missing is proof */
	int lock;        /* on the database */
	struct store *store;
	struct root root;
	struct mailboxes mailboxes;
	struct maildir_namer namer;
	enum root_verdict verdict;
	bool changing;               /* the marker says that this run changes things */
	bool astray;                 /* files may have names that the state does not know */
	bool scanned;                /* all folders were looked through for such files, */
	bool recovered;              /* and what they hold was dealt with */
	bool drained;                /* all planned messages were taken up */
	int64_t chunk[MIRROR_CHUNK]; /* rows of email to take up next, see task_next() */
	size_t chunk_next, chunk_count;
};

/*
 * Run the section.  OK also when single messages failed (report->errors counts them).
 * What stops a run is its outcome: local/wrong-folder, local/locked, local/cancelled, and
 * what the layers below say.
 */
struct outcome mirror_run(const struct sync_config *config,
    const struct mirror_options *options, struct report *report);

/* A client of the section's service, as a run wants it; retry_ms as in struct http_options. */
struct outcome
mirror_connect(const struct sync_config *config, int64_t retry_ms, struct jmap **jmap_r);

/* mirror_open.c: what a run needs, and its end.  mirror_close() after mirror_open() failed,
 * too. */
struct outcome mirror_open(struct mirror *m);
struct outcome mirror_close(struct mirror *m);

/* Are there files of ours that the state may not know? */
bool mirror_recovers(const struct mirror *m);

/* Before the first change to the Maildir: note in marker and state that a run is at work. */
struct outcome mirror_start_changing(struct mirror *m);

#endif
