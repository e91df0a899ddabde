/*
 * keywords - sets of keywords, and the Maildir flags some of them are
 *
 * A set is stored as text: lower-case (RFC 8621 §4.1.1 compares without case), sorted by
 * byte, one blank between, "" if empty.  In memory it is the same, cut into words.
 */
#ifndef FERRY_KEYWORDS_H
#define FERRY_KEYWORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct keywords {
	char *text;         /* the words, each ended by a NUL */
	const char **names; /* sorted */
	size_t count;
};

void keywords_free(struct keywords *set);

/*
 * The set in an Email's "keywords" (an object of names whose value is true), as text that
 * the caller free()s.  What cannot be a keyword (RFC 8621 §4.1.1: 1 to 255 of the printable
 * ASCII but ( ) { ] % * " \) is left out; NULL or another type is the empty set.
 */
char *keywords_from_json(const json_t *object);

/* From text; NULL is the empty set. */
void keywords_parse(const char *text, struct keywords *set);

bool keywords_has(const struct keywords *set, const char *name);

/* The Maildir flag of a keyword: S, F, R, D or P; '\0' if it has none. */
char keyword_flag(const char *name);

/* The keywords that have one: writes their names, and returns how many. */
#define KEYWORD_FLAGS 5
size_t keyword_flags_list(const char *names[KEYWORD_FLAGS]);

#endif
