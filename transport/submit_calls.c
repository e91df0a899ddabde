/*
 * The method calls of submitting a batch, and what their answers say.
 *
 * An item is "b3", "m3" and "s3" in a request: its blob, its Email, its submission.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/wire/json.h"
#include "transport/submit_calls.h"
#include "transport/submit_envelope.h"

#define STAMP_PROPERTY "header:" STAMP_FIELD ":asText"

/* Bytes of a request that an item takes beside its message and its addresses, and that each
 * address takes beside itself: generous. */
#define ITEM_COST    1024
#define ADDRESS_COST 160

struct name {
	char text[24];
};

static struct name
name_of(char kind, size_t i)
{
	struct name name;

	snprintf(name.text, sizeof(name.text), "%c%zu", kind, i);
	return name;
}

/* The same as a reference to what is made in this request. */
static struct name
reference_to(char kind, size_t i)
{
	struct name name;

	snprintf(name.text, sizeof(name.text), "#%c%zu", kind, i);
	return name;
}

bool
submit_is_inline(const struct submission *s)
{
	return s->todo == SUBMIT_IMPORT && s->composed == NULL && s->blob_id == NULL &&
	       s->fits && !s->never_inline;
}

int64_t
submit_cost(const struct submission *s)
{
	const struct delivery *delivery = s->delivery;
	int64_t cost = ITEM_COST + (int64_t)strlen(delivery_mail_from(delivery));

	for (size_t i = 0; i < s->count; i++)
		cost += ADDRESS_COST + (int64_t)strlen(s->addressees[i].recipient->address);
	/* Base64 takes a third more; text is sent as such only where it takes less. */
	if (submit_is_inline(s))
		cost += message_size(&delivery->message) / 3 * 4 + 4;
	if (s->composed != NULL)
		cost += (int64_t)json_dumpb(s->composed, NULL, 0, JSON_COMPACT);
	return cost;
}

/* Is text, as a JSON string, shorter than in base64? */
static bool
shorter_as_text(const char *bytes, size_t length)
{
	size_t escaped = length;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\0')
			return false; /* which JSON cannot carry safely */
		escaped += c == '"' || c == '\\' || c == '\r' || c == '\n' || c == '\t' ? 1
		           : c < ' '                                                    ? 5
		                                                                        : 0;
	}
	return escaped < length / 3 * 4;
}

static json_t *
as_base64(const char *bytes, size_t length)
{
	struct buf text = BUF_INIT;
	json_t *data;

	text.len =
	    (size_t)EVP_EncodeBlock((unsigned char *)buf_reserve(&text, length / 3 * 4 + 5),
	        (const unsigned char *)bytes, (int)length);
	data = json_pack("{s:o}", "data:asBase64", json_stringn(text.data, text.len));
	buf_free(&text);
	return data;
}

/* A DataSourceObject (RFC 9404 §4.1): as text if it is UTF-8. */
static json_t *
data_source(const char *bytes, size_t length)
{
	json_t *text = shorter_as_text(bytes, length) ? json_stringn(bytes, length) : NULL;

	return text != NULL ? json_pack("{s:o}", "data:asText", text)
	                    : as_base64(bytes, length);
}

static struct outcome
read_message(struct message *m, struct buf *bytes)
{
	struct http_source source = message_source(m);
	ssize_t got;

	do {
		got = source.read(source.arg, buf_reserve(bytes, 16384), 16384);
		if (got > 0)
			bytes->len += (size_t)got;
	} while (got > 0);
	return got == 0 ? outcome_ok()
	                : outcome_make("local", "io", "cannot read the message back");
}

/* Blob/upload of all that go inside. */
static struct outcome
add_blobs(struct submit_round *round)
{
	json_t *create = json_object();
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < round->count && outcome_is_ok(&o); i++) {
		struct buf bytes = BUF_INIT;

		if (!submit_is_inline(round->items[i]))
			continue;
		o = read_message(&round->items[i]->delivery->message, &bytes);
		if (outcome_is_ok(&o))
			json_object_set_new(create, name_of('b', i).text,
			    json_pack("{s:[o], s:s}", "data",
			        data_source(buf_str(&bytes), bytes.len), "type",
			        "message/rfc822"));
		buf_free(&bytes);
	}
	if (outcome_is_ok(&o) && json_object_size(create) != 0)
		round->blob_call = jmap_call(
		    round->request, "Blob/upload", json_pack("{s:O}", "create", create));
	json_decref(create);
	return o;
}

