/*
 * What became of a submission whose answer was lost.
 *
 *	Email by id, or by Message-ID and stamp
 *	  |-- not there        UNSENT (or UNKNOWN, where what is sent is destroyed, or where
 *	  |                    there are too many to look at)
 *	  |-- no draft         SENT: it was filed, which happens on success alone
 *	  |-- a draft          the service may have failed between sending and filing:
 *	         |
 *	      its submissions
 *	         |-- one names the recipient    SENT
 *	         |-- none, and the service remembers later ones    UNSENT
 *	         |-- none, and it does not                         UNKNOWN
 *
 * What the service does not show proves nothing while it may still be at work on a request
 * that it has not answered, whose sender was perhaps killed a moment ago: for a minute, UNSENT
 * is UNKNOWN.
 *
 * Cyrus, as it comes, forgets a submission once it is sent; others keep them for a while.  One
 * that remembers what was sent later would remember this one.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "transport/submit_calls.h"
#include "transport/submit_doubt.h"

/* Emails with one Message-ID that are looked at: a message has one for each alias (split.h), and
 * for each delivery that the queue makes of it. */
#define SEARCH_MAX 500
#define FRESH_S    60 /* that a service may be at work on what it was asked */

static void
all_are(const struct doubt_question *q, struct doubt_answer *answer, enum doubt verdict)
{
	for (size_t i = 0; i < q->count; i++)
		answer->verdicts[i] = verdict;
}

/* Add the calls that find the Email among so many; the id of the one that lists it. */
static const char *
add_search(struct jmap_request *request, const struct doubt_question *q, int64_t most)
{
	bool by_message_id = *q->message_id != '\0';
	json_t *args = json_pack("{s:o}", "properties", submit_evidence_properties());
	const char *query;

	if (q->email_id != NULL) {
		json_object_set_new(args, "ids", json_pack("[s]", q->email_id));
		return jmap_call(request, "Email/get", args);
	}
	/* Services look Message-IDs up; other fields they may have to scan for. */
	query = jmap_email_query_call(request,
	    json_pack("{s:[s, s]}", "header", by_message_id ? "Message-ID" : STAMP_FIELD,
	        by_message_id ? q->message_id : q->stamp.text),
	    true, NULL, most);
	jmap_refer(args, "ids", query, "Email/query", "/ids");
	return jmap_call(request, "Email/get", args);
}

/* The Email that carries our stamp, and what it says. */
static enum evidence
find_evidence(const json_t *list, const struct stamp *stamp, const json_t **email_r)
{
	enum evidence best = EVIDENCE_NONE;
	json_t *email;
	size_t i;

	*email_r = NULL;
	json_array_foreach (list, i, email) {
		enum evidence evidence = submit_evidence(email, stamp);

		/* A copy that was sent says more than a draft beside it. */
		if (evidence == EVIDENCE_SENT ||
		    (evidence == EVIDENCE_DRAFT && best == EVIDENCE_NONE)) {
			best = evidence;
			*email_r = email;
		}
	}
	return best;
}

/* Does the submission, unless it was cancelled, name the recipient? */
static bool
is_for(const json_t *submission, const char *recipient)
{
	const json_t *envelope = json_get_object(submission, "envelope");
	const char *status = json_get_string(submission, "undoStatus");
	json_t *address;
	size_t i;

	if (status != NULL && strcmp(status, "canceled") == 0)
		return false;
	json_array_foreach (json_get_array(envelope, "rcptTo"), i, address) {
		const char *email = json_get_string(address, "email");

		if (email != NULL && strcasecmp(email, recipient) == 0)
			return true;
	}
	return false;
}

/* What the submissions of the draft say of each recipient. */
static void
judge_submissions(const struct doubt_question *q, const json_t *list, bool remembers,
    struct doubt_answer *answer)
{
	json_t *submission;
	size_t k;

	all_are(q, answer, remembers ? DOUBT_UNSENT : DOUBT_UNKNOWN);
	json_array_foreach (list, k, submission)
		for (size_t i = 0; i < q->count; i++)
			if (is_for(submission, q->recipients[i]))
				answer->verdicts[i] = DOUBT_SENT;
}

