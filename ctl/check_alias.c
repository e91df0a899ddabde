/*
 * What ferryctl check finds of an alias service: its key, whether it lets us in, and what the
 * plan includes.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/service/simplelogin.h"
#include "common/wire/json.h"
#include "ctl/check.h"

#define DEADLINE_MS 60000

static void
check_user(struct check *check, const char *subject, const json_t *info)
{
	const char *email = json_get_string(info, "email");

	check_finding(check, FINDING_OK, subject, "", "it knows us as %s",
	    email != NULL ? email : "nobody with an address");
	if (!json_get_bool(info, "can_create_reverse_alias", true))
		check_finding(check, FINDING_WARNING, subject, "upgrade the plan",
		    "it makes no new contacts, so nobody new can be written to");
}

static void
check_options(struct check *check, const char *subject, struct simplelogin *sl)
{
	const char *domain = simplelogin_account(sl)->domain;
	struct simplelogin_options options;
	struct outcome o =
	    simplelogin_options_get(sl, NULL, deadline_in_ms(DEADLINE_MS), &options);

	if (!outcome_is_ok(&o))
		check_outcome(check, subject, &o);
	else if (!options.can_create)
		check_finding(check, FINDING_WARNING, subject,
		    "delete aliases or upgrade the plan", "it makes no more aliases");
	else if (simplelogin_suffix_choose(&options, domain) == NULL)
		check_finding(check, FINDING_ERROR, subject,
		    "ferryctl alias options shows those there are", "it offers no suffix at %s",
		    domain != NULL ? domain : "all");
	simplelogin_options_free(&options);
}

static void
check_mailbox(struct check *check, const char *subject, struct simplelogin *sl)
{
	int64_t id;
	struct outcome o = simplelogin_mailbox_find(
	    sl, simplelogin_account(sl)->mailbox, deadline_in_ms(DEADLINE_MS), &id);

	if (!outcome_is_ok(&o))
		check_outcome(check, subject, &o);
}

void
check_alias(struct check *check, const struct alias_account *account, bool offline)
{
	char *subject = xasprintf("alias %s", account->name);
	struct simplelogin *sl = NULL;
	json_t *info = NULL;
	struct outcome o = simplelogin_open(account, &check_patience, &sl);

	if (outcome_is_ok(&o))
		o = simplelogin_have_key(sl);
	if (outcome_is_ok(&o))
		check_finding(check, FINDING_OK, subject, "", "the API key is there");
	if (outcome_is_ok(&o) && !offline) {
		o = simplelogin_call(sl, simplelogin_endpoint("user info"), NULL,
		    deadline_in_ms(DEADLINE_MS), &info);
		if (outcome_is_ok(&o)) {
			check_user(check, subject, info);
			check_options(check, subject, sl);
			check_mailbox(check, subject, sl);
		}
	}
	if (!outcome_is_ok(&o))
		check_outcome(check, subject, &o);
	json_decref(info);
	simplelogin_close(&sl);
	free(subject);
}
