/*
 * alias_seed - what a JSON file says there is: configuration, domains, users and all they own
 *
 * ferry-sandbox(8) lists the members.  What is there already (a user, mailbox, domain, alias
 * or contact of the same address) is changed as far as the seed mentions it, so a seed also
 * does what on the real service only the dashboard or the operator can.
 */
#ifndef SANDBOX_ALIAS_SEED_H
#define SANDBOX_ALIAS_SEED_H

#include <stdbool.h>

#include <jansson.h>

#include "common/base/buf.h"

struct alias_service;

/* The key of the built-in seed's user. */
#define ALIAS_SEED_KEY "ferrysandboxkeyferrysandboxkeyferrysandboxkeyferrysandboxkey"

/* The built-in seed: one user, "agent@DOMAIN". */
json_t *alias_seed_builtin(const char *domain);

/*
 * Take a seed; without records only its configuration.  False if there is a mistake: why is
 * appended, and the caller undoes what was done (alias_begin and alias_end are the caller's).
 */
bool
alias_seed_take(struct alias_service *s, const json_t *seed, bool records, struct buf *why);

#endif
