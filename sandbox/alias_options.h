/*
 * alias_options - the suffixes that a user may choose from
 */
#ifndef SANDBOX_ALIAS_OPTIONS_H
#define SANDBOX_ALIAS_OPTIONS_H

#include "sandbox/alias_call.h"
#include "sandbox/alias_model.h"

/* [{"suffix", "is_custom", "is_premium"}] in the order they are offered; words and digits in
 * them are new each time. */
json_t *alias_suffixes(struct alias_call *c, const struct alias_user *u);

/* Append "word123", or "word" for a custom domain, or five characters, as the user likes. */
void alias_random_suffix(const struct alias_user *u, bool custom, struct buf *out);

/* Append a word of the list. */
void alias_random_word(struct buf *out);

/* Append what to suggest for a website; "" without one. */
void alias_suggestion(const char *hostname, struct buf *out);

/* The domain of random aliases. */
char *alias_default_domain(struct alias_call *c, const struct alias_user *u);

#endif
