/*
 * email_check - what an Email must be like, for those who make and change Emails
 *
 * Each check returns NULL or a SetError, and appends to a set (words.h) what it checked.
 */
#ifndef SANDBOX_EMAIL_CHECK_H
#define SANDBOX_EMAIL_CHECK_H

#include "sandbox/blobs.h"
#include "sandbox/emails.h"
#include "sandbox/jmap.h"
#include "sandbox/mime.h"

/* "keywords": {KEYWORD: true}; null and missing are the empty set. */
json_t *email_check_keywords(const json_t *keywords, struct buf *set);

/* Can it be a keyword (RFC 8621 §4.1.1)? */
bool email_keyword_valid(const char *keyword);

/* Append it in lower case. */
void email_add_keyword(struct buf *set, const char *keyword);

/* "mailboxIds": {ID: true} of mailboxes there are, at least one. */
json_t *email_check_mailboxes(struct jmap_call *call, const json_t *ids, struct buf *set);

/* What Cyrus refuses to import: NUL, LF without CR, no header at all. */
json_t *email_check_message(const struct blob *blob, const struct mime_part *message);

/* Is there room for so many bytes more (--quota)? */
json_t *email_check_quota(struct jmap_call *call, int64_t size);

/* What is told of an Email that was made: id, blobId, threadId, size. */
json_t *email_created_json(const struct email *e);

#endif
