/*
 * A batch of messages to a JMAP service.
 *
 *	IMPORT ----> [Blob/upload, Email/import, EmailSubmission/set] ----> sent
 *	  ^               |           |
 *	  |               |           alreadyExists: an earlier try came at least this far
 *	  |               |                  |
 *	  |               |               ASK: Email/get -- no $draft --> sent earlier
 *	  |               v                  |      |
 *	  |          some recipients      $draft   gone: IMPORT, once
 *	  |          refused, or too many    |
 *	  |               v                  v
 *	  |            EXISTING ----> [EmailSubmission/set] ----> sent
 *	  |
 *	 stale caches, or a group refused for one of its members: once more
 *
 * All items that are to do the same go in one request, round after round, till each has its
 * outcomes.  What we believe about the account may be out of date: a mailbox or identity is
 * gone, the session moved.  A refusal that this may explain is met by forgetting what we
 * believe and trying once more.  A request that may have been acted upon is never repeated
 * here: the queue's next try, minutes later, finds evidence that is not there yet.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "common/wire/json_text.h"
#include "transport/submit_envelope.h"
#include "transport/submit_parts.h"

#define ROUND_MAX    128 /* items in a request, whatever the service allows */
#define EXTRA_ROUNDS 8   /* of an item, beyond one for each of its recipients */

/* The service's answer, or why there is none, to a request for these. */
static void
take_answers(struct submit_batch *batch, struct submit_round *round, const struct outcome *sent,
    const struct jmap_response *response)
{
	bool stale = false;

	for (size_t i = 0; i < round->count; i++) {
		struct submission *s = round->items[i];
		struct submit_answer answer = {.outcome = *sent, .email_id = s->email_id};

		if (outcome_is_ok(sent))
			submit_round_read(round, i, response, batch->sent, &answer);
		if (answer.email_id != NULL)
			submit_note_email(s, answer.email_id);
		if (answer.lacks_import && batch->method == SUBMIT_AUTO)
			batch->lacks_import = true;
		/* A blob that was refused is uploaded, whoever was in the request too. */
		submit_judge(s, &answer, answer.blob ? 0 : round->count - 1,
		    batch->lacks_import, &stale);
	}
	if (stale) {
		log_say(LOG_DEBUG, "what is known of the account may be stale");
		jmap_sending_forget(batch->jmap);
		jmap_session_forget(batch->jmap);
	}
}

/* Rounds. */

/* Learn, mostly from the caches, where an item goes in the account. */
static struct outcome
find_place(struct submit_batch *batch, const struct submission *s, struct submit_place *place)
{
	struct jmap *jmap = batch->jmap;
	const char *sender = delivery_mail_from(s->delivery);
	const char *address = *sender != '\0' ? sender : auth_address(jmap_auth(jmap));
	struct outcome o = jmap_sending(jmap, batch->deadline, &place->sending);

	if (outcome_is_ok(&o))
		o = jmap_identity_for(
		    jmap, address != NULL ? address : "", batch->deadline, &place->identity_id);
	return o;
}

/* Have what an item needs before the request; what fails is its outcome. */
static void
prepare(struct submit_batch *batch, const struct jmap_session *session, struct submission *s)
{
	struct delivery *delivery = s->delivery;
	const struct submit_way way = {
	    .jmap = batch->jmap,
	    .method = batch->method,
	    .lacks_import = batch->lacks_import,
	    .deadline = batch->deadline,
	};
	struct submit_offer offer;
	struct outcome o;

	submit_offer_read(session, &offer);
	o = submit_check_hold(delivery, &offer);
	if (message_size(&delivery->message) > offer.blob_max)
		s->never_inline = true;
	if (outcome_is_ok(&o))
		o = submit_bring(&way, s, &batch->requests);
	if (outcome_is_ok(&o) && delivery->before_sending != NULL)
		o = delivery->before_sending(delivery->arg);
	if (outcome_is_ok(&o) && s->rounds++ > s->count + EXTRA_ROUNDS)
		o = outcome_make("answer", "rounds", "it never comes to an end");
	if (outcome_is_ok(&o))
		submit_name_part(s);
	else
		submission_settle(s, &o);
}

/* Leave out those that have nothing to do any more. */
static void
compact(struct submit_round *round)
{
	size_t kept = 0;

	for (size_t i = 0; i < round->count; i++)
		if (submit_named(round->items[i]) != 0)
			round->items[kept++] = round->items[i];
	round->count = kept;
}

static void
settle_all(struct submit_round *round, const struct outcome *o)
{
	for (size_t i = 0; i < round->count; i++)
		submission_settle(round->items[i], o);
}

