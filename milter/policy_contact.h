/*
 * policy_contact - addresses that an alias service takes as a contact's
 */
#ifndef FERRY_POLICY_CONTACT_H
#define FERRY_POLICY_CONTACT_H

#include <stdbool.h>

/*
 * Can this address be a contact?  SimpleLogin refuses quoted local parts, those with dots at
 * their ends or side by side, or longer than 64 bytes; all that is not ASCII in them; domains
 * without a dot, of numbers alone, with a '_', or reserved ones such as .test; IP addresses.
 * domain is the address's, in A-labels and lower case.
 */
bool policy_contact_possible(const char *address, const char *domain);

#endif
