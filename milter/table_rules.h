/*
 * table_rules - many rules in little memory, found in constant time
 *
 * Filled by one thread, then read by any number of them at once.  A million rules take some
 * 40 bytes each.
 */
#ifndef FERRY_TABLE_RULES_H
#define FERRY_TABLE_RULES_H

#include <stdbool.h>

#include "milter/policy_rule.h"

struct table_rules;

struct table_rules *table_rules_new(void);
void table_rules_free(struct table_rules **rules);

/*
 * Add a rule, "KEY ACTION".  NULL; or the fault, a static text that completes a sentence.  A
 * key that is there already is one: nobody could tell which of the two counts.
 */
const char *table_rules_add(struct table_rules *rules, const char *text);

/* False if there is no rule for the key; else the caller policy_rule_free()s the rule. */
bool
table_rules_find(const struct table_rules *rules, const char *key, struct policy_rule *rule_r);

#endif
