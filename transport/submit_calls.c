/*
 * The method calls of submitting a message, and what their answers say.
 */
#include <string.h>

#include "common/wire/json.h"
#include "transport/submit_calls.h"

#define IMPORTED       "m"
#define SUBMITTED      "s"
#define STAMP_PROPERTY "header:" STAMP_FIELD ":asText"

const char *
submit_import_call(
    struct jmap_request *request, const char *blob_id, const struct submit_place *place)
{
	return jmap_email_import_call(
	    request, json_pack("{s:{s:s, s:{s:b}, s:{s:b, s:b}}}", IMPORTED, "blobId", blob_id,
	                 "mailboxIds", place->sending.drafts_id, 1, "keywords", "$draft", 1,
	                 "$seen", 1));
}

static json_t *
envelope(const struct submission *s)
{
	json_t *recipients = json_array();

	for (size_t i = 0; i < s->recipient_count; i++)
		json_array_append_new(
		    recipients, json_pack("{s:s}", "email", s->recipients[i]));
	return json_pack(
	    "{s:{s:s}, s:o}", "mailFrom", "email", s->sender, "rcptTo", recipients);
}

/* The change to the Email once it is sent: no draft any more, and in Sent if there is one. */
static json_t *
filing(const struct submit_place *place)
{
	json_t *patch = json_pack("{s:n}", "keywords/$draft");

	if (place->sending.sent_id != NULL)
		json_object_set_new(
		    patch, "mailboxIds", json_pack("{s:b}", place->sending.sent_id, 1));
	return patch;
}

const char *
submit_submission_call(struct jmap_request *request, const char *email_id,
    const struct submission *s, const struct submit_place *place)
{
	json_t *create = json_pack("{s:{s:s, s:s, s:o}}", SUBMITTED, "emailId", email_id,
	    "identityId", place->identity_id, "envelope", envelope(s));

	return jmap_submission_set_call(
	    request, create, json_pack("{s:o}", "#" SUBMITTED, filing(place)), NULL);
}

struct outcome
submit_import_result(
    const struct jmap_response *response, const char *call, const char **email_id_r)
{
	json_t *result, *object = NULL;
	struct outcome o = jmap_result(response, call, "Email/import", &result);

	*email_id_r = NULL;
	if (outcome_is_ok(&o))
		o = jmap_created(result, IMPORTED, &object);
	if (outcome_is_ok(&o)) {
		*email_id_r = json_get_id(object, "id");
		if (*email_id_r == NULL)
			return outcome_make("answer", "missing", "the imported Email's id");
	} else if (outcome_is(&o, "set/alreadyExists")) {
		*email_id_r = json_get_id(object, "existingId");
	}
	return o;
}

struct outcome
submit_submission_result(const struct jmap_response *response, const char *call,
    const char *email_id, bool *unfiled_r)
{
	json_t *result, *filed;
	struct outcome o = jmap_result(response, call, "EmailSubmission/set", &result);
	struct outcome filing_o;

	if (outcome_is_ok(&o))
		o = jmap_created(result, SUBMITTED, NULL);
	if (!outcome_is_ok(&o))
		return o;
	filing_o = jmap_result(response, call, "Email/set", &filed);
	if (outcome_is_ok(&filing_o))
		filing_o = jmap_updated(filed, email_id);
	*unfiled_r = !outcome_is_ok(&filing_o);
	return o;
}

const char *
submit_evidence_call(struct jmap_request *request, const char *email_id)
{
	return jmap_email_get_call(request, json_pack("[s]", email_id),
	    json_pack("[s, s]", "keywords", STAMP_PROPERTY));
}

/* The field's text is the stamp, perhaps with blanks around it. */
static bool
is_stamped(const char *text, const struct stamp *stamp)
{
	if (text == NULL)
		return false;
	text += strspn(text, " ");
	return strncmp(text, stamp->text, STAMP_LENGTH) == 0 &&
	       text[STAMP_LENGTH + strspn(text + STAMP_LENGTH, " ")] == '\0';
}

struct outcome
submit_evidence_result(const struct jmap_response *response, const char *call,
    const struct stamp *stamp, enum evidence *evidence_r)
{
	json_t *result, *email;
	struct outcome o = jmap_result(response, call, "Email/get", &result);

	if (!outcome_is_ok(&o))
		return o;
	email = json_array_get(json_get_array(result, "list"), 0);
	if (email == NULL)
		*evidence_r = EVIDENCE_NONE;
	else if (!is_stamped(json_get_string(email, STAMP_PROPERTY), stamp))
		*evidence_r = EVIDENCE_OTHER;
	else if (json_get_bool(json_get_object(email, "keywords"), "$draft", false))
		*evidence_r = EVIDENCE_DRAFT;
	else
		*evidence_r = EVIDENCE_SENT;
	return o;
}