/* Email/import, as drafts, of all that are not there yet. */
static void
add_imports(struct submit_round *round)
{
	json_t *emails = json_object();

	for (size_t i = 0; i < round->count; i++) {
		const struct submission *s = round->items[i];
		struct name blob = reference_to('b', i);

		if (s->todo == SUBMIT_IMPORT && s->composed == NULL)
			json_object_set_new(emails, name_of('m', i).text,
			    json_pack("{s:s, s:{s:b}, s:{s:b, s:b}}", "blobId",
			        s->blob_id != NULL ? s->blob_id : blob.text, "mailboxIds",
			        round->places[i].sending.drafts_id, 1, "keywords", "$draft", 1,
			        "$seen", 1));
	}
	if (json_object_size(emails) != 0)
		round->import_call =
		    jmap_email_import_call(round->request, json_incref(emails));
	json_decref(emails);
}

/* Email/set, as drafts, of those that are made anew. */
static void
add_composed(struct submit_round *round)
{
	json_t *create = json_object();

	for (size_t i = 0; i < round->count; i++) {
		const struct submission *s = round->items[i];
		json_t *email;

		if (s->todo != SUBMIT_IMPORT || s->composed == NULL)
			continue;
		email = json_copy(s->composed);
		json_object_set_new(email, "mailboxIds",
		    json_pack("{s:b}", round->places[i].sending.drafts_id, 1));
		json_object_set_new(
		    email, "keywords", json_pack("{s:b, s:b}", "$draft", 1, "$seen", 1));
		json_object_set_new(create, name_of('m', i).text, email);
	}
	if (json_object_size(create) != 0)
		round->compose_call =
		    jmap_email_set_call(round->request, json_incref(create), NULL, NULL, NULL);
	json_decref(create);
}

/* Does this submission name all who are left? */
static bool
is_last_part(const struct submission *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->addressees[i].state == ADDRESSEE_OPEN)
			return false;
	return true;
}

json_t *
submit_filing(const struct jmap_sending *sending)
{
	json_t *patch = json_pack("{s:n}", "keywords/$draft");

	if (sending->sent_id != NULL)
		json_object_set_new(
		    patch, "mailboxIds", json_pack("{s:b}", sending->sent_id, 1));
	return patch;
}

/*
 * EmailSubmission/set of all.  An Email that is submitted in parts is filed with the last: so
 * one that is no draft any more went out to everybody.
 */
static void
add_submissions(
    struct submit_round *round, enum sent_policy sent, const struct jmap_session *session)
{
	json_t *create = json_object(), *update = json_object(), *destroy = json_array();
	struct submit_offer offer;

	submit_offer_read(session, &offer);
	for (size_t i = 0; i < round->count; i++) {
		const struct submission *s = round->items[i];
		struct name email = reference_to('m', i), self = reference_to('s', i);

		json_object_set_new(create, name_of('s', i).text,
		    json_pack("{s:s, s:s, s:o}", "emailId",
		        s->todo == SUBMIT_IMPORT ? email.text : s->email_id, "identityId",
		        round->places[i].identity_id, "envelope", submit_envelope(s, &offer)));
		if (!is_last_part(s))
			continue;
		if (sent == SENT_DESTROY)
			json_array_append_new(destroy, json_string(self.text));
		else
			json_object_set_new(
			    update, self.text, submit_filing(&round->places[i].sending));
	}
	round->submission_call = jmap_submission_set_call(round->request, create,
	    json_object_size(update) != 0 ? json_incref(update) : NULL,
	    json_array_size(destroy) != 0 ? json_incref(destroy) : NULL);
	json_decref(update);
	json_decref(destroy);
}

struct outcome
submit_round_make(
    struct submit_round *round, enum sent_policy sent, const struct jmap_session *session)
{
	unsigned using = JMAP_USING_SUBMISSION;
	struct outcome o;

