/*
 * Take objects by tables of their members.
 */
#include <stdarg.h>
#include <string.h>

#include "sandbox/alias_seed_row.h"

bool
seed_mistake(struct seed *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_addv(s->why, format, args);
	va_end(args);
	return false;
}

static bool
fits(enum seed_type type, const json_t *value)
{
	switch (type) {
	case SEED_TEXT:
		return json_is_string(value) || json_is_null(value);
	case SEED_NUMBER:
	case SEED_TIME:
		return json_is_integer(value) || json_is_null(value);
	case SEED_FLAG:
		return json_is_boolean(value);
	case SEED_LIST:
		return json_is_array(value);
	}
	return false;
}

static const struct seed_member *
member_named(const struct seed_member *members, const char *name)
{
	while (members->name != NULL && strcmp(members->name, name) != 0)
		members++;
	return members->name == NULL ? NULL : members;
}

bool
seed_check(
    struct seed *s, const char *what, const json_t *object, const struct seed_member *members)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return seed_mistake(s, "%s is not an object", what);
	json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
		const struct seed_member *member = member_named(members, key);

		if (member == NULL)
			return seed_mistake(s, "%s has no member \"%s\"", what, key);
		if (!fits(member->type, value))
			return seed_mistake(s, "%s: \"%s\" has the wrong type", what, key);
	}
	return true;
}

static int64_t
moment(const struct seed *s, int64_t given)
{
	return given > 0 ? given : s->now + given;
}

void
seed_store(struct seed *s, const json_t *object, const struct seed_member *members, int64_t row)
{
	for (; members->name != NULL; members++) {
		const json_t *value = json_object_get(object, members->name);

		if (value == NULL || members->sql == NULL)
			continue;
		if (json_is_null(value) || json_is_string(value))
			db_run(s->db, members->sql, "ti", json_string_value(value), row);
		else if (members->type == SEED_TIME)
			db_run(s->db, members->sql, "ii", moment(s, json_integer_value(value)),
			    row);
		else
			db_run(s->db, members->sql, "ii",
			    (int64_t)(json_is_true(value) ? 1 : json_integer_value(value)),
			    row);
	}
}

bool
seed_each(struct seed *s, const json_t *list, int64_t owner,
    bool (*take)(struct seed *s, const json_t *object, int64_t owner))
{
	size_t i;
	const json_t *object;

	json_array_foreach (list, i, object)
		if (!take(s, object, owner))
			return false;
	return true;
}

int64_t
seed_time(const struct seed *s, const json_t *object, const char *key)
{
	return moment(s, json_number(object, key, 0));
}

json_t *
seed_mailboxes(struct seed *s, const json_t *list, int64_t user)
{
	json_t *numbers = json_array();
	size_t i;
	const json_t *email;

	json_array_foreach (list, i, email) {
		const char *text = json_string_value(email);
		int64_t number =
		    db_int(s->db, 0, "SELECT id FROM mailbox WHERE email = ? AND user = ?",
		        "ti", text != NULL ? text : "", user);

		if (number == 0) {
			seed_mistake(s, "\"mailboxes\" names %s, which is none of the user's",
			    text != NULL ? text : "what is no address");
			json_decref(numbers);
			return NULL;
		}
		json_array_append_new(numbers, json_integer(number));
	}
	return numbers;
}
