/*
 * EmailSubmission/set (RFC 8621 §7.5).  A submission is sent, and so final, at once, unless its
 * envelope asks to hold it; then it can be canceled until its time has come.  What onSuccess... asks for is an Email/set after it, in the same
 * transaction, whose response follows.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "sandbox/deliver.h"
#include "sandbox/emails.h"
#include "sandbox/envelope.h"
#include "sandbox/extensions.h"
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
	bool read;

	if (number == 0 || !email_load(r->db, &r->account, number, &e))
		return jmap_set_error("invalidProperties", "emailId", "there is no such Email");
	s->email = e.id;
	s->thread = e.thread;
	memcpy(s->hash, e.hash, sizeof(s->hash));
	read = blob_read(store_blobs(r->sandbox->store), e.position, (size_t)e.size, blob);
	email_free(&e);
	if (!read)
		return jmap_set_error("serverFail", NULL, "the message cannot be read");
	return NULL;
}

/* A SetError if the message is too large to be sent. */
static json_t *
check_size(const struct jmap_request *r, const struct blob *blob)
{
	int64_t max = r->sandbox->options.max_size_message;
	json_t *error;

	if ((int64_t)blob->length <= max)
		return NULL;
	error = jmap_set_error("tooLarge", NULL, "5.3.4 the message is too large");
	json_object_set_new(error, "maxSize", json_integer(max));
	return error;
}

/* Send the message, or hold it, and note the submission; a SetError or NULL. */
static json_t *
send_or_hold(struct jmap_call *call, struct submission *s, const struct blob *blob)
{
	struct jmap_request *r = call->request;
	const struct options *o = &r->sandbox->options;
	int64_t now = s->send_at;
	json_t *error = check_size(r, blob);

	if (error == NULL)
		error = deliver_refusal(r, s->envelope);
	if (error != NULL)
		return error;
	s->send_at = extensions_send_at(
	    json_object_get(json_object_get(s->envelope, "mailFrom"), "parameters"), now);
	if (s->send_at > now) {
		r->holds = true;
		count_one(r->sandbox->counters.held_submissions);
	} else {
		s->undo = UNDO_FINAL;
		s->outbox = deliver(r, s->envelope, blob, &s->delivery);
		if (s->outbox == 0)
			return jmap_set_error("serverFail", NULL, "the disk is full");
	}
	submission_add(r->db, &r->account, s, s->undo == UNDO_FINAL && submissions_vanish(o));
	count_one(r->sandbox->counters.submissions);
	return NULL;
}

/* What the client is told of a new submission. */
static json_t *
created_json(const struct jmap_request *r, const struct submission *s)
{
	return json_members("id", jmap_id(ID_SUBMISSION, s->id), "threadId",
	    jmap_id(ID_THREAD, s->thread), "identityId", jmap_id(ID_IDENTITY, r->account.id),
	    "undoStatus", json_string(undo_status_text(s->undo)), "sendAt",
	    json_utc_date(s->send_at), NULL);
}

static json_t *
create(struct jmap_call *call, json_t *object, json_t **error_r)
{
	const struct options *o = &call->request->sandbox->options;
	struct submission s = {.undo = UNDO_PENDING, .send_at = clock_wall()};
	struct blob blob = {0};
	struct mime_part *message = NULL;
	json_t *created = NULL;

	*error_r = check_properties(call, object);
	if (*error_r == NULL)
		*error_r = load(call, object, &s, &blob);
	if (*error_r == NULL) {
		message = mime_parse(blob.bytes, blob.length);
		s.message_id = mime_message_id(message);
		s.envelope = envelope_make(
		    o, json_object_get(object, "envelope"), message, s.send_at, error_r);
	}
	if (*error_r == NULL)
		*error_r = envelope_check(o, s.envelope, message, call->request->account.inbox);
	if (*error_r == NULL)
		*error_r = send_or_hold(call, &s, &blob);
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

/* Make undoStatus what is asked for; a SetError or NULL. */
static json_t *
change_undo_status(struct jmap_call *call, struct submission *s, const char *wanted)
{
	struct jmap_request *r = call->request;

	if (wanted != NULL && strcmp(wanted, undo_status_text(s->undo)) == 0)
		return NULL;
	if (wanted == NULL || strcmp(wanted, undo_status_text(UNDO_CANCELED)) != 0)
		return jmap_set_error(
		    "invalidProperties", "undoStatus", "it can become \"canceled\" only");
	if (s->undo != UNDO_PENDING)
		return jmap_set_error("cannotUnsend", NULL, "the message has been sent");
	s->undo = UNDO_CANCELED;
	submission_change(r->db, &r->account, s, false);
	count_one(r->sandbox->counters.canceled);
	return NULL;
}

static json_t *
update(struct jmap_call *call, int64_t id, json_t *patch)
{
	struct submission s;
	const char *key;
	json_t *value, *error = NULL;

	if (!submission_load(call->request->db, &call->request->account, id, &s))
		return jmap_set_error("notFound", NULL, "there is no such submission");
	json_object_foreach (patch, key, value)
		if (error == NULL && strcmp(key, "undoStatus") != 0)
			error = jmap_set_error(
			    "invalidProperties", key, "%s cannot be changed", key);
	value = json_object_get(patch, "undoStatus");
	if (error == NULL && value != NULL)
		error = change_undo_status(call, &s, json_string_value(value));
	submission_free(&s);
	return error;
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

/* The Email that the creation of a submission names; 0 if that is no creation of the call. */
static int64_t
named_email(struct jmap_call *call, const char *submission)
{
	const json_t *all = json_object_get(call->arguments, "create");
	const char *id = submission[0] != '#'
	                     ? NULL
	                     : json_text(json_object_get(all, submission + 1), "emailId");

	return id == NULL ? 0 : jmap_number(call->request, id, ID_EMAIL);
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
	email = named_email(call, name);
	if (email == 0)
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
