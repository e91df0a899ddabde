/*
 * Texts in blocks, each of which is twice as large as the one before.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/texts.h"
#include "common/base/xalloc.h"

#define FIRST_BYTES 240
#define MOST_BYTES  (32u << 10) /* unless one text is longer */

struct texts_block {
	struct texts_block *before;
	size_t size;
	char bytes[];
};

/* What is left of the last block is given up. */
static void
begin_block(struct texts *texts, size_t least)
{
	const struct texts_block *last = texts->last;
	size_t size = last == NULL ? FIRST_BYTES : 2 * last->size;
	struct texts_block *block;

	if (size > MOST_BYTES)
		size = MOST_BYTES;
	if (size < least)
		size = least;
	block = xmalloc(sizeof(*block) + size);
	block->before = texts->last;
	block->size = size;
	texts->last = block;
	texts->left = size;
}

char *
texts_take(struct texts *texts, size_t size)
{
	char *room;

	if (size > texts->left)
		begin_block(texts, size);
	room = texts->last->bytes + texts->last->size - texts->left;
	texts->left -= size;
	return room;
}

char *
texts_add_part(struct texts *texts, const char *text, size_t length)
{
	char *copy = texts_take(texts, length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *
texts_add(struct texts *texts, const char *text)
{
	return text != NULL ? texts_add_part(texts, text, strlen(text)) : NULL;
}

void
texts_free(struct texts *texts)
{
	while (texts->last != NULL) {
		struct texts_block *block = texts->last;

		texts->last = block->before;
		free(block);
	}
	texts->left = 0;
}
