/*
 * Aliases, contacts and options, of JSON that may be anything.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/service/simplelogin_parts.h"
#include "common/wire/json.h"

#define ADDRESS_MAX  320
#define SUFFIXES_MAX 10000

/* An address that may stand in an envelope, whatever the service says. */
static const char *
address_of(const json_t *object, const char *key)
{
	const char *text = json_get_string(object, key), *at;

	if (text == NULL || strlen(text) > ADDRESS_MAX || strpbrk(text, " <>,;:\"\\") != NULL)
		return NULL;
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (*p < ' ' || *p == 0x7f)
			return NULL;
	at = strrchr(text, '@');
	return at != NULL && at != text && at[1] != '\0' ? text : NULL;
}

static struct outcome
lacks(const char *what, const char *key)
{
	return outcome_make("answer", "missing", "%s without %s", what, key);
}

void
simplelogin_alias_free(struct simplelogin_alias *alias)
{
	free(alias->address);
	*alias = (struct simplelogin_alias){0};
}

struct outcome
simplelogin_alias_read(const json_t *object, struct simplelogin_alias *alias_r)
{
	const char *address = address_of(object, "email");
	int64_t id = json_get_count(object, "id", 0);

	*alias_r = (struct simplelogin_alias){0};
	if (id == 0)
		return lacks("an alias", "id");
	if (address == NULL)
		return lacks("an alias", "email");
	if (!json_is_boolean(json_object_get(object, "enabled")))
		return lacks("an alias", "enabled");
	*alias_r = (struct simplelogin_alias){
	    .id = id,
	    .address = xstrdup(address),
	    .enabled = json_get_bool(object, "enabled", false),
	};
	return outcome_ok();
}

struct outcome
simplelogin_alias_get(
    struct simplelogin *sl, int64_t id, struct deadline d, struct simplelogin_alias *alias_r)
{
	json_t *parameters = json_pack("{s:I}", "alias_id", (json_int_t)id), *answer;
	struct outcome o;

	*alias_r = (struct simplelogin_alias){0};
	o = simplelogin_call(sl, simplelogin_endpoint("alias show"), parameters, d, &answer);
	if (outcome_is_ok(&o))
		o = simplelogin_alias_read(answer, alias_r);
	json_decref(answer);
	json_decref(parameters);
	return o;
}

struct outcome
simplelogin_object_find(
    struct simplelogin *sl, const char *address, struct deadline d, json_t **object_r)
{
	json_t *parameters = json_pack("{s:s}", "query", address), *item;
	struct simplelogin_list *list =
	    simplelogin_list(sl, simplelogin_endpoint("alias list"), parameters);
	struct outcome o;

	*object_r = NULL;
	if (parameters == NULL) { /* not UTF-8 */
		simplelogin_list_free(&list);
		return outcome_make("local", "usage", "an address must be UTF-8");
	}
	/* The service looks for the text anywhere, and '_' in it stands for any letter. */
	while (simplelogin_next(list, d, &item, &o)) {
		const char *its = json_get_string(item, "email");

		if (its != NULL && strcasecmp(its, address) == 0) {
			*object_r = json_incref(item);
			break;
		}
	}
	simplelogin_list_free(&list);
	json_decref(parameters);
	return o;
}

struct outcome
simplelogin_alias_find(struct simplelogin *sl, const char *address, struct deadline d,
    struct simplelogin_alias *alias_r)
{
	json_t *object = NULL;
	struct outcome o = simplelogin_object_find(sl, address, d, &object);

	*alias_r = (struct simplelogin_alias){0};
	if (outcome_is_ok(&o) && object != NULL)
		o = simplelogin_alias_read(object, alias_r);
	json_decref(object);
	return o;
}

void
simplelogin_contact_free(struct simplelogin_contact *contact)
{
	free(contact->address);
	free(contact->reverse);
	*contact = (struct simplelogin_contact){0};
}

struct outcome
simplelogin_contact_read(const json_t *object, struct simplelogin_contact *contact_r)
{
	const char *address = address_of(object, "contact");
	const char *reverse = address_of(object, "reverse_alias_address");
	int64_t id = json_get_count(object, "id", 0);

	*contact_r = (struct simplelogin_contact){0};
	if (id == 0)
		return lacks("a contact", "id");
	if (address == NULL)
		return lacks("a contact", "address");
	if (reverse == NULL)
		return lacks("a contact", "reverse_alias_address");
	*contact_r = (struct simplelogin_contact){
	    .id = id, .address = xstrdup(address), .reverse = xstrdup(reverse)};
	return outcome_ok();
}

struct outcome
simplelogin_contact_add(struct simplelogin *sl, int64_t alias_id, const char *address,
    struct deadline d, struct simplelogin_contact *contact_r)
{
	json_t *parameters =
	    json_pack("{s:I, s:s}", "alias_id", (json_int_t)alias_id, "contact", address);
	json_t *answer = NULL;
	struct outcome o;