/* Ask for the submissions of the draft, and whether there are any that were sent later. */
static struct outcome
ask_submissions(struct jmap *jmap, const struct doubt_question *q, struct doubt_answer *answer)
{
	struct jmap_request *request = jmap_request_new(JMAP_USING_SUBMISSION);
	const char *ours = jmap_call(request, "EmailSubmission/query",
	    json_pack("{s:{s:[s]}}", "filter", "emailIds", answer->email_id));
	json_t *args = json_pack("{s:[s, s, s]}", "properties", "id", "undoStatus", "envelope");
	struct jmap_response *response;
	json_t *list = NULL, *others = NULL;
	const char *get, *any;
	struct outcome o;

	jmap_refer(args, "ids", ours, "EmailSubmission/query", "/ids");
	get = jmap_call(request, "EmailSubmission/get", args);
	any = jmap_call(request, "EmailSubmission/query",
	    json_pack("{s:{s:s, s:s}, s:i}", "filter", "undoStatus", "final", "after",
	        clock_date(q->asked + 1).text, "limit", 1));
	answer->requests++;
	o = jmap_send(jmap, request, true, q->deadline, &response);
	if (outcome_is_ok(&o)) {
		struct outcome got = jmap_result(response, get, "EmailSubmission/get", &list);
		struct outcome asked =
		    jmap_result(response, any, "EmailSubmission/query", &others);

		/* A service that cannot be asked does not remember. */
		judge_submissions(q, json_get_array(list, "list"),
		    outcome_is_ok(&got) && outcome_is_ok(&asked) &&
		        json_array_size(json_get_array(others, "ids")) != 0,
		    answer);
	}
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/* May the request still be under way?  A clock that went back says nothing: then it may. */
static void
doubt_what_is_fresh(const struct doubt_question *q, struct doubt_answer *answer)
{
	if (q->answered || clock_wall() - q->asked > FRESH_S)
		return;
	for (size_t i = 0; i < q->count; i++)
		if (answer->verdicts[i] == DOUBT_UNSENT)
			answer->verdicts[i] = DOUBT_UNKNOWN;
}

/* Is this what a service says that cannot search so? */
static bool
cannot_be_asked(const struct outcome *o)
{
	return strncmp(o->condition, "method/", 7) == 0 &&
	       !outcome_is(o, "method/serverUnavailable") && !outcome_is(o, "method/rateLimit");
}

/* Find the Email; *whole_r says that there are no more that might be it. */
static struct outcome
search(struct jmap *jmap, const struct doubt_question *q, struct doubt_answer *answer,
    enum evidence *evidence_r, bool *whole_r)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	const struct jmap_session *session;
	const json_t *email = NULL;
	int64_t most = SEARCH_MAX;
	const char *call;
	json_t *result = NULL;
	struct outcome o = jmap_session(jmap, q->deadline, &session);

	if (outcome_is_ok(&o) && session->max_objects_in_get < most)
		most = session->max_objects_in_get;
	call = add_search(request, q, most);
	if (outcome_is_ok(&o)) {
		answer->requests++;
		o = jmap_send(jmap, request, true, q->deadline, &response);
	}
	if (outcome_is_ok(&o))
		o = jmap_result(response, call, "Email/get", &result);
	*evidence_r = EVIDENCE_NONE;
	if (outcome_is_ok(&o))
		*evidence_r = find_evidence(json_get_array(result, "list"), &q->stamp, &email);
	*whole_r = (int64_t)json_array_size(json_get_array(result, "list")) < most;
	if (email != NULL)
		answer->email_id = xstrdup(json_get_id(email, "id"));
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

struct outcome
submit_doubt(struct jmap *jmap, const struct doubt_question *q, struct doubt_answer *answer)
{
	enum evidence evidence;
	bool whole;
	struct outcome o = search(jmap, q, answer, &evidence, &whole);

	answer->draft = evidence == EVIDENCE_DRAFT && answer->email_id != NULL;
	if (cannot_be_asked(&o)) {
		all_are(q, answer, DOUBT_UNKNOWN);
		o = outcome_ok();
	} else if (outcome_is_ok(&o) && answer->draft) {
		o = ask_submissions(jmap, q, answer);
	} else if (outcome_is_ok(&o)) {
		all_are(q, answer,
		    evidence == EVIDENCE_SENT                        ? DOUBT_SENT
		    : q->sent == SENT_DESTROY || q->email_id != NULL ? DOUBT_UNKNOWN
		    : whole                                          ? DOUBT_UNSENT
		                                                     : DOUBT_UNKNOWN);
	}
	if (outcome_is_ok(&o))
		doubt_what_is_fresh(q, answer);
	o.ambiguous = false; /* nothing but questions was asked */
	return o;
}
