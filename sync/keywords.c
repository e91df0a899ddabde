/*
 * Keyword sets.  There are a handful in a message and most sets are equal to the one
 * before, so they are compared as text and cut up only when they differ.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"
#include "sync/keywords.h"

#define KEYWORD_MAX 255

static const struct {
	const char *keyword;
	char flag;
} system_flags[KEYWORD_FLAGS] = {
    {"$seen", 'S'},
    {"$flagged", 'F'},
    {"$answered", 'R'},
    {"$draft", 'D'},
    {"$forwarded", 'P'},
};

char
keyword_flag(const char *name)
{
	for (size_t i = 0; i < sizeof(system_flags) / sizeof(system_flags[0]); i++)
		if (strcmp(system_flags[i].keyword, name) == 0)
			return system_flags[i].flag;
	return '\0';
}

size_t
keyword_flags_list(const char *names[KEYWORD_FLAGS])
{
	for (size_t i = 0; i < KEYWORD_FLAGS; i++)
		names[i] = system_flags[i].keyword;
	return KEYWORD_FLAGS;
}

void
keywords_free(struct keywords *set)
{
	free(set->text);
	free(set->names);
	*set = (struct keywords){0};
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
keywords_parse(const char *text, struct keywords *set)
{
	size_t count = 1;
	char *rest;

	*set = (struct keywords){0};
	if (text == NULL || *text == '\0')
		return;
	set->text = xstrdup(text);
	for (const char *p = text; *p != '\0'; p++)
		count += *p == ' ';
	set->names = xcalloc(count, sizeof(set->names[0]));
	rest = set->text;
	while (rest != NULL) {
		char *word = strsep(&rest, " ");

		if (*word != '\0')
			set->names[set->count++] = word;
	}
	qsort(set->names, set->count, sizeof(set->names[0]), compare);
}

bool
keywords_has(const struct keywords *set, const char *name)
{
	return set->count != 0 &&
	       bsearch(&name, set->names, set->count, sizeof(set->names[0]), compare) != NULL;
}

static bool
is_keyword(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > KEYWORD_MAX)
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("(){]%*\"\\", *p) != NULL)
			return false;
	return true;
}

static char *
lower_case(const char *text)
{
	char *lower = xstrdup(text);

	for (char *p = lower; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return lower;
}

char *
keywords_from_json(const json_t *object)
{
	struct buf text = BUF_INIT;
	char **names;
	size_t count = 0;
	const char *name;
	json_t *value;

	buf_adds(&text, "");
	if (!json_is_object(object) || json_object_size(object) == 0)
		return buf_steal(&text);
	names = xcalloc(json_object_size(object), sizeof(names[0]));
	json_object_foreach ((json_t *)object, name, value) {
		if (json_is_true(value) && is_keyword(name))
			names[count++] = lower_case(name);
	}
	qsort(names, count, sizeof(names[0]), compare);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			buf_addf(&text, "%s%s", text.len == 0 ? "" : " ", names[i]);
	}
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return buf_steal(&text);
}
