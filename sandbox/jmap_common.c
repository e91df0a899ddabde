/*
 * What methods have in common: typed arguments, ids, states, errors.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/jmap.h"
#include "sandbox/json.h"

#define ID_SIZE 24 /* a letter and the digits of any number */

static bool
all_strings(const json_t *array)
{
	size_t i;
	const json_t *item;

	json_array_foreach (array, i, item)
		if (!json_is_string(item))
			return false;
	return json_is_array(array);
}

static bool
all_objects(const json_t *map)
{
	const char *key;
	const json_t *item;

	json_object_foreach ((json_t *)(uintptr_t)map, key, item)
		if (!json_is_object(item))
			return false;
	return json_is_object(map);
}

bool
jmap_type_good(enum jmap_type type, const json_t *value)
{
	switch (type) {
	case JMAP_ID:
	case JMAP_STRING:
		return json_is_string(value);
	case JMAP_IDS:
	case JMAP_STRINGS:
		return all_strings(value);
	case JMAP_BOOLEAN:
		return json_is_boolean(value);
	case JMAP_INT:
		return json_is_integer(value);
	case JMAP_UNSIGNED:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case JMAP_OBJECT:
		return json_is_object(value);
	case JMAP_MAP:
		return all_objects(value);
	case JMAP_ARRAY:
		return json_is_array(value);
	}
	return false;
}

static const struct jmap_argument *
find_argument(const struct jmap_argument *table, const char *name)
{
	for (; table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

bool
jmap_check_arguments(struct jmap_call *call, const struct jmap_argument *table)
{
	const char *name;
	json_t *value;

	json_object_foreach (call->arguments, name, value) {
		const struct jmap_argument *argument = find_argument(table, name);

		if (argument == NULL) {
			jmap_fail(call, "invalidArguments", "there is no argument %s", name);
			return false;
		}
		if (!jmap_type_good(argument->type, value) &&
		    (argument->required || !json_is_null(value))) {
			jmap_fail(call, "invalidArguments", "%s has the wrong type", name);
			return false;
		}
	}
	for (; table->name != NULL; table++) {
		if (table->required && json_object_get(call->arguments, table->name) == NULL) {
			jmap_fail(call, "invalidArguments", "%s is missing", table->name);
			return false;
		}
	}
	return true;
}

json_t *
jmap_set_error(const char *type, const char *property, const char *format, ...)
{
	json_t *error;
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	error = json_pack("{s:s, s:o}", "type", type, "description", json_cleans(text));
	if (property != NULL)
		json_object_set_new(error, "properties", json_pack("[s]", property));
	free(text);
	return error;
}

const char *
jmap_resolve_id(const struct jmap_request *r, const char *id)
{
	return id[0] == '#' ? json_text(r->created_ids, id + 1) : id;
}

int64_t
jmap_number(const struct jmap_request *r, const char *id, char letter)
{
	const char *digits;

	id = jmap_resolve_id(r, id);
	if (id == NULL || id[0] != letter)
		return 0;
	digits = id + 1;
	/* One number has one spelling. */
	if (digits[0] < '1' || digits[0] > '9' || strlen(digits) > 18 ||
	    digits[strspn(digits, "0123456789")] != '\0')
		return 0;
	return strtoll(digits, NULL, 10);
}

json_t *
jmap_id(char letter, int64_t number)
{
	char text[ID_SIZE];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	text[--at] = letter;
	return json_stringn_nocheck(text + at, sizeof(text) - at);
}

static const char state_letters[RECORD_COUNT] = {
    [RECORD_MAILBOX] = 'b',
    [RECORD_EMAIL] = 'e',
    [RECORD_SUBMISSION] = 's',
};

json_t *
jmap_state(const struct account *a, enum record kind)
{
	return jmap_id(state_letters[kind], a->states[kind]);
}

int64_t
jmap_state_number(const char *state, enum record kind)
{
	const char *digits = state + 1;

	if (state[0] != state_letters[kind] || strlen(digits) > 18 || digits[0] == '\0' ||
	    digits[strspn(digits, "0123456789")] != '\0')
		return -1;
	return strtoll(digits, NULL, 10);
}