	*contact_r = (struct simplelogin_contact){0};
	if (parameters == NULL) /* not UTF-8 */
		return outcome_make("alias", "contact", "an address must be UTF-8");
	o = simplelogin_call(sl, simplelogin_endpoint("contact add"), parameters, d, &answer);
	if (outcome_is_ok(&o))
		o = simplelogin_contact_read(answer, contact_r);
	json_decref(answer);
	json_decref(parameters);
	return o;
}

void
simplelogin_options_free(struct simplelogin_options *options)
{
	for (size_t i = 0; i < options->suffix_count; i++) {
		free(options->suffixes[i].text);
		free(options->suffixes[i].signature);
	}
	free(options->suffixes);
	free(options->recommended);
	*options = (struct simplelogin_options){0};
}

struct outcome
simplelogin_options_read(const json_t *object, struct simplelogin_options *options_r)
{
	const json_t *suffixes = json_get_array(object, "suffixes"), *suffix;
	const json_t *recommendation = json_get_object(object, "recommendation");
	size_t i, count = json_array_size(suffixes);

	*options_r = (struct simplelogin_options){0};
	if (suffixes == NULL)
		return lacks("the options", "suffixes");
	options_r->can_create = json_get_bool(object, "can_create", true);
	options_r->recommended = xstrdup(address_of(recommendation, "alias"));
	options_r->suffixes = xcalloc(count + 1, sizeof(*options_r->suffixes));
	json_array_foreach (suffixes, i, suffix) {
		const char *text = json_get_string(suffix, "suffix");
		const char *signature = json_get_string(suffix, "signed_suffix");

		if (text == NULL || signature == NULL || strchr(text, '@') == NULL)
			continue;
		options_r->suffixes[options_r->suffix_count++] = (struct simplelogin_suffix){
		    .text = xstrdup(text), .signature = xstrdup(signature)};
		if (options_r->suffix_count == SUFFIXES_MAX)
			break;
	}
	return outcome_ok();
}

struct outcome
simplelogin_options_get(struct simplelogin *sl, const char *hostname, struct deadline d,
    struct simplelogin_options *options_r)
{
	json_t *parameters = json_object(), *answer = NULL;
	struct outcome o;

	*options_r = (struct simplelogin_options){0};
	if (hostname != NULL)
		json_object_set_new(parameters, "hostname", json_string(hostname));
	o = simplelogin_call(sl, simplelogin_endpoint("alias options"), parameters, d, &answer);
	if (outcome_is_ok(&o))
		o = simplelogin_options_read(answer, options_r);
	json_decref(answer);
	json_decref(parameters);
	return o;
}

struct outcome
simplelogin_mailbox_find(
    struct simplelogin *sl, const char *address, struct deadline d, int64_t *id_r)
{
	json_t *answer = NULL, *mailbox;
	struct outcome o =
	    simplelogin_call(sl, simplelogin_endpoint("mailbox list"), NULL, d, &answer);
	size_t i;

	*id_r = 0;
	json_array_foreach (json_get_array(answer, "mailboxes"), i, mailbox) {
		const char *its = json_get_string(mailbox, "email");

		if (*id_r == 0 && its != NULL &&
		    (address != NULL ? strcasecmp(its, address) == 0
		                     : json_get_bool(mailbox, "default", false)))
			*id_r = json_get_count(mailbox, "id", 0);
	}
	json_decref(answer);
	if (!outcome_is_ok(&o) || *id_r != 0)
		return o;
	if (address == NULL)
		return outcome_make("answer", "missing", "no mailbox is the default");
	o = outcome_make("local", "usage", "there is no mailbox \"%s\"", address);
	outcome_hint(&o, "ferryctl mailbox list shows those there are");
	return o;
}

struct outcome
simplelogin_domain_check(struct simplelogin *sl, const char *domain, struct deadline d)
{
	struct simplelogin_list *list =
	    simplelogin_list(sl, simplelogin_endpoint("domain list"), NULL);
	bool own = false, verified = false;
	struct outcome o;
	json_t *item;

	while (!own && simplelogin_next(list, d, &item, &o)) {
		const char *name = json_get_string(item, "domain_name");

		own = name != NULL && strcasecmp(name, domain) == 0;
		verified = own && json_get_bool(item, "is_verified", false);
	}
	simplelogin_list_free(&list);
	if (!outcome_is_ok(&o) || verified)
		return o;
	o = outcome_make("local", "config", "%s is %s", domain,
	    own ? "not verified at the alias service"
	        : "no domain of the account at the alias service");
	outcome_hint(
	    &o, own ? "set its MX record as the service shows, and have it checked there"
	            : "ferryctl domain list shows those there are");
	return o;
}
