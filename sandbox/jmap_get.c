/*
 * What all /get methods do.
 */
#include <string.h>

#include "sandbox/jmap_get.h"
#include "sandbox/json.h"

bool
jmap_wants(const struct jmap_get *get, const char *property)
{
	return get->properties == NULL || strcmp(property, "id") == 0 ||
	       json_has_string(get->properties, property);
}

void
jmap_put(const struct jmap_get *get, json_t *object, const char *property, json_t *value)
{
	if (jmap_wants(get, property))
		json_object_set_new(object, property, value);
	else
		json_decref(value);
}

static bool
property_known(const struct jmap_get_type *type, const char *name)
{
	return text_among(name, type->properties) || (type->extra != NULL && type->extra(name));
}

static bool
check_properties(struct jmap_call *call, const struct jmap_get_type *type)
{
	const json_t *properties = json_object_get(call->arguments, "properties");
	size_t i;
	const json_t *item;

	json_array_foreach (properties, i, item) {
		const char *name = json_string_value(item);

		if (!property_known(type, name)) {
			jmap_fail(call, "invalidArguments", "there is no property %s", name);
			return false;
		}
	}
	return true;
}

/* The ids asked for: an array of strings, or all there are; NULL after jmap_fail(). */
static json_t *
ids_asked(struct jmap_call *call, const struct jmap_get_type *type)
{
	int64_t limit = call->request->sandbox->options.limits.objects_in_get;
	json_t *ids = json_object_get(call->arguments, "ids");

	if (json_is_array(ids)) {
		json_incref(ids);
	} else {
		sqlite3_stmt *rows = db_query(
		    call->request->db, type->all, "ii", call->request->account.id, limit + 1);

		ids = json_array();
		while (db_next(call->request->db, rows))
			json_array_append_new(
			    ids, jmap_id(type->letter, sqlite3_column_int64(rows, 0)));
	}
	if ((int64_t)json_array_size(ids) <= limit)
		return ids;
	json_decref(ids);
	return jmap_fail(call, "requestTooLarge", "more than %lld objects", (long long)limit);
}

static void
get_objects(
    struct jmap_get *get, const struct jmap_get_type *type, const json_t *ids, json_t *result)
{
	json_t *list = json_array(), *not_found = json_array(), *seen = json_object();
	size_t i;
	const json_t *item;

	json_array_foreach (ids, i, item) {
		const char *id = json_string_value(item);
		int64_t number = jmap_number(get->call->request, id, type->letter);
		json_t *object;

		if (json_object_get(seen, id) != NULL)
			continue;
		json_object_set_new_nocheck(seen, id, json_true());
		object = number == 0 ? NULL : type->object(get, number);
		if (object != NULL)
			json_array_append_new(list, object);
		else
			json_array_append_new(not_found, json_string(id));
	}
	json_decref(seen);
	json_object_set_new(result, "list", list);
	json_object_set_new(result, "notFound", not_found);
}

json_t *
jmap_get(struct jmap_call *call, const struct jmap_get_type *type)
{
	const json_t *properties = json_object_get(call->arguments, "properties");
	struct jmap_get get = {
	    .call = call, .properties = json_is_array(properties) ? properties : NULL};
	json_t *ids, *result;

	if (!check_properties(call, type))
		return NULL;
	if (type->begin != NULL && !type->begin(&get))
		return NULL;
	ids = ids_asked(call, type);
	result = NULL;
	if (ids != NULL) {
		result =
		    json_pack("{s:s, s:o}", "accountId", call->request->account.inbox, "state",
		        type->kind < 0
		            ? json_string("0")
		            : jmap_state(&call->request->account, (enum record)type->kind));
		get_objects(&get, type, ids, result);
		json_decref(ids);
	}
	if (type->end != NULL)
		type->end(&get);
	return result;
}
