/*
 * EmailSubmission/set (RFC 8621 §7.5).  A submission is sent at once, and so final at once:
 * it cannot be undone.  What onSuccess... asks for is an Email/set after it, in the same
 * transaction, whose response follows.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "sandbox/deliver.h"
#include "sandbox/emails.h"
#include "sandbox/envelope.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/jmap_set.h"
#include "sandbox/json.h"
#include "sandbox/submissions.h"

static json_t *
check_properties(struct jmap_call *call, const json_t *object)
{
	static const char *const known[] = {"identityId", "emailId", "envelope", NULL};
	const json_t *identity = json_object_get(object, "identityId");
	const char *stranger = json_stranger(object, known);

	if (stranger != NULL)
		return jmap_set_error(
		    "invalidProperties", stranger, "%s is none that can be set", stranger);
	/* There is one identity, so it may be left out. */
	if (identity != NULL && !json_is_null(identity) &&
	    (!json_is_string(identity) ||
	        jmap_number(call->request, json_string_value(identity), ID_IDENTITY) !=
	            call->request->account.id))
		return jmap_set_error(
		    "invalidProperties", "identityId", "there is no such identity");
	return NULL;
}

/* Load the Email and its message; a SetError or NULL. */
static json_t *
load(struct jmap_call *call, const json_t *object, struct submission *s, struct blob *blob)
{
	struct jmap_request *r = call->request;
	const char *id = json_text(object, "emailId");
	int64_t number = id == NULL ? 0 : jmap_number(r, id, ID_EMAIL);
	struct email e;

	if (number == 0 || !email_load(r->db, &r->account, number, &e))
		return jmap_set_error("invalidProperties", "emailId", "there is no such Email");
	s->email = e.id;
	s->thread = e.thread;
	memcpy(s->hash, e.hash, sizeof(s->hash));
	email_free(&e);
	if (!blob_by_hash(store_blobs(r->sandbox->store), r->db, r->account.id, s->hash, blob))
		return jmap_set_error("serverFail", NULL, "the message cannot be read");
	return NULL;
}

/* Send the message and note the submission; a SetError or NULL. */
static json_t *
send(struct jmap_call *call, struct submission *s, const struct blob *blob)
{
	struct jmap_request *r = call->request;
	json_t *error = deliver_refusal(r, s->envelope);

	if (error != NULL)
		return error;
	s->outbox = deliver(r, s->envelope, blob, &s->delivery);
	if (s->outbox == 0)
		return jmap_set_error("serverFail", NULL, "the disk is full");
	s->undo = UNDO_FINAL;
	submission_add(r->db, &r->account, s, false);
	count_one(r->sandbox->counters.submissions);
	return NULL;
}

/* What the client is told of a new submission. */
static json_t *
created_json(const struct jmap_request *r, const struct submission *s)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:o}", "id", jmap_id(ID_SUBMISSION, s->id),
	    "threadId", jmap_id(ID_THREAD, s->thread), "identityId",
	    jmap_id(ID_IDENTITY, r->account.id), "undoStatus", undo_status_text(s->undo),
	    "sendAt", json_utc_date(s->send_at));
}

static json_t *
create(struct jmap_call *call, json_t *object, json_t **error_r)
{
	struct submission s = {.send_at = clock_wall()};
	struct blob blob = {0};
	struct mime_part *message = NULL;
	json_t *created = NULL;

	*error_r = check_properties(call, object);
	if (*error_r == NULL)
		*error_r = load(call, object, &s, &blob);
	if (*error_r == NULL) {
		message = mime_parse(blob.bytes, blob.length);
		s.message_id = mime_message_id(message);
		s.envelope =
		    envelope_make(json_object_get(object, "envelope"), message, error_r);
	}
	if (*error_r == NULL)
		*error_r = envelope_check(s.envelope, message, call->request->account.inbox);
	if (*error_r == NULL)
		*error_r = send(call, &s, &blob);
	if (*error_r == NULL)
		created = created_json(call->request, &s);
	else
		count_one(call->request->sandbox->counters.refused_submissions);
	mime_free(&message);
	blob_release(&blob);
	submission_free(&s);
	return created;
}

