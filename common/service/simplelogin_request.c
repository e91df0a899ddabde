/*
 * From an endpoint's row and values to a request: each value is checked by its row and put
 * where it belongs, so that no mistake of ours costs a request that counts against a limit.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/simplelogin_parts.h"
#include "common/wire/json.h"

#define PATH_MAX_BYTES 8192

static bool
is_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *p = words; *p != '\0';) {
		size_t size = strcspn(p, " ");

		if (size == length && strncmp(p, word, length) == 0)
			return true;
		p += size + strspn(p + size, " ");
	}
	return false;
}

static bool
is_ids(const json_t *value)
{
	size_t i;
	json_t *id;

	json_array_foreach (value, i, id)
		if (!json_is_integer(id) || json_integer_value(id) < 0)
			return false;
	return json_is_array(value) && json_array_size(value) != 0;
}

/* What the value must be, or NULL if it is that. */
static const char *
expectation(const struct simplelogin_parameter *p, const json_t *value)
{
	switch (p->type) {
	case OF_NUMBER:
	case OF_ALIAS:
	case OF_MAILBOX:
	case OF_CONTACT:
	case OF_DOMAIN:
		return json_is_integer(value) && json_integer_value(value) >= 0
		           ? NULL
		           : "must be a number from 0 on";
	case OF_MAILBOXES:
		return is_ids(value) ? NULL : "must be a list of ids";
	case OF_BOOLEAN:
	case OF_FLAG:
		return json_is_boolean(value) ? NULL : "must be true or false";
	case OF_CHOICE:
		return json_is_string(value) && is_word(p->words, json_string_value(value))
		           ? NULL
		           : "must be one of: ";
	case OF_TEXT:
	case OF_SECRET:
	case OF_PICTURE:
		return json_is_string(value) ? NULL : "must be a string";
	case OF_JSON:
		break;
	}
	return NULL;
}

static struct outcome
check_value(const struct simplelogin_parameter *p, const json_t *value)
{
	const char *wrong;

	if (json_is_null(value) && (p->flags & SL_NULLABLE) != 0)
		return outcome_ok();
	wrong = expectation(p, value);
	if (wrong != NULL)
		return outcome_make("local", "usage", "%s %s%s", p->option, wrong,
		    p->type == OF_CHOICE ? p->words : "");
	if (p->max != 0 && json_is_string(value) && json_string_length(value) > p->max)
		return outcome_make(
		    "local", "usage", "%s is longer than %zu bytes", p->option, p->max);
	return outcome_ok();
}

/* Every parameter that is given is known, good, and none that is needed is missing. */
static struct outcome
check_parameters(const struct simplelogin_endpoint *endpoint, const json_t *parameters)
{
	const struct simplelogin_parameter *p;
	struct outcome o;
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)parameters, name, value) {
		p = simplelogin_parameter(endpoint, name);
		if (p == NULL)
			return outcome_make(
			    "local", "usage", "%s takes no %s", endpoint->words, name);
		o = check_value(p, value);
		if (!outcome_is_ok(&o))
			return o;
	}
	for (p = endpoint->parameters; p != NULL && p->name != NULL; p++)
		if ((p->flags & SL_REQUIRED) != 0 &&
		    json_object_get(parameters, p->name) == NULL)
			return outcome_make(
			    "local", "usage", "%s needs %s", endpoint->words, p->option);
	return outcome_ok();
}

static void
add_encoded(struct buf *text, const char *value)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++)
		if (strchr(plain, *p) != NULL)
			buf_addc(text, (char)*p);
		else
			buf_addf(text, "%%%02X", *p);
}

void
simplelogin_query_add(struct buf *path, const char *name, const char *value)
{
	buf_addc(path, strchr(buf_str(path), '?') != NULL ? '&' : '?');
	buf_adds(path, name);
	buf_addc(path, '=');
	add_encoded(path, value);
}

