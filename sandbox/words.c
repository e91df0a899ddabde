/*
 * A set of words as one text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/words.h"

size_t
words_next(const char **cursor, const char **word_r)
{
	const char *p = *cursor + strspn(*cursor, " ");
	size_t length = strcspn(p, " ");

	*word_r = p;
	*cursor = p + length;
	return length;
}

bool
words_next_number(const char **cursor, int64_t *number_r)
{
	const char *word;

	if (words_next(cursor, &word) == 0)
		return false;
	*number_r = strtoll(word, NULL, 10);
	return true;
}

bool
words_has(const char *set, const char *word)
{
	size_t length = strlen(word), n;
	const char *p;

	while ((n = words_next(&set, &p)) > 0)
		if (n == length && memcmp(p, word, n) == 0)
			return true;
	return false;
}

bool
words_has_number(const char *set, int64_t number)
{
	int64_t other;

	while (words_next_number(&set, &other))
		if (other == number)
			return true;
	return false;
}

void
words_add(struct buf *set, const char *word)
{
	if (words_has(buf_str(set), word))
		return;
	if (set->len == 0)
		buf_addc(set, ' ');
	buf_addf(set, "%s ", word);
}

void
words_add_number(struct buf *set, int64_t number)
{
	char word[24];

	snprintf(word, sizeof(word), "%lld", (long long)number);
	words_add(set, word);
}

size_t
words_count(const char *set)
{
	const char *word;
	size_t count = 0;

	while (words_next(&set, &word) > 0)
		count++;
	return count;
}
