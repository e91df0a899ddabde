/*
 * The configuration of the alias service, as one table.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_config.h"

enum kind { TEXT, NUMBER, FLAG, OBJECT, ARRAY };

static const struct row {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *standard; /* as JSON */
} rows[] = {
#define AT(field) offsetof(struct alias_config, field)
    {"email_domain", TEXT, AT(email_domain), "\"sl.example\""},
    {"apple_secret", TEXT, AT(apple_secret), "\"apple\""},
    {"max_alias_free_plan", NUMBER, AT(max_free), "5"},
    {"suffix_life", NUMBER, AT(suffix_life), "600"},
    {"max_api_keys", NUMBER, AT(max_keys), "30"},
    {"trash_days", NUMBER, AT(trash_days), "30"},
    {"registration_open", FLAG, AT(registration_open), "true"},
    {"maintenance", FLAG, AT(maintenance), "false"},
    {"limits", FLAG, AT(limits), "true"},
    {"shared_limits", FLAG, AT(shared_limits), "true"},
    {"restrict_contacts", FLAG, AT(restrict_contacts), "false"},
    {"dmarc", FLAG, AT(dmarc), "true"},
    {"enforce_spf", FLAG, AT(enforce_spf), "true"},
    {"spf_fails", ARRAY, AT(spf_fails), "[]"},
    {"mailbox_refusals", OBJECT, AT(mailbox_refusals), "{}"},
    {"banned", ARRAY, AT(banned), "[]"},
    {"login_providers", OBJECT, AT(login_providers), "{}"},
    {"rate_limits", OBJECT, AT(rate_limits), "{}"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct row *
row_named(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static bool
fits(const struct row *row, const json_t *value)
{
	switch (row->kind) {
	case TEXT:
		return json_string_length(value) > 0;
	case NUMBER:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case FLAG:
		return json_is_boolean(value);
	case OBJECT:
		return json_is_object(value);
	case ARRAY:
		return json_is_array(value);
	}
	return false;
}

static void
set(struct alias_config *c, const struct row *row, const json_t *value)
{
	void *field = (char *)c + row->offset;

	switch (row->kind) {
	case TEXT:
		free(*(char **)field);
		*(char **)field = xstrdup(json_string_value(value));
		break;
	case NUMBER:
		*(int64_t *)field = json_integer_value(value);
		break;
	case FLAG:
		*(bool *)field = json_is_true(value);
		break;
	case OBJECT:
	case ARRAY:
		json_decref(*(json_t **)field);
		*(json_t **)field = json_deep_copy(value);
		break;
	}
}

void
alias_config_default(struct alias_config *c)
{
	*c = (struct alias_config){0};
	for (size_t i = 0; i < ROWS; i++) {
		json_t *value = json_loads(rows[i].standard, JSON_DECODE_ANY, NULL);

		set(c, &rows[i], value);
		json_decref(value);
	}
}

void
alias_config_free(struct alias_config *c)
{
	for (size_t i = 0; i < ROWS; i++) {
		void *field = (char *)c + rows[i].offset;

		if (rows[i].kind == TEXT)
			free(*(char **)field);
		else if (rows[i].kind == OBJECT || rows[i].kind == ARRAY)
			json_decref(*(json_t **)field);
	}
	*c = (struct alias_config){0};
}

const char *
alias_config_take(struct alias_config *c, const json_t *given)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)given, key, value) {
		const struct row *row = row_named(key);

		if (row == NULL || !fits(row, value))
			return key;
	}
	json_object_foreach ((json_t *)(uintptr_t)given, key, value)
		set(c, row_named(key), value);
	return NULL;
}

json_t *
alias_config_json(const struct alias_config *c)
{
	json_t *all = json_object();

	for (size_t i = 0; i < ROWS; i++) {
		const void *field = (const char *)c + rows[i].offset;
		json_t *value;

		if (rows[i].kind == TEXT)
			value = json_string(*(char *const *)field);
		else if (rows[i].kind == NUMBER)
			value = json_integer(*(const int64_t *)field);
		else if (rows[i].kind == FLAG)
			value = json_boolean(*(const bool *)field);
		else
			value = json_deep_copy(*(json_t *const *)field);
		json_object_set_new(all, rows[i].name, value);
	}
	return all;
}
