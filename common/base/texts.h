/*
 * texts - texts that are kept, and forgotten, together
 *
 * For what comes piece by piece and goes as a whole: a few blocks of memory hold all of it.  A
 * struct texts is a plain value its owner declares, all zeros at first.  What it gives stays
 * where it is until texts_free().  The memory is in proportion to the texts, and never short:
 * xalloc ends the process.  Not thread-safe.
 */
#ifndef FERRY_TEXTS_H
#define FERRY_TEXTS_H

#include <stddef.h>

struct texts_block;

struct texts {
	struct texts_block *last;
	size_t left; /* bytes of it */
};

/* Room for so many bytes, the text's NUL among them. */
char *texts_take(struct texts *texts, size_t size);

/* A copy; of NULL it is NULL. */
char *texts_add(struct texts *texts, const char *text);

/* A copy of the first length bytes, and a NUL. */
char *texts_add_part(struct texts *texts, const char *text, size_t length);

void texts_free(struct texts *texts);

#endif
