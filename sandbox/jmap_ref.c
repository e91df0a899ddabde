/*
 * Result references.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "sandbox/jmap_ref.h"
#include "sandbox/json.h"

#define INVALID_REFERENCE "invalidResultReference"
#define DEPTH_MAX         100

/* Take the next token off a pointer, its ~0 and ~1 undone; false at the end. */
static bool
next_token(const char **pointer, struct buf *token)
{
	const char *p = *pointer;

	buf_reset(token);
	if (*p != '/')
		return false;
	for (p++; *p != '\0' && *p != '/'; p++) {
		if (p[0] == '~' && (p[1] == '0' || p[1] == '1'))
			buf_addc(token, *++p == '0' ? '~' : '/');
		else
			buf_addc(token, *p);
	}
	*pointer = p;
	return true;
}

/* Member TOKEN of an array: only a number without leading zeros is an index. */
static json_t *
array_member(const json_t *array, const char *token)
{
	size_t digits = strspn(token, "0123456789");

	if (digits == 0 || digits > 9 || token[digits] != '\0' ||
	    (token[0] == '0' && digits > 1))
		return NULL;
	return json_array_get(array, strtoul(token, NULL, 10));
}

static json_t *evaluate(json_t *value, const char *pointer, unsigned depth);

/* "*": the results of the rest of the pointer for every item; arrays among them flattened. */
static json_t *
every_item(const json_t *array, const char *rest, unsigned depth)
{
	json_t *all = json_array();
	size_t i;
	json_t *item;

	json_array_foreach (array, i, item) {
		json_t *result = evaluate(item, rest, depth + 1);

		if (result == NULL) {
			json_decref(all);
			return NULL;
		}
		if (json_is_array(result)) {
			json_array_extend(all, result);
			json_decref(result);
		} else {
			json_array_append_new(all, result);
		}
	}
	return all;
}

static json_t *
evaluate(json_t *value, const char *pointer, unsigned depth)
{
	struct buf token = BUF_INIT;
	json_t *result = NULL;

	if (depth > DEPTH_MAX)
		return NULL;
	while (value != NULL && next_token(&pointer, &token)) {
		if (json_is_array(value) && strcmp(buf_str(&token), "*") == 0) {
			result = every_item(value, pointer, depth);
			buf_free(&token);
			return result;
		}
		value = json_is_array(value) ? array_member(value, buf_str(&token))
		                             : json_object_get(value, buf_str(&token));
	}
	buf_free(&token);
	return *pointer == '\0' ? json_incref(value) : NULL;
}

json_t *
jmap_pointer(json_t *value, const char *pointer)
{
	return evaluate(value, pointer, 0);
}

/* What a reference refers to; NULL with *why_r set if nothing. */
static json_t *
follow(const json_t *reference, const json_t *responses, const char **why_r)
{
	const char *call = json_text(reference, "resultOf");
	const char *name = json_text(reference, "name");
	const char *path = json_text(reference, "path");
	const json_t *response;
	json_t *result;
	size_t i;

	*why_r = "a result reference has resultOf, name and path";
	if (call == NULL || name == NULL || path == NULL)
		return NULL;
	*why_r = "no earlier call has this id";
	json_array_foreach (responses, i, response) {
		if (strcmp(json_string_value(json_array_get(response, 2)), call) != 0)
			continue;
		*why_r = "the call's response has another name";
		if (strcmp(json_string_value(json_array_get(response, 0)), name) != 0)
			return NULL;
		*why_r = "the path leads nowhere";
		result = jmap_pointer(json_array_get(response, 1), path);
		return result;
	}
	return NULL;
}

static bool
is_reference(const json_t *value)
{
	return json_object_size(value) == 3 && json_text(value, "resultOf") != NULL &&
	       json_text(value, "name") != NULL && json_text(value, "path") != NULL;
}

/* Replace the values of conditions that are references. */
static bool
resolve_filter(json_t *filter, const json_t *responses, unsigned depth, const char **why_r)
{
	const char *key;
	json_t *value;
	void *next;
	size_t i;

	if (depth > DEPTH_MAX)
		return true; /* the query will refuse it */
	if (json_is_array(filter)) {
		json_array_foreach (filter, i, value)
			if (!resolve_filter(value, responses, depth + 1, why_r))
				return false;
		return true;
	}
	json_object_foreach_safe (filter, next, key, value) {
		json_t *result;

		if (!is_reference(value)) {
			if (!resolve_filter(value, responses, depth + 1, why_r))
				return false;
			continue;
		}
		result = follow(value, responses, why_r);
		if (result == NULL)
			return false;
		json_object_set_new(filter, key, result);
	}
	return true;
}

bool
jmap_resolve(
    json_t *arguments, const json_t *responses, const char **type_r, const char **why_r)
{
	const char *key;
	json_t *value;
	void *next;

	*type_r = INVALID_REFERENCE;
	json_object_foreach_safe (arguments, next, key, value) {
		json_t *result;

		if (key[0] != '#')
			continue;
		if (json_object_get(arguments, key + 1) != NULL) {
			*type_r = "invalidArguments";
			*why_r = "an argument is given both as it is and as a reference";
			return false;
		}
		result = follow(value, responses, why_r);
		if (result == NULL)
			return false;
		json_object_set_new(arguments, key + 1, result);
		json_object_del(arguments, key);
	}
	return resolve_filter(json_object_get(arguments, "filter"), responses, 0, why_r);
}
