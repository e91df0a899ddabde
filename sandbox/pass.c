/*
 * Requests for the upstream server.
 */
#include <string.h>

#include "sandbox/auth.h"
#include "sandbox/json.h"
#include "sandbox/pass.h"
#include "sandbox/proxy.h"
#include "sandbox/store.h"

bool
pass_is_jmap(const struct request *r)
{
	return strcmp(r->method, "POST") == 0 && strstr(r->path, "/upload") == NULL;
}

struct proxy_transfer *
pass_start(const struct request *r, int64_t body_length, bool plain, struct reply *reply)
{
	struct proxy_transfer *t = NULL;
	struct account a = {0};

	if (auth_account(r, &a, reply)) {
		t = proxy_start(r->sandbox->proxy, r, a.username, body_length, plain);
		if (t == NULL)
			reply_error(reply, 403, "the user is no longer listed",
			    "see the file given by --upstream-users");
	}
	account_free(&a);
	return t;
}

static void
count(const struct request *r, const struct reply *reply)
{
	struct counters *c = &r->sandbox->counters;

	if (reply->status >= 300)
		return;
	if (pass_is_jmap(r))
		count_one(c->jmap_requests);
	else if (strstr(r->path, "/upload") != NULL)
		count_one(c->uploads);
	else if (strstr(r->path, "/download") != NULL)
		count_one(c->downloads);
	else if (strstr(r->path, "/jmap") != NULL)
		count_one(c->jmap_sessions);
}

void
pass_finish(struct proxy_transfer **t, const struct request *r, struct reply *reply)
{
	proxy_finish(t, r, reply);
	count(r, reply);
}

/* Does a call of the request send or import? */
static bool
worth_counting(const json_t *request)
{
	size_t i;
	const json_t *call;

	json_array_foreach (json_object_get(request, "methodCalls"), i, call) {
		const char *name = json_string_value(json_array_get(call, 0));

		if (name != NULL && (strcmp(name, "EmailSubmission/set") == 0 ||
		                        strcmp(name, "Email/import") == 0))
			return true;
	}
	return false;
}

static void
count_response(struct counters *c, const json_t *response)
{
	size_t i;
	const json_t *entry;

	json_array_foreach (json_object_get(response, "methodResponses"), i, entry) {
		const char *name = json_string_value(json_array_get(entry, 0));
		const json_t *arguments = json_array_get(entry, 1);
		long long created =
		    (long long)json_object_size(json_object_get(arguments, "created"));

		if (name != NULL && strcmp(name, "EmailSubmission/set") == 0) {
			count_many(c->submissions, created);
			count_many(c->refused_submissions,
			    (long long)json_object_size(
			        json_object_get(arguments, "notCreated")));
		}
		if (name != NULL && strcmp(name, "Email/import") == 0)
			count_many(c->imports, created);
	}
}

void
pass_jmap(const struct request *r, bool inspect, struct reply *reply)
{
	struct counters *c = &r->sandbox->counters;
	json_t *request = json_loadb(r->body, r->body_length, 0, NULL);
	bool counted = worth_counting(request);
	struct proxy_transfer *t =
	    pass_start(r, (int64_t)r->body_length, counted || inspect, reply);

	count_many(
	    c->jmap_calls, (long long)json_array_size(json_object_get(request, "methodCalls")));
	if (t != NULL) {
		proxy_send(t, r->body, r->body_length);
		pass_finish(&t, r, reply);
	}
	if ((counted || inspect) && reply_collect(reply) && counted) {
		json_t *response = json_loadb(buf_str(&reply->body), reply->body.len, 0, NULL);

		count_response(c, response);
		json_decref(response);
	}
	json_decref(request);
}
