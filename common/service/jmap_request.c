/*
 * JMAP method calls and their answers (RFC 8620 §3).
 *
 * A request is a list of calls that are sent together; what each did is read from the response
 * by the call's id.  Errors come on three levels, each its own family of outcomes: the
 * request as a whole ("request"), one call ("method"), one object of a /set ("set").
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_parts.h"
#include "common/service/problem.h"
#include "common/wire/json.h"
#include "common/wire/json_text.h"

struct call {
	struct call *next;
	char id[24];
	char *method;
	json_t *args;    /* or NULL: */
	struct buf text; /* their members, written already */
};

struct jmap_request {
	unsigned using;
	struct call *calls, **last;
	size_t count;
};

struct jmap_response {
	json_t *document;
	json_t *results; /* its methodResponses, borrowed */
};

struct jmap_request *
jmap_request_new(unsigned using)
{
	struct jmap_request *request = xcalloc(1, sizeof(*request));

	request->using = using;
	request->last = &request->calls;
	return request;
}

void
jmap_request_free(struct jmap_request **request)
{
	struct call *next;

	if (*request == NULL)
		return;
	for (struct call *call = (*request)->calls; call != NULL; call = next) {
		next = call->next;
		json_decref(call->args);
		buf_free(&call->text);
		free(call->method);
		free(call);
	}
	free(*request);
	*request = NULL;
}

static struct call *
add_call(struct jmap_request *request, const char *method)
{
	struct call *call = xcalloc(1, sizeof(*call));

	snprintf(call->id, sizeof(call->id), "c%zu", request->count++);
	call->method = xstrdup(method);
	*request->last = call;
	request->last = &call->next;
	return call;
}

const char *
jmap_call(struct jmap_request *request, const char *method, json_t *args)
{
	struct call *call = add_call(request, method);

	assert(json_is_object(args));
	call->args = args;
	return call->id;
}

const char *
jmap_call_text(struct jmap_request *request, const char *method, struct buf *args)
{
	struct call *call = add_call(request, method);

	call->text = *args;
	*args = (struct buf)BUF_INIT;
	return call->id;
}

void
jmap_refer(
    json_t *args, const char *key, const char *call_id, const char *method, const char *path)
{
	char *reference = xasprintf("#%s", key);

	json_object_set_new(args, reference,
	    json_pack("{s:s, s:s, s:s}", "resultOf", call_id, "name", method, "path", path));
	free(reference);
}

size_t
jmap_request_calls(const struct jmap_request *request)
{
	return request->count;
}

/* The account a method works on: NULL for Core, which has none. */
static const char *
account_for(const struct jmap_session *session, const char *method)
{
	if (strncmp(method, "Core/", 5) == 0)
		return NULL;
	if (strncmp(method, "EmailSubmission/", 16) == 0 ||
	    strncmp(method, "Identity/", 9) == 0)
		return session->submission_id;
	return session->account_id;
}

/* [method, args, id]; args get an accountId unless they have one. */
static void
encode_call(const struct call *call, const struct jmap_session *session, struct buf *text)
{
	const char *account = account_for(session, call->method);
	const char *key;
	json_t *value;

	json_text_open(text, NULL, '[');
	json_text_string(text, NULL, call->method);
	json_text_open(text, NULL, '{');
	json_object_foreach (call->args, key, value)
		json_text_value(text, key, value);
	buf_add(text, buf_str(&call->text), call->text.len);
	if (account != NULL && json_object_get(call->args, "accountId") == NULL)
		json_text_string(text, "accountId", account);
	json_text_close(text, '}');
	json_text_string(text, NULL, call->id);
	json_text_close(text, ']');
}

static void
encode(const struct jmap_request *request, const struct jmap_session *session, struct buf *text)
{
	json_text_open(text, NULL, '{');
	json_text_open(text, "using", '[');
	json_text_string(text, NULL, JMAP_CORE);
	json_text_string(text, NULL, JMAP_MAIL);
	if (request->using & JMAP_USING_SUBMISSION)
		json_text_string(text, NULL, JMAP_SUBMISSION);
	if (request->using & JMAP_USING_BLOB)
		json_text_string(text, NULL, JMAP_BLOB);
	json_text_close(text, ']');
	json_text_open(text, "methodCalls", '[');
	for (const struct call *call = request->calls; call != NULL; call = call->next)
		encode_call(call, session, text);
	json_text_close(text, ']');
	json_text_close(text, '}');
}

