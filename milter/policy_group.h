/*
 * policy_group - the name whose recipients share an alias
 *
 * To find it takes the public suffix list, which is larger than what a processor has at hand;
 * but most mail goes to few domains, so that the last ones are remembered.  Thread-safe.
 */
#ifndef FERRY_POLICY_GROUP_H
#define FERRY_POLICY_GROUP_H

#include "milter/policy.h"

struct policy_groups;

struct policy_groups *policy_groups_new(enum policy_grouping grouping);
void policy_groups_free(struct policy_groups **groups);

/* The group of a recipient's domain, which the caller free()s; NULL if the domain is nobody's. */
char *policy_group(struct policy_groups *groups, const char *domain);

#endif
