/*
 * emails - the Email records of an account (RFC 8621 §4)
 *
 * A record is what can change or is asked for often; all else is read from the message.
 */
#ifndef SANDBOX_EMAILS_H
#define SANDBOX_EMAILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/blobs.h"
#include "sandbox/mime.h"
#include "sandbox/store.h"

struct email {
	int64_t id;
	unsigned char hash[BLOB_HASH];
	int64_t size;
	int64_t position; /* of its blob */
	int64_t received; /* seconds since 1970 */
	int64_t thread;
	char *keywords;  /* words.h, lower case */
	char *mailboxes; /* words.h, numbers */
	bool attachment;
	bool alone; /* its thread has, and had, no other but destroyed ones */
};

void email_free(struct email *e);

/* Read one; false if the account has none of that number. */
bool email_load(struct db *d, const struct account *a, int64_t id, struct email *e);

/* The columns of a SELECT that email_read() reads, from column 0 on. */
#define EMAIL_COLUMNS \
	"id, hash, size, received, thread, keywords, mailboxes, attachment, alone, position"
void email_read(sqlite3_stmt *row, struct email *e);

/* The Email whose blob lies there, or 0. */
int64_t email_by_position(struct db *d, const struct account *a, int64_t position);

/* The bytes of all Emails together. */
int64_t emails_size(struct db *d, const struct account *a);

/* Add the message, whose blob is stored; e has hash, size, position, received, keywords, mailboxes and
 * gets id, thread, attachment and alone. */
void
email_add(struct db *d, struct account *a, const struct mime_part *message, struct email *e);

/* Change keywords and mailboxes (copied) of a loaded record, and the totals with them. */
void email_change(struct db *d, struct account *a, struct email *e, const char *keywords,
    const char *mailboxes);

void email_destroy(struct db *d, struct account *a, struct email *e);

#endif
