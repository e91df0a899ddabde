/*
 * Email/import (RFC 8621 §4.8), and the checks of keywords, mailboxes and messages that it
 * shares with Email/set.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "sandbox/email_check.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/jmap_set.h"
#include "sandbox/json.h"
#include "sandbox/mailboxes.h"
#include "sandbox/session.h"
#include "sandbox/words.h"

static const char *const properties[] = {
    "blobId", "mailboxIds", "keywords", "receivedAt", NULL};

json_t *
email_check_keywords(const json_t *keywords, struct buf *set)
{
	const char *key;
	json_t *value;

	if (keywords == NULL || json_is_null(keywords))
		return NULL;
	if (!json_is_object(keywords))
		return jmap_set_error("invalidProperties", "keywords", "keywords is an object");
	json_object_foreach ((json_t *)(uintptr_t)keywords, key, value) {
		if (!json_is_true(value) || !email_keyword_valid(key))
			return jmap_set_error(
			    "invalidProperties", "keywords", "the keyword %s cannot be", key);
		email_add_keyword(set, key);
	}
	if (words_count(buf_str(set)) > MAIL_KEYWORDS)
		return jmap_set_error(
		    "tooManyKeywords", NULL, "at most %d keywords", MAIL_KEYWORDS);
	return NULL;
}

bool
email_keyword_valid(const char *keyword)
{
	size_t length = strlen(keyword);

	if (length < 1 || length > 255)
		return false;
	for (size_t i = 0; i < length; i++)
		if (keyword[i] < '!' || keyword[i] > '~' ||
		    strchr("(){]%*\"\\", keyword[i]) != NULL)
			return false;
	return true;
}

void
email_add_keyword(struct buf *set, const char *keyword)
{
	struct buf lower = BUF_INIT;

	for (const char *p = keyword; *p != '\0'; p++)
		buf_addc(&lower, (char)tolower((unsigned char)*p));
	words_add(set, lower.data);
	buf_free(&lower);
}

json_t *
email_check_mailboxes(struct jmap_call *call, const json_t *ids, struct buf *set)
{
	struct jmap_request *r = call->request;
	const char *key;
	json_t *value;

	if (!json_is_object(ids) || json_object_size(ids) == 0)
		return jmap_set_error(
		    "invalidProperties", "mailboxIds", "an Email is in at least one mailbox");
	json_object_foreach ((json_t *)(uintptr_t)ids, key, value) {
		int64_t number = jmap_number(r, key, ID_MAILBOX);

		if (!json_is_true(value) || number == 0 ||
		    !mailbox_exists(r->db, &r->account, number))
			return jmap_set_error(
			    "invalidProperties", "mailboxIds", "there is no mailbox %s", key);
		words_add_number(set, number);
	}
	if (words_count(buf_str(set)) > MAIL_MAILBOXES_PER_EMAIL)
		return jmap_set_error(
		    "tooManyMailboxes", NULL, "at most %d mailboxes", MAIL_MAILBOXES_PER_EMAIL);
	return NULL;
}

json_t *
email_check_message(const struct blob *blob, const struct mime_part *message)
{
	if (memchr(blob->bytes, '\0', blob->length) != NULL)
		return jmap_set_error("invalidEmail", NULL, "Message contains NUL characters");
	for (const char *p = blob->bytes, *end = p + blob->length;
	     (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		if (p == blob->bytes || p[-1] != '\r')
			return jmap_set_error(
			    "invalidEmail", NULL, "Message contains bare newlines");
	if (message->header_count == 0)
		return jmap_set_error("invalidEmail", NULL, "Message has no header");
	return NULL;
}

json_t *
email_check_quota(struct jmap_call *call, int64_t size)
{
	struct jmap_request *r = call->request;
	int64_t quota = r->sandbox->options.quota;

	if (quota == 0 || emails_size(r->db, &r->account) + size <= quota)
		return NULL;
	return jmap_set_error(
	    "overQuota", NULL, "an account has room for %lld bytes", (long long)quota);
}

json_t *
email_created_json(const struct email *e)
{
	struct buf id = BUF_INIT;

	blob_id(e->hash, &id);
	return json_members("id", jmap_id(ID_EMAIL, e->id), "blobId", json_from_buf(&id),
	    "threadId", jmap_id(ID_THREAD, e->thread), "size", json_integer(e->size), NULL);
}

/* Read what is not the message into the record; a SetError or NULL. */
static json_t *
read_metadata(struct jmap_call *call, const json_t *object, struct email *e)
{
	struct buf keywords = BUF_INIT, mailboxes = BUF_INIT;
	const json_t *received = json_object_get(object, "receivedAt");
	const char *unknown = json_stranger(object, properties);
	json_t *error = NULL;

	e->received = clock_wall();
	if (unknown != NULL)
		error = jmap_set_error(
		    "invalidProperties", unknown, "there is no property %s", unknown);
	if (error == NULL && received != NULL && !json_is_null(received) &&
	    (!json_is_string(received) ||
	        !json_read_date(json_string_value(received), &e->received)))
		error = jmap_set_error("invalidProperties", "receivedAt", "not a UTCDate");
	if (error == NULL)
		error = email_check_keywords(json_object_get(object, "keywords"), &keywords);
	if (error == NULL)
		error = email_check_mailboxes(
		    call, json_object_get(object, "mailboxIds"), &mailboxes);
	e->keywords = buf_steal(&keywords);
	e->mailboxes = buf_steal(&mailboxes);
	return error;
}

