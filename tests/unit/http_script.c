/*
 * A test server that answers by a list, and remembers what it was asked.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "tests/unit/http_script.h"

static void
answer_by_script(void *arg, const struct server_request *request, struct server_reply *reply)
{
	struct script *script = arg;
	size_t i = script->requests++;
	const struct script_step *step;

	if (i >= script->count)
		i = script->count - 1;
	step = &script->steps[i];
	if (request->connection > script->connections)
		script->connections = request->connection;
	buf_reset(&script->head);
	buf_adds(&script->head, request->head);
	buf_reset(&script->body);
	buf_add(&script->body, request->body, request->body_length);
	if (step->raw != NULL)
		buf_adds(&reply->bytes, step->raw);
	else if (step->status != 0)
		server_answer(reply, step->status, step->headers != NULL ? step->headers : "",
		    step->body != NULL ? step->body : "");
	reply->close = step->close;
	reply->hold = step->hold;
	if (step->cancel)
		cancel_set(SIGTERM);
}

int
script_setup(void **state)
{
	struct script *script = xcalloc(1, sizeof(*script));

	script->server = http_server_start(answer_by_script, script);
	script->http = http_new(NULL);
	*state = script;
	return 0;
}

int
script_teardown(void **state)
{
	struct script *script = *state;

	http_free(&script->http);
	http_server_stop(&script->server);
	free((struct script_step *)script->steps);
	buf_free(&script->head);
	buf_free(&script->body);
	free(script);
	return 0;
}

void
script_set(struct script *script, const struct script_step *steps, size_t count)
{
	struct script_step *copy = xcalloc(count, sizeof(*copy));

	memcpy(copy, steps, count * sizeof(*copy));
	free((struct script_step *)script->steps);
	script->steps = copy;
	script->count = count;
	script->requests = 0;
}

struct http_request
script_get(struct script *script, const char *path)
{
	return (struct http_request){
	    .method = "GET",
	    .url = http_server_at(script->server, path),
	    .deadline = deadline_in_ms(10000),
	};
}

struct http_request
script_post(struct script *script, const char *path, const char *body)
{
	struct http_request request = script_get(script, path);

	request.method = "POST";
	request.content_type = "text/plain";
	request.body = body;
	request.body_length = body != NULL ? strlen(body) : 0;
	return request;
}

struct outcome
script_outcome(struct script *script, const struct http_request *request)
{
	struct http_answer answer;
	struct outcome o = http_perform(script->http, request, &answer);

	http_answer_free(&answer);
	return o;
}

bool
script_asked_with(const struct script *script, const char *text)
{
	return strstr(buf_str(&script->head), text) != NULL;
}
