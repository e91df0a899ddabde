/*
 * What people write, made what the service takes: an id or an address where an alias, a
 * mailbox, a contact or a domain is meant; yes and no; files; secrets, which are asked for.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "ctl/aliases.h"
#include "ctl/terminal.h"

#define FILE_MAX (8u << 20)

/* A number of decimal digits; -1 if it is none. */
static int64_t
read_id(const char *text)
{
	int64_t id = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++)
		if (!isdigit((unsigned char)*text) || id > (INT64_MAX - 9) / 10)
			return -1;
		else
			id = id * 10 + (*text - '0');
	return id;
}

static struct outcome
no_such(const char *what, const char *text)
{
	return outcome_make("local", "usage", "there is no %s \"%s\"", what, text);
}

static struct outcome
find_alias(struct aliases *a, const char *text, int64_t *id_r)
{
	struct simplelogin_alias alias;
	struct alias_map_alias known;
	struct outcome o;

	if (strchr(text, '@') == NULL)
		return no_such("alias", text);
	o = alias_map_find_address(a->map, text, &known);
	*id_r = known.id;
	alias_map_alias_free(&known);
	if (!outcome_is_ok(&o) || *id_r != 0)
		return o;
	o = simplelogin_alias_find(a->sl, text, a->deadline, &alias);
	*id_r = alias.id;
	simplelogin_alias_free(&alias);
	return outcome_is_ok(&o) && *id_r == 0 ? no_such("alias", text) : o;
}

/* The id of the item in a list, fetched once, whose member key is text, in any case. */
static struct outcome
find_in_list(struct aliases *a, const char *words, json_t **list, const char *key,
    const char *text, int64_t *id_r)
{
	const struct simplelogin_endpoint *endpoint = simplelogin_endpoint(words);
	struct outcome o = outcome_ok();
	json_t *item;
	size_t i;

	if (*list == NULL)
		o = simplelogin_call(a->sl, endpoint, NULL, a->deadline, list);
	json_array_foreach (json_get_array(*list, endpoint->key), i, item) {
		const char *its = json_get_string(item, key);

		if (its != NULL && strcasecmp(its, text) == 0) {
			*id_r = json_get_count(item, "id", 0);
			return outcome_ok();
		}
	}
	return outcome_is_ok(&o) ? no_such(key[0] == 'e' ? "mailbox" : "domain", text) : o;
}

static bool
is_contact(const json_t *item, const char *text)
{
	const char *address = json_get_string(item, "contact");
	const char *reverse = json_get_string(item, "reverse_alias_address");
	const char *at = strrchr(text, '@');
	size_t local = (size_t)(at - text);

	if (reverse != NULL && strcmp(reverse, text) == 0)
		return true;
	/* The local part's case counts, the domain's does not. */
	return address != NULL && strlen(address) == strlen(text) &&
	       strncmp(address, text, local) == 0 && strcasecmp(address + local, at) == 0;
}

/* Among the contacts of the alias that --alias names. */
static struct outcome
find_in_alias(struct aliases *a, const char *alias, const char *text, int64_t *id_r)
{
	int64_t alias_id = read_id(alias);
	struct simplelogin_list *list;
	json_t *parameters, *item;
	struct outcome o;

	if (alias_id < 0) {
		o = find_alias(a, alias, &alias_id);
		if (!outcome_is_ok(&o))
			return o;
	}
	parameters = json_pack("{s:I}", "alias_id", (json_int_t)alias_id);
	list = simplelogin_list(a->sl, simplelogin_endpoint("contact list"), parameters);
	while (*id_r == 0 && simplelogin_next(list, a->deadline, &item, &o))
		if (is_contact(item, text))
			*id_r = json_get_count(item, "id", 0);
	simplelogin_list_free(&list);
	json_decref(parameters);
	return outcome_is_ok(&o) && *id_r == 0 ? no_such("contact", text) : o;
}

static struct outcome
find_contact(struct aliases *a, const char *text, int64_t *id_r)
{
	const char *alias = ctl_option(a->ctl, "alias");
	struct alias_map_contact known;
	int64_t count = 1;
	struct outcome o;

	*id_r = 0;
	if (strchr(text, '@') == NULL)
		return no_such("contact", text);
	if (alias != NULL)
		return find_in_alias(a, alias, text, id_r);
	o = alias_map_find_reverse(a->map, text, &known);
	if (outcome_is_ok(&o) && known.id == 0)
		o = alias_map_find_correspondent(a->map, text, &known, &count);
	*id_r = known.id;
	alias_map_contact_free(&known);
	if (!outcome_is_ok(&o) || (*id_r != 0 && count == 1))
		return o;
	o = outcome_make("local", "usage",
	    count > 1 ? "several aliases have the contact \"%s\""
	              : "the map does not know the contact \"%s\"",
	    text);
	outcome_hint(&o, "name its alias with --alias");
	return o;
}

