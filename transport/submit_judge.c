/*
 * What an answer means for an item: it is through, or there is something else to do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "transport/submit_parts.h"

/* Is the condition one of the list? */
static bool
is_among(const struct outcome *o, const char *const *conditions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (outcome_is(o, conditions[i]))
			return true;
	return false;
}

#define IS_AMONG(o, conditions) \
	(!(o)->ambiguous && is_among(o, conditions, sizeof(conditions) / sizeof(conditions[0])))

/* Refusals that stale caches explain, or that come once. */
static bool
may_be_stale(const struct outcome *o)
{
	static const char *const conditions[] = {
	    "set/blobNotFound",
	    "set/invalidProperties",
	    "set/notFound",
	    "set/emailNotFound",
	    "set/mailboxNotFound",
	    "set/stateMismatch",
	    "method/accountNotFound",
	    "method/accountNotSupportedByMethod",
	    "method/stateMismatch",
	    "http/404",
	    "http/410",
	};

	return IS_AMONG(o, conditions);
}

/* Refusals of a whole request, or of a method call in it, that one item may have caused. */
static bool
may_be_one_items(const struct outcome *o)
{
	static const char *const conditions[] = {
	    "http/400",
	    "http/413",
	    "http/4xx",
	    "request/notJSON",
	    "request/notRequest",
	    "request/limit",
	    "request/limit/maxSizeRequest",
	    "request/limit/maxCallsInRequest",
	    "request/*",
	    "method/invalidArguments",
	    "method/invalidResultReference",
	    "method/requestTooLarge",
	    "method/serverFail",
	    "method/serverPartialFail",
	    "method/*",
	};

	return IS_AMONG(o, conditions);
}

/* Refusals of what goes inside a request that do not speak against uploading it. */
static bool
may_be_for_size(const struct outcome *o)
{
	static const char *const conditions[] = {
	    "http/413",
	    "request/limit/maxSizeRequest",
	    "method/requestTooLarge",
	};

	return IS_AMONG(o, conditions);
}

struct outcome
submission_success(const struct submission *s, bool earlier)
{
	struct outcome o = outcome_ok();

	snprintf(o.text, sizeof(o.text), "%s as Email %.*s",
	    earlier ? "was sent by an earlier try" : "accepted by the service", 128,
	    s->email_id != NULL ? s->email_id : "");
	return o;
}

static void
settle_state(struct submission *s, enum addressee_state state, const struct outcome *o)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->addressees[i].state == state) {
			s->addressees[i].recipient->outcome = *o;
			s->addressees[i].state = ADDRESSEE_SETTLED;
		}
}

void
submission_settle(struct submission *s, const struct outcome *o)
{
	struct outcome unsent = *o;

	settle_state(s, ADDRESSEE_SENDING, o);
	unsent.ambiguous = false; /* nothing was asked for these */
	settle_state(s, ADDRESSEE_OPEN, &unsent);
	s->todo = SUBMIT_NOTHING;
}

bool
submission_settled(const struct submission *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->addressees[i].state != ADDRESSEE_SETTLED)
			return false;
	return true;
}

/* Those who were named are open again. */
static void
reopen(struct submission *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->addressees[i].state == ADDRESSEE_SENDING)
			s->addressees[i].state = ADDRESSEE_OPEN;
}

/* Name those who are to be in the next submission. */
void
submit_name_part(struct submission *s)
{
	size_t named = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->addressees[i].state == ADDRESSEE_OPEN &&
		    (s->part == 0 || named < s->part)) {
			s->addressees[i].state = ADDRESSEE_SENDING;
			named++;
		}
}

size_t
submit_named(const struct submission *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += s->addressees[i].state == ADDRESSEE_SENDING;
	return count;
}

void
submit_note_email(struct submission *s, const char *email_id)
{
	char *copy = xstrdup(email_id);

	free(s->email_id);
	s->email_id = copy;
}

/* It is to be submitted (once more): as the Email that is there, or from its bytes. */
void
submit_try_again(struct submission *s)
{
	reopen(s);
	s->todo = s->email_id != NULL ? SUBMIT_EXISTING : SUBMIT_IMPORT;
}

/* The same, with nothing believed of what is in the account. */
static void
start_over(struct submission *s)
{
	reopen(s);
	free(s->blob_id);
	free(s->email_id);
	json_decref(s->composed);
	s->blob_id = s->email_id = NULL;
	s->composed = NULL;
	s->renewed = true;
	s->todo = SUBMIT_IMPORT;
}

