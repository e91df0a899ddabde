/*
 * What all /set methods do.  The order is create, update, destroy.  A record that names a
 * parent made in the same call waits until the parent is there, and a mailbox that still has
 * a child until the child is gone: each list is gone through until nothing moves any more.
 */
#include <string.h>

#include "sandbox/jmap_set.h"
#include "sandbox/json.h"

json_t *
jmap_set_begin(struct jmap_call *call, enum record kind)
{
	return json_pack("{s:s, s:o, s:n, s:n}", "accountId", call->request->account.inbox,
	    "oldState", jmap_state(&call->request->account, kind), "created", "notCreated");
}

/* The object of this member, made if it is null so far. */
static json_t *
member(json_t *result, const char *name)
{
	json_t *object = json_object_get(result, name);

	if (json_is_object(object))
		return object;
	object = json_object();
	json_object_set_new(result, name, object);
	return object;
}

void
jmap_set_created(struct jmap_call *call, json_t *result, const char *creation_id,
    json_t *created, json_t *error)
{
	if (created == NULL) {
		json_object_set_new(member(result, "notCreated"), creation_id, error);
		return;
	}
	json_object_set(
	    call->request->created_ids, creation_id, json_object_get(created, "id"));
	json_object_set_new(member(result, "created"), creation_id, created);
}

void
jmap_set_end(struct jmap_call *call, enum record kind, json_t *result)
{
	json_object_set_new(result, "newState", jmap_state(&call->request->account, kind));
}

bool
jmap_if_in_state(struct jmap_call *call, enum record kind)
{
	const char *wanted = json_text(call->arguments, "ifInState");

	if (wanted == NULL ||
	    jmap_state_number(wanted, kind) == call->request->account.states[kind])
		return true;
	jmap_fail(call, "stateMismatch", "the state is another by now");
	return false;
}

bool
jmap_few_enough(struct jmap_call *call, size_t objects)
{
	int64_t limit = call->request->sandbox->options.limits.objects_in_set;

	if ((int64_t)objects <= limit)
		return true;
	jmap_fail(call, "requestTooLarge", "more than %lld objects", (long long)limit);
	return false;
}

/* Does the object name a parent that is not there yet? */
static bool
waits(const struct jmap_call *call, const json_t *object)
{
	const char *parent = json_text(object, "parentId");

	return parent != NULL && parent[0] == '#' &&
	       jmap_resolve_id(call->request, parent) == NULL;
}

static void
create_all(struct jmap_call *call, const struct jmap_set_type *type, json_t *result)
{
	json_t *waiting = json_copy(json_object_get(call->arguments, "create"));
	bool moved = true, last = false;

	while (moved || !last) {
		const char *id;
		json_t *object;
		void *next;

		last = !moved;
		moved = false;
		json_object_foreach_safe (waiting, next, id, object) {
			json_t *error = NULL, *created;

			if (waits(call, object) && !last)
				continue;
			created = type->create(call, object, &error);
			jmap_set_created(call, result, id, created, error);
			json_object_del(waiting, id);
			moved = true;
		}
	}
	json_decref(waiting);
}

static void
update_all(struct jmap_call *call, const struct jmap_set_type *type, json_t *result)
{
	const json_t *destroy = json_object_get(call->arguments, "destroy");
	const char *id;
	json_t *patch;

	json_object_foreach (json_object_get(call->arguments, "update"), id, patch) {
		int64_t number = jmap_number(call->request, id, type->letter);
		json_t *error = NULL;

		if (json_has_string(destroy, id))
			error =
			    jmap_set_error("willDestroy", NULL, "it is to be destroyed too");
		else if (number == 0)
			error = jmap_set_error("notFound", NULL, "there is no %s", id);
		else
			error = type->update(call, number, patch);
		if (error == NULL)
			json_object_set_new(member(result, "updated"), id, json_null());
		else
			json_object_set_new(member(result, "notUpdated"), id, error);
	}
}

static json_t *
destroy_one(struct jmap_call *call, const struct jmap_set_type *type, const char *id)
{
	int64_t number = jmap_number(call->request, id, type->letter);

	if (number == 0)
		return jmap_set_error("notFound", NULL, "there is no %s", id);
	return type->destroy(call, number);
}

static void
destroy_all(struct jmap_call *call, const struct jmap_set_type *type, json_t *result)
{
	json_t *waiting = json_copy(json_object_get(call->arguments, "destroy"));
	json_t *destroyed = json_array();
	bool moved = true;

	while (moved && json_array_size(waiting) > 0) {
		moved = false;
		for (size_t i = 0; i < json_array_size(waiting);) {
			const char *id = json_string_value(json_array_get(waiting, i));
			json_t *error = destroy_one(call, type, id);

			if (error != NULL &&
			    strcmp(json_text(error, "type"), "mailboxHasChild") == 0) {
				json_object_set_new(member(result, "notDestroyed"), id, error);
				i++;
				continue;
			}
			if (error != NULL) {
				json_object_set_new(member(result, "notDestroyed"), id, error);
			} else {
				json_object_del(json_object_get(result, "notDestroyed"), id);
				json_array_append_new(destroyed, json_string(id));
				moved = true;
			}
			json_array_remove(waiting, i);
		}
	}
	json_decref(waiting);
	if (json_array_size(destroyed) > 0)
		json_object_set(result, "destroyed", destroyed);
	json_decref(destroyed);
	if (json_object_size(json_object_get(result, "notDestroyed")) == 0)
		json_object_set_new(result, "notDestroyed", json_null());
}

json_t *
jmap_set(struct jmap_call *call, const struct jmap_set_type *type)
{
	const json_t *arguments = call->arguments;
	json_t *result;

	if (!jmap_if_in_state(call, type->kind) ||
	    !jmap_few_enough(call, json_object_size(json_object_get(arguments, "create")) +
	                               json_object_size(json_object_get(arguments, "update")) +
	                               json_array_size(json_object_get(arguments, "destroy"))))
		return NULL;
	result = jmap_set_begin(call, type->kind);
	json_object_set_new(result, "updated", json_null());
	json_object_set_new(result, "destroyed", json_null());
	json_object_set_new(result, "notUpdated", json_null());
	json_object_set_new(result, "notDestroyed", json_null());
	create_all(call, type, result);
	update_all(call, type, result);
	destroy_all(call, type, result);
	jmap_set_end(call, type->kind, result);
	return result;
}
