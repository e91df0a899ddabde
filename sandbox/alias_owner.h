/*
 * alias_owner - is what the path names the caller's?
 */
#ifndef SANDBOX_ALIAS_OWNER_H
#define SANDBOX_ALIAS_OWNER_H

#include "sandbox/alias_call.h"

/* The owner of a row, 0 if there is no such row. */
int64_t alias_owner(struct db *d, int64_t alias);
int64_t alias_contact_owner(struct db *d, int64_t contact);
int64_t alias_mailbox_owner(struct db *d, int64_t mailbox);
int64_t alias_domain_owner(struct db *d, int64_t domain);

/* Is the owner the caller?  If not, 403 is answered. */
bool alias_own(struct alias_call *c, int64_t owner);

/*
 * Read "mailbox_ids" of the body into numbers, ascending, all of the user and verified; NULL
 * if something was answered: 400 "Invalid mailbox_id", or what is wrong with their number, or
 * "Forbidden".
 */
json_t *alias_mailbox_ids(struct alias_call *c);

#endif