/* A value as it stands in a path or query; the caller free()s. */
static char *
as_text(const json_t *value)
{
	if (json_is_integer(value))
		return xasprintf("%lld", (long long)json_integer_value(value));
	if (json_is_boolean(value))
		return xstrdup(json_is_true(value) ? "true" : "false");
	return xstrdup(json_is_string(value) ? json_string_value(value) : "");
}

/* The path, with each {name} replaced. */
static void
fill_path(
    const struct simplelogin_endpoint *endpoint, const json_t *parameters, struct buf *path)
{
	const char *p = endpoint->path, *open;

	while ((open = strchr(p, '{')) != NULL) {
		const char *close = strchr(open, '}');
		char *name = xstrndup(open + 1, (size_t)(close - open) - 1);
		char *value = as_text(json_object_get(parameters, name));

		buf_add(path, p, (size_t)(open - p));
		add_encoded(path, value);
		free(name);
		free(value);
		p = close + 1;
	}
	buf_adds(path, p);
}

static void
fill_query(
    const struct simplelogin_endpoint *endpoint, const json_t *parameters, struct buf *path)
{
	const struct simplelogin_parameter *p = endpoint->parameters;

	for (; p != NULL && p->name != NULL; p++) {
		const json_t *value = json_object_get(parameters, p->name);
		char *text;

		/* The service takes any value of a flag, "false" too, for its presence. */
		if (p->place != IN_QUERY || value == NULL || json_is_null(value) ||
		    (p->type == OF_FLAG && json_is_false(value)))
			continue;
		text = as_text(value);
		simplelogin_query_add(path, p->name, text);
		free(text);
	}
}

/* An object of the parameters that belong into the body; NULL if there are none. */
static json_t *
body_of(const struct simplelogin_endpoint *endpoint, const json_t *parameters)
{
	const struct simplelogin_parameter *p = endpoint->parameters;
	json_t *body = NULL;

	for (; p != NULL && p->name != NULL; p++) {
		json_t *value = json_object_get(parameters, p->name);

		if (p->place != IN_BODY || value == NULL)
			continue;
		if (body == NULL)
			body = json_object();
		json_object_set(body, p->name, value);
	}
	return body;
}

struct outcome
simplelogin_request_make(const struct simplelogin_endpoint *endpoint, const json_t *parameters,
    struct simplelogin_request *request)
{
	struct outcome o = check_parameters(endpoint, parameters);
	json_t *body;

	*request = (struct simplelogin_request){.method = endpoint->method};
	if (!outcome_is_ok(&o))
		return o;
	fill_path(endpoint, parameters, &request->path);
	fill_query(endpoint, parameters, &request->path);
	if (request->path.len > PATH_MAX_BYTES)
		return outcome_make("local", "usage", "the request is too long");
	body = body_of(endpoint, parameters);
	if (body == NULL)
		return o;
	json_write(body, &request->body);
	json_decref(body);
	/* Proxies may drop the body of a GET; the service takes a POST for it. */
	if (strcmp(request->method, "GET") == 0)
		request->method = "POST";
	return o;
}

void
simplelogin_request_free(struct simplelogin_request *request)
{
	buf_free(&request->path);
	buf_wipe(&request->body);
}

struct outcome
simplelogin_describe(
    const struct simplelogin_endpoint *endpoint, const json_t *parameters, struct buf *text)
{
	struct simplelogin_request request;
	struct outcome o = simplelogin_request_make(endpoint, parameters, &request);
	json_t *body;

	if (outcome_is_ok(&o)) {
		body = body_of(endpoint, parameters);
		for (const struct simplelogin_parameter *p = endpoint->parameters;
		     p != NULL && p->name != NULL; p++)
			if (p->type == OF_SECRET && json_object_get(body, p->name) != NULL)
				json_object_set_new(body, p->name, json_string("***"));
		buf_addf(text, "%s %s", request.method, buf_str(&request.path));
		if (body != NULL) {
			buf_addc(text, ' ');
			json_write(body, text);
		}
		json_decref(body);
	}
	simplelogin_request_free(&request);
	return o;
}
