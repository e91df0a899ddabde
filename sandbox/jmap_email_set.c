/*
 * Email/set (RFC 8621 §4.6).  Of an Email that is there, only keywords and mailboxIds can be
 * changed, whole or by patches; new ones are composed in email_compose.h.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "sandbox/email_check.h"
#include "sandbox/email_compose.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/jmap_set.h"
#include "sandbox/json.h"
#include "sandbox/words.h"

/* The property below a patch's path "PROPERTY/KEY", its ~0 and ~1 undone, or NULL. */
static bool
path_below(const char *path, const char *property, struct buf *key)
{
	size_t length = strlen(property);

	buf_reset(key);
	if (strncmp(path, property, length) != 0 || path[length] != '/' ||
	    path[length + 1] == '\0')
		return false;
	for (const char *p = path + length + 1; *p != '\0'; p++) {
		if (*p == '/')
			return false;
		if (p[0] == '~' && (p[1] == '0' || p[1] == '1'))
			buf_addc(key, *++p == '0' ? '~' : '/');
		else
			buf_addc(key, *p);
	}
	return true;
}

/* The set as the object that a client sees: {WORD: true}. */
static json_t *
set_as_object(const char *set, char letter)
{
	json_t *object = json_object();
	struct buf key = BUF_INIT;
	const char *word;
	size_t length;

	while ((length = words_next(&set, &word)) > 0) {
		buf_reset(&key);
		if (letter != 0)
			buf_addc(&key, letter);
		buf_add(&key, word, length);
		json_object_setn_new_nocheck(object, key.data, key.len, json_true());
	}
	buf_free(&key);
	return object;
}

/* Change one member of a property's object; a SetError or NULL. */
static json_t *
patch_member(struct jmap_call *call, json_t *object, const char *property, const char *key,
    const json_t *value)
{
	bool mailbox = strcmp(property, "mailboxIds") == 0;
	const char *name = mailbox ? jmap_resolve_id(call->request, key) : key;
	struct buf lower = BUF_INIT;

	if (!json_is_null(value) && !json_is_true(value))
		return jmap_set_error(
		    "invalidProperties", property, "%s/%s is true or null", property, key);
	if (name == NULL || (!mailbox && !email_keyword_valid(key)))
		return jmap_set_error(
		    "invalidProperties", property, "%s/%s cannot be", property, key);
	if (!mailbox) {
		email_add_keyword(&lower, name);
		buf_truncate(&lower, lower.len - 1); /* words.h puts a blank on either side */
		name = lower.data + 1;
	}
	if (json_is_true(value))
		json_object_set_new(object, name, json_true());
	else
		json_object_del(object, name);
	buf_free(&lower);
	return NULL;
}

/* The new value of a property as the patch wants it: *object is replaced or changed. */
static json_t *
patch_property(struct jmap_call *call, json_t *patch, const char *property, json_t **object,
    bool *touched_r)
{
	json_t *whole = json_object_get(patch, property);
	struct buf key = BUF_INIT;
	json_t *error = NULL, *value;
	const char *path;

	*touched_r = whole != NULL;
	if (whole != NULL) {
		json_decref(*object);
		*object = json_incref(whole);
	}
	json_object_foreach (patch, path, value) {
		if (!path_below(path, property, &key))
			continue;
		*touched_r = true;
		error = whole != NULL
		            ? jmap_set_error(
		                  "invalidPatch", NULL, "%s is given whole too", property)
		            : patch_member(call, *object, property, buf_str(&key), value);
		if (error != NULL)
			break;
	}
	buf_free(&key);
	return error;
}

/* The first path in a patch that is none of ours. */
static json_t *
check_paths(json_t *patch)
{
	struct buf key = BUF_INIT;
	json_t *error = NULL, *value;
	const char *path;

	json_object_foreach (patch, path, value) {
		if (strcmp(path, "keywords") == 0 || strcmp(path, "mailboxIds") == 0 ||
		    path_below(path, "keywords", &key) || path_below(path, "mailboxIds", &key))
			continue;
		error = strchr(path, '/') != NULL
		            ? jmap_set_error("invalidPatch", NULL, "%s leads nowhere", path)
		            : jmap_set_error(
		                  "invalidProperties", path, "%s cannot be changed", path);
		break;
	}
	buf_free(&key);
	return error;
}