static bool
exists(struct jmap_call *call, int64_t id)
{
	return db_int(call->request->db, 0,
	           "SELECT 1 FROM submission WHERE id = ? AND account = ? AND destroyed = 0",
	           "ii", id, call->request->account.id) == 1;
}

static json_t *
update(struct jmap_call *call, int64_t id, json_t *patch)
{
	const char *key;
	json_t *value;

	if (!exists(call, id))
		return jmap_set_error("notFound", NULL, "there is no such submission");
	json_object_foreach (patch, key, value)
		if (strcmp(key, "undoStatus") != 0)
			return jmap_set_error(
			    "invalidProperties", key, "%s cannot be changed", key);
	if (json_object_size(patch) == 0)
		return NULL;
	return jmap_set_error("cannotUnsend", NULL, "the message has been sent");
}

static json_t *
destroy(struct jmap_call *call, int64_t id)
{
	struct jmap_request *r = call->request;

	if (!exists(call, id))
		return jmap_set_error("notFound", NULL, "there is no such submission");
	submission_destroy(r->db, &r->account, id);
	return NULL;
}

/* The id of the Email whose submission, named as in onSuccess..., succeeded; or NULL. */
static json_t *
succeeded(struct jmap_call *call, const json_t *result, const char *name)
{
	const json_t *created = json_object_get(result, "created");
	int64_t email;

	if (name[0] == '#'
	        ? json_object_get(created, name + 1) == NULL
	        : (json_object_get(json_object_get(result, "updated"), name) == NULL &&
	              !json_has_string(json_object_get(result, "destroyed"), name)))
		return NULL;
	email = submission_email(call->request->db, &call->request->account,
	    jmap_number(call->request, name, ID_SUBMISSION));
	return email == 0 ? NULL : jmap_id(ID_EMAIL, email);
}

/* The arguments of the implicit Email/set. */
static json_t *
implicit_arguments(struct jmap_call *call, const json_t *result)
{
	json_t *update_map = json_object(), *destroy_list = json_array();
	const char *name;
	json_t *patch;
	size_t i;
	const json_t *item;

	json_object_foreach (
	    json_object_get(call->arguments, "onSuccessUpdateEmail"), name, patch) {
		json_t *id = succeeded(call, result, name);

		if (id != NULL)
			json_object_set(update_map, json_string_value(id), patch);
		json_decref(id);
	}
	json_array_foreach (
	    json_object_get(call->arguments, "onSuccessDestroyEmail"), i, item) {
		json_t *id = succeeded(call, result, json_string_value(item));

		if (id != NULL)
			json_array_append_new(destroy_list, id);
	}
	return json_pack("{s:s, s:o, s:o}", "accountId", call->request->account.inbox, "update",
	    update_map, "destroy", destroy_list);
}

static void
run_implicit(struct jmap_call *call, const json_t *result)
{
	struct jmap_call implicit = {.request = call->request, .name = "Email/set"};

	if (json_object_size(json_object_get(call->arguments, "onSuccessUpdateEmail")) == 0 &&
	    json_array_size(json_object_get(call->arguments, "onSuccessDestroyEmail")) == 0)
		return;
	implicit.arguments = implicit_arguments(call, result);
	call->next_name = "Email/set";
	call->next = email_set(&implicit);
	if (call->next == NULL) { /* too many objects for one /set */
		call->next_name = "error";
		call->next = implicit.error;
	}
	json_decref(implicit.arguments);
}

json_t *
submission_set(struct jmap_call *call)
{
	static const struct jmap_set_type type = {
	    ID_SUBMISSION, RECORD_SUBMISSION, create, update, destroy};
	json_t *result = jmap_set(call, &type);

	if (result != NULL)
		run_implicit(call, result);
	return result;
}
