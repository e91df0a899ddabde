/*
 * What every file does with jansson values.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sandbox/codec.h"
#include "sandbox/json.h"

json_t *
json_clean(const char *bytes, size_t length)
{
	struct buf b = BUF_INIT;
	json_t *value;

	if (utf8_valid(bytes, length) && memchr(bytes, '\0', length) == NULL)
		return json_stringn(bytes, length);
	utf8_clean(bytes, length, &b);
	value = json_stringn(buf_str(&b), b.len);
	buf_free(&b);
	return value;
}

json_t *
json_cleans(const char *text)
{
	return text == NULL ? json_null() : json_clean(text, strlen(text));
}

json_t *
json_from_buf(struct buf *b)
{
	json_t *value = json_clean(buf_str(b), b->len);

	buf_free(b);
	return value;
}

json_t *
json_members(const char *key, ...)
{
	json_t *object = json_object();
	va_list args;

	va_start(args, key);
	for (; key != NULL; key = va_arg(args, const char *))
		json_object_set_new_nocheck(object, key, va_arg(args, json_t *));
	va_end(args);
	return object;
}

/* The date without its zone; how long that is. */
static size_t
date_text(int64_t seconds, char out[32])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || tm.tm_year > 8099 || tm.tm_year < -1900) {
		when = 0;
		gmtime_r(&when, &tm);
	}
	return strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
}

json_t *
json_utc_date(int64_t seconds)
{
	char text[32];
	size_t length = date_text(seconds, text);

	text[length++] = 'Z';
	return json_stringn_nocheck(text, length);
}

json_t *
json_zone_date(int64_t seconds, int zone_minutes)
{
	int size = zone_minutes < 0 ? -zone_minutes : zone_minutes;
	char text[32];

	(void)date_text(seconds + (int64_t)zone_minutes * 60, text);
	if (size == 0)
		return json_sprintf("%sZ", text);
	return json_sprintf(
	    "%s%c%02d:%02d", text, zone_minutes < 0 ? '-' : '+', size / 60 % 100, size % 60);
}

bool
json_read_date(const char *text, int64_t *seconds_r)
{
	struct tm tm = {0};
	int used = 0, hours = 0, minutes = 0;
	char sign;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
	        &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 6)
		return false;
	text += used;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (strcmp(text, "Z") != 0 &&
	    (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 ||
	        text[used] != '\0' || (sign != '+' && sign != '-')))
		return false;
	if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*seconds_r = (int64_t)timegm(&tm);
	if (*text != 'Z')
		*seconds_r -= (int64_t)(hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

const char *
json_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int64_t
json_number(const json_t *object, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool
json_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

bool
json_has_string(const json_t *array, const char *text)
{
	size_t i;
	const json_t *item;

	json_array_foreach (array, i, item)
		if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
			return true;
	return false;
}

bool
text_among(const char *text, const char *const *list)
{
	while (*list != NULL && strcmp(*list, text) != 0)
		list++;
	return *list != NULL;
}

const char *
json_stranger(const json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, key, value)
		if (!text_among(key, known))
			return key;
	return NULL;
}
