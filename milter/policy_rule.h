/*
 * policy_rule - what a rule says of those it is about: "alias", "direct", "refuse"
 *
 *	alias			an alias, as without a rule
 *	alias ADDRESS		this alias
 *	direct			the real address
 *	refuse			no mail
 *	refuse TEXT		no mail, and why
 */
#ifndef FERRY_POLICY_RULE_H
#define FERRY_POLICY_RULE_H

#include "milter/policy.h"

#define POLICY_TEXT_MAX 200 /* bytes of a refusal's text: it has to fit into a reply */

struct policy_rule {
	enum policy_action action;
	char *argument; /* the fixed alias; the text; or NULL */
};

/*
 * Read what stands behind a rule's key.  NULL, and the caller policy_rule_free()s the rule; or
 * the fault, a static text that completes a sentence ("... : the action is none of ..."), and
 * *rule_r is all zeros.
 */
const char *policy_rule_read(const char *text, struct policy_rule *rule_r);
void policy_rule_free(struct policy_rule *rule);

#endif