/* A SetError if an Email of these bytes is there. */
static json_t *
check_existing(struct jmap_call *call, int64_t position)
{
	struct jmap_request *r = call->request;
	int64_t existing = email_by_position(r->db, &r->account, position);
	json_t *error;

	if (existing == 0)
		return NULL;
	error = jmap_set_error("alreadyExists", NULL, "the message is in the account already");
	json_object_set_new(error, "existingId", jmap_id(ID_EMAIL, existing));
	return error;
}

/* Add the message unless it is there already; a SetError or NULL. */
static json_t *
add_message(
    struct jmap_call *call, const char *blob_id, const struct blob *blob, struct email *e)
{
	struct jmap_request *r = call->request;
	const struct options *o = &r->sandbox->options;
	struct mime_part *message = mime_parse(blob->bytes, blob->length);
	json_t *error = email_check_message(blob, message);

	e->size = (int64_t)blob->length;
	e->position = blob->position;
	/* The content of a part may be imported: then it becomes a blob of its own. */
	if (error == NULL && !blob_id_parse(blob_id, e->hash) &&
	    !blob_store(store_blobs(r->sandbox->store), r->db, r->account.id, blob->bytes,
	        blob->length, e->hash, &e->position))
		error = jmap_set_error("serverFail", NULL, "the disk is full");
	if (error == NULL && strcmp(o->duplicates, "refuse") == 0)
		error = check_existing(call, e->position);
	if (error == NULL)
		error = email_check_quota(call, e->size);
	if (error == NULL) {
		email_add(r->db, &r->account, message, e);
		count_one(r->sandbox->counters.imports);
	}
	mime_free(&message);
	return error;
}

static json_t *
import_one(struct jmap_call *call, const json_t *object, json_t **error_r)
{
	struct jmap_request *r = call->request;
	const char *id = json_text(object, "blobId");
	struct email e = {0};
	struct blob blob = {0};
	json_t *created = NULL;

	if (id != NULL)
		id = jmap_resolve_id(r, id);
	*error_r = read_metadata(call, object, &e);
	if (*error_r == NULL && (id == NULL || !blob_by_id(store_blobs(r->sandbox->store),
	                                           r->db, r->account.id, id, &blob)))
		*error_r =
		    jmap_set_error("invalidProperties", "blobId", "there is no such blob");
	if (*error_r == NULL)
		*error_r = add_message(call, id, &blob, &e);
	if (*error_r == NULL)
		created = email_created_json(&e);
	blob_release(&blob);
	email_free(&e);
	return created;
}

json_t *
email_import(struct jmap_call *call)
{
	json_t *emails = json_object_get(call->arguments, "emails");
	const char *creation_id;
	json_t *object, *result;

	if (!jmap_if_in_state(call, RECORD_EMAIL) ||
	    !jmap_few_enough(call, json_object_size(emails)))
		return NULL;
	result = jmap_set_begin(call, RECORD_EMAIL);
	json_object_foreach (emails, creation_id, object) {
		json_t *error = NULL;
		json_t *created = import_one(call, object, &error);

		jmap_set_created(call, result, creation_id, created, error);
	}
	jmap_set_end(call, RECORD_EMAIL, result);
	return result;
}