static struct outcome
check_limits(
    const struct jmap_request *request, const struct jmap_session *session, size_t size)
{
	if ((request->using & JMAP_USING_SUBMISSION) && session->submission_id == NULL)
		return outcome_make(
		    "request", "unknownCapability", "the account cannot submit mail now");
	if ((int64_t)request->count > session->max_calls_in_request)
		return outcome_make("request", "limit/maxCallsInRequest", NULL);
	if ((int64_t)size > session->max_size_request)
		return outcome_make("request", "limit/maxSizeRequest", "%zu bytes, limit %lld",
		    size, (long long)session->max_size_request);
	return outcome_ok();
}

/* Only a request that carries a message can be too large because the message is. */
static struct outcome
size_is_ours(struct outcome o, unsigned using)
{
	if (o.class != OUTCOME_PERMANENT || (using & JMAP_USING_BLOB))
		return o;
	return outcome_make("method", "requestTooLarge", "%s", o.text);
}

struct outcome
jmap_response_new(json_t *document, struct jmap_response **response_r)
{
	json_t *results = json_get_array(document, "methodResponses");
	struct jmap_response *response;
	json_t *result;
	size_t i;

	*response_r = NULL;
	if (results == NULL)
		return outcome_make("answer", "missing", "methodResponses");
	json_array_foreach (results, i, result)
		if (!json_is_string(json_array_get(result, 0)) ||
		    !json_is_object(json_array_get(result, 1)) ||
		    !json_is_string(json_array_get(result, 2)))
			return outcome_make("answer", "json", "method response %zu is none", i);
	response = xcalloc(1, sizeof(*response));
	response->document = json_incref(document);
	response->results = results;
	*response_r = response;
	return outcome_ok();
}

void
jmap_response_free(struct jmap_response **response)
{
	if (*response == NULL)
		return;
	json_decref((*response)->document);
	free(*response);
	*response = NULL;
}

const json_t *
jmap_response_document(const struct jmap_response *response)
{
	return response->document;
}

struct http_request
jmap_api_request(const struct jmap_session *session, const struct buf *text, bool idempotent,
    struct deadline d)
{
	return (struct http_request){
	    .method = "POST",
	    .url = session->api_url,
	    .accept = "application/json",
	    .content_type = "application/json",
	    .body = text->data,
	    .body_length = text->len,
	    .answer_max = JMAP_ANSWER_MAX,
	    .compressed = true,
	    .idempotent = idempotent,
	    .deadline = d,
	};
}

/* POST text to the API; *document_r is the JSON it answers, a new reference. */
static struct outcome
post(struct jmap *jmap, const struct jmap_session *session, const struct buf *text,
    bool idempotent, struct deadline d, json_t **document_r, int *status_r)
{
	struct http_request request = jmap_api_request(session, text, idempotent, d);
	struct http_answer answer;
	struct outcome o = jmap_perform(jmap, &request, &answer);

	*document_r = NULL;
	if (outcome_is_ok(&o))
		o = jmap_answer_outcome(&answer);
	if (outcome_is_ok(&o))
		o = json_parse(buf_str(&answer.body), answer.body.len, document_r);
	*status_r = answer.status;
	http_answer_free(&answer);
	return o;
}

/* Does the request break a limit that a session of long ago had? */
static bool
limit_may_be_old(const struct jmap *jmap, const struct outcome *o)
{
	return !jmap->session_is_new && (outcome_is(o, "request/limit/maxCallsInRequest") ||
	                                    outcome_is(o, "request/limit/maxSizeRequest"));
}

/* Is the API no longer where the session says? */
static bool
moved(int status)
{
	return status == 404 || status == 410;
}

struct outcome
jmap_encode(struct jmap *jmap, const struct jmap_request *request, struct deadline d,
    struct buf *text, const struct jmap_session **session_r)
{
	struct outcome o = jmap_session(jmap, d, session_r);

	if (!outcome_is_ok(&o))
		return o;
	buf_reset(text);
	encode(request, *session_r, text);
	return check_limits(request, *session_r, text->len);
}

struct outcome
jmap_take_response(struct jmap *jmap, json_t *document, struct jmap_response **response_r)
{
	struct outcome o = jmap_response_new(document, response_r);

	if (outcome_is_ok(&o))
		jmap_session_check_state(jmap, json_get_string(document, "sessionState"));
	return o;
}

struct outcome
jmap_send(struct jmap *jmap, struct jmap_request *request, bool idempotent, struct deadline d,
    struct jmap_response **response_r)
{
	const struct jmap_session *session;
	struct buf text = BUF_INIT;
	json_t *document = NULL;
	struct outcome o;
	int status = 0;

