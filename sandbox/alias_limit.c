/*
 * Windows and locks: a JSON object of what is counted, one of what is held.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_limit.h"
#include "sandbox/json.h"

#define KEYS_MAX 100000 /* then those that have ended are forgotten */

struct alias_limits {
	json_t *windows; /* "KEY LENGTH": {"end", "count"} */
	json_t *locks;   /* KEY: {"end", "number"} */
	int64_t last_lock;
};

struct window {
	int64_t count;
	int64_t seconds;
};

struct alias_limits *
alias_limits_new(void)
{
	struct alias_limits *l = xcalloc(1, sizeof(*l));

	l->windows = json_object();
	l->locks = json_object();
	return l;
}

void
alias_limits_free(struct alias_limits **l)
{
	if (*l == NULL)
		return;
	json_decref((*l)->windows);
	json_decref((*l)->locks);
	free(*l);
	*l = NULL;
}

void
alias_limits_reset(struct alias_limits *l)
{
	json_object_clear(l->windows);
}

/* Read the window that the text starts with, and step over it; false if there is none. */
static bool
read_window(const char **text, struct window *w)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"s", 1}, {"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};
	long long count, times = 1;
	char unit[16];
	int used = 0;

	if (sscanf(*text, "%18lld/%n", &count, &used) != 1 || used == 0 || count < 0)
		return false;
	*text += used;
	used = 0;
	if (sscanf(*text, "%9lld%n", &times, &used) == 1)
		*text += used;
	if (times < 1 || sscanf(*text, "%15[a-z]%n", unit, &used) != 1)
		return false;
	*text += used;
	if (**text == ';')
		(*text)++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].name) == 0) {
			*w = (struct window){count, times * units[i].seconds};
			return true;
		}
	}
	return false;
}

bool
alias_limits_valid(const char *windows)
{
	struct window w;

	while (*windows != '\0')
		if (!read_window(&windows, &w))
			return false;
	return true;
}

static void
forget_ended(struct alias_limits *l, int64_t now)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe (l->windows, next, key, value)
		if (json_number(value, "end", 0) <= now)
			json_object_del(l->windows, key);
}

static bool
hit(struct alias_limits *l, const struct window *w, const char *key, int64_t start, int64_t now)
{
	char *name = xasprintf("%s %lld", key, (long long)w->seconds);
	json_t *counted = json_object_get(l->windows, name);
	int64_t count;

	if (counted == NULL || json_number(counted, "end", 0) <= now) {
		if (json_object_size(l->windows) >= KEYS_MAX)
			forget_ended(l, now);
		counted = json_pack(
		    "{s:I, s:i}", "end", (json_int_t)(start + w->seconds), "count", 0);
		json_object_set_new(l->windows, name, counted);
	}
	free(name);
	count = json_number(counted, "count", 0) + 1;
	json_object_set_new(counted, "count", json_integer(count));
	return count <= w->count;
}

bool
alias_limits_hit(struct alias_limits *l, const char *windows, const char *key, int64_t now)
{
	struct window w;

	while (*windows != '\0' && read_window(&windows, &w))
		if (!hit(l, &w, key, now, now))
			return false;
	return true;
}

bool
alias_limits_hit_aligned(
    struct alias_limits *l, const char *windows, const char *key, int64_t now)
{
	struct window w;

	while (*windows != '\0' && read_window(&windows, &w))
		if (!hit(l, &w, key, now - now % w.seconds, now))
			return false;
	return true;
}

int64_t
alias_limits_lock(struct alias_limits *l, const char *key, int64_t now, int64_t seconds)
{
	const json_t *held = json_object_get(l->locks, key);

	if (held != NULL && json_number(held, "end", 0) > now)
		return 0;
	json_object_set_new(l->locks, key,
	    json_pack("{s:I, s:I}", "end", (json_int_t)(now + seconds), "number",
	        (json_int_t)++l->last_lock));
	return l->last_lock;
}

void
alias_limits_unlock(struct alias_limits *l, const char *key, int64_t number)
{
	if (json_number(json_object_get(l->locks, key), "number", 0) == number)
		json_object_del(l->locks, key);
}
