/*
 * mime_address - addresses in header fields and in envelopes
 */
#ifndef SANDBOX_MIME_ADDRESS_H
#define SANDBOX_MIME_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/*
 * Parse an address list (RFC 5322 §3.4, obsolete forms too) into an array of groups as RFC
 * 8621 §4.1.2.4 has them: {"name": STRING or null, "addresses": [{"name", "email"}]}.
 * Addresses outside of groups come in groups whose name is null.
 */
json_t *address_groups(const char *value, size_t length);

/* The same without the groups: an array of {"name", "email"} (§4.1.2.3). */
json_t *address_list(const char *value, size_t length);

/* Is it LOCAL@DOMAIN as RFC 5321 §4.1.2 allows it in a path, or UTF-8 instead of ASCII? */
bool address_valid(const char *email);

/* The part after the last '@', or NULL. */
const char *address_domain(const char *email);

/* The same mailbox?  Case does not count. */
bool address_same(const char *a, const char *b);

#endif
