/*
 * The method calls of submitting a batch, and what their answers say.
 *
 * An item is "b3", "m3" and "s3" in a request: its blob, its Email, its submission.
 */
#include <openssl/evp.h>
#include <string.h>

#include "common/wire/json.h"
#include "common/wire/json_text.h"
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

/* Written from its end, without printf(3): a message has eight of them. */
static struct name
spell(const char *before, char kind, size_t i)
{
	struct name name;
	char *end = name.text + sizeof(name.text), *p = end;

	*--p = '\0';
	do
		*--p = (char)('0' + i % 10);
	while ((i /= 10) != 0);
	*--p = kind;
	if (*before != '\0')
		*--p = *before;
	memmove(name.text, p, (size_t)(end - p));
	return name;
}

static struct name
name_of(char kind, size_t i)
{
	return spell("", kind, i);
}

/* The same as a reference to what is made in this request. */
static struct name
reference_to(char kind, size_t i)
{
	return spell("#", kind, i);
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

static size_t
base64_length(size_t length)
{
	return (length + 2) / 3 * 4;
}

static void
write_base64(struct buf *text, const char *bytes, size_t length)
{
	struct buf base64 = BUF_INIT;

	(void)EVP_EncodeBlock((unsigned char *)buf_reserve(&base64, base64_length(length) + 1),
	    (const unsigned char *)bytes, (int)length);
	json_text_string(text, "data:asBase64", base64.data);
	buf_free(&base64);
}

/* A DataSourceObject (RFC 9404 §4.1): as text if it is UTF-8, and shorter so. */
static void
write_data_source(struct buf *text, const char *bytes, size_t length)
{
	json_text_open(text, NULL, '{');
	if (!json_text_bytes(text, "data:asText", bytes, length, base64_length(length)))
		write_base64(text, bytes, length);
	json_text_close(text, '}');
}

static struct outcome
read_message(struct message *m, struct buf *bytes)
{
	struct http_source source = message_source(m);
	size_t most = (size_t)source.size + 1;
	ssize_t got;

	do {
		got = source.read(source.arg, buf_reserve(bytes, most), most);
		if (got > 0)
			bytes->len += (size_t)got;
	} while (got > 0);
	return got == 0 ? outcome_ok()
	                : outcome_make("local", "io", "cannot read the message back");
}

static void
write_blob(struct buf *text, size_t i, const struct buf *bytes)
{
	json_text_open(text, name_of('b', i).text, '{');
	json_text_open(text, "data", '[');
	write_data_source(text, buf_str(bytes), bytes->len);
	json_text_close(text, ']');
	json_text_string(text, "type", "message/rfc822");
	json_text_close(text, '}');
}

/* Blob/upload of all that go inside. */
static struct outcome
add_blobs(struct submit_round *round)
{
	struct buf args = BUF_INIT, bytes = BUF_INIT;
	struct outcome o = outcome_ok();
	bool any = false;

	json_text_open(&args, "create", '{');
	for (size_t i = 0; i < round->count && outcome_is_ok(&o); i++) {
		if (!submit_is_inline(round->items[i]))
			continue;
		any = true;
		buf_reset(&bytes);
		o = read_message(&round->items[i]->delivery->message, &bytes);
		if (outcome_is_ok(&o))
			write_blob(&args, i, &bytes);
	}
	json_text_close(&args, '}');
	if (outcome_is_ok(&o) && any)
		round->blob_call = jmap_call_text(round->request, "Blob/upload", &args);
	buf_free(&bytes);
	buf_free(&args);
	return o;
}

static void
write_import(struct buf *text, const struct submit_round *round, size_t i)
{
	const struct submission *s = round->items[i];

	json_text_open(text, name_of('m', i).text, '{');
	json_text_string(
	    text, "blobId", s->blob_id != NULL ? s->blob_id : reference_to('b', i).text);
	json_text_open(text, "mailboxIds", '{');
	json_text_bool(text, round->places[i].sending.drafts_id, true);
	json_text_close(text, '}');
	json_text_open(text, "keywords", '{');
	json_text_bool(text, "$draft", true);
	json_text_bool(text, "$seen", true);
	json_text_close(text, '}');
	json_text_close(text, '}');
}

/* Email/import, as drafts, of all that are not there yet. */
static void
add_imports(struct submit_round *round)
{
	struct buf args = BUF_INIT;
	bool any = false;

	json_text_open(&args, "emails", '{');
	for (size_t i = 0; i < round->count; i++) {
		if (round->items[i]->todo != SUBMIT_IMPORT || round->items[i]->composed != NULL)
			continue;
		any = true;
		write_import(&args, round, i);
	}
	json_text_close(&args, '}');
	if (any)
		round->import_call = jmap_call_text(round->request, "Email/import", &args);
	buf_free(&args);
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

void
submit_write_filing(struct buf *text, const char *key, const struct jmap_sending *sending)
{
	json_text_open(text, key, '{');
	json_text_null(text, "keywords/$draft");
	if (sending->sent_id != NULL) {
		json_text_open(text, "mailboxIds", '{');
		json_text_bool(text, sending->sent_id, true);
		json_text_close(text, '}');
	}
	json_text_close(text, '}');
}

/*
 * What is to become of Emails once they are sent.  One that is submitted in parts is filed with the
 * last: so one that is no draft any more went out to everybody.
 */
static void
write_success(struct buf *text, const struct submit_round *round, enum sent_policy sent)
{
	bool destroy = sent == SENT_DESTROY, any = false;

	for (size_t i = 0; i < round->count; i++) {
		struct name self = reference_to('s', i);

		if (!is_last_part(round->items[i]))
			continue;
		if (!any)
			json_text_open(text,
			    destroy ? "onSuccessDestroyEmail" : "onSuccessUpdateEmail",
			    destroy ? '[' : '{');
		any = true;
		if (destroy)
			json_text_string(text, NULL, self.text);
		else
			submit_write_filing(text, self.text, &round->places[i].sending);
	}
	if (any)
		json_text_close(text, destroy ? ']' : '}');
}

static void
write_submission(struct buf *text, const struct submit_round *round, size_t i,
    const struct submit_offer *offer)
{
	const struct submission *s = round->items[i];

	json_text_open(text, name_of('s', i).text, '{');
	json_text_string(text, "emailId",
	    s->todo == SUBMIT_IMPORT ? reference_to('m', i).text : s->email_id);
	json_text_string(text, "identityId", round->places[i].identity_id);
	submit_write_envelope(text, s, offer);
	json_text_close(text, '}');
}

/* EmailSubmission/set of all. */
static void
add_submissions(
    struct submit_round *round, enum sent_policy sent, const struct jmap_session *session)
{
	struct buf args = BUF_INIT;
	struct submit_offer offer;

	submit_offer_read(session, &offer);
	json_text_open(&args, "create", '{');
	for (size_t i = 0; i < round->count; i++)
		write_submission(&args, round, i, &offer);
	json_text_close(&args, '}');
	write_success(&args, round, sent);
	round->submission_call = jmap_call_text(round->request, "EmailSubmission/set", &args);
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
