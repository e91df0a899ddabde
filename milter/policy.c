/*
 * What becomes of a recipient.
 *
 * Everything that says something about recipients is a table: those of the configuration,
 * rules that stand in it, and last the own domains.  Which of them has a key first is the
 * whole decision; then comes what is to be known of an address that gets an alias.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/policy.h"
#include "milter/policy_contact.h"
#include "milter/policy_group.h"
#include "milter/policy_key.h"
#include "milter/table.h"

#define REFUSED_BY_RULE "mail to this recipient is not to leave from here"
#define REFUSED_AS_SUCH "no alias can write to this recipient"

struct source {
	struct table *table;
	const char *reason;
};

struct policy {
	struct source *sources;
	size_t count;
	struct policy_groups *groups;
	enum policy_no_contact no_contact;
	bool contacts;
	pthread_mutex_t lock; /* of holds */
	unsigned holds;
};

static size_t
list_length(char *const *list)
{
	size_t count = 0;

	while (list != NULL && list[count] != NULL)
		count++;
	return count;
}

static void
add_source(struct policy *policy, struct table *table, const char *reason)
{
	policy->sources =
	    xreallocarray(policy->sources, policy->count + 1, sizeof(*policy->sources));
	policy->sources[policy->count++] = (struct source){table, reason};
}

/* Rules that stand side by side in the configuration are one table: how many are there? */
static size_t
run_of_rules(char *const *rules)
{
	size_t count = 0;

	while (rules[count] != NULL && !table_named(rules[count]))
		count++;
	return count;
}

static struct outcome
add_rules(struct policy *policy, char *const *rules)
{
	struct outcome o = outcome_ok();
	struct table *table;
	size_t run;

	for (; outcome_is_ok(&o) && rules != NULL && *rules != NULL; rules += run) {
		run = run_of_rules(rules);
		if (run > 0) {
			o = table_of_rules((const char *const *)rules, run, "rules", &table);
		} else {
			o = table_open(*rules, &table);
			run = 1;
		}
		if (outcome_is_ok(&o))
			add_source(policy, table, "rule");
	}
	return o;
}

/* The own domains as rules, "DOMAIN direct"; they end with NULL. */
static struct outcome
write_own_rules(char *const *domains, size_t count, char **rules)
{
	for (size_t i = 0; i < count; i++) {
		struct buf domain = BUF_INIT;
		const char *fault = policy_key_domain(domains[i], &domain);

		if (fault == NULL)
			rules[i] = xasprintf("%s direct", domain.data);
		buf_free(&domain);
		if (fault != NULL)
			return outcome_make(
			    "local", "config", "own-domains: \"%s\": %s", domains[i], fault);
	}
	return outcome_ok();
}

static struct outcome
add_own_domains(struct policy *policy, char *const *domains)
{
	size_t count = list_length(domains);
	char **rules = xcalloc(count + 1, sizeof(*rules));
	struct outcome o = write_own_rules(domains, count, rules);
	struct table *table;

	if (outcome_is_ok(&o))
		o = table_of_rules((const char *const *)rules, count, "own-domains", &table);
	if (outcome_is_ok(&o))
		add_source(policy, table, "own-domain");
	for (size_t i = 0; i < count; i++)
		free(rules[i]);
	free(rules);
	return o;
}

struct outcome
policy_new(const struct policy_options *options, struct policy **policy_r)
{
	struct policy *policy = xcalloc(1, sizeof(*policy));
	struct outcome o;

	*policy = (struct policy){
	    .groups = policy_groups_new(options->grouping),
	    .no_contact = options->no_contact,
	    .contacts = options->contacts,
	    .holds = 1,
	};
	pthread_mutex_init(&policy->lock, NULL);
	o = add_rules(policy, options->rules);
	if (outcome_is_ok(&o))
		o = add_own_domains(policy, options->own_domains);
	if (!outcome_is_ok(&o))
		policy_free(&policy);
	*policy_r = policy;
	return o;
}

