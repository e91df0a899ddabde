/*
 * Reading JSON that may be anything.
 *
 * What the reader does not bound is bounded here before it sees the text: the depth of
 * nesting, and how many values there are, because a value of two bytes of text takes up to
 * 300 bytes of memory.  What our reader refuses is read once more by jansson's, which says
 * where it is wrong, and takes a value that is no object or array.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/json_read.h"
#include "common/base/xalloc.h"
#include "common/wire/json.h"

#define DEPTH_MAX      64
#define CONTAINERS_MAX 250000  /* arrays and objects: about 75 MB of memory */
#define VALUES_MAX     1500000 /* of any kind: about 150 MB */
#define COUNT_MAX      ((INT64_C(1) << 53) - 1)

/* jansson's callers need not check for NULL: allocation ends the process here too. */
__attribute__((constructor)) static void
use_xalloc(void)
{
	json_set_alloc_funcs(xmalloc, free);
}

/* The end of the string that starts after text[i], or length. */
static size_t
skip_string(const char *text, size_t length, size_t i)
{
	for (; i < length && text[i] != '"'; i++)
		if (text[i] == '\\')
			i++;
	return i;
}

/* Why the text is too much to parse, or NULL. */
static const char *
too_much(const char *text, size_t length)
{
	size_t depth = 0, containers = 0, values = 0;

	for (size_t i = 0; i < length; i++) {
		switch (text[i]) {
		case '"':
			i = skip_string(text, length, i + 1);
			break;
		case '{':
		case '[':
			containers++;
			if (++depth > DEPTH_MAX)
				return "nested too deeply";
			break;
		case '}':
		case ']':
			if (depth != 0)
				depth--;
			break;
		case ',':
			values++;
			break;
		}
	}
	return containers > CONTAINERS_MAX || values > VALUES_MAX ? "too many values" : NULL;
}

struct outcome
json_parse(const char *text, size_t length, json_t **value_r)
{
	const char *reason = too_much(text, length);
	json_error_t error;
	char *near;

	*value_r = NULL;
	if (reason != NULL)
		return outcome_make("answer", "json", "%s", reason);
	*value_r = json_read(text, length);
	if (*value_r == NULL)
		*value_r =
		    json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (*value_r != NULL)
		return outcome_ok();
	/* What jansson quotes of the text may be a secret. */
	near = strstr(error.text, " near ");
	if (near != NULL)
		*near = '\0';
	return outcome_make(
	    "answer", "json", "line %d, column %d: %s", error.line, error.column, error.text);
}

const char *
json_get_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

json_t *
json_get_object(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_object(value) ? value : NULL;
}

json_t *
json_get_array(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_array(value) ? value : NULL;
}

bool
json_get_bool(const json_t *object, const char *key, bool fallback)
{
	json_t *value = json_object_get(object, key);

	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

int64_t
json_get_count(const json_t *object, const char *key, int64_t fallback)
{
	json_t *value = json_object_get(object, key);
	int64_t count;

	if (json_is_real(value)) {
		double real = json_real_value(value);

		if (!(real >= 0 && real <= (double)COUNT_MAX))
			return fallback;
		count = (int64_t)real;
		return (double)count < real ? fallback : count;
	}
	if (!json_is_integer(value))
		return fallback;
	count = (int64_t)json_integer_value(value);
	return count >= 0 && count <= COUNT_MAX ? count : fallback;
}

bool
json_is_id(const json_t *value)
{
	const char *id = json_string_value(value);
	size_t length = json_string_length(value);

	if (id == NULL || length == 0 || length > 255)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)id[i] < ' ' || id[i] == 0x7f || id[i] == '/')
			return false;
	return strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

const char *
json_get_id(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_id(value) ? json_string_value(value) : NULL;
}

/* Read exactly digits decimal digits at *p and move over them; -1 if they are not there. */
static int
read_digits(const char **p, int digits)
{
	int value = 0;

	for (; digits > 0; digits--, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		value = value * 10 + (**p - '0');
	}
	return value;
}

/* Move over one of the given characters; false if none is there. */
static bool
read_one_of(const char **p, const char *characters)
{
	if (**p == '\0' || strchr(characters, **p) == NULL)
		return false;
	(*p)++;
	return true;
}

/* Two numbers with a character of between before each, both within range. */
static bool
read_pair(const char **p, const char *between, int *first, int *second)
{
	return read_one_of(p, between) && (*first = read_digits(p, 2)) >= 0 &&
	       read_one_of(p, between) && (*second = read_digits(p, 2)) >= 0;
}

static bool
read_time(const char **p, struct tm *tm)
{
	if (!read_one_of(p, "Tt") || (tm->tm_hour = read_digits(p, 2)) < 0 ||
	    !read_pair(p, ":", &tm->tm_min, &tm->tm_sec))
		return false;
	if (read_one_of(p, "."))
		while (**p >= '0' && **p <= '9')
			(*p)++;
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec <= 60;
}

/* Seconds east of Greenwich of "Z" or "+08:00". */
static bool
read_zone(const char **p, int64_t *seconds)
{
	int sign = **p == '-' ? -1 : 1;
	int hours, minutes;

	*seconds = 0;
	if (read_one_of(p, "Zz"))
		return true;
	if (!read_one_of(p, "+-") || (hours = read_digits(p, 2)) < 0 || !read_one_of(p, ":") ||
	    (minutes = read_digits(p, 2)) < 0)
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

int64_t
json_get_date(const json_t *object, const char *key, int64_t fallback)
{
	const char *p = json_get_string(object, key);
	struct tm tm = {0};
	int64_t zone;

	if (p == NULL || (tm.tm_year = read_digits(&p, 4)) < 0 ||
	    !read_pair(&p, "-", &tm.tm_mon, &tm.tm_mday) || !read_time(&p, &tm) ||
	    !read_zone(&p, &zone) || *p != '\0')
		return fallback;
	if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31)
		return fallback;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm) - zone;
}
