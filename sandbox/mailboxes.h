/*
 * mailboxes - the Mailbox records of an account (RFC 8621 §2)
 *
 * Totals are kept, so reading them costs nothing; what a call changes in them is added up, and
 * stored once at its end.  Of threads
 * with unread Emails only the Emails in the mailbox itself are looked at, which RFC 8621 §2
 * leaves to the server for mailboxes like Trash.
 */
#ifndef SANDBOX_MAILBOXES_H
#define SANDBOX_MAILBOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/store.h"

struct mailbox {
	int64_t id;
	char *name;
	int64_t parent; /* 0: top level */
	char *role;     /* or NULL */
	int64_t sort_order;
	bool subscribed;
	int64_t total, unread, total_threads, unread_threads;
};

struct mailbox_list {
	struct mailbox *items;
	size_t count;
};

/* All mailboxes of an account, or one; mailbox_list_free() what comes. */
struct mailbox_list mailboxes_all(struct db *d, const struct account *a);
struct mailbox_list mailboxes_one(struct db *d, const struct account *a, int64_t id);
void mailbox_list_free(struct mailbox_list *list);

/* Is there such a mailbox?  The last that was asked for is remembered: a client that files many
 * Emails names the same one with each. */
bool mailbox_exists(struct db *d, struct account *a, int64_t id);

/* The mailbox of a role, or 0. */
int64_t mailbox_by_role(struct db *d, const struct account *a, const char *role);

/* A mailbox of this name under this parent, other than except; or 0. */
int64_t mailbox_by_name(
    struct db *d, const struct account *a, int64_t parent, const char *name, int64_t except);

bool mailbox_has_child(struct db *d, const struct account *a, int64_t id);

/* How deep below the top level it lies: 1 for a mailbox there. */
unsigned mailbox_depth(struct db *d, const struct account *a, int64_t id);

/* Make one; id and totals of m are not read.  Returns its id. */
int64_t mailbox_add(struct db *d, struct account *a, const struct mailbox *m);

/* Store all of m but the totals. */
void mailbox_update(struct db *d, struct account *a, const struct mailbox *m);

/* Mark as destroyed; the caller has emptied it. */
void mailbox_destroy(struct db *d, struct account *a, int64_t id);

/* The Inbox, Archive, Drafts, Junk, Sent and Trash of a new account. */
void mailboxes_create_first(struct db *d, struct account *a);

/* Account for emails and unread ones of a thread that came (+) or went (-).  Of an Email that
 * is alone in its thread, the thread is 0: then nothing need be looked up. */
void mailbox_count(
    struct db *d, struct account *a, int64_t id, int64_t thread, int emails, int unread);

/* An Email that was alone until now is not any more: from now on its thread is counted. */
void mailbox_count_thread(struct db *d, int64_t id, int64_t thread, int unread);

/* Store the totals that were accounted for so far. */
void mailboxes_settle(struct db *d, struct account *a);

#endif
