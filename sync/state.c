/*
 * The schema of a mirror's memory.  Integer row ids everywhere: random text keys would make
 * the tables three times slower to fill.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sync/state.h"

#define CACHE_PAGES 512 /* 2 MB: more is hardly faster, the kernel caches the file, too */

static const char *const steps[] = {
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"

    "CREATE TABLE mailbox("
    " n INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE,"
    " parent TEXT," /* the service's id */
    " name TEXT NOT NULL,"
    " role TEXT,"
    " path TEXT,"                           /* the folder, NULL until it is made */
    " selected INTEGER NOT NULL DEFAULT 0," /* by the configuration */
    " gone INTEGER NOT NULL DEFAULT 0);"    /* destroyed, proven */

    "CREATE TABLE email("
    " n INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE,"
    " blob TEXT NOT NULL,"
    " size INTEGER NOT NULL,"
    " received INTEGER NOT NULL,"
    " rank INTEGER NOT NULL,"          /* 0 in the inbox, else 1: what to download first */
    " raw INTEGER NOT NULL DEFAULT 0," /* stored as it came, line ends not changed */
    " keywords TEXT,"
    " want_keywords TEXT,"
    " want_mailboxes TEXT);"
    "CREATE INDEX email_want ON email(rank, received DESC) WHERE want_mailboxes IS NOT NULL;"

    "CREATE TABLE place("
    " n INTEGER PRIMARY KEY,"
    " email INTEGER NOT NULL,"
    " mailbox INTEGER NOT NULL,"
    " base TEXT NOT NULL,"
    " place TEXT NOT NULL,"
    " missing INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE(email, mailbox));"
    "CREATE INDEX place_base ON place(mailbox, base);"

    "CREATE TABLE op("
    " n INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL,"
    " mailbox INTEGER,"
    " source TEXT,"
    " target TEXT);"

    "CREATE TABLE kwletter("
    " mailbox INTEGER NOT NULL,"
    " letter INTEGER NOT NULL," /* 0 is a */
    " keyword TEXT NOT NULL,"
    " PRIMARY KEY(mailbox, letter)) WITHOUT ROWID;",

    /* Both ways: what is remembered of folders and files to find what others did to them. */
    "ALTER TABLE mailbox ADD COLUMN rights INTEGER NOT NULL DEFAULT -1;"
    "ALTER TABLE mailbox ADD COLUMN two_way INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE mailbox ADD COLUMN identity TEXT;"
    "ALTER TABLE mailbox ADD COLUMN stamp_new TEXT;"
    "ALTER TABLE mailbox ADD COLUMN stamp_cur TEXT;"

    "ALTER TABLE email ADD COLUMN near INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX email_near ON email(n) WHERE near = 1;"

    "ALTER TABLE place ADD COLUMN inode INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE place ADD COLUMN agreed INTEGER NOT NULL DEFAULT 1;"
    "CREATE INDEX place_inode ON place(inode) WHERE inode <> 0;"
    "CREATE INDEX place_missing ON place(mailbox) WHERE missing = 1;"

    "CREATE TABLE stray("
    " n INTEGER PRIMARY KEY,"
    " mailbox INTEGER NOT NULL,"
    " base TEXT NOT NULL,"
    " place TEXT NOT NULL,"
    " inode INTEGER NOT NULL,"
    " id TEXT,"               /* in J=, if the name is one of ours */
    " size INTEGER NOT NULL," /* S= and W= of the name, -1 if absent */
    " vsize INTEGER NOT NULL,"
    " seen INTEGER NOT NULL DEFAULT 1," /* by the scan that is going on */
    " wire INTEGER,"                    /* bytes with CRLF line ends, once read */
    " core INTEGER,"                    /* ... without what other programs add */
    " message_id TEXT,"                 /* likewise, without < and > */
    " gone INTEGER NOT NULL DEFAULT 0," /* what it was is destroyed: it is a new message */
    " blob TEXT,"                       /* it was uploaded as this */
    " twin INTEGER,"                    /* row of email: one more file of that message */
    " refused TEXT,"                    /* the service does not take it, and why */
    " UNIQUE(mailbox, base));"
    "CREATE INDEX stray_id ON stray(id) WHERE id IS NOT NULL;",

    /* What is to leave all mailboxes is counted before anything is done. */
    "CREATE INDEX email_gone ON email(n) WHERE want_mailboxes = '';",

    /* Limits: messages that are known, and left at the service. */
    "ALTER TABLE email ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX email_want;"
    "CREATE INDEX email_want ON email(rank, received DESC)"
    " WHERE want_mailboxes IS NOT NULL AND aside = 0;"
    "CREATE INDEX email_aside ON email(size, blob) WHERE aside = 1;"
    "ALTER TABLE mailbox ADD COLUMN follows INTEGER NOT NULL DEFAULT 1;",

    /* Subscriptions: 0, 1, or -1 for unknown. */
    "ALTER TABLE mailbox ADD COLUMN subscribed INTEGER NOT NULL DEFAULT -1;"
    "ALTER TABLE mailbox ADD COLUMN subscribed_there INTEGER NOT NULL DEFAULT -1;"
    "ALTER TABLE mailbox ADD COLUMN subscribed_as TEXT;",

    /* Folders with a name that the service did not take: see folders_near.c. */
    "ALTER TABLE mailbox ADD COLUMN renamed_from TEXT;",

    NULL,
};

/* Work space of one run, gone with it. */
static const char *const temporary[] = {
    "PRAGMA temp.cache_size = 128",
    /* messages this run has taken up: not twice */
    "CREATE TEMP TABLE tried(n INTEGER PRIMARY KEY)",
    /* ids a full listing of the service has shown */
    "CREATE TEMP TABLE listed(id TEXT PRIMARY KEY) WITHOUT ROWID",
    /* places a scan of a folder has found */
    "CREATE TEMP TABLE found(n INTEGER PRIMARY KEY)",
    /* messages that files found may be, see strays.c */
    ("CREATE TEMP TABLE candidate(n INTEGER PRIMARY KEY, id TEXT NOT NULL,"
     " size INTEGER NOT NULL, message_id TEXT)"),
    "CREATE INDEX temp.candidate_size ON candidate(size)",
    /* ids of files whose messages are gone, see leftovers.c */
    "CREATE TEMP TABLE leftover(id TEXT PRIMARY KEY) WITHOUT ROWID",
};

struct outcome
state_open(const char *path, struct store **store_r)
{
	struct store_options options = {
	    .steps = steps, .exclusive = true, .cache_pages = CACHE_PAGES};
	struct outcome o = store_open(path, &options, store_r);

	if (!outcome_is_ok(&o))
		return o;
	for (size_t i = 0; i < sizeof(temporary) / sizeof(temporary[0]); i++)
		store_run(*store_r, temporary[i], "");
	o = store_error(*store_r);
	if (!outcome_is_ok(&o))
		store_close(store_r);
	return o;
}

char *
state_get(struct store *store, const char *key)
{
	return store_text(store, "SELECT value FROM meta WHERE key = ?", "t", key);
}

int64_t
state_get_number(struct store *store, const char *key, int64_t fallback)
{
	return store_number(
	    store, fallback, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?", "t", key);
}

void
state_set(struct store *store, const char *key, const char *value)
{
	store_run(store, "INSERT OR REPLACE INTO meta VALUES(?, ?)", "tt", key, value);
}

void
state_set_number(struct store *store, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	state_set(store, key, text);
}
