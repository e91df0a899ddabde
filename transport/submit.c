/*
 * One message, one envelope, to a JMAP service.
 *
 *	upload --> [Email/import "m", EmailSubmission/set of "#m"] --> sent
 *	                |
 *	                alreadyExists: an earlier try came at least this far
 *	                |
 *	           Email/get -- no $draft --> sent earlier
 *	                |
 *	                $draft --> [EmailSubmission/set of the existing Email] --> sent
 *
 * What we believe about the account may be out of date: a mailbox or identity is gone, the
 * session moved.  A refusal that this may explain is met by forgetting what we believe and
 * trying once more.  A request that may have been acted upon is never repeated here: the
 * queue's next try, minutes later, finds evidence that is not there yet.
 */
#include <stdlib.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "transport/submit.h"
#include "transport/submit_calls.h"

/* Refusals that stale caches explain. */
static const char *const stale_conditions[] = {
    "set/blobNotFound",
    "set/invalidProperties",
    "set/notFound",
    "set/emailNotFound",
    "set/mailboxNotFound",
    "method/accountNotFound",
    "method/accountNotSupportedByMethod",
    "http/404",
    "http/410",
};

static bool
may_be_stale(const struct outcome *o)
{
	for (size_t i = 0; i < sizeof(stale_conditions) / sizeof(stale_conditions[0]); i++)
		if (outcome_is(o, stale_conditions[i]))
			return true;
	return false;
}

/* Learn, mostly from the caches, where the message goes in the account. */
static struct outcome
find_place(struct jmap *jmap, const struct submission *s, struct submit_place *place)
{
	const struct jmap_session *session;
	const char *address = *s->sender != '\0' ? s->sender : auth_address(jmap_auth(jmap));
	struct outcome o = jmap_session(jmap, s->deadline, &session);

	if (outcome_is_ok(&o) && session->submission_id == NULL)
		o = outcome_make("method", "accountNotSupportedByMethod",
		    "the session offers no submission");
	if (outcome_is_ok(&o))
		o = jmap_sending(jmap, s->deadline, &place->sending);
	if (outcome_is_ok(&o))
		o = jmap_identity_for(
		    jmap, address != NULL ? address : "", s->deadline, &place->identity_id);
	return o;
}

static void
note_email(struct submitted *r, const char *email_id)
{
	free(r->email_id);
	r->email_id = xstrdup(email_id);
}

/* Send a request that submits, if it is still wanted. */
static struct outcome
send_submission(struct jmap *jmap, struct jmap_request *request, const struct submission *s,
    struct submitted *r, struct jmap_response **response_r)
{
	struct outcome o = s->before_sending(s->arg);

	*response_r = NULL;
	if (!outcome_is_ok(&o))
		return o;
	r->requests++;
	return jmap_send(jmap, request, false, s->deadline, response_r);
}

/*
 * A message that is refused for good leaves no draft behind.  One that will be tried again
 * does: the next try finds it.  If this fails, a draft stays that somebody may delete.
 */
static void
remove_draft(struct jmap *jmap, const struct submission *s, struct submitted *r)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;

	jmap_email_set_call(request, NULL, NULL, json_pack("[s]", r->email_id), NULL);
	r->requests++;
	(void)jmap_send(jmap, request, true, s->deadline, &response);
	jmap_response_free(&response);
	jmap_request_free(&request);
}

/* Submit an Email that an earlier try left as a draft. */
static struct outcome
submit_existing(struct jmap *jmap, const struct submission *s, const struct submit_place *place,
    struct submitted *r)
{
	struct jmap_request *request = jmap_request_new(JMAP_USING_SUBMISSION);
	const char *call = submit_submission_call(request, r->email_id, s, place);
	struct jmap_response *response;
	struct outcome o = send_submission(jmap, request, s, r, &response);

	r->again = true;
	if (outcome_is_ok(&o))
		o = submit_submission_result(response, call, r->email_id, &r->unfiled);
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/* Ask the Email that exists already what came of the try that made it. */
static struct outcome
ask_evidence(struct jmap *jmap, const struct submission *s, struct submitted *r,
    enum evidence *evidence_r)
{
	struct jmap_request *request = jmap_request_new(0);
	const char *call = submit_evidence_call(request, r->email_id);
	struct jmap_response *response = NULL;
	struct outcome o;

	r->requests++;
	o = jmap_send(jmap, request, true, s->deadline, &response);
	if (outcome_is_ok(&o))
		o = submit_evidence_result(response, call, s->stamp, evidence_r);
	o.ambiguous = false; /* nothing but a question was asked */
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/* The service has the message already; exists is what it said. */
static struct outcome
settle_existing(struct jmap *jmap, const struct submission *s, const struct submit_place *place,
    struct outcome exists, struct submitted *r)
{
	enum evidence evidence;
	struct outcome o = ask_evidence(jmap, s, r, &evidence);

	if (!outcome_is_ok(&o))
		return o;
	switch (evidence) {
	case EVIDENCE_SENT:
		r->earlier = true;
		return o;
	case EVIDENCE_DRAFT:
		return submit_existing(jmap, s, place, r);
	case EVIDENCE_NONE:
		return outcome_make("set", "notFound", "Email %s", r->email_id);
	case EVIDENCE_OTHER:
		break;
	}
	return exists;
}

/* Import and submit what was uploaded. */
static struct outcome
submit_blob(struct jmap *jmap, const struct submission *s, const struct submit_place *place,
    const char *blob_id, struct submitted *r)
{
	struct jmap_request *request = jmap_request_new(JMAP_USING_SUBMISSION);
	const char *import = submit_import_call(request, blob_id, place);
	const char *submission = submit_submission_call(request, "#m", s, place);
	const char *email_id = NULL;
	struct jmap_response *response;
	struct outcome o = send_submission(jmap, request, s, r, &response);

	if (outcome_is_ok(&o))
		o = submit_import_result(response, import, &email_id);
	if (email_id != NULL)
		note_email(r, email_id);
	if (outcome_is_ok(&o))
		o = submit_submission_result(response, submission, email_id, &r->unfiled);
	else if (outcome_is(&o, "set/alreadyExists") && email_id != NULL)
		o = settle_existing(jmap, s, place, o, r);
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/* Try it once, with what is believed of the account. */
static struct outcome
try_once(struct jmap *jmap, const struct submission *s, struct submitted *r)
{
	struct http_source source = message_source(s->message);
	struct submit_place place = {0};
	char *blob_id = NULL;
	struct outcome o = find_place(jmap, s, &place);

	if (outcome_is_ok(&o)) {
		r->requests++;
		o = jmap_upload(jmap, &source, "message/rfc822", s->deadline, &blob_id);
	}
	if (outcome_is_ok(&o))
		o = submit_blob(jmap, s, &place, blob_id, r);
	free(blob_id);
	return o;
}

struct outcome
submit(struct jmap *jmap, const struct submission *s, struct submitted *r)
{
	struct outcome o;

	*r = (struct submitted){0};
	o = try_once(jmap, s, r);
	if (may_be_stale(&o)) {
		log_say(LOG_DEBUG, "what is known of the account may be stale: %s", o.text);
		jmap_sending_forget(jmap);
		jmap_session_forget(jmap);
		o = try_once(jmap, s, r);
	}
	if (o.class == OUTCOME_PERMANENT && r->email_id != NULL)
		remove_draft(jmap, s, r);
	return o;
}

void
submitted_free(struct submitted *submitted)
{
	free(submitted->email_id);
	submitted->email_id = NULL;
}