	for (size_t i = 0; i < round->count; i++)
		if (submit_is_inline(round->items[i]))
			using |= JMAP_USING_BLOB;
	round->request = jmap_request_new(using);
	o = add_blobs(round);
	if (outcome_is_ok(&o)) {
		add_imports(round);
		add_composed(round);
		add_submissions(round, sent, session);
	}
	return o;
}

/* What came of one creation of a call. */
static struct outcome
created(const struct jmap_response *response, const char *call, const char *method,
    const char *name, json_t **object_r)
{
	json_t *result;
	struct outcome o = jmap_result(response, call, method, &result);

	*object_r = NULL;
	return outcome_is_ok(&o) ? jmap_created(result, name, object_r) : o;
}

/* Was the Email filed, or destroyed, as was asked? */
static bool
is_filed(const struct submit_round *round, const struct jmap_response *response,
    enum sent_policy sent, const char *email_id)
{
	json_t *result;
	struct outcome o = jmap_result(response, round->submission_call, "Email/set", &result);

	if (outcome_is_ok(&o) && email_id != NULL)
		o = sent == SENT_DESTROY ? jmap_destroyed(result, email_id)
		                         : jmap_updated(result, email_id);
	return outcome_is_ok(&o);
}

/* What came of making the Email, which is not there without its blob. */
static struct outcome
read_import(const struct submit_round *round, size_t i, const struct jmap_response *response,
    struct submit_answer *answer)
{
	json_t *object;
	struct outcome o = outcome_ok();

	if (submit_is_inline(round->items[i])) {
		o = created(
		    response, round->blob_call, "Blob/upload", name_of('b', i).text, &object);
		answer->blob = !outcome_is_ok(&o);
	}
	if (outcome_is_ok(&o) && round->items[i]->composed != NULL) {
		o = created(
		    response, round->compose_call, "Email/set", name_of('m', i).text, &object);
	} else if (outcome_is_ok(&o)) {
		o = created(response, round->import_call, "Email/import", name_of('m', i).text,
		    &object);
		answer->lacks_import = outcome_is(&o, "method/unknownMethod");
	}
	if (outcome_is_ok(&o)) {
		answer->email_id = json_get_id(object, "id");
		if (answer->email_id == NULL)
			o = outcome_make("answer", "missing", "the imported Email's id");
	} else {
		answer->error = object;
		if (outcome_is(&o, "set/alreadyExists"))
			answer->email_id = json_get_id(object, "existingId");
	}
	return o;
}

void
submit_round_read(const struct submit_round *round, size_t i,
    const struct jmap_response *response, enum sent_policy sent, struct submit_answer *answer)
{
	const struct submission *s = round->items[i];
	struct outcome import = outcome_ok();
	json_t *object;

	*answer = (struct submit_answer){.email_id = s->email_id};
	if (s->todo == SUBMIT_IMPORT)
		import = read_import(round, i, response, answer);
	answer->outcome = created(response, round->submission_call, "EmailSubmission/set",
	    name_of('s', i).text, &object);
	if (outcome_is_ok(&answer->outcome)) {
		/* It was taken, whatever is said of its parts. */
		answer->unfiled =
		    is_last_part(s) && !is_filed(round, response, sent, answer->email_id);
		return;
	}
	if (outcome_is_ok(&import)) {
		answer->error = object;
		return;
	}
	/* What was not made was not sent, unless even that is not known. */
	import.ambiguous = import.ambiguous && answer->outcome.ambiguous;
	answer->outcome = import;
}

json_t *
submit_evidence_properties(void)
{
	return json_pack("[s, s, s]", "id", "keywords", STAMP_PROPERTY);
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

enum evidence
submit_evidence(const json_t *email, const struct stamp *stamp)
{
	if (email == NULL)
		return EVIDENCE_NONE;
	if (!is_stamped(json_get_string(email, STAMP_PROPERTY), stamp))
		return EVIDENCE_OTHER;
	if (json_get_bool(json_get_object(email, "keywords"), "$draft", false))
		return EVIDENCE_DRAFT;
	return EVIDENCE_SENT;
}
