/*
 * config - ferry.conf, read by libconfuse and checked completely
 *
 * The file's grammar and every option's meaning and default are in ferry.conf(5) and in the
 * commented template contrib/ferry.conf; this is what programs see of them.  All of it is
 * read-only after loading and freed as a whole.
 */
#ifndef FERRY_CONFIG_H
#define FERRY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/base/outcome.h"
#include "common/service/account.h"

enum maildir_layout {
	LAYOUT_MAILDIRPP, /* INBOX is the Maildir itself, others are .Name.Sub in it */
	LAYOUT_FS,        /* every mailbox is a folder path: INBOX/, Name/Sub/ */
};

/* Which side's changes are made on the other: in the order of the schema's words. */
enum sync_direction { DIRECTION_PULL, DIRECTION_PUSH, DIRECTION_BOTH };

/* What a message deleted in the Maildir becomes at the service. */
enum sync_deletions {
	DELETIONS_TRASH,   /* in the trash; what is deleted there stays */
	DELETIONS_EXPUNGE, /* in the trash; what is deleted there is destroyed */
	DELETIONS_DESTROY, /* destroyed */
	DELETIONS_NEVER,   /* the service is not told */
};

struct transport_config {
	const struct account
	    *account;        /* or NULL if none is named and there is not exactly one */
	int64_t deadline_ms; /* for a whole delivery, below Postfix's own */
};

struct sync_config {
	char *name;
	const struct account *account;
	char *maildir; /* absolute path */
	enum sync_direction direction;
	enum sync_deletions deletions;
	enum maildir_layout layout;
	char **mailboxes; /* patterns (fnmatch, '/' between levels), NULL-terminated */
	char **exclude;
	char **pull_only;     /* likewise: nothing done there is told to the service */
	unsigned connections; /* 0: as many as is best */
	char *database;       /* STATE-DIR/sync/NAME.db */
};

struct log_config {
	enum log_sink to;
	int facility, level;
};

struct config {
	char *path;
	char *state_dir;
	struct account *accounts;
	size_t account_count;
	struct transport_config transport;
	struct sync_config *syncs;
	size_t sync_count;
	struct log_config log;
};

/* SYSCONFDIR/ferry/ferry.conf */
const char *config_default_path(void);

/*
 * Read and check the file.  Any mistake (missing file, unknown key, wrong type or value,
 * an account that is named but not there) is local/config with "FILE:LINE: what" in the text.
 * *config_r is set only on OK.
 */
struct outcome config_load(const char *path, struct config **config_r);
void config_free(struct config **config);

/* By name, or NULL. */
const struct account *config_account(const struct config *config, const char *name);
const struct sync_config *config_sync(const struct config *config, const char *name);

/* Open the log as configured; verbose (-v, may be given twice) lowers the level and to a
 * terminal's stderr it always goes there. */
void config_open_log(const struct config *config, const char *ident, int verbose);

#endif