/* Everything up to the request: OK means that it may leave. */
static struct outcome
make_request(struct submit_batch *batch, struct submit_round *round)
{
	const struct jmap_session *session;
	struct outcome o = jmap_session(batch->jmap, batch->deadline, &session);

	if (outcome_is_ok(&o) && session->submission_id == NULL)
		o = outcome_make("method", "accountNotSupportedByMethod",
		    "the session offers no submission");
	for (size_t i = 0; i < round->count && outcome_is_ok(&o); i++)
		o = find_place(batch, round->items[i], &round->places[i]);
	/* What the places were asked may have made the session be forgotten. */
	if (outcome_is_ok(&o))
		o = jmap_session(batch->jmap, batch->deadline, &session);
	if (outcome_is_ok(&o))
		o = submit_round_make(round, batch->sent, session);
	return o;
}

/* Prepare and record: those that are left are about to be sent. */
static struct outcome
get_ready(struct submit_batch *batch, struct submit_round *round)
{
	const struct jmap_session *session;
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < round->count && outcome_is_ok(&o); i++) {
		o = jmap_session(batch->jmap, batch->deadline, &session);
		if (outcome_is_ok(&o))
			prepare(batch, session, round->items[i]);
	}
	if (!outcome_is_ok(&o))
		return o;
	compact(round);
	if (round->count != 0)
		o = batch->claim(batch->arg, round->items, round->count);
	compact(round);
	return o;
}

static void
run_round(struct submit_batch *batch, struct submit_round *round)
{
	struct jmap_response *response = NULL;
	struct outcome o = get_ready(batch, round);

	if (!outcome_is_ok(&o) || round->count == 0) {
		settle_all(round, &o);
		return;
	}
	round->places = xcalloc(round->count, sizeof(*round->places));
	o = make_request(batch, round);
	if (outcome_is_ok(&o)) {
		batch->requests++;
		for (size_t i = 0; i < round->count; i++)
			round->items[i]->delivery->told.requests++;
		o = jmap_send(batch->jmap, round->request, false, batch->deadline, &response);
	}
	take_answers(batch, round, &o, response);
	jmap_response_free(&response);
	jmap_request_free(&round->request);
	free(round->places);
}

/* As many of those with something to send as one request takes. */
static size_t
gather(struct submit_batch *batch, struct submission **items)
{
	const struct jmap_session *session;
	struct outcome o = jmap_session(batch->jmap, batch->deadline, &session);
	int64_t most = outcome_is_ok(&o) ? session->max_objects_in_set : ROUND_MAX;
	int64_t room = outcome_is_ok(&o) ? session->max_size_request : INT64_MAX;
	size_t count = 0;

	if (most > ROUND_MAX)
		most = ROUND_MAX;
	for (size_t i = 0; i < batch->count && (int64_t)count < most; i++) {
		struct submission *s = batch->items[i];
		int64_t cost;

		if (s == NULL || (s->todo != SUBMIT_IMPORT && s->todo != SUBMIT_EXISTING))
			continue;
		cost = submit_cost(s);
		if (count != 0 && (s->alone || cost > room))
			continue;
		items[count++] = s;
		room -= cost;
		if (s->alone)
			break;
	}
	return count;
}

/* Ask the Emails that exist already what came of the try that made them. */

static const json_t *
email_with_id(const json_t *list, const char *id)
{
	json_t *email;
	size_t i;

	json_array_foreach (list, i, email) {
		const char *its = json_get_id(email, "id");

		if (its != NULL && strcmp(its, id) == 0)
			return email;
	}
	return NULL;
}

static bool
ask(struct submit_batch *batch)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	json_t *ids = json_array(), *result = NULL;
	bool stale = false;
	const char *call;
	struct outcome o;

	for (size_t i = 0; i < batch->count; i++)
		if (batch->items[i] != NULL && batch->items[i]->todo == SUBMIT_ASK &&
		    json_array_size(ids) < ROUND_MAX)
			json_array_append_new(ids, json_string(batch->items[i]->email_id));
	if (json_array_size(ids) == 0) {
		json_decref(ids);
		jmap_request_free(&request);
		return false;
	}
	call = jmap_email_get_call(request, json_incref(ids), submit_evidence_properties());
	batch->requests++;
	o = jmap_send(batch->jmap, request, true, batch->deadline, &response);
	if (outcome_is_ok(&o))
		o = jmap_result(response, call, "Email/get", &result);
	o.ambiguous = false; /* nothing but a question was asked */
	for (size_t i = 0, asked = 0; i < batch->count && asked < json_array_size(ids); i++) {
		struct submission *s = batch->items[i];

		if (s == NULL || s->todo != SUBMIT_ASK)
			continue;
		asked++;
		s->delivery->told.requests++;
		if (outcome_is_ok(&o))
			submit_judge_evidence(s,
			    submit_evidence(
			        email_with_id(json_get_array(result, "list"), s->email_id),
			        &s->stamp),
			    &stale);
		else
			submission_settle(s, &o);
	}
	if (stale)
		jmap_sending_forget(batch->jmap);
	json_decref(ids);
	jmap_response_free(&response);
	jmap_request_free(&request);
	return true;
}