/* Work out both sets; a SetError or NULL. */
static json_t *
patched_sets(struct jmap_call *call, const struct email *e, json_t *patch, struct buf *keywords,
    struct buf *mailboxes)
{
	json_t *words = set_as_object(e->keywords, 0);
	json_t *boxes = set_as_object(e->mailboxes, ID_MAILBOX);
	bool words_touched = false, boxes_touched = false;
	json_t *error = check_paths(patch);

	if (error == NULL)
		error = patch_property(call, patch, "keywords", &words, &words_touched);
	if (error == NULL)
		error = patch_property(call, patch, "mailboxIds", &boxes, &boxes_touched);
	if (error == NULL && words_touched)
		error = email_check_keywords(words, keywords);
	if (error == NULL && boxes_touched)
		error = email_check_mailboxes(call, boxes, mailboxes);
	if (!words_touched)
		buf_adds(keywords, e->keywords);
	if (!boxes_touched)
		buf_adds(mailboxes, e->mailboxes);
	json_decref(words);
	json_decref(boxes);
	return error;
}

static json_t *
update(struct jmap_call *call, int64_t id, json_t *patch)
{
	struct jmap_request *r = call->request;
	struct buf keywords = BUF_INIT, mailboxes = BUF_INIT;
	struct email e;
	json_t *error;

	if (!email_load(r->db, &r->account, id, &e))
		return jmap_set_error("notFound", NULL, "there is no such Email");
	error = patched_sets(call, &e, patch, &keywords, &mailboxes);
	if (error == NULL && (strcmp(buf_str(&keywords), e.keywords) != 0 ||
	                         strcmp(buf_str(&mailboxes), e.mailboxes) != 0))
		email_change(r->db, &r->account, &e, buf_str(&keywords), buf_str(&mailboxes));
	buf_free(&keywords);
	buf_free(&mailboxes);
	email_free(&e);
	return error;
}

static json_t *
destroy(struct jmap_call *call, int64_t id)
{
	struct jmap_request *r = call->request;
	struct email e;

	if (!email_load(r->db, &r->account, id, &e))
		return jmap_set_error("notFound", NULL, "there is no such Email");
	email_destroy(r->db, &r->account, &e);
	email_free(&e);
	return NULL;
}

/* File a composed message as a new Email. */
static json_t *
file_message(struct jmap_call *call, const struct buf *bytes, struct email *e)
{
	struct jmap_request *r = call->request;
	struct mime_part *message;

	if (!blob_store(store_blobs(r->sandbox->store), r->db, r->account.id, bytes->data,
	        bytes->len, e->hash, &e->position))
		return jmap_set_error("serverFail", NULL, "the disk is full");
	e->size = (int64_t)bytes->len;
	message = mime_parse(bytes->data, bytes->len);
	email_add(r->db, &r->account, message, e);
	mime_free(&message);
	return NULL;
}

static json_t *
create(struct jmap_call *call, json_t *object, json_t **error_r)
{
	struct buf keywords = BUF_INIT, mailboxes = BUF_INIT, bytes = BUF_INIT;
	const char *received = json_text(object, "receivedAt");
	struct email e = {.received = clock_wall()};
	json_t *created = NULL;

	*error_r = email_check_keywords(json_object_get(object, "keywords"), &keywords);
	if (*error_r == NULL)
		*error_r = email_check_mailboxes(
		    call, json_object_get(object, "mailboxIds"), &mailboxes);
	if (*error_r == NULL && json_object_get(object, "receivedAt") != NULL &&
	    (received == NULL || !json_read_date(received, &e.received)))
		*error_r = jmap_set_error("invalidProperties", "receivedAt", "not a UTCDate");
	if (*error_r == NULL)
		*error_r = email_compose(call, object, &bytes);
	if (*error_r == NULL)
		*error_r = email_check_quota(call, (int64_t)bytes.len);
	e.keywords = buf_steal(&keywords);
	e.mailboxes = buf_steal(&mailboxes);
	if (*error_r == NULL)
		*error_r = file_message(call, &bytes, &e);
	if (*error_r == NULL)
		created = email_created_json(&e);
	buf_free(&bytes);
	email_free(&e);
	return created;
}

json_t *
email_set(struct jmap_call *call)
{
	static const struct jmap_set_type type = {
	    ID_EMAIL, RECORD_EMAIL, create, update, destroy};

	return jmap_set(call, &type);
}
