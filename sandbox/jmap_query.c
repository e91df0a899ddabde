/*
 * What all /query methods do: check and evaluate filters, cut the window.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/jmap_query.h"
#include "sandbox/json.h"

#define FILTER_DEPTH_MAX 50
#define SORT_MAX         10

void
jmap_found_add(struct jmap_found *f, int64_t id)
{
	if ((f->count & (f->count - 1)) == 0)
		f->ids =
		    xreallocarray(f->ids, f->count == 0 ? 1 : 2 * f->count, sizeof(*f->ids));
	f->ids[f->count++] = id;
}

void
jmap_found_free(struct jmap_found *f)
{
	free(f->ids);
	*f = (struct jmap_found){0};
}

/* Where the window starts; -1 after jmap_fail(). */
static int64_t
window_start(struct jmap_call *call, const struct jmap_found *found, char letter)
{
	const char *anchor = json_text(call->arguments, "anchor");
	int64_t position = json_number(call->arguments, "position", 0);
	int64_t offset = json_number(call->arguments, "anchorOffset", 0);
	int64_t count = found->before + (int64_t)found->count;
	int64_t id;

	if (anchor == NULL) {
		if (position < 0 && (position += count) < 0)
			position = 0;
		return position;
	}
	id = jmap_number(call->request, anchor, letter);
	for (size_t i = 0; id != 0 && i < found->count; i++) {
		if (found->ids[i] != id)
			continue;
		id = found->before + (int64_t)i;
		if (offset < -id)
			return 0;
		return offset > count ? count : id + offset;
	}
	jmap_fail(call, "anchorNotFound", "the anchor is not among the results");
	return -1;
}

json_t *
jmap_window(
    struct jmap_call *call, const struct jmap_found *found, char letter, enum record kind)
{
	int64_t asked = json_number(call->arguments, "limit", INT64_MAX);
	int64_t most = call->request->sandbox->options.limits.query;
	int64_t limit = most > 0 && most < asked ? most : asked;
	int64_t start = window_start(call, found, letter);
	int64_t count = found->before + (int64_t)found->count;
	json_t *ids, *result;

	if (start < 0)
		return NULL;
	ids = json_array();
	for (int64_t i = start; i < count && i - start < limit; i++)
		json_array_append_new(ids, jmap_id(letter, found->ids[i - found->before]));
	result =
	    json_pack("{s:s, s:o, s:b, s:I, s:o}", "accountId", call->request->account.inbox,
	        "queryState", jmap_state(&call->request->account, kind), "canCalculateChanges",
	        0, "position", start, "ids", ids);
	if (json_bool(call->arguments, "calculateTotal"))
		json_object_set_new(result, "total", json_integer(count));
	if (limit < asked)
		json_object_set_new(result, "limit", json_integer(limit));
	return result;
}

bool
jmap_filter(const json_t *filter, jmap_condition *condition, void *context)
{
	const char *connective = json_text(filter, "operator");
	bool any = connective != NULL && strcmp(connective, "AND") != 0;
	size_t i;
	const json_t *inner;

	if (!json_is_object(filter))
		return true;
	if (connective == NULL)
		return condition(filter, context);
	/* OR and NOT look for one that holds, AND for one that does not. */
	json_array_foreach (json_object_get(filter, "conditions"), i, inner)
		if (jmap_filter(inner, condition, context) == any)
			return strcmp(connective, "OR") == 0;
	return strcmp(connective, "OR") != 0;
}

static bool
check_condition(struct jmap_call *call, const struct jmap_filter_property *properties,
    const json_t *condition)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)condition, name, value) {
		const struct jmap_filter_property *p = properties;

		while (p->name != NULL && strcmp(p->name, name) != 0)
			p++;
		if (p->name == NULL) {
			jmap_fail(call, "unsupportedFilter", "there is no condition %s", name);
			return false;
		}
		if (!jmap_type_good(p->type, value) && !(p->nullable && json_is_null(value))) {
			jmap_fail(call, "invalidArguments",
			    "the condition %s has the wrong type", name);
			return false;
		}
	}
	return true;
}

static bool
check_filter(struct jmap_call *call, const struct jmap_filter_property *properties,
    const json_t *filter, unsigned depth)
{
	const char *connective = json_text(filter, "operator");
	const json_t *conditions = json_object_get(filter, "conditions");
	size_t i;
	const json_t *inner;

	if (!json_is_object(filter) || depth > FILTER_DEPTH_MAX) {
		jmap_fail(call,
		    depth > FILTER_DEPTH_MAX ? "unsupportedFilter" : "invalidArguments",
		    "the filter is nested too deep or holds something that is no condition");
		return false;
	}
	if (json_object_get(filter, "operator") == NULL)
		return check_condition(call, properties, filter);
	if (connective == NULL || !json_is_array(conditions) || json_object_size(filter) != 2 ||
	    (strcmp(connective, "AND") != 0 && strcmp(connective, "OR") != 0 &&
	        strcmp(connective, "NOT") != 0)) {
		jmap_fail(call, "invalidArguments", "the filter's operator is malformed");
		return false;
	}
	json_array_foreach (conditions, i, inner)
		if (!check_filter(call, properties, inner, depth + 1))
			return false;
	return true;
}

bool
jmap_check_filter(struct jmap_call *call, const struct jmap_filter_property *properties)
{
	const json_t *filter = json_object_get(call->arguments, "filter");

	return !json_is_object(filter) || check_filter(call, properties, filter, 0);
}

bool
jmap_check_sort(struct jmap_call *call, const char *const *properties)
{
	const json_t *sort = json_object_get(call->arguments, "sort");
	size_t i;
	const json_t *comparator;

	if (json_array_size(sort) > SORT_MAX) {
		jmap_fail(call, "unsupportedSort", "too many comparators");
		return false;
	}
	json_array_foreach (sort, i, comparator) {
		const char *property = json_text(comparator, "property");
		const json_t *ascending = json_object_get(comparator, "isAscending");

		if (property == NULL || (ascending != NULL && !json_is_boolean(ascending))) {
			jmap_fail(call, "invalidArguments", "a comparator is malformed");
			return false;
		}
		if (!text_among(property, properties)) {
			jmap_fail(call, "unsupportedSort", "cannot sort by %s", property);
			return false;
		}
	}
	return true;
}

bool
jmap_ascending(const json_t *comparator)
{
	return !json_is_false(json_object_get(comparator, "isAscending"));
}
