/*
 * submissions - the EmailSubmission records of an account (RFC 8621 §7)
 *
 * A record has all that sending needs, since its Email may be gone when its time comes; and it
 * stays when its EmailSubmission is destroyed, since it is also the record of what was sent.
 */
#ifndef SANDBOX_SUBMISSIONS_H
#define SANDBOX_SUBMISSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "sandbox/blobs.h"
#include "sandbox/options.h"
#include "sandbox/store.h"

enum undo_status { UNDO_PENDING, UNDO_FINAL, UNDO_CANCELED };

struct submission {
	int64_t id;
	int64_t account;
	int64_t email;
	int64_t thread;
	unsigned char hash[BLOB_HASH]; /* of the message */
	char *message_id;              /* its Message-ID without the brackets, or NULL */
	json_t *envelope;
	int64_t send_at; /* seconds since 1970 */
	enum undo_status undo;
	int64_t outbox;   /* its number there, 0 before it is sent */
	json_t *delivery; /* deliveryStatus, or NULL */
};

void submission_free(struct submission *s);

/* "pending", "final", "canceled". */
const char *undo_status_text(enum undo_status undo);

/* Do EmailSubmissions vanish when their message is sent, as those of Debian's Cyrus do? */
bool submissions_vanish(const struct options *o);

/* Add a record and set its id; one that is hidden is destroyed at once. */
void submission_add(struct db *d, struct account *a, struct submission *s, bool hidden);

/* Read one that is not destroyed; false if the account has none of that number. */
bool submission_load(struct db *d, const struct account *a, int64_t id, struct submission *s);

/* The columns of a SELECT that submission_read() reads. */
#define SUBMISSION_COLUMNS                                                                  \
	"submission.id, submission.account, submission.email, submission.thread,"           \
	" submission.hash, submission.message_id, submission.envelope, submission.send_at," \
	" submission.undo, submission.outbox, submission.delivery"
void submission_read(sqlite3_stmt *row, struct submission *s);

/* Store undo, outbox and delivery; one that is hidden is destroyed too. */
void
submission_change(struct db *d, struct account *a, const struct submission *s, bool hidden);

void submission_destroy(struct db *d, struct account *a, int64_t id);

/* The Email of a record, destroyed or not; 0 if the account has none of that number. */
int64_t submission_email(struct db *d, const struct account *a, int64_t id);

#endif
