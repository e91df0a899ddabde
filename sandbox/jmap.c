/*
 * The API endpoint: parse a request, run its calls, build the response.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json_read.h"
#include "common/base/xalloc.h"
#include "sandbox/auth.h"
#include "sandbox/hold.h"
#include "sandbox/jmap.h"
#include "sandbox/jmap_ref.h"
#include "sandbox/json.h"
#include "sandbox/session.h"

static const char *const capabilities[] = {
    CAPABILITY_CORE, CAPABILITY_MAIL, CAPABILITY_SUBMISSION, CAPABILITY_BLOB};

json_t *
jmap_fail(struct jmap_call *call, const char *type, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	json_decref(call->error);
	call->error = json_pack("{s:s, s:o}", "type", type, "description", json_cleans(text));
	free(text);
	return NULL;
}

/* Is the request what RFC 8620 §3.3 says it is?  Why not, or NULL. */
static const char *
not_request(const json_t *request)
{
	const json_t *using = json_object_get(request, "using");
	const json_t *calls = json_object_get(request, "methodCalls");
	const json_t *ids = json_object_get(request, "createdIds");
	const json_t *item;
	const char *key;
	size_t i;

	if (!json_is_object(request))
		return "the request is not an object";
	if (!json_is_array(using))
		return "\"using\" is missing or not an array";
	json_array_foreach (using, i, item)
		if (!json_is_string(item))
			return "\"using\" holds something that is not a string";
	if (!json_is_array(calls))
		return "\"methodCalls\" is missing or not an array";
	json_array_foreach (calls, i, item)
		if (json_array_size(item) != 3 || !json_is_string(json_array_get(item, 0)) ||
		    !json_is_object(json_array_get(item, 1)) ||
		    !json_is_string(json_array_get(item, 2)))
			return "a method call is not [name, arguments, id]";
	if (ids != NULL && !json_is_object(ids))
		return "\"createdIds\" is not an object";
	json_object_foreach ((json_t *)(uintptr_t)ids, key, item)
		if (!json_is_string(item))
			return "\"createdIds\" holds something that is not an id";
	return NULL;
}

/* The first capability asked for that is not ours, or NULL. */
static const char *
unknown_capability(const struct options *o, const json_t *using)
{
	size_t i;
	const json_t *item;

	json_array_foreach (using, i, item) {
		bool known = false;

		for (size_t k = 0; k < sizeof(capabilities) / sizeof(capabilities[0]); k++)
			if (strcmp(capabilities[k], json_string_value(item)) == 0)
				known = !o->no_blob ||
				        strcmp(capabilities[k], CAPABILITY_BLOB) != 0;
		if (!known)
			return json_string_value(item);
	}
	return NULL;
}

/* False, with the reply filled in, if the request cannot be run at all. */
static bool
acceptable(const struct request *r, const json_t *request, struct reply *reply)
{
	const char *why = not_request(request);
	const char *unknown;

	if (request == NULL) {
		reply_problem(reply, 400, "notJSON", NULL, "the body is not I-JSON");
		return false;
	}
	if (why != NULL) {
		reply_problem(reply, 400, "notRequest", NULL, why);
		return false;
	}
	unknown = unknown_capability(&r->sandbox->options, json_object_get(request, "using"));
	if (unknown != NULL) {
		char *detail = xasprintf("there is no capability %s here", unknown);

		reply_problem(reply, 400, "unknownCapability", NULL, detail);
		free(detail);
		return false;
	}
	if ((int64_t)json_array_size(json_object_get(request, "methodCalls")) >
	    r->sandbox->options.limits.calls_in_request) {
		reply_problem(
		    reply, 400, "limit", "maxCallsInRequest", "too many method calls");
		return false;
	}
	return true;
}

/* Find the method, resolve and check its arguments; NULL after jmap_fail(). */
static const struct jmap_method *
prepare(struct jmap_call *call, const json_t *using)
{
	const struct jmap_method *method =
	    jmap_method(&call->request->sandbox->options, call->name);
	const char *account, *type, *why;

	if (method == NULL || !json_has_string(using, method->capability)) {
		jmap_fail(call, "unknownMethod",
		    method == NULL ? "there is no such method"
		                   : "its capability is not in \"using\"");
		return NULL;
	}
	if (!jmap_resolve(call->arguments, call->request->responses, &type, &why)) {
		jmap_fail(call, type, "%s", why);
		return NULL;
	}
	if (method->arguments == NULL)
		return method;
	if (!jmap_check_arguments(call, method->arguments))
		return NULL;
	account = json_text(call->arguments, "accountId");
	if (strcmp(account, call->request->account.inbox) != 0) {
		jmap_fail(call, "accountNotFound", "there is no such account for you");
		return NULL;
	}
	return method;
}