struct outcome
submit_put_away(struct jmap *jmap, const char *email_id, bool was_sent, enum sent_policy policy,
    struct deadline d)
{
	bool destroy = !was_sent || policy == SENT_DESTROY;
	struct jmap_request *request = jmap_request_new(0);
	struct buf args = BUF_INIT;
	struct jmap_response *response = NULL;
	struct jmap_sending sending;
	json_t *result;
	struct outcome o = jmap_sending(jmap, d, &sending);
	const char *call = NULL;

	if (outcome_is_ok(&o)) {
		json_text_open(&args, destroy ? "destroy" : "update", destroy ? '[' : '{');
		if (destroy)
			json_text_string(&args, NULL, email_id);
		else
			submit_write_filing(&args, email_id, &sending);
		json_text_close(&args, destroy ? ']' : '}');
		call = jmap_call_text(request, "Email/set", &args);
		o = jmap_send(jmap, request, true, d, &response);
	}
	if (outcome_is_ok(&o))
		o = jmap_result(response, call, "Email/set", &result);
	if (outcome_is_ok(&o))
		o = destroy ? jmap_destroyed(result, email_id) : jmap_updated(result, email_id);
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/*
 * Was it sent to some, before the last were refused for good?  Then it was not filed with the
 * last, and no try comes that would.
 */
static bool
is_left_a_draft(const struct submission *s)
{
	bool sent = false;

	for (size_t i = 0; i < s->count; i++) {
		if (!s->addressees[i].ours)
			continue;
		if (s->addressees[i].recipient->outcome.class == OUTCOME_TEMPORARY)
			return false;
		sent = sent || outcome_is_ok(&s->addressees[i].recipient->outcome);
	}
	return sent && !s->filed && s->email_id != NULL;
}

static void
file_alone(struct submit_batch *batch, struct submission *s)
{
	struct outcome o =
	    submit_put_away(batch->jmap, s->email_id, true, batch->sent, batch->deadline);

	batch->requests++;
	s->delivery->told.requests++;
	s->delivery->told.unfiled |= !outcome_is_ok(&o);
}

/*
 * A message that is refused for good by everybody leaves no draft behind.  One that will be
 * tried again does: the next try finds it.
 */
static void
note_refused(struct submit_batch *batch, const struct submission *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->addressees[i].ours &&
		    s->addressees[i].recipient->outcome.class != OUTCOME_PERMANENT)
			return;
	if (s->email_id != NULL)
		json_array_append_new(batch->refused, json_string(s->email_id));
}

/* If this fails, drafts stay that somebody may delete. */
static void
remove_refused(struct submit_batch *batch)
{
	struct jmap_request *request;
	struct jmap_response *response = NULL;

	if (json_array_size(batch->refused) == 0)
		return;
	request = jmap_request_new(0);
	jmap_email_set_call(request, NULL, NULL, json_incref(batch->refused), NULL);
	batch->requests++;
	(void)jmap_send(batch->jmap, request, true, batch->deadline, &response);
	jmap_response_free(&response);
	jmap_request_free(&request);
}

/* Give back those that are through. */
static void
give_back(struct submit_batch *batch)
{
	struct submission **through = xcalloc(batch->count, sizeof(struct submission *));
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct submission *s = batch->items[i];

		if (s == NULL || !submission_settled(s))
			continue;
		note_refused(batch, s);
		through[count++] = s;
		batch->items[i] = NULL;
	}
	if (count != 0) {
		batch->record(batch->arg, through, count);
		for (size_t i = 0; i < count; i++)
			if (is_left_a_draft(through[i]))
				file_alone(batch, through[i]);
		batch->settled(batch->arg, through, count);
	}
	free(through);
}

static void
begin(struct submission *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->addressees[i].ours = s->addressees[i].state == ADDRESSEE_OPEN;
	submit_try_again(s);
}

void
submit(struct submit_batch *batch)
{
	struct submission *items[ROUND_MAX];

	batch->refused = json_array();
	for (size_t i = 0; i < batch->count; i++)
		begin(batch->items[i]);
	for (;;) {
		struct submit_round round = {.items = items};

		give_back(batch);
		if (ask(batch))
			continue;
		round.count = gather(batch, items);
		if (round.count == 0)
			break;
		run_round(batch, &round);
	}
	remove_refused(batch);
	json_decref(batch->refused);
}
