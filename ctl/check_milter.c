/*
 * What ferryctl check finds of ferry-milter's section: whether anybody's mail leaves by an
 * alias, and whether the alias service takes it.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/service/simplelogin.h"
#include "ctl/check.h"

#define DEADLINE_MS 60000

static bool
is_used(const struct config *config, const struct alias_account *alias)
{
	return alias == config->milter.alias || *alias->senders != NULL;
}

/* What may be said without asking: false if there is nothing more to be found. */
static bool
check_section(struct check *check, const struct config *config)
{
	bool used = false;

	for (size_t i = 0; i < config->alias_count; i++)
		used = used || is_used(config, &config->aliases[i]);
	if (!used)
		check_finding(check, FINDING_WARNING, "milter",
		    "add alias = NAME to its section, or senders to those of the aliases",
		    "ferry-milter would not start: nobody's mail leaves by an alias");
	else if (config->milter.log_only)
		check_finding(check, FINDING_WARNING, "milter", "remove action = log-only",
		    "mail leaves as it is, with its real sender");
	else
		check_finding(check, FINDING_OK, "milter", "", "%s",
		    config->milter.mode == MILTER_FROM ? "aliases become senders"
		                                       : "recipients become reverse aliases");
	return used;
}

/* The service drops, without a word, what does not come from one of its mailboxes. */
static void
check_senders(struct check *check, const char *subject, struct simplelogin *sl)
{
	for (char **sender = simplelogin_account(sl)->senders; *sender != NULL; sender++) {
		int64_t id;
		struct outcome o = outcome_ok();

		if (**sender != '@')
			o = simplelogin_mailbox_find(
			    sl, *sender, deadline_in_ms(DEADLINE_MS), &id);
		if (outcome_is(&o, "local/usage"))
			check_finding(check, FINDING_WARNING, subject,
			    "ferryctl mailbox create adds one; or authorize the address there",
			    "%s is no mailbox of the account: mail from it may be dropped",
			    *sender);
		else if (!outcome_is_ok(&o))
			check_outcome(check, subject, &o);
	}
}

static void
check_domain(struct check *check, const char *subject, struct simplelogin *sl)
{
	const char *domain = simplelogin_account(sl)->domain;
	struct outcome o;

	if (domain == NULL) {
		check_finding(check, FINDING_ERROR, subject, "add domain to its section",
		    "ferry-milter's mode = from needs a domain of one's own");
		return;
	}
	o = simplelogin_domain_check(sl, domain, deadline_in_ms(DEADLINE_MS));
	if (outcome_is_ok(&o))
		check_finding(check, FINDING_OK, subject, "", "%s is verified", domain);
	else
		check_outcome(check, subject, &o);
}

static void
check_used(
    struct check *check, const struct config *config, const struct alias_account *account)
{
	char *subject = xasprintf("milter, alias %s", account->name);
	struct simplelogin *sl = NULL;
	struct outcome o = simplelogin_open(account, &check_patience, &sl);

	if (outcome_is_ok(&o))
		o = simplelogin_have_key(sl);
	/* A missing key was found before. */
	if (outcome_is_ok(&o) && config->milter.mode == MILTER_FROM)
		check_domain(check, subject, sl);
	else if (outcome_is_ok(&o))
		check_senders(check, subject, sl);
	simplelogin_close(&sl);
	free(subject);
}

void
check_milter(struct check *check, const struct config *config, const char *name, bool offline)
{
	if (config->alias_count == 0 || !check_section(check, config) || offline)
		return;
	for (size_t i = 0; i < config->alias_count; i++)
		if (is_used(config, &config->aliases[i]) &&
		    (name == NULL || config_alias(config, name) == &config->aliases[i]))
			check_used(check, config, &config->aliases[i]);
}
