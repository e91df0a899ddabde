/*
 * What one side did to a set since both agreed on it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"
#include "sync/merge.h"

void
numbers_free(struct numbers *set)
{
	free(set->v);
	*set = (struct numbers){0};
}

bool
numbers_has(const struct numbers *set, int64_t number)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->v[i] == number)
			return true;
	return false;
}

void
numbers_add(struct numbers *set, int64_t number)
{
	size_t i = set->count;

	if (numbers_has(set, number))
		return;
	set->v = xreallocarray(set->v, set->count + 1, sizeof(set->v[0]));
	for (; i > 0 && set->v[i - 1] > number; i--)
		set->v[i] = set->v[i - 1];
	set->v[i] = number;
	set->count++;
}

void
numbers_parse(const char *text, struct numbers *set)
{
	*set = (struct numbers){0};
	while (text != NULL && *text != '\0') {
		char *end;
		long long number = strtoll(text, &end, 10);

		if (end == text)
			return;
		numbers_add(set, number);
		text = *end == ' ' ? end + 1 : end;
	}
}

char *
numbers_text(const struct numbers *set)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "");
	for (size_t i = 0; i < set->count; i++)
		buf_addf(&text, "%s%lld", i == 0 ? "" : " ", (long long)set->v[i]);
	return buf_steal(&text);
}

void
merge_mailboxes(
    const struct numbers *base, const struct numbers *side, struct mailbox_change *change)
{
	*change = (struct mailbox_change){0};
	for (size_t i = 0; i < side->count; i++)
		if (!numbers_has(base, side->v[i]))
			numbers_add(&change->added, side->v[i]);
	for (size_t i = 0; i < base->count; i++)
		if (!numbers_has(side, base->v[i]))
			numbers_add(&change->removed, base->v[i]);
}

void
mailbox_change_free(struct mailbox_change *change)
{
	numbers_free(&change->added);
	numbers_free(&change->removed);
}

/* The names of a that b has not; *count_r of them. */
static const char **
difference(const struct keywords *a, const struct keywords *b, size_t *count_r)
{
	const char **names = a->count != 0 ? xcalloc(a->count, sizeof(names[0])) : NULL;

	*count_r = 0;
	for (size_t i = 0; i < a->count; i++)
		if (!keywords_has(b, a->names[i]))
			names[(*count_r)++] = a->names[i];
	return names;
}

void
merge_keywords(
    const struct keywords *base, const struct keywords *side, struct keyword_change *change)
{
	change->added = difference(side, base, &change->added_count);
	change->removed = difference(base, side, &change->removed_count);
}

void
keyword_change_free(struct keyword_change *change)
{
	free(change->added);
	free(change->removed);
	*change = (struct keyword_change){0};
}
