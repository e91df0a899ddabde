/*
 * One call: keep the pace, take the lock where aliases are made, send, read.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/service/simplelogin_parts.h"
#include "common/wire/json.h"

#define ANSWER_MAX  (16u << 20)
#define CREATE_LOCK "create.lock"

static struct outcome
perform(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const struct simplelogin_request *request, const struct http_sink *sink, struct deadline d,
    struct http_answer *answer)
{
	char *url = xasprintf("%s%s", sl->account->api_url, buf_str(&request->path));
	struct http_request http = {
	    .method = request->method,
	    .url = url,
	    .authorization_name = "Authentication",
	    .accept = endpoint->shape == GIVES_BYTES ? "*/*" : "application/json",
	    .sink = sink,
	    .answer_max = ANSWER_MAX,
	    .compressed = true,
	    .idempotent = (endpoint->flags & SL_REPEATABLE) != 0,
	    .keeps_pace = true,
	    .deadline = d,
	};
	struct outcome o = outcome_ok();

	if ((endpoint->flags & SL_WITHOUT_KEY) == 0)
		o = simplelogin_key(sl, &http.authorization);
	if (request->body.len != 0) {
		http.content_type = "application/json";
		http.body = request->body.data;
		http.body_length = request->body.len;
	}
	*answer = (struct http_answer){0};
	if (outcome_is_ok(&o))
		o = http_perform(sl->http, &http, answer);
	sl->requests += answer->attempts;
	free(url);
	return o;
}

/* One attempt that counts against the limits. */
static struct outcome
attempt(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const struct simplelogin_request *request, const struct http_sink *sink, struct deadline d,
    struct buf *body_r)
{
	struct http_answer answer = {0};
	struct outcome o = simplelogin_pace(sl, endpoint, d);

	if (outcome_is_ok(&o)) {
		o = perform(sl, endpoint, request, sink, d, &answer);
		if (outcome_is_ok(&o)) {
			simplelogin_paced(sl, endpoint, answer.status == 429);
			o = simplelogin_refusal(sl->account, endpoint, &answer);
		}
	}
	if (outcome_is_ok(&o) && body_r != NULL)
		buf_add(body_r, buf_str(&answer.body), answer.body.len);
	http_answer_free(&answer);
	return o;
}

struct outcome
simplelogin_send(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const struct simplelogin_request *request, const struct http_sink *sink, struct deadline d,
    struct buf *body_r)
{
	struct outcome o = outcome_ok();
	int lock = -1;

	if ((endpoint->flags & SL_CREATES) != 0)
		o = file_lock(sl->dir, CREATE_LOCK, d, &lock);
	if (outcome_is_ok(&o)) {
		o = attempt(sl, endpoint, request, sink, d, body_r);
		/* A 429 did nothing: the next attempt waits as the ladder says, or gives up
		 * because the deadline is nearer. */
		while (outcome_is(&o, "alias/rate") && o.retry_after == 0)
			o = attempt(sl, endpoint, request, sink, d, body_r);
	}
	if (lock >= 0)
		close(lock);
	return o;
}

/* The answer must be JSON of the endpoint's shape; objects may be anything inside. */
static struct outcome
parse(const struct simplelogin_endpoint *endpoint, const struct buf *body, json_t **answer_r)
{
	struct outcome o = json_parse(buf_str(body), body->len, answer_r);
	const json_t *list = *answer_r;

	if (!outcome_is_ok(&o))
		return o;
	if (endpoint->shape == GIVES_OBJECT)
		return json_is_object(*answer_r) ? o
		                                 : outcome_make("answer", "json",
		                                       "%s: not an object", endpoint->words);
	if (endpoint->key != NULL)
		list = json_object_get(*answer_r, endpoint->key);
	if (!json_is_array(list))
		return outcome_make("answer", "missing", "%s: no list%s%s", endpoint->words,
		    endpoint->key != NULL ? " " : "",
		    endpoint->key != NULL ? endpoint->key : "");
	return o;
}

/* Send and read; an answer that cannot be read, to what changes something, is as good as
 * lost. */
static struct outcome
ask(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const struct simplelogin_request *request, struct deadline d, json_t **answer_r)
{
	struct buf body = BUF_INIT;
	struct outcome o = simplelogin_send(sl, endpoint, request, NULL, d, &body);

	if (outcome_is_ok(&o))
		o = parse(endpoint, &body, answer_r);
	if (!outcome_is_ok(&o)) {
		json_decref(*answer_r);
		*answer_r = NULL;
	}
	buf_wipe(&body);
	return o;
}

struct outcome
simplelogin_call(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, struct deadline d, json_t **answer_r)
{
	struct simplelogin_request request;
	struct simplelogin_before before = {0};
	struct outcome o = simplelogin_request_make(endpoint, parameters, &request);
	json_t *answer = NULL;

	if (outcome_is_ok(&o))
		o = simplelogin_before(sl, endpoint, parameters, d, &before);
	if (outcome_is_ok(&o)) {
		o = ask(sl, endpoint, &request, d, &answer);
		if (!outcome_is_ok(&o) && o.ambiguous && (endpoint->flags & SL_CHANGES) != 0)
			o = simplelogin_recover(
			    sl, endpoint, parameters, &before, o, d, &answer);
	}
	simplelogin_request_free(&request);
	if (answer_r != NULL)
		*answer_r = answer;
	else
		json_decref(answer);
	return o;
}

struct outcome
simplelogin_stream(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, const struct http_sink *sink, struct deadline d)
{
	struct simplelogin_request request;
	struct outcome o = simplelogin_request_make(endpoint, parameters, &request);

	if (outcome_is_ok(&o))
		o = simplelogin_send(sl, endpoint, &request, sink, d, NULL);
	simplelogin_request_free(&request);
	return o;
}
