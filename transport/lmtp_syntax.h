/*
 * lmtp_syntax - the parts of LMTP commands
 *
 * Each function takes its part from the front of a command's text, and knows nothing of
 * what it is for.  Texts are NUL-terminated and have no control characters.
 */
#ifndef FERRY_LMTP_SYNTAX_H
#define FERRY_LMTP_SYNTAX_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"

/* Does text start with word, in any case?  Then *text is moved behind it. */
bool lmtp_word(char **text, const char *word);

/*
 * Take a path (RFC 5321 §4.1.2), "<" address ">", blanks before it allowed.  *address gets
 * the address as it is written, a quoted local part with its quotes, but without a source
 * route; it is empty for the null sender.  False if it is no path, or if something else than
 * a blank follows.
 */
bool lmtp_path(char **text, struct buf *address);

/* One KEY or KEY=VALUE of a list that blanks separate, cut out of *text in place. */
struct lmtp_parameter {
	const char *key;
	const char *value; /* NULL if there is no "=" */
};

/* The next of them; false at the end of the list. */
bool lmtp_parameter(char **text, struct lmtp_parameter *parameter_r);

/* Decimal digits alone, at most max. */
bool lmtp_number(const char *text, int64_t max, int64_t *number_r);

/* A date and time of RFC 3339 as seconds since 1970; parts of a second are cut off. */
bool lmtp_date(const char *text, int64_t *seconds_r);

#endif
