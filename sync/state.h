/*
 * state - what a mirror remembers between runs: one SQLite database a sync section
 *
 *	meta	    key, value: see state_get()
 *	mailbox	    the service's mailboxes, and the folder each one has
 *	email	    the service's messages that are, or shall be, in a mirrored mailbox
 *	place	    each file: which message, in which mailbox, under which name
 *	stray	    files that are no place: not told to the service yet, or left aside
 *	op	    what was begun with folders and cannot be seen from the rest (see folders.c)
 *	kwletter    which letter stands for which keyword in a mailbox's file names
 *
 * Base, the last state both sides agreed on, is email.keywords and the mailboxes of the
 * message's places.  What the service says now and the files do not show yet is beside it in
 * want_keywords and want_mailboxes (mailbox.n in ascending order, blanks between; '' means
 * that the message is gone).  They are NULL when there is nothing to do, so the rows that
 * have them are the plan, and it survives a crash: a state string of the service is stored
 * in the same transaction as the plan that follows from it.  keywords is NULL while nothing
 * was agreed on: the message was never downloaded.
 *
 * A place whose file somebody deleted stays, marked missing: base says that it was there,
 * the file that it is not, and where changes go both ways that is a deletion to be told.  A
 * place that is not agreed is a file that somebody put there, and the service does not know
 * yet; base does not count it.  email.near marks messages with anything of this kind, or with
 * flags in a file's name that are not base's: what push.c has to look at.
 *
 * email.aside marks messages that are planned and not taken up: the limits of the
 * configuration leave them at the service (limits.h).  They have no file; one that turns up
 * makes them like any other.
 *
 * mailbox.stamp_* say how new/ and cur/ looked when all they held was known (scan.c), and
 * identity which directory cur/ was.  Mailboxes that are not selected keep their rows and
 * places; nothing is done for them.
 */
#ifndef FERRY_SYNC_STATE_H
#define FERRY_SYNC_STATE_H

#include "common/settings/store.h"

/* Keys of meta. */
#define STATE_UUID        "uuid"    /* the root marker's */
#define STATE_EPOCH       "epoch"   /* number of the last run that changed the Maildir */
#define STATE_NEXT        "next"    /* the epoch that a run is about to mark the Maildir with */
#define STATE_RUNNING     "running" /* "1" from that run's start to its clean end */
#define STATE_SERVICE     "service" /* host of the JMAP API */
#define STATE_ACCOUNT     "account" /* JMAP account id */
#define STATE_EMAIL       "email"   /* the service's state strings up to which all is known */
#define STATE_MAILBOX     "mailbox"
#define STATE_QUOTA_TRIES "quota-tries" /* uploads that found no room, in a row */
#define STATE_QUOTA_UNTIL "quota-until" /* seconds since 1970 until when there is none */
#define STATE_LIMITS      "limits"      /* what email.aside was worked out with */

/* Keys that begin so name the messages of which the service said what makes no sense. */
#define STATE_DOUBT     "doubt/"
#define STATE_DOUBT_END "doubt0"
/* STATE_IMPORT and its id: a message of ours that the changes have not told of yet. */
#define STATE_IMPORT     "import/"
#define STATE_IMPORT_END "import0"
/* STATE_AHEAD and its id: a message that is newer than the state the changes are asked from. */
#define STATE_AHEAD     "ahead/"
#define STATE_AHEAD_END "ahead0"
/* STATE_MADE and its id: a mailbox that is newer than the state its changes are asked from. */
#define STATE_MADE     "made/"
#define STATE_MADE_END "made0"
/* STATE_LEAVING and its id: a message whose files a run that was cut short may have removed. */
#define STATE_LEAVING     "leaving/"
#define STATE_LEAVING_END "leaving0"
/* STATE_ARRIVING and its id: one that the service destroyed while such a run may have had its
 * files; the value is the mailboxes it was to be in, as in want_mailboxes. */
#define STATE_ARRIVING     "arriving/"
#define STATE_ARRIVING_END "arriving0"

struct outcome state_open(const char *path, struct store **store_r);

/* A value of meta, which the caller free()s, or NULL. */
char *state_get(struct store *store, const char *key);
int64_t state_get_number(struct store *store, const char *key, int64_t fallback);
void state_set(struct store *store, const char *key, const char *value);
void state_set_number(struct store *store, const char *key, int64_t value);

#endif
