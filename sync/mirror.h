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
#include "sync/merge.h"
#include "sync/pace.h"
#include "sync/report.h"
#include "sync/root.h"

struct news;

struct mirror_options {
	bool dry_run;        /* say what would be done, and touch nothing */
	bool allow_deletes;  /* however many */
	bool rebuild;        /* forget the database and take the folder as it is */
	bool verify;         /* look at what is known, and learn nothing new */
	bool repair;         /* of what differs: fetch it again */
	char **mailboxes;    /* patterns of those that this is about, NULL for all */
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
	bool unsteady;   /* some folder did not hold still: nothing missing is proof, */
	bool hidden;     /* ... and neither while a folder is not looked at that should be */
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

	bool noted;         /* some messages may be noted as STATE_IMPORT or STATE_AHEAD, */
	bool noted_known;   /* ... which was looked at */
	const char *new_is; /* what to note new messages as: STATE_AHEAD, STATE_IMPORT, NULL */

	struct pace pace; /* of messages, either way */
	bool full;        /* no room for uploads, which was said */
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

/* Is this about the mailbox?  About a message in these? */
bool mirror_chooses(const struct mirror *m, const struct mailbox *mailbox);
bool mirror_concerns(const struct mirror *m, const struct numbers *mailboxes);

/* mirror_open.c: what a run needs, and its end.  mirror_close() after mirror_open() failed,
 * too. */
struct outcome mirror_open(struct mirror *m);

/* Instead: what is known of a section, without asking anybody or judging it; m->store is NULL
 * if there is no database.  mirror_close() as above. */
struct outcome mirror_peek(struct mirror *m);
struct outcome mirror_close(struct mirror *m);

/* Read the mailboxes as the configuration has them now, and change nothing. */
struct outcome mirror_know_mailboxes(struct mirror *m);

/* Remove a section's database. */
void mirror_remove_database(const struct sync_config *config);

/* Are there files of ours that the state may not know? */
bool mirror_recovers(const struct mirror *m);

/* Wait until the bandwidth allows to transfer a message of this size; local/cancelled.  And
 * until when it has to be transferred then. */
struct outcome mirror_take_turn(struct mirror *m, int64_t size);
struct deadline mirror_deadline(const struct mirror *m, int64_t size);

/* Or may there be files, ours or of others, that have to be recognised? */
bool mirror_recognises(const struct mirror *m);

/* Before the first change to the Maildir: note in marker and state that a run is at work. */
struct outcome mirror_start_changing(struct mirror *m);

#endif
