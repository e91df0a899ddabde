/*
 * Who is by which alias, and by which address.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/judge_parts.h"

/* Addresses that only the header names, and that get a contact for it. */
#define SHOWN_MAX 200

static bool
is_reverse_mode(const struct judging *j)
{
	return j->setup->config->milter.mode == MILTER_REVERSE;
}

/* Is it a reverse address already?  Then its fate is settled. */
static struct outcome
find_reverse(struct judging *j, struct party *party)
{
	struct outcome o =
	    book_reverse(&j->look, party->address, &party->reverse, &party->alias_id);

	if (outcome_is_ok(&o) && party->reverse != NULL)
		party->fate = PARTY_REVERSE;
	return o;
}

static struct outcome
decide_recipient(struct judging *j, struct party *party)
{
	struct outcome o = outcome_ok();

	if (is_reverse_mode(j))
		o = find_reverse(j, party);
	if (!outcome_is_ok(&o) || party->fate == PARTY_REVERSE)
		return o;
	if (own_has_key(&j->own, party->key)) {
		party->fate = is_reverse_mode(j) ? PARTY_DIRECT : PARTY_OWN;
		return o;
	}
	o = policy_recipient(j->setup->policy, party->address, &party->decision);
	if (!outcome_is_ok(&o))
		return o;
	if (party->decision.action == POLICY_REFUSE)
		return outcome_make("local", "policy", "<%s>: %s", party->address,
		    party->decision.text != NULL ? party->decision.text : "");
	party->fate = party->decision.action == POLICY_ALIAS ? PARTY_ALIAS : PARTY_DIRECT;
	return o;
}

struct outcome
correspondents_decide(struct judging *j)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < j->parties.recipients && outcome_is_ok(&o); i++)
		o = decide_recipient(j, &j->parties.items[i]);
	return o;
}

/* --- who shares an alias */

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Of one alias, as far as that is known. */
static bool
is_with(const struct party *a, const struct party *b)
{
	if (a->alias_id != 0 && b->alias_id != 0)
		return a->alias_id == b->alias_id;
	if (a->fate != PARTY_ALIAS || b->fate != PARTY_ALIAS)
		return false;
	if (a->decision.alias != NULL || b->decision.alias != NULL)
		return same_text(a->decision.alias, b->decision.alias);
	return same_text(a->decision.group, b->decision.group);
}

/* A recipient by the same alias, before position end; or NULL. */
static const struct party *
companion(const struct judging *j, const struct party *party, size_t end)
{
	for (size_t i = 0; i < end && i < j->parties.recipients; i++) {
		const struct party *other = &j->parties.items[i];

		if (other->fate != PARTY_DIRECT && is_with(other, party))
			return other;
	}
	return NULL;
}

size_t
correspondents_aliases(const struct judging *j, bool *direct_r)
{
	size_t count = 0;
	bool direct = false;

	for (size_t i = 0; i < j->parties.recipients; i++) {
		const struct party *party = &j->parties.items[i];

		if (party->fate == PARTY_DIRECT)
			direct = true;
		else if (party->fate != PARTY_OWN && companion(j, party, i) == NULL)
			count++;
	}
	if (direct_r != NULL)
		*direct_r = direct;
	return count;
}

/* --- those whom the header alone names */

/* Is it to have a contact of an alias by which the message goes?  An alias is none. */
static struct outcome
decide_shown(struct judging *j, struct party *party, size_t *shown)
{
	bool is_alias = false;
	struct outcome o;

	party->fate = PARTY_ALIAS;
	if (companion(j, party, j->parties.recipients) == NULL) {
		party->fate = PARTY_NOBODY;
		return outcome_ok();
	}
	o = book_has_alias(&j->look, party->address, &is_alias);
	if (is_alias)
		party->fate = PARTY_NOBODY;
	else
		(*shown)++;
	return o;
}

