/*
 * policy_key - the keys of rules, and those that an address is looked up by
 *
 * A key is an address, a domain, ".domain" for what is below it, or "*".  In its normal form,
 * in which keys are compared byte for byte, it has no capital letter of ASCII, a domain of
 * A-labels (UTS #46) without a dot at its end, and no quotes around a local part that needs
 * none: address.h says when addresses are the same.
 */
#ifndef FERRY_POLICY_KEY_H
#define FERRY_POLICY_KEY_H

#include <stddef.h>

#include "common/base/buf.h"

#define POLICY_KEY_ANY "*"

/*
 * Append the normal form of a key that somebody wrote into a rule.  NULL, or the fault, a
 * static text that completes a sentence, and nothing is appended.
 */
const char *policy_key_normalise(const char *text, struct buf *key);

/* Likewise, of a domain or ".domain" alone. */
const char *policy_key_domain(const char *text, struct buf *key);

struct policy_keys {
	const char **keys; /* the most specific first */
	size_t count;
	const char *domain; /* the address's; among the keys */
	struct buf text;    /* what they point into */
};

/* The keys by which an address, which has an '@', is looked up.  The caller frees them. */
void policy_keys_make(const char *address, struct policy_keys *keys_r);
void policy_keys_free(struct policy_keys *keys);

#endif
