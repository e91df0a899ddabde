/*
 * Faults inside JMAP, worked by rewriting request and response.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sandbox/fault.h"
#include "sandbox/json.h"

#define UNKNOWN_STATE "a-state-that-nobody-knows"

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static const char *
name_of(const json_t *call)
{
	const char *name = json_string_value(json_array_get(call, 0));

	return name == NULL ? "" : name;
}

bool
fault_concerns(const struct fault *f, const json_t *call)
{
	static const char *const ends[] = {
	    [FAULT_SET_ERROR] = "/set",
	    [FAULT_CANNOT_CALCULATE] = "/changes",
	    [FAULT_CLAMP_LIMIT] = "/query",
	};
	const char *method = json_text(f->order, "method");

	if (method != NULL)
		return strcmp(name_of(call), method) == 0;
	if (json_text(f->order, "recipient") != NULL)
		return strcmp(name_of(call), "EmailSubmission/set") == 0;
	if (f->kind == FAULT_SET_ERROR && strcmp(name_of(call), "Email/import") == 0)
		return true;
	return (size_t)f->kind < sizeof(ends) / sizeof(ends[0]) && ends[f->kind] != NULL &&
	       ends_with(name_of(call), ends[f->kind]);
}

bool
fault_names_recipient(const json_t *object, const char *recipient)
{
	const json_t *address;
	size_t i;

	json_array_foreach (
	    json_object_get(json_object_get(object, "envelope"), "rcptTo"), i, address) {
		const char *email = json_text(address, "email");

		if (email != NULL && strcasecmp(email, recipient) == 0)
			return true;
	}
	return false;
}

static json_t *
error_of(const struct fault *f)
{
	json_t *error = json_object();
	json_t *description = json_object_get(f->order, "description");

	if (f->kind == FAULT_CANNOT_CALCULATE)
		json_object_set_new(error, "type", json_string("cannotCalculateChanges"));
	else if (f->kind == FAULT_WRONG_STATE)
		json_object_set_new(error, "type", json_string("stateMismatch"));
	else
		json_object_set(error, "type", json_object_get(f->order, "type"));
	if (description != NULL)
		json_object_set(error, "description", description);
	json_object_update(error, json_object_get(f->order, "more"));
	return error;
}

/* Make the call an echo that nobody refers to by mistake. */
static void
disarm(json_t *call)
{
	json_array_set_new(call, 0, json_string("Core/echo"));
	json_array_set_new(call, 1, json_object());
}

/* Is it the create that a set-error is for?  number counts from 1. */
static bool
is_wanted(const struct fault *f, int64_t number, const json_t *object)
{
	const char *recipient = json_text(f->order, "recipient");

	if (json_object_get(f->order, "creation") != NULL || recipient == NULL)
		return number == json_number(f->order, "creation", 1);
	return fault_names_recipient(object, recipient);
}

/* Take out the creates that a set-error is for; an array of their creation ids. */
static json_t *
drop_creates(const struct fault *f, json_t *call)
{
	json_t *arguments = json_array_get(call, 1);
	json_t *create = json_object_get(arguments, "create");
	json_t *dropped = json_array(), *object;
	int64_t number = 0;
	const char *id;
	void *next;

	if (!json_is_object(create))
		create = json_object_get(arguments, "emails"); /* of Email/import */
	json_object_foreach_safe (create, next, id, object) {
		if (!is_wanted(f, ++number, object))
			continue;
		json_array_append_new(dropped, json_string(id));
		json_object_del(create, id);
	}
	return dropped;
}

/* Is it an error that is told though the call has been run? */
static bool
comes_after(const struct fault *f)
{
	const char *when = json_text(f->order, "when");

	return when != NULL && strcmp(when, "after") == 0;
}

static bool
replaces_call(const struct fault *f, const json_t *call)
{
	return f->kind == FAULT_METHOD_ERROR || f->kind == FAULT_CANNOT_CALCULATE ||
	       (f->kind == FAULT_WRONG_STATE && ends_with(name_of(call), "/set"));
}

void
fault_rewrite_request(const struct fault *f, json_t *request, json_t **memo_r)
{
	size_t i;
	json_t *call;

	*memo_r = NULL;
	json_array_foreach (json_object_get(request, "methodCalls"), i, call) {
		json_t *arguments = json_array_get(call, 1);

		if (!fault_concerns(f, call) || !json_is_object(arguments))
			continue;
		/* The memo: the call's id, its name, and what else the response needs. */
		*memo_r = json_pack("{s:O, s:O}", "id", json_array_get(call, 2), "name",
		    json_array_get(call, 0));
		if (*memo_r == NULL)
			return;
		if (replaces_call(f, call)) {
			json_object_set_new(*memo_r, "error", error_of(f));
			if (!comes_after(f))
				disarm(call);
		} else if (f->kind == FAULT_SET_ERROR) {
			json_object_set_new(*memo_r, "create", drop_creates(f, call));
		} else if (f->kind == FAULT_CLAMP_LIMIT) {
			json_t *limit = json_object_get(f->order, "limit");

			json_object_set(arguments, "limit", limit);
			json_object_set(*memo_r, "limit", limit);
		}
		return;
	}
}

static void
spoil_states(json_t *arguments)
{
	static const char *const names[] = {"state", "newState", "queryState"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_object_get(arguments, names[i]) != NULL)
			json_object_set_new(arguments, names[i], json_string(UNKNOWN_STATE));
}

static void
add_set_errors(const struct fault *f, json_t *arguments, const json_t *creation_ids)
{
	json_t *refused = json_object_get(arguments, "notCreated");
	size_t i;
	const json_t *id;

	if (json_array_size(creation_ids) == 0)
		return;
	if (!json_is_object(refused)) {
		refused = json_object();
		json_object_set_new(arguments, "notCreated", refused);
	}
	json_array_foreach (creation_ids, i, id)
		json_object_set_new(refused, json_string_value(id), error_of(f));
}

/* Make a response the error, and drop those of implicit calls, which have the same id. */
static void
become_error(json_t *responses, size_t at, const json_t *memo)
{
	json_t *entry = json_array_get(responses, at);

	json_array_set_new(entry, 0, json_string("error"));
	json_array_set(entry, 1, json_object_get(memo, "error"));
	while (json_equal(
	    json_array_get(json_array_get(responses, at + 1), 2), json_object_get(memo, "id")))
		json_array_remove(responses, at + 1);
}

void
fault_rewrite_response(const struct fault *f, const json_t *memo, json_t *response)
{
	json_t *responses = json_object_get(response, "methodResponses");
	size_t i;
	json_t *entry;

	if (f->kind == FAULT_WRONG_STATE && json_text(f->order, "method") == NULL) {
		json_object_set_new(response, "sessionState", json_string(UNKNOWN_STATE));
		return;
	}
	json_array_foreach (responses, i, entry) {
		json_t *arguments = json_array_get(entry, 1);
		const json_t *creation_ids = json_object_get(memo, "create");

		if (memo == NULL ||
		    !json_equal(json_array_get(entry, 2), json_object_get(memo, "id")))
			continue;
		if (json_object_get(memo, "error") != NULL) {
			become_error(responses, i, memo);
		} else if (creation_ids != NULL) {
			add_set_errors(f, arguments, creation_ids);
		} else if (json_object_get(memo, "limit") != NULL) {
			json_object_set(arguments, "limit", json_object_get(memo, "limit"));
		} else if (f->kind == FAULT_WRONG_STATE) {
			spoil_states(arguments);
		}
		return;
	}
}