/* The states of the account as they are now; false after jmap_fail(). */
static bool
reload_account(struct jmap_call *call)
{
	struct jmap_request *request = call->request;
	struct account fresh = {0};

	if (!account_by_id(request->db, request->account.id, &fresh)) {
		jmap_fail(call, "serverFail", "the account cannot be read");
		return false;
	}
	account_free(&request->account);
	request->account = fresh;
	return true;
}

/* Run a method that only reads, in a transaction of its own. */
static json_t *
run_reader(struct jmap_call *call, const struct jmap_method *method)
{
	struct jmap_request *request = call->request;
	struct store *store = request->sandbox->store;
	json_t *result = NULL;

	if (request->reader == NULL)
		request->reader = store_take(store);
	if (request->reader == NULL)
		return jmap_fail(call, "serverFail", "the sandbox cannot use its database");
	request->db = request->reader;
	store_begin_read(store, request->db);
	if (reload_account(call))
		result = method->run(call);
	store_rollback(store, request->db);
	request->db = NULL;
	return result;
}

/* Run a method that may write, in the transaction of the request, which it may begin. */
static json_t *
run_writer(struct jmap_call *call, const struct jmap_method *method)
{
	struct jmap_request *request = call->request;
	json_t *result = NULL;

	if (request->db == NULL)
		request->db = store_begin_write(request->sandbox->store);
	db_mark(request->db);
	if (reload_account(call))
		result = method->run(call);
	if (result == NULL)
		db_back_to_mark(request->db);
	else
		account_save(request->db, &request->account);
	return result;
}

/* Run a method; NULL with the error set if it failed. */
static json_t *
run(struct jmap_call *call, const struct jmap_method *method)
{
	if (method->access == JMAP_NONE)
		return method->run(call);
	if (method->access == JMAP_WRITE || call->request->db != NULL)
		return run_writer(call, method);
	return run_reader(call, method);
}

static void
respond(struct jmap_request *request, const char *name, json_t *arguments, const json_t *id)
{
	json_array_append_new(request->responses, json_pack("[s, o, O]", name, arguments, id));
}

static void
run_call(struct jmap_request *request, json_t *entry, const json_t *using)
{
	struct jmap_call call = {
	    .request = request,
	    .name = json_string_value(json_array_get(entry, 0)),
	    .arguments = json_array_get(entry, 1),
	};
	const json_t *id = json_array_get(entry, 2);
	const struct jmap_method *method = prepare(&call, using);
	json_t *result = method == NULL ? NULL : run(&call, method);

	count_one(request->sandbox->counters.jmap_calls);
	if (result == NULL) {
		respond(request, "error", call.error, id);
		return;
	}
	respond(request, call.name, result, id);
	if (call.next != NULL)
		respond(request, call.next_name, call.next, id);
	json_decref(call.error);
}

/* End the transaction, if there is one; false, with the reply filled in, if it failed. */
static bool
finish(struct jmap_request *jmap, struct reply *reply)
{
	struct store *store = jmap->sandbox->store;
	bool good = jmap->db == NULL || store_commit(store, jmap->db, NULL);

	if (!good)
		reply_error(reply, 507,
		    "the sandbox cannot write its database, and did nothing", "see its log");
	else if (jmap->holds)
		hold_wake(jmap->sandbox->hold);
	if (jmap->reader != NULL)
		store_give(store, jmap->reader);
	return good;
}

static void
run_request(
    const struct request *r, struct jmap_request *jmap, json_t *request, struct reply *reply)
{
	json_t *ids = json_object_get(request, "createdIds");
	json_t *response;
	size_t i;
	json_t *entry;

	jmap->sandbox = r->sandbox;
	jmap->created_ids = ids != NULL ? json_copy(ids) : json_object();
	jmap->responses = json_array();
	json_array_foreach (json_object_get(request, "methodCalls"), i, entry)
		run_call(jmap, entry, json_object_get(request, "using"));
	response = json_pack(
	    "{s:o, s:s}", "methodResponses", jmap->responses, "sessionState", SESSION_STATE);
	if (ids != NULL)
		json_object_set(response, "createdIds", jmap->created_ids);
	json_decref(jmap->created_ids);
	if (finish(jmap, reply))
		reply_json(reply, 200, response);
	else
		json_decref(response);
}

void
jmap_api(const struct request *r, struct reply *reply)
{
	struct jmap_request jmap = {0};
	json_t *request;

	if (auth_account(r, &jmap.account, reply)) {
		count_one(r->sandbox->counters.jmap_requests);
		request = json_read(r->body, r->body_length);
		if (acceptable(r, request, reply))
			run_request(r, &jmap, request, reply);
		json_decref(request);
	}
	account_free(&jmap.account);
}