static struct outcome
decide_named(struct judging *j, struct party *party, bool direct, size_t *shown)
{
	struct outcome o = find_reverse(j, party);

	if (!outcome_is_ok(&o) || party->fate == PARTY_REVERSE)
		return o;
	if (strchr(party->address, '@') == NULL)
		return o;
	o = policy_recipient(j->setup->policy, party->address, &party->decision);
	if (!outcome_is_ok(&o))
		return o;
	if (own_has_key(&j->own, party->key) || party->decision.action == POLICY_DIRECT)
		party->fate = direct ? PARTY_DIRECT : PARTY_NOBODY;
	else if (party->decision.action == POLICY_ALIAS && *shown < SHOWN_MAX)
		o = decide_shown(j, party, shown);
	return o;
}

static struct outcome
decide_all_named(struct judging *j)
{
	struct outcome o = outcome_ok();
	size_t shown = 0;
	bool direct;

	(void)correspondents_aliases(j, &direct);
	for (size_t i = j->parties.recipients; i < j->parties.count && outcome_is_ok(&o); i++)
		o = decide_named(j, &j->parties.items[i], direct, &shown);
	return o;
}

/* A reverse address in the header alone stays if the message goes by its alias. */
static void
settle_named(struct judging *j)
{
	for (size_t i = j->parties.recipients; i < j->parties.count; i++) {
		struct party *party = &j->parties.items[i];

		if (party->fate == PARTY_ALIAS && party->reverse == NULL)
			party->fate = PARTY_NOBODY;
		if (party->fate == PARTY_REVERSE &&
		    companion(j, party, j->parties.recipients) == NULL)
			party->fate = PARTY_NOBODY;
	}
}

/* --- aliases and addresses */

/* What stands for a correspondent that has no address yet, and is not to get one now. */
static void
invent(struct judging *j, struct party *party)
{
	party->reverse = xasprintf("NEW-%zu@%s", ++j->verdict->unknown,
	    party->decision.group != NULL ? party->decision.group : "alias.invalid");
}

/* Hand what was found to the parties. */
static void
take_entries(
    struct judging *j, struct entry *entries, struct party *const *parties, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct party *party = parties[i];

		party->alias_id = entries[i].alias_id;
		party->alias = entries[i].alias;
		party->reverse = entries[i].reverse;
		if (j->dry && party->reverse == NULL && is_reverse_mode(j))
			invent(j, party);
		else if (j->dry && party->alias == NULL && !is_reverse_mode(j))
			j->verdict->unknown++;
	}
}

struct outcome
correspondents_find(struct judging *j)
{
	struct entry *entries = xcalloc(j->parties.count + 1, sizeof(*entries));
	struct party **parties = xcalloc(j->parties.count + 1, sizeof(struct party *));
	struct book_query query = {
	    .entries = entries,
	    .contacts = is_reverse_mode(j),
	    .ask = !j->dry,
	    .deadline = j->wishes->deadline,
	    .tick = j->wishes->tick,
	    .arg = j->wishes->arg,
	};
	struct outcome o = is_reverse_mode(j) ? decide_all_named(j) : outcome_ok();

	for (size_t i = 0; i < j->parties.count && outcome_is_ok(&o); i++) {
		struct party *party = &j->parties.items[i];

		if (party->fate != PARTY_ALIAS)
			continue;
		parties[query.count] = party;
		entries[query.count++] = (struct entry){
		    .address = party->address,
		    .group = party->decision.group,
		    .fixed = party->decision.alias,
		    .may_fail = i >= j->parties.recipients,
		};
	}
	if (outcome_is_ok(&o))
		o = book_find(&j->look, &query);
	j->verdict->work = query.work;
	take_entries(j, entries, parties, query.count);
	if (outcome_is_ok(&o))
		settle_named(j);
	free(entries);
	free(parties);
	return o;
}

const char *
correspondents_address(const struct judging *j, size_t i)
{
	const struct party *party = parties_recipient(&j->parties, j->mail, i);

	if (party->fate == PARTY_DIRECT || party->reverse == NULL ||
	    strcmp(party->reverse, j->mail->recipients[i].address) == 0)
		return NULL;
	return party->reverse;
}

const char *
correspondents_alias(const struct judging *j)
{
	for (size_t i = 0; i < j->parties.recipients; i++)
		if (j->parties.items[i].fate == PARTY_ALIAS)
			return j->parties.items[i].alias;
	return NULL;
}
