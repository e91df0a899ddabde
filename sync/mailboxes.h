/*
 * mailboxes - the table of mailboxes, in memory and in the state
 */
#ifndef FERRY_SYNC_MAILBOXES_H
#define FERRY_SYNC_MAILBOXES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/settings/config.h"
#include "common/settings/store.h"
#include "sync/letters.h"

/* What the account may do in a mailbox (RFC 8621 §2, myRights). */
enum mailbox_right {
	RIGHT_ADD = 1,
	RIGHT_REMOVE = 2,
	RIGHT_SEEN = 4,
	RIGHT_KEYWORDS = 8,
};
#define RIGHTS_ALL     (RIGHT_ADD | RIGHT_REMOVE | RIGHT_SEEN | RIGHT_KEYWORDS)
#define RIGHTS_UNKNOWN (-1) /* recorded before anybody asked */

/* The two directories of a folder that hold messages. */
enum { PART_NEW, PART_CUR, PARTS };

struct mailbox {
	int64_t n; /* the row */
	char *id;
	char *parent, *role; /* or NULL */
	char *name;
	char *path;    /* the folder relative to the root ("" is the root), NULL until made */
	char *display; /* the names of all levels with '/' between; the inbox is INBOX */
	char *wanted;  /* the path it should have, see folders.c */
	bool selected, gone;
	bool inbox;
	bool fresh;     /* not in the state before the last mailboxes_settle() */
	unsigned depth; /* levels above it */
	unsigned scans; /* of its folder in this run */
	int rights;
	bool moved_there;    /* the service renamed it, and its folder was not where it was */
	bool moved_above;    /* so it was with a mailbox above it */
	bool vanished;       /* somebody removed its folder, and that is to be told */
	bool two_way;        /* what is done in its folder is told to the service */
	bool follows;        /* who comes and goes there at the service does so here */
	char *identity;      /* of the folder when it was last looked at, or NULL */
	char *renamed_from;  /* its folder keeps a name of its own while this is the path that
	                        the service's names give; or NULL */
	char *stamps[PARTS]; /* of new/ and cur/ when all they held was known, or NULL */
	int lock;            /* a batch holds dovecot-uidlist.lock */
	struct letters letters;
	bool out_of_letters; /* and that was said */

	/* subscriptions.c */
	int subscribed;       /* as both sides agreed; -1 if nobody knows, */
	int subscribed_there; /* ... as the service says */
	char *subscribed_as;  /* the path under which the file had it, or NULL */
};

/* Pointers to mailboxes stay valid until mailboxes_free(). */
struct mailboxes {
	struct mailbox **v; /* by id */
	size_t count;
	bool unfollowed; /* some are */
};

void mailboxes_load(struct mailboxes *all, struct store *store);
void mailboxes_free(struct mailboxes *all);

/* NULL if there is none. */
struct mailbox *mailboxes_by_id(const struct mailboxes *all, const char *id);
struct mailbox *mailboxes_by_n(const struct mailboxes *all, int64_t n);

/* Take over what Mailbox/get says of one, into the state too.  False if it makes no sense. */
bool mailboxes_record(struct mailboxes *all, struct store *store, const json_t *object);

/* Take over what Mailbox/get says of subscribing to one that is known, and nothing else. */
void mailboxes_record_subscription(
    const struct mailboxes *all, struct store *store, const json_t *object);

/* The service has destroyed it. */
void mailboxes_record_gone(struct mailboxes *all, struct store *store, const char *id);

/* Does one of the patterns (fnmatch(3), ended by NULL; NULL is none) fit the name? */
bool mailboxes_match(char *const *patterns, const char *display);

/* Do the patterns of the configuration select a mailbox with this display name? */
bool mailboxes_selects(const struct sync_config *config, const char *display);

/* The direction of a mailbox with this display name, and what that means: may changes in its
 * folder be told to the service, and are the service's made in its folder?  With direction =
 * push for all, the latter is true: then the plan as a whole waits. */
enum sync_direction mailboxes_direction(const struct sync_config *config, const char *display);
bool mailboxes_tells(const struct sync_config *config, const char *display);
bool mailboxes_follows(const struct sync_config *config, const char *display);

/* Is any mailbox told of, or followed, by these patterns? */
bool mailboxes_push(const struct sync_config *config);
bool mailboxes_pull(const struct sync_config *config);

/* May this be done there? */
bool mailbox_may(const struct mailbox *mailbox, enum mailbox_right right);

/* The one with this role (by its lowest row), or NULL. */
struct mailbox *mailboxes_with_role(const struct mailboxes *all, const char *role);

/* Forget one that is gone, and its places. */
void mailboxes_forget(struct mailboxes *all, struct store *store, struct mailbox *mailbox);

/*
 * After records changed: find each one's depth and display name, which one is the inbox, and
 * which the patterns of the configuration select.  True if a mailbox that was in the state
 * before is newly selected, or followed otherwise than it was: its messages have to be looked
 * for.
 */
bool
mailboxes_settle(struct mailboxes *all, struct store *store, const struct sync_config *config);

#endif