struct policy *
policy_hold(struct policy *policy)
{
	pthread_mutex_lock(&policy->lock);
	policy->holds++;
	pthread_mutex_unlock(&policy->lock);
	return policy;
}

void
policy_free(struct policy **policy)
{
	struct policy *p = *policy;
	bool last;

	*policy = NULL;
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	last = --p->holds == 0;
	pthread_mutex_unlock(&p->lock);
	if (!last)
		return;
	for (size_t i = 0; i < p->count; i++)
		table_close(&p->sources[i].table);
	free(p->sources);
	policy_groups_free(&p->groups);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* What the first source that has the key says. */
static struct outcome
find_key(const struct policy *policy, const char *key, struct policy_rule *rule_r,
    struct policy_decision *decision)
{
	bool found = false;

	for (size_t i = 0; i < policy->count; i++) {
		struct outcome o = table_find(policy->sources[i].table, key, rule_r, &found);

		if (!outcome_is_ok(&o))
			return o;
		if (found) {
			decision->reason = policy->sources[i].reason;
			decision->rule = xstrdup(key);
			break;
		}
	}
	return outcome_ok();
}

static struct outcome
find_rule(const struct policy *policy, const struct policy_keys *keys,
    struct policy_rule *rule_r, struct policy_decision *decision)
{
	struct outcome o = outcome_ok();

	*rule_r = (struct policy_rule){.action = POLICY_ALIAS};
	decision->reason = "default";
	for (size_t i = 0; i < keys->count && decision->rule == NULL && outcome_is_ok(&o); i++)
		o = find_key(policy, keys->keys[i], rule_r, decision);
	return o;
}

/* It cannot have an alias's mail: what then? */
static void
decide_without_contact(const struct policy *policy, struct policy_decision *decision)
{
	decision->reason = "no-contact";
	if (policy->no_contact == NO_CONTACT_DIRECT) {
		decision->action = POLICY_DIRECT;
		return;
	}
	decision->action = POLICY_REFUSE;
	decision->text = xstrdup(REFUSED_AS_SUCH);
}

static void
decide_alias(const struct policy *policy, const char *address, const char *domain,
    const struct policy_rule *rule, struct policy_decision *decision)
{
	char *group = policy_group(policy->groups, domain);

	if ((group == NULL && rule->argument == NULL) ||
	    (policy->contacts && !policy_contact_possible(address, domain))) {
		free(group);
		decide_without_contact(policy, decision);
		return;
	}
	decision->group = group;
	decision->alias = xstrdup(rule->argument);
}

static void
decide(const struct policy *policy, const char *address, const char *domain,
    const struct policy_rule *rule, struct policy_decision *decision)
{
	decision->action = rule->action;
	if (rule->action == POLICY_REFUSE)
		decision->text =
		    xstrdup(rule->argument != NULL ? rule->argument : REFUSED_BY_RULE);
	else if (rule->action == POLICY_ALIAS)
		decide_alias(policy, address, domain, rule, decision);
}

struct outcome
policy_recipient(struct policy *policy, const char *address, struct policy_decision *decision_r)
{
	struct policy_rule rule;
	struct policy_keys keys;
	struct outcome o;

	*decision_r = (struct policy_decision){.action = POLICY_DIRECT, .reason = "local"};
	if (strchr(address, '@') == NULL)
		return outcome_ok();
	policy_keys_make(address, &keys);
	o = find_rule(policy, &keys, &rule, decision_r);
	if (outcome_is_ok(&o))
		decide(policy, address, keys.domain, &rule, decision_r);
	else
		policy_decision_free(decision_r);
	policy_rule_free(&rule);
	policy_keys_free(&keys);
	return o;
}

void
policy_decision_free(struct policy_decision *decision)
{
	free(decision->group);
	free(decision->alias);
	free(decision->text);
	free(decision->rule);
	*decision = (struct policy_decision){0};
}
