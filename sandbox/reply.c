/*
 * Build replies.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/json_write.h"
#include "common/base/xalloc.h"
#include "sandbox/http.h"
#include "sandbox/json.h"

#define COLLECT_MAX   ((size_t)64 * 1024 * 1024)
#define COLLECT_STEP  65536
#define DOCUMENTATION "man:ferry-sandbox(8)"

void
reply_free(struct reply *r)
{
	for (size_t i = 0; i < r->header_count; i++) {
		free(r->headers[i].name);
		free(r->headers[i].value);
	}
	if (r->fd >= 0)
		close(r->fd);
	if (r->stream.state != NULL)
		r->stream.free(r->stream.state);
	buf_free(&r->body);
	*r = REPLY_INIT;
}

bool
reply_collect(struct reply *r)
{
	ssize_t n = 0;

	if (r->stream.state == NULL || r->stream.endless)
		return true;
	while (r->body.len < COLLECT_MAX &&
	       (n = r->stream.read(
	            r->stream.state, buf_reserve(&r->body, COLLECT_STEP), COLLECT_STEP)) > 0) {
		r->body.len += (size_t)n;
		r->body.data[r->body.len] = '\0';
	}
	r->stream.free(r->stream.state);
	r->stream = (struct reply_stream){0};
	if (n == 0)
		return true;
	reply_reset(r);
	reply_error(
	    r, 502, "the upstream server's answer was cut or is too large", "try again");
	return false;
}

void
reply_halve(struct reply *r)
{
	(void)reply_collect(r);
	if (r->fd >= 0)
		r->size /= 2;
	else if (r->body.len > 0)
		buf_truncate(&r->body, r->body.len / 2);
}

void
reply_reset(struct reply *r)
{
	reply_free(r);
}

void
reply_header(struct reply *r, const char *name, const char *value)
{
	if (r->header_count == REPLY_HEADERS)
		return;
	r->headers[r->header_count].name = xstrdup(name);
	r->headers[r->header_count++].value = xstrdup(value);
}

static void
set_json(struct reply *r, int status, json_t *value, const char *type)
{
	r->status = status;
	r->compressible = true;
	buf_reset(&r->body);
	json_write(value, &r->body);
	json_decref(value);
	reply_header(r, "Content-Type", type);
}

void
reply_json(struct reply *r, int status, json_t *value)
{
	set_json(r, status, value, "application/json; charset=utf-8");
}

void
reply_error(struct reply *r, int status, const char *message, const char *hint)
{
	reply_json(r, status,
	    json_pack("{s:{s:o, s:o, s:s}}", "error", "message", json_cleans(message), "hint",
	        json_cleans(hint), "docs_url", DOCUMENTATION));
	if (status == 401)
		reply_header(r, "WWW-Authenticate", "Bearer realm=\"ferry-sandbox\"");
}

void
reply_problem(
    struct reply *r, int status, const char *type, const char *limit, const char *detail)
{
	json_t *problem = json_pack("{s:o, s:i, s:o}", "type",
	    json_sprintf("urn:ietf:params:jmap:error:%s", type), "status", status, "detail",
	    json_cleans(detail));

	if (limit != NULL)
		json_object_set_new(problem, "limit", json_string(limit));
	set_json(r, status, problem, "application/problem+json");
}