/* The id that text names. */
static struct outcome
find_id(struct aliases *a, enum simplelogin_type type, const char *text, int64_t *id_r)
{
	*id_r = read_id(text);
	if (*id_r >= 0)
		return outcome_ok();
	*id_r = 0;
	switch (type) {
	case OF_ALIAS:
		return find_alias(a, text, id_r);
	case OF_MAILBOX:
	case OF_MAILBOXES:
		return find_in_list(a, "mailbox list", &a->mailboxes, "email", text, id_r);
	case OF_DOMAIN:
		return find_in_list(a, "domain list", &a->domains, "domain_name", text, id_r);
	case OF_CONTACT:
		return find_contact(a, text, id_r);
	default:
		return outcome_make("local", "usage", "\"%s\" is no number", text);
	}
}

/* Ids or addresses, separated by commas. */
static struct outcome
find_ids(struct aliases *a, const char *text, json_t **value_r)
{
	char *copy = xstrdup(text), *rest = copy, *word;
	struct outcome o = outcome_ok();
	int64_t id;

	*value_r = json_array();
	while (outcome_is_ok(&o) && (word = strsep(&rest, ",")) != NULL) {
		word += strspn(word, " ");
		o = find_id(a, OF_MAILBOX, word, &id);
		json_array_append_new(*value_r, json_integer(id));
	}
	free(copy);
	return o;
}

static struct outcome
read_boolean(const char *text, json_t **value_r)
{
	static const char *const words[2][4] = {
	    {"no", "false", "off", "0"}, {"yes", "true", "on", "1"}};

	for (int value = 0; value < 2; value++)
		for (int i = 0; i < 4; i++)
			if (strcasecmp(text, words[value][i]) == 0) {
				*value_r = json_boolean(value);
				return outcome_ok();
			}
	return outcome_make("local", "usage", "\"%s\" is neither yes nor no", text);
}

static struct outcome
read_picture(const char *path, json_t **value_r)
{
	struct buf bytes = BUF_INIT;
	struct outcome o = file_read(AT_FDCWD, path, FILE_MAX, &bytes);
	char *text;

	if (outcome_is_ok(&o)) {
		text = xmalloc(bytes.len / 3 * 4 + 5);
		EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)buf_str(&bytes),
		    (int)bytes.len);
		*value_r = json_string(text);
		free(text);
	}
	buf_free(&bytes);
	return o;
}

static struct outcome
read_json(const char *path, json_t **value_r)
{
	struct buf text = BUF_INIT;
	struct outcome o = file_read(AT_FDCWD, path, FILE_MAX, &text);

	if (outcome_is_ok(&o)) {
		o = json_parse(buf_str(&text), text.len, value_r);
		if (!outcome_is_ok(&o))
			o = outcome_make("local", "usage", "%s is no JSON: %s", path, o.text);
	}
	buf_free(&text);
	return o;
}

static struct outcome
ask_secret(const struct simplelogin_parameter *parameter, json_t **value_r)
{
	struct buf line = BUF_INIT;
	struct outcome o = terminal_ask(parameter->option, true, &line);

	if (outcome_is_ok(&o))
		*value_r = json_string(buf_str(&line));
	buf_wipe(&line);
	return o;
}

static struct outcome
read_value(struct aliases *a, const struct simplelogin_parameter *parameter, const char *text,
    json_t **value_r)
{
	struct outcome o = outcome_ok();
	int64_t id = 0;

	switch (parameter->type) {
	case OF_FLAG:
		*value_r = json_true();
		return o;
	case OF_SECRET:
		return ask_secret(parameter, value_r);
	case OF_BOOLEAN:
		return read_boolean(text, value_r);
	case OF_PICTURE:
		return read_picture(text, value_r);
	case OF_JSON:
		return read_json(text, value_r);
	case OF_MAILBOXES:
		return find_ids(a, text, value_r);
	case OF_TEXT:
	case OF_CHOICE:
		*value_r = json_string(text);
		return o;
	case OF_NUMBER:
	case OF_ALIAS:
	case OF_MAILBOX:
	case OF_CONTACT:
	case OF_DOMAIN:
		break;
	}
	o = find_id(a, parameter->type, text, &id);
	*value_r = json_integer(id);
	return o;
}

struct outcome
aliases_value(struct aliases *a, const struct simplelogin_parameter *parameter,
    const char *text, json_t **value_r)
{
	struct outcome o = outcome_ok();

	*value_r = NULL;
	if (text != NULL && *text == '\0' && (parameter->flags & SL_NULLABLE) != 0)
		*value_r = json_null();
	else
		o = read_value(a, parameter, text, value_r);
	if (outcome_is_ok(&o) && *value_r == NULL)
		o = outcome_make("local", "usage", "%s is not UTF-8", parameter->option);
	if (!outcome_is_ok(&o)) {
		json_decref(*value_r);
		*value_r = NULL;
	}
	return o;
}
