/*
 * words - a set of words as one text, a blank before and after each: " $seen work "
 *
 * The shape in which an Email's keywords and mailbox numbers are stored.  "" and " " are the
 * empty set.
 */
#ifndef SANDBOX_WORDS_H
#define SANDBOX_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

bool words_has(const char *set, const char *word);
bool words_has_number(const char *set, int64_t number);

/* Append a word that is not there yet. */
void words_add(struct buf *set, const char *word);
void words_add_number(struct buf *set, int64_t number);

/*
 * Walk: *cursor starts at the set; each call puts the next word's start in *word_r and
 * returns its length, 0 at the end.
 */
size_t words_next(const char **cursor, const char **word_r);

/* The same for numbers: false at the end. */
bool words_next_number(const char **cursor, int64_t *number_r);

size_t words_count(const char *set);

#endif