/* What an answer means. */

/* Is this address in the list of those refused? */
static bool
is_listed(const json_t *list, const char *address)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (json_is_string(item) && strcasecmp(json_string_value(item), address) == 0)
			return true;
	return false;
}

/*
 * The recipients that the SetError lists have its outcome, the others are submitted again,
 * because nothing was sent.  If it lists nobody that we know, each is tried alone.
 */
static void
refuse_some(struct submission *s, const struct outcome *o, const json_t *error)
{
	const json_t *list = json_get_array(error, "invalidRecipients");
	size_t before = submit_named(s);

	if (before == 1) {
		settle_state(s, ADDRESSEE_SENDING, o);
	} else {
		for (size_t i = 0; i < s->count; i++) {
			struct addressee *a = &s->addressees[i];

			if (a->state != ADDRESSEE_SENDING ||
			    !is_listed(list, a->recipient->address))
				continue;
			a->recipient->outcome = *o;
			a->state = ADDRESSEE_SETTLED;
		}
		if (submit_named(s) == before)
			s->part = 1;
	}
	submit_try_again(s);
}

/* Fewer at a time: as many as the SetError allows, else half. */
static void
divide(struct submission *s, const struct outcome *o, const json_t *error)
{
	size_t tried = submit_named(s);
	int64_t most = json_get_count(error, "maxRecipients", 0);

	if (tried <= 1) {
		submission_settle(s, o);
		return;
	}
	s->part = most > 0 && most < (int64_t)tried ? (size_t)most : tried / 2;
	submit_try_again(s);
}

static void
succeed(struct submission *s, const struct submit_answer *answer)
{
	struct outcome o = submission_success(s, false);

	settle_state(s, ADDRESSEE_SENDING, &o);
	s->delivery->told.unfiled |= answer->unfiled;
	s->filed = submission_settled(s);
	if (!s->filed)
		submit_try_again(s);
}

/* It is to be made anew, unless that was found to be impossible. */
static void
compose_instead(struct submission *s)
{
	if (s->never_compose)
		submission_settle(s, &s->uncomposed);
	else
		submit_try_again(s);
}

void
submit_judge(struct submission *s, const struct submit_answer *answer, size_t companions,
    bool lacks_import, bool *stale)
{
	const struct outcome *o = &answer->outcome;

	if (outcome_is_ok(o)) {
		succeed(s, answer);
	} else if (outcome_is(o, "set/alreadyExists") && answer->email_id != NULL &&
	           s->todo == SUBMIT_IMPORT) {
		reopen(s);
		s->exists = *o;
		s->todo = SUBMIT_ASK;
	} else if (answer->lacks_import && lacks_import) {
		compose_instead(s);
	} else if (outcome_is(o, "set/invalidRecipients")) {
		refuse_some(s, o, answer->error);
	} else if (outcome_is(o, "set/tooManyRecipients")) {
		divide(s, o, answer->error);
	} else if (!o->ambiguous && (answer->blob || may_be_for_size(o)) && companions == 0 &&
	           submit_is_inline(s)) {
		s->never_inline = true;
		submit_try_again(s);
	} else if (may_be_stale(o) && !s->renewed) {
		*stale = true;
		start_over(s);
	} else if (may_be_one_items(o) && companions != 0) {
		s->alone = true;
		submit_try_again(s);
	} else {
		submission_settle(s, o);
	}
}

void
submit_judge_evidence(struct submission *s, enum evidence evidence, bool *stale)
{
	struct outcome o;

	switch (evidence) {
	case EVIDENCE_SENT:
		s->delivery->told.earlier = true;
		s->filed = true;
		o = submission_success(s, true);
		break;
	case EVIDENCE_DRAFT:
		s->delivery->told.again = true;
		s->todo = SUBMIT_EXISTING;
		return;
	case EVIDENCE_NONE:
		if (!s->renewed) {
			*stale = true;
			start_over(s);
			return;
		}
		o = outcome_make("set", "notFound", "Email %s", s->email_id);
		break;
	case EVIDENCE_OTHER:
	default:
		free(s->email_id); /* it is not ours: it is neither submitted nor removed */
		s->email_id = NULL;
		o = s->exists;
		break;
	}
	submission_settle(s, &o);
}
