/*
 * The order of the questions, and the verdict.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/address.h"
#include "milter/from_edits.h"
#include "milter/judge.h"
#include "milter/judge_parts.h"
#include "milter/stamp.h"
#include "milter/who.h"

void
verdict_free(struct verdict *verdict)
{
	edits_free(&verdict->edits);
}

const char *
verdict_name(enum verdict_event event)
{
	static const char *const names[VERDICT_EVENTS] = {
	    [VERDICT_PASSED] = "passed",
	    [VERDICT_REWRITTEN] = "rewritten",
	    [VERDICT_WOULD_REWRITE] = "would-rewrite",
	    [VERDICT_REFUSED] = "refused",
	    [VERDICT_DEFERRED] = "deferred",
	};

	return names[event];
}

static void
set_reason(struct verdict *v, const char *reason)
{
	snprintf(v->reason, sizeof(v->reason), "%s", reason);
}

/* It leaves as it is, but for what has to go from every message. */
static void
pass(const struct judging *j, const char *reason)
{
	j->verdict->event = VERDICT_PASSED;
	set_reason(j->verdict, reason);
	exempt_removals(&j->setup->exempt, j->mail, &j->verdict->edits);
}

/*
 * It does not leave.  What is temporary has one code, whatever was the matter, so that an
 * operator's rules for it need no list; but an overload says that it is one.
 */
static void
turn_down(struct judging *j, struct outcome o)
{
	edits_free(&j->verdict->edits);
	if (o.class == OUTCOME_TEMPORARY && !outcome_is(&o, "local/busy"))
		snprintf(o.dsn, sizeof(o.dsn), "4.7.1");
	j->verdict->event = o.class == OUTCOME_TEMPORARY ? VERDICT_DEFERRED : VERDICT_REFUSED;
	j->verdict->outcome = o;
	set_reason(j->verdict, o.condition);
}

/* The sender is nobody whom an alias section is for. */
static void
judge_unlisted(struct judging *j)
{
	if (j->setup->config->milter.unlisted_direct)
		pass(j, "unlisted");
	else
		turn_down(j,
		    outcome_make("local", "policy", "<%s> is a sender without an alias section",
		        j->mail->sender.address));
}

/* Can it leave as one message, or is it split further on? */
static struct outcome
check_mixed(const struct judging *j)
{
	const struct milter_config *config = &j->setup->config->milter;
	bool direct;
	size_t aliases = correspondents_aliases(j, &direct);

	if (aliases + direct <= 1)
		return outcome_ok();
	if (config->mode == MILTER_FROM)
		return outcome_make("local", "policy",
		    "one message cannot be from several addresses: send to each of the "
		    "recipients' domains separately");
	if (config->mixed_refused)
		return outcome_make("local", "policy",
		    "recipients that need different messages: send to each of their domains "
		    "separately");
	return outcome_ok();
}

/* The mark that it was done: for the envelope as it is after the edits. */
static void
add_stamp(const struct judging *j, const char *sender, struct edits *edits)
{
	const struct mail *mail = j->mail;
	const char **recipients = xcalloc(mail->recipient_count + 1, sizeof(char *));
	struct alias_stamp_envelope envelope = {
	    .sender = sender,
	    .recipients = recipients,
	    .count = mail->recipient_count,
	};
	struct buf value = BUF_INIT;

	for (size_t i = 0; i < mail->recipient_count; i++) {
		const char *address = correspondents_address(j, i);

		recipients[i] = address != NULL ? address : mail->recipients[i].address;
	}
	alias_stamp_make(&j->setup->stamp_key, &envelope, clock_wall(), &value);
	edits_insheader(edits, EDITS_BELOW_RECEIVED, ALIAS_STAMP_FIELD, buf_str(&value));
	free(recipients);
	buf_free(&value);
}

/* The alias that becomes the sender: *alias_r is to be free()d. */
static struct outcome
from_alias(struct judging *j, char **alias_r)
{
	const char *domain = book_account(j->book)->domain;
	const char *alias = correspondents_alias(j);

	*alias_r = NULL;
	if (alias == NULL) {
		*alias_r = xasprintf("NEW@%s", domain);
		return outcome_ok();
	}
	/* Another domain's mail we may not send: whoever gets it would not believe it. */
	if (address_domain(alias) == NULL || strcasecmp(address_domain(alias) + 1, domain) != 0)
		return outcome_make(
		    "local", "config", "the alias %s is not at %s", alias, domain);
	*alias_r = xstrdup(alias);
	return outcome_ok();
}

