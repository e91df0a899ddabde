/*
 * task - what is to be done with one message, worked out from remote, base and local
 */
#ifndef FERRY_SYNC_TASK_H
#define FERRY_SYNC_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/mirror.h"

enum copy_action {
	COPY_KEEP,
	COPY_ADD,    /* put the file there */
	COPY_CHANGE, /* other flags: rename */
	COPY_REMOVE,
};

/* A message's file in one mailbox. */
struct copy {
	int64_t n; /* row of place; 0 until there is one */
	struct mailbox *mailbox;
	char *base;      /* NULL until it is downloaded */
	char *place;     /* where it is; for COPY_ADD where it goes */
	char *new_place; /* COPY_CHANGE: where it goes */
	bool fresh;      /* somebody put the file there, and it is not agreed on yet */
	bool missing;    /* somebody deleted the file */
	bool made;       /* COPY_ADD: it is there now */
	bool absent;     /* nothing was found to do it to: there is no file now */
	enum copy_action action;
};

struct task {
	int64_t n; /* row of email */
	char *id, *blob;
	int64_t size, received;
	bool raw;
	char *keywords; /* base, or NULL */
	char *want_keywords, *want_mailboxes;
	struct copy *copies;
	size_t count;
	bool adopted; /* files of ours that the state had lost were found */
	bool failed;  /* stays planned, for the next run */
};

/*
 * Take up the next planned message that this run has not tried yet, the inbox first and the
 * newest first.  *task_r is NULL when there is none.  New keywords get their letters, on
 * disk, before this returns.
 */
struct outcome task_next(struct mirror *m, struct task **task_r);
void task_free(struct task **task);

/* Is there no file yet from which the ones to add can be made? */
bool task_needs_download(struct task *task);

/* A file of the message that is there, or NULL. */
struct copy *task_source(struct task *task);

/* The copy's file below the root, as it is or (after) as it shall be.  The caller free()s. */
char *copy_file(const struct copy *copy, bool after);

/* Write into the state that all of it was done; in the transaction of the caller. */
void task_record(struct mirror *m, const struct task *task);

/* Tell what was done, or would be. */
void task_report(struct mirror *m, const struct task *task);

/* Name a copy that is to be added after the file it is made from; NULL if it is downloaded. */
void copy_follow(const struct task *task, struct copy *copy, const struct copy *source);

/* After a scan found the file elsewhere, or not at all: read its place again and work out
 * what to do with it anew. */
void copy_reread(struct mirror *m, const struct task *task, struct copy *copy);

#endif
