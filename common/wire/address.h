/*
 * address - mail addresses as they are compared
 *
 * RFC 5321 lets a local part be case-sensitive; no mail system in use makes two mailboxes of
 * it, and Postfix folds what it looks up.  So two addresses are the same here if their local
 * parts differ in nothing but the case of ASCII letters and needless quotes, and their
 * domains are the same to DNS: case does not matter, and a U-label is its A-label
 * (IDNA 2008, RFC 5890).
 */
#ifndef FERRY_ADDRESS_H
#define FERRY_ADDRESS_H

#include <stdbool.h>

/*
 * What is equal for addresses that are the same, and different for others.  "@domain" and a
 * lone local part have keys too.  The caller free()s it.
 */
char *address_key(const char *address);

bool address_same(const char *a, const char *b);

/* The part from the '@' on, or NULL; borrowed. */
const char *address_domain(const char *address);

#endif