static struct outcome
make_from_edits(struct judging *j, struct edits *edits)
{
	struct from_options options = {
	    .own = &j->own,
	    .key = &j->setup->stamp_key,
	    .now = clock_wall(),
	};
	char *alias;
	struct outcome o = from_alias(j, &alias);

	options.alias = alias;
	if (outcome_is_ok(&o)) {
		own_forget(&j->own, alias);
		o = from_edits(&options, j->mail, edits);
	}
	if (outcome_is_ok(&o) && j->setup->exempt.key != NULL)
		add_stamp(j, alias, edits);
	free(alias);
	return o;
}

static struct outcome
make_edits(struct judging *j)
{
	struct edits *edits = &j->verdict->edits;
	struct outcome o;

	if (j->setup->config->milter.mode == MILTER_FROM)
		return make_from_edits(j, edits);
	exempt_removals(&j->setup->exempt, j->mail, edits);
	o = reverse_edits(j, edits);
	if (outcome_is_ok(&o) && j->setup->exempt.key != NULL)
		add_stamp(j, j->mail->sender.address, edits);
	return o;
}

static struct outcome
rewrite(struct judging *j)
{
	struct outcome o = check_mixed(j);

	if (outcome_is_ok(&o))
		o = correspondents_find(j);
	/* Two hostnames can have turned out to share an alias, but also the other way round. */
	if (outcome_is_ok(&o))
		o = check_mixed(j);
	if (outcome_is_ok(&o) && deadline_passed(j->wishes->deadline))
		o = outcome_make("local", "deadline", NULL);
	if (outcome_is_ok(&o))
		o = make_edits(j);
	if (!outcome_is_ok(&o))
		return o;
	j->verdict->aliases = correspondents_aliases(j, NULL);
	j->verdict->event = j->dry ? VERDICT_WOULD_REWRITE : VERDICT_REWRITTEN;
	edits_sort(&j->verdict->edits);
	return o;
}

/* A message that is ours to change, of somebody who has an alias section. */
static void
judge_correspondents(struct judging *j)
{
	struct outcome o = mail_fault(j->mail);

	j->look = (struct look)LOOK_INTO(j->book);
	own_find(j->mail, book_account(j->book),
	    j->setup->config->milter.mode == MILTER_FROM ? j->setup->own_domains : NULL,
	    &j->own);
	if (outcome_is_ok(&o))
		o = parties_of(j->mail, &j->parties);
	if (outcome_is_ok(&o))
		o = correspondents_decide(j);
	if (outcome_is_ok(&o) && correspondents_aliases(j, NULL) == 0)
		pass(j, "direct");
	else if (outcome_is_ok(&o))
		o = rewrite(j);
	look_end(&j->look);
	if (!outcome_is_ok(&o))
		turn_down(j, o);
	own_free(&j->own);
	parties_free(&j->parties);
}

void
judge(struct milter_setup *setup, const struct mail *mail, const struct judge_wishes *wishes,
    struct verdict *verdict_r)
{
	const char *ours = who_is_ours(&setup->config->milter, mail);
	bool local_user = mail->login != NULL || mail->submitted;
	struct judging j = {
	    .setup = setup,
	    .mail = mail,
	    .wishes = wishes,
	    .dry = wishes->dry || setup->config->milter.log_only,
	    .verdict = verdict_r,
	};
	enum exempt_reason exempt;

	*verdict_r = (struct verdict){.outcome = outcome_ok(), .edits = EDITS_INIT};
	if (ours == NULL) {
		pass(&j, "outside");
		return;
	}
	exempt = exempt_judge(&setup->exempt, mail, local_user, clock_wall());
	j.book = milter_setup_book(setup, mail->sender.address);
	if (exempt != EXEMPT_NOT)
		pass(&j, exempt_reason_name(exempt));
	else if (j.book == NULL)
		judge_unlisted(&j);
	else
		judge_correspondents(&j);
}
