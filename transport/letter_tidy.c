/*
 * Drafts that earlier tries of a delivery left.
 *
 * An Email stands for the recipients that its stamp is made of.  Once the queue tries again for
 * some of them alone, or it is known by now that they are of different aliases, nobody is sent
 * that Email any more, and it would be a draft for ever.
 */
#include <string.h>

#include "common/base/log.h"
#include "common/wire/json.h"
#include "transport/letter.h"
#include "transport/submit_calls.h"

/* What the Email says now: somebody may have filed it, or removed it. */
static struct outcome
look(struct letter *letter, struct jmap *jmap, const struct left_draft *draft,
    struct deadline d, enum evidence *evidence_r)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	json_t *result = NULL;
	const char *call = jmap_email_get_call(
	    request, json_pack("[s]", draft->email_id), submit_evidence_properties());
	struct outcome o = jmap_send(jmap, request, true, d, &response);

	letter->delivery->told.requests++;
	if (outcome_is_ok(&o))
		o = jmap_result(response, call, "Email/get", &result);
	if (outcome_is_ok(&o))
		*evidence_r = submit_evidence(
		    json_array_get(json_get_array(result, "list"), 0), &draft->stamp);
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/* Does it tell nothing that may have to be known? */
static struct outcome
put_away(
    struct letter *letter, struct jmap *jmap, const struct left_draft *draft, struct deadline d)
{
	struct journal_company company;
	enum evidence evidence = EVIDENCE_NONE;
	struct outcome o =
	    journal_company(letter->journal, &draft->stamp, draft->changed, &company);

	if (!outcome_is_ok(&o) || company.open)
		return o;
	o = look(letter, jmap, draft, d, &evidence);
	if (!outcome_is_ok(&o) || evidence != EVIDENCE_DRAFT)
		return o;
	letter->delivery->told.requests++;
	o = submit_put_away(jmap, draft->email_id, draft->sent || company.sent,
	    letter->config->transport.sent, d);
	/* Another part of the message may have had the same one to put away. */
	return outcome_is(&o, "set/notFound") ? outcome_ok() : o;
}

static struct outcome
put_all_away(struct letter *letter, struct deadline d)
{
	struct jmap *jmap = NULL;
	struct outcome o = lane_take(letter->lane, &jmap);

	for (size_t i = 0; i < letter->draft_count && outcome_is_ok(&o); i++) {
		const struct left_draft *draft = &letter->drafts[i];
		const char *kept = letter->submission.email_id;

		if (kept != NULL && strcmp(kept, draft->email_id) == 0)
			continue;
		o = put_away(letter, jmap, draft, d);
		letter->delivery->told.unfiled |= draft->sent && !outcome_is_ok(&o);
	}
	lane_give(letter->lane, &jmap);
	return o;
}

void
letter_tidy(struct letter *letter, struct deadline d)
{
	struct group *group = lane_group(letter->lane);
	struct outcome o;

	if (letter->draft_count == 0)
		return;
	d = deadline_min(d, letter->delivery->deadline);
	if (group_take_place(group, GROUP_REQUEST, d)) {
		o = put_all_away(letter, d);
		group_give_place(group, GROUP_REQUEST);
	} else {
		o = outcome_make("local", "deadline", "while other requests are under way");
	}
	if (!outcome_is_ok(&o))
		log_say(LOG_NOTICE, "%s: an earlier try's draft stays in the account: %s",
		    letter->delivery->queue_id != NULL ? letter->delivery->queue_id
		                                       : letter->message.text,
		    o.text);
}
