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
#include <sys/types.h>

#include "common/base/log.h"
#include "common/base/outcome.h"
#include "common/service/account.h"
#include "common/service/alias_account.h"

struct network; /* network.h */

enum maildir_layout {
	LAYOUT_MAILDIRPP, /* INBOX is the Maildir itself, others are .Name.Sub in it */
	LAYOUT_FS,        /* every mailbox is a folder path: INBOX/, Name/Sub/ */
};

/* How a message becomes an Email: imported as it is, made anew of its parts, or the latter
 * where the service lacks the former. */
enum submit_method { SUBMIT_AUTO, SUBMIT_BY_IMPORT, SUBMIT_BY_COMPOSE };

/* What becomes of a message once it is sent. */
enum sent_policy { SENT_KEEP, SENT_DESTROY };

/* What becomes of one that an earlier try may have sent, where nobody can tell. */
enum ambiguous_policy { AMBIGUOUS_RESEND, AMBIGUOUS_HOLD, AMBIGUOUS_BOUNCE };

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
	int64_t retry_ms;    /* that a request in trouble is tried again */
	enum submit_method submit;
	int64_t inline_max; /* bytes of a message that needs no upload of its own */
	enum sent_policy sent;
	enum ambiguous_policy ambiguous;
	int64_t journal_keep; /* seconds that the journal's records are kept */
	char **strip;         /* fields that do not leave, "Name" or "Name*"; NULL-terminated */
	char *domain;         /* of local names, or NULL: this machine's */

	/* of the LMTP server */
	char *listen;       /* endpoint */
	mode_t listen_mode; /* of a socket in the file system */
	char *listen_group; /* or NULL */
	char *user;         /* to become if started as root, or NULL */
	unsigned connections;
	size_t recipients_max;   /* of a transaction */
	int64_t idle_timeout_ms; /* that a client may be silent */
	char *monitor;           /* HOST:PORT, or NULL */
};

/* What ferry-milter makes of a message: in the order of the schema's words. */
enum milter_mode {
	MILTER_REVERSE, /* recipients become reverse aliases */
	MILTER_FROM,    /* the sender becomes the alias */
};

struct milter_config {
	/* whose mail */
	const struct alias_account *alias; /* of senders that no section lists; or NULL */
	bool unlisted_direct; /* mail of senders that have no section: untouched, not refused */
	bool authenticated;   /* of clients that authenticated themselves */
	bool local;           /* of sendmail(1) */
	struct network *networks; /* of clients from these */
	size_t network_count;

	/* what becomes of it */
	enum milter_mode mode;
	bool log_only;
	bool mixed_refused; /* with recipients that need different messages; else they are split
	                     * further on */
	char **rules;       /* tables, and "KEY ACTION"; see milter/policy.h; NULL-terminated */
	char **own_domains; /* "example.org", or ".example.org" for all below it; likewise */
	bool by_registrable_domain; /* what shares an alias; else hostnames */
	bool no_contact_direct;     /* to whom no alias can write; else refused */
	char *opt_out;              /* header field by which a user's message leaves as it is */
	bool skip_lists;            /* mail of lists leaves as it is */
	bool skip_automatic;        /* and that of programs that say so */
	int64_t deadline_ms;
	unsigned in_flight; /* look-ups at the service at a time */

	/* of the daemon */
	char *listen;       /* endpoint */
	mode_t listen_mode; /* of a socket in the file system */
	char *listen_group; /* or NULL */
	char *user;         /* to become if started as root, or NULL */
	char *monitor;      /* HOST:PORT, or NULL */
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
	char **push_only;     /* likewise: what comes and goes there is left at the service */
	int64_t max_age_s;    /* of messages to be downloaded; 0: any */
	int64_t max_size;     /* likewise, in bytes */
	bool subscriptions;   /* of Dovecot here and those of the service are kept alike */
	int64_t bandwidth;    /* bytes a second at most; 0: any */
	unsigned connections; /* 0: as many as is best */
	char *database;       /* STATE-DIR/sync/NAME.db */
	char *on_new;         /* run by /bin/sh when something is new, or NULL */
	int64_t poll_ms;      /* watching: how often to ask where nothing is told */
	unsigned ping;        /* watching: seconds between signs of life of the service */
};

/* Of ferry-sync --watch, whatever it watches. */
struct watch_config {
	char *monitor; /* HOST:PORT, or NULL */
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
	struct alias_account *aliases;
	size_t alias_count;
	struct transport_config transport;
	struct milter_config milter;
	struct sync_config *syncs;
	size_t sync_count;
	struct watch_config watch;
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
const struct alias_account *config_alias(const struct config *config, const char *name);
const struct sync_config *config_sync(const struct config *config, const char *name);

/* Open the log as configured; verbose (-v, may be given twice) lowers the level and to a
 * terminal's stderr it always goes there. */
void config_open_log(const struct config *config, const char *ident, int verbose);

#endif
