/*
 * A table of extensions and one of parameters.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "sandbox/codec.h"
#include "sandbox/extensions.h"
#include "sandbox/json.h"

#define ENVID_MAX 100 /* characters; RFC 3461 §4.4 */
#define ORCPT_MAX 500 /* RFC 3461 §4.2 */

static bool
always(const struct options *o)
{
	(void)o;
	return true;
}

static bool
offers_dsn(const struct options *o)
{
	return !o->no_dsn;
}

static bool
offers_hold(const struct options *o)
{
	return o->max_delayed_send > 0;
}

/* One of the words, in any case. */
static bool
is_one_of(const char *value, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(value, *words) == 0)
			return true;
	return false;
}

static bool
is_body(const struct options *o, const char *value, int64_t now)
{
	static const char *const words[] = {"7BIT", "8BITMIME", NULL};

	(void)o;
	(void)now;
	return value != NULL && is_one_of(value, words);
}

static bool
is_nothing(const struct options *o, const char *value, int64_t now)
{
	(void)o;
	(void)now;
	return value == NULL;
}

/* A number from 0 to max. */
static bool
read_number(const char *value, int64_t max, int64_t *number_r)
{
	char *end;

	if (value == NULL || !isdigit((unsigned char)*value))
		return false;
	errno = 0;
	*number_r = strtoll(value, &end, 10);
	return errno == 0 && *end == '\0' && *number_r <= max;
}

static bool
is_size(const struct options *o, const char *value, int64_t now)
{
	int64_t size;

	(void)now;
	return read_number(value, o->max_size_message, &size);
}

static bool
is_interval(const struct options *o, const char *value, int64_t now)
{
	int64_t seconds;

	(void)now;
	return read_number(value, o->max_delayed_send, &seconds);
}

static bool
is_date(const struct options *o, const char *value, int64_t now)
{
	int64_t when;

	return value != NULL && json_read_date(value, &when) &&
	       when - now <= o->max_delayed_send;
}

static bool
is_ret(const struct options *o, const char *value, int64_t now)
{
	static const char *const words[] = {"FULL", "HDRS", NULL};

	(void)o;
	(void)now;
	return value != NULL && is_one_of(value, words);
}

/* RFC 3461 §4: printable ASCII, "+" and "=" as "+2B" and "+3D". */
static bool
is_xtext(const char *value, size_t max)
{
	unsigned char byte;

	if (strlen(value) > max)
		return false;
	for (const char *p = value; *p != '\0'; p++) {
		if (*p < '!' || *p > '~' || *p == '=')
			return false;
		if (*p == '+' && (strlen(p) < 3 || !hex_decode(p + 1, &byte, 1)))
			return false;
	}
	return true;
}

static bool
is_envid(const struct options *o, const char *value, int64_t now)
{
	(void)o;
	(void)now;
	return value != NULL && *value != '\0' && is_xtext(value, ENVID_MAX);
}

static bool
is_orcpt(const struct options *o, const char *value, int64_t now)
{
	const char *address = value == NULL ? NULL : strchr(value, ';');

	(void)o;
	(void)now;
	return address != NULL && address > value && address[1] != '\0' &&
	       is_xtext(address + 1, ORCPT_MAX);
}

/* NEVER, or SUCCESS, FAILURE and DELAY between commas. */
static bool
is_notify(const struct options *o, const char *value, int64_t now)
{
	static const char *const words[] = {"SUCCESS", "FAILURE", "DELAY", NULL};
	bool good = value != NULL && *value != '\0';

	(void)o;
	(void)now;
	if (good && strcasecmp(value, "NEVER") == 0)
		return true;
	while (good && *value != '\0') {
		size_t length = strcspn(value, ",");
		char *word = xstrndup(value, length);

		good = is_one_of(word, words);
		value += length;
		if (*value == ',' && *++value == '\0')
			good = false;
		free(word);
	}
	return good;
}

static const struct parameter {
	const char *name;
	bool of_sender; /* else of a recipient */
	bool (*offered)(const struct options *);
	bool (*good)(const struct options *, const char *value, int64_t now);
} parameters[] = {
    {"BODY", true, always, is_body},
    {"SMTPUTF8", true, always, is_nothing},
    {"SIZE", true, always, is_size},
    {"HOLDFOR", true, offers_hold, is_interval},
    {"HOLDUNTIL", true, offers_hold, is_date},
    {"RET", true, offers_dsn, is_ret},
    {"ENVID", true, offers_dsn, is_envid},
    {"NOTIFY", false, offers_dsn, is_notify},
    {"ORCPT", false, offers_dsn, is_orcpt},
};

json_t *
extensions_json(const struct options *o, int64_t now)
{
	json_t *all = json_pack("{s:[], s:[], s:[o], s:[]}", "8BITMIME", "SMTPUTF8", "SIZE",
	    json_sprintf("%lld", (long long)o->max_size_message), "ENHANCEDSTATUSCODES");

	if (offers_dsn(o))
		json_object_set_new(all, "DSN", json_array());
	if (offers_hold(o))
		json_object_set_new(all, "FUTURERELEASE",
		    json_pack("[o, o]", json_sprintf("%lld", (long long)o->max_delayed_send),
		        json_utc_date(now + o->max_delayed_send)));
	return all;
}

static const struct parameter *
find(const struct options *o, const char *name, bool of_sender)
{
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
		if (parameters[i].of_sender == of_sender && parameters[i].offered(o) &&
		    strcasecmp(parameters[i].name, name) == 0)
			return &parameters[i];
	return NULL;
}

/* The value of a parameter whose name may be of any case. */
static const json_t *
value_of(const json_t *given, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)given, key, value)
		if (strcasecmp(key, name) == 0)
			return value;
	return NULL;
}

char *
extensions_mistake(const struct options *o, const json_t *given, bool of_sender, int64_t now)
{
	const char *key;
	json_t *value;

	if (!json_is_object(given))
		return xstrdup("parameters are an object of strings and nulls");
	json_object_foreach ((json_t *)(uintptr_t)given, key, value) {
		const struct parameter *p = find(o, key, of_sender);

		if (p == NULL)
			return xasprintf("there is no parameter %s here", key);
		if ((!json_is_string(value) && !json_is_null(value)) ||
		    !p->good(o, json_string_value(value), now))
			return xasprintf("the value of %s cannot be", key);
	}
	if (value_of(given, "HOLDFOR") != NULL && value_of(given, "HOLDUNTIL") != NULL)
		return xstrdup("HOLDFOR and HOLDUNTIL exclude each other");
	return NULL;
}

int64_t
extensions_send_at(const json_t *given, int64_t now)
{
	const char *interval = json_string_value(value_of(given, "HOLDFOR"));
	const char *date = json_string_value(value_of(given, "HOLDUNTIL"));
	int64_t when = now;

	if (interval != NULL)
		when = now + strtoll(interval, NULL, 10);
	else if (date != NULL && !json_read_date(date, &when))
		when = now;
	return when > now ? when : now;
}