	*response_r = NULL;
	for (int attempt = 0; attempt < 2; attempt++) {
		o = jmap_encode(jmap, request, d, &text, &session);
		if (outcome_is_ok(&o)) {
			o = post(jmap, session, &text, idempotent, d, &document, &status);
			if (!moved(status))
				break;
		} else if (!limit_may_be_old(jmap, &o)) {
			break;
		}
		jmap_session_forget(jmap);
	}
	if (outcome_is_ok(&o))
		o = jmap_take_response(jmap, document, response_r);
	json_decref(document);
	buf_free(&text);
	return size_is_ours(o, request->using);
}

struct outcome
jmap_send_raw(struct jmap *jmap, const json_t *document, struct deadline d, json_t **answer_r)
{
	const struct jmap_session *session;
	struct buf text = BUF_INIT;
	struct outcome o;
	int status;

	*answer_r = NULL;
	o = jmap_session(jmap, d, &session);
	if (!outcome_is_ok(&o))
		return o;
	json_write(document, &text);
	o = post(jmap, session, &text, false, d, answer_r, &status);
	if (moved(status))
		jmap_session_forget(jmap);
	buf_free(&text);
	return o;
}

struct outcome
jmap_method_error(const json_t *args)
{
	const char *type = json_get_string(args, "type");
	const char *description = json_get_string(args, "description");

	return outcome_make("method", type != NULL ? type : "error", "%s",
	    description != NULL ? description : "");
}

struct outcome
jmap_result(const struct jmap_response *response, const char *call_id, const char *method,
    json_t **args_r)
{
	const json_t *error = NULL;
	json_t *result;
	size_t i;

	*args_r = NULL;
	json_array_foreach (response->results, i, result) {
		const char *name = json_string_value(json_array_get(result, 0));
		json_t *args = json_array_get(result, 1);

		if (strcmp(json_string_value(json_array_get(result, 2)), call_id) != 0)
			continue;
		if (strcmp(name, "error") == 0) {
			if (error == NULL)
				error = args;
		} else if (method == NULL || strcmp(name, method) == 0) {
			*args_r = args;
			return outcome_ok();
		}
	}
	if (error != NULL)
		return jmap_method_error(error);
	return outcome_make(
	    "answer", "missing", "no response to %s", method != NULL ? method : call_id);
}

/* Append " [a, b]", as far as it can be shown. */
static void
add_names(struct buf *text, const json_t *names)
{
	const char *before = text->len != 0 ? " [" : "[";
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name) {
		if (!json_is_string(name) || text->len >= OUTCOME_TEXT_MAX)
			continue;
		buf_addf(text, "%s%s", before, json_string_value(name));
		before = ", ";
	}
	if (strcmp(before, ", ") == 0)
		buf_addc(text, ']');
}

/* "description [a, b]": a SetError names the properties or addresses it is about. */
struct outcome
jmap_set_error(const json_t *error)
{
	static const char *const lists[] = {"properties", "invalidRecipients"};
	const char *type = json_get_string(error, "type");
	const char *description = json_get_string(error, "description");
	struct buf text = BUF_INIT;
	struct outcome o;

	if (description != NULL)
		buf_adds(&text, description);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		add_names(&text, json_get_array(error, lists[i]));
	o = outcome_set_error(type != NULL ? type : "error", buf_str(&text));
	buf_free(&text);
	return o;
}

struct outcome
jmap_created(const json_t *result, const char *creation_id, json_t **object_r)
{
	json_t *object = json_object_get(json_get_object(result, "created"), creation_id);
	json_t *error = json_object_get(json_get_object(result, "notCreated"), creation_id);

	if (object_r != NULL)
		*object_r = json_is_object(object) ? object : error;
	if (json_is_object(object))
		return outcome_ok();
	if (json_is_object(error))
		return jmap_set_error(error);
	return outcome_make("answer", "missing", "what came of a creation");
}

struct outcome
jmap_updated(const json_t *result, const char *id)
{
	json_t *error = json_object_get(json_get_object(result, "notUpdated"), id);

	if (json_object_get(json_get_object(result, "updated"), id) != NULL)
		return outcome_ok(); /* its value is null as a rule */
	if (json_is_object(error))
		return jmap_set_error(error);
	return outcome_make("answer", "missing", "what came of an update");
}

struct outcome
jmap_destroyed(const json_t *result, const char *id)
{
	json_t *error = json_object_get(json_get_object(result, "notDestroyed"), id);
	json_t *destroyed = json_get_array(result, "destroyed");
	json_t *item;
	size_t i;

	json_array_foreach (destroyed, i, item)
		if (json_is_string(item) && strcmp(json_string_value(item), id) == 0)
			return outcome_ok();
	if (json_is_object(error))
		return jmap_set_error(error);
	return outcome_make("answer", "missing", "what came of a destruction");
}
