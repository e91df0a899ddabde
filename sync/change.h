/*
 * change - one message as it was, as it is here, as it is there, and as it shall be
 */
#ifndef FERRY_SYNC_CHANGE_H
#define FERRY_SYNC_CHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "sync/merge.h"
#include "sync/mirror.h"

/* What is to be done at the service. */
enum change_action {
	CHANGE_NOTHING,  /* it is there as it shall be */
	CHANGE_UPDATE,   /* a patch */
	CHANGE_ASK,      /* it would be in no mailbox, or is in none: first ask where it is */
	CHANGE_DESTROY,  /* for good */
	CHANGE_UPLOAD,   /* it is gone there, and wanted here: what is here is a new message */
	CHANGE_POSTPONE, /* not now */
};

struct change {
	int64_t n; /* row of email */
	char *id;
	char *agreed; /* base keywords, NULL if there is no base */
	char *near_keywords, *far_keywords, *keywords; /* ... and merged */
	struct numbers base, near, far, mailboxes;     /* likewise */
	struct numbers deleted;                        /* of base, what is gone here */
	bool planned; /* the service has changed it since base */
	bool uneven;  /* its files do not all have the same keywords */
	bool fresh;   /* some of its files are not agreed on */
	bool refused; /* some may not be told of: the mailbox takes nothing */
	bool keeps;   /* what is deleted here stays there, and is remembered */
	enum change_action action;
	json_t *patch;        /* of CHANGE_UPDATE */
	const char *conflict; /* of merge_conflict(), or NULL */
};

/* The keywords that a file name in the mailbox says, as text that the caller free()s. */
struct outcome change_keywords_of(
    struct mirror *m, struct mailbox *mailbox, const char *place, char **keywords_r);

/* Read row n and its files, and work out what is to be done.  NULL if it is not there. */
struct outcome change_load(struct mirror *m, int64_t n, struct change **change_r);
void change_free(struct change **change);

/*
 * Where the message really is: the answer for CHANGE_ASK.  mailbox_ids is the Email's
 * property, NULL if the service does not know the id.
 */
struct outcome
change_answer(struct mirror *m, struct change *change, const json_t *mailbox_ids);

/* The service has it as it shall be: record that, in the caller's transaction. */
void change_record(struct mirror *m, struct change *change);

/* CHANGE_UPLOAD: forget the message, so that its files are strays; likewise. */
void change_let_go(struct mirror *m, const struct change *change);

#endif
