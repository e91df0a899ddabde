/*
 * What an HTTP service says when it refuses.
 */
#include <string.h>

#include "common/service/problem.h"
#include "common/wire/json.h"

#define JMAP_ERROR "urn:ietf:params:jmap:error:"

/* The outcome of a JMAP request-level error (RFC 8620 §3.6.1); limit names which one. */
static struct outcome
request_error(const json_t *body, const char *type)
{
	const char *detail = json_get_string(body, "detail");
	const char *limit = json_get_string(body, "limit");
	char name[64];

	if (strcmp(type, "limit") == 0 && limit != NULL) {
		snprintf(name, sizeof(name), "limit/%s", limit);
		type = name;
	}
	return outcome_make("request", type, "%s", detail != NULL ? detail : "");
}

/* The first of these members of object that is a string. */
static const char *
first_string(const json_t *object, const char *const *keys)
{
	const char *text = NULL;

	for (; *keys != NULL && text == NULL; keys++)
		text = json_get_string(object, *keys);
	return text;
}

static struct outcome
from_body(int status, const json_t *body)
{
	static const char *const details[] = {
	    "message", "detail", "error_description", "title", "error", NULL};
	const char *type = json_get_string(body, "type");
	const json_t *error = json_get_object(body, "error");
	const char *hint, *page;
	struct outcome o;

	if (type != NULL && strncmp(type, JMAP_ERROR, strlen(JMAP_ERROR)) == 0) {
		o = request_error(body, type + strlen(JMAP_ERROR));
		/* Of a type that nobody knows, another status than 400 says more. */
		if (status == 400 || !outcome_is(&o, "request/*"))
			return o;
	}
	if (error == NULL)
		error = body;
	o = outcome_http(status, first_string(error, details));
	hint = json_get_string(error, "hint");
	if (hint != NULL && *hint != '\0')
		outcome_hint(&o, "%s", hint);
	page = json_get_string(error, "docs_url");
	if (page != NULL && *page != '\0')
		outcome_hint(&o, "see %s", page);
	return o;
}

struct outcome
problem_outcome(const struct http_answer *answer)
{
	struct outcome o = outcome_http(answer->status, NULL), parsed;
	json_t *body;

	if (outcome_is_ok(&o))
		return o;
	parsed = json_parse(buf_str(&answer->body), answer->body.len, &body);
	if (outcome_is_ok(&parsed)) {
		o = from_body(answer->status, body);
		json_decref(body);
	}
	o.retry_after = answer->retry_after;
	return o;
}
