/*
 * policy - what becomes of a recipient: an alias, the real address, or a refusal
 *
 * A policy is made of plain options once; a reload makes another.  It asks nothing of the
 * network, and of the disk only its tables (table.h).
 *
 * What decides about bob+lists@Mail.Example.org, the first that is found:
 *
 *	bob+lists@mail.example.org	the address
 *	bob@mail.example.org		without its extension
 *	mail.example.org		the domain
 *	.example.org, .org		what is below a domain, the longest first
 *	*				anything
 *
 * Each key is looked for in all the rules before the next one is, in the order in which the
 * configuration gives them, as Postfix does it with the tables of one parameter.  Own domains
 * are "direct" behind all rules that have the same key.  Who is found nowhere gets an alias.
 *
 * Keys have no case, and IDN no two forms: domains are compared as A-labels, addresses as
 * address.h does.  A dot at a domain's end does not count.
 *
 * Thread-safe: any number of threads may ask one policy at once.  It is counted: who keeps a
 * pointer that another thread may replace takes a hold of it, and lets it go with policy_free().
 */
#ifndef FERRY_POLICY_H
#define FERRY_POLICY_H

#include <stdbool.h>

#include "common/base/outcome.h"

struct policy;

enum policy_action { POLICY_ALIAS, POLICY_DIRECT, POLICY_REFUSE };

/* What shares an alias: in the order of the configuration's words. */
enum policy_grouping { GROUP_BY_HOSTNAME, GROUP_BY_REGISTRABLE_DOMAIN };

/* What becomes of recipients that the alias service takes for no address: likewise. */
enum policy_no_contact { NO_CONTACT_REFUSE, NO_CONTACT_DIRECT };

struct policy_options {
	/*
	 * Lists end with NULL and may be NULL.  rules: "text:/path", "sqlite:/path" (table.h),
	 * or a rule itself, "KEY ACTION".  own_domains: "example.org", ".example.org" for what
	 * is below it.
	 */
	char *const *rules;
	char *const *own_domains;
	enum policy_grouping grouping;
	enum policy_no_contact no_contact;
	bool contacts; /* recipients have to become contacts: reverse mode, not from mode */
};

struct policy_decision {
	enum policy_action action;
	/*
	 * With POLICY_ALIAS.  group: recipients of the same group share an alias; the name to
	 * ask the map and the service for, a normalised hostname.  With a fixed alias it says
	 * whose recipient it is, and may be NULL (nothing is to be asked for by it): recipients
	 * of several groups can have the same fixed alias.
	 */
	char *group;
	char *alias; /* the fixed alias's address, or NULL */
	/* With POLICY_REFUSE, for the sender: one line of ASCII without '%'. */
	char *text;
	/* For the log, static: "rule", "own-domain", "no-contact", "default", or "local": it has
	 * no domain. */
	const char *reason;
	char *rule; /* the key that was found, or NULL */
};

/*
 * Read and check everything.  local/config if a rule, a domain or a table is wrong, with
 * "FILE:LINE: what" in the text; local/database if a database cannot be asked.  *policy_r is
 * set only on OK, with one hold.  What is read here has to be readable later too, by the user
 * that the program has become.
 */
struct outcome policy_new(const struct policy_options *options, struct policy **policy_r);

struct policy *policy_hold(struct policy *policy);

/* Let go; the last one frees it. */
void policy_free(struct policy **policy);

/*
 * Decide about a recipient: its address, without "<>", in exact case.  On OK the caller
 * policy_decision_free()s the decision.  Otherwise a table could not be asked, or what it said
 * is no rule: TEMPORARY, and the decision is all zeros.
 */
struct outcome policy_recipient(
    struct policy *policy, const char *address, struct policy_decision *decision_r);
void policy_decision_free(struct policy_decision *decision);

#endif
