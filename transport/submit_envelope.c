/*
 * The envelope of a submission, and what a service offers for it.
 *
 * JMAP has ESMTP's parameters as an object, without the encodings that SMTP gives them
 * (dsn_text.h).  Those that the service does not offer are left out: it was not announced to
 * anybody that they would be heeded, but for holding a message, which is refused instead.
 */
#include <string.h>
#include <strings.h>

#include "common/wire/json.h"
#include "transport/dsn_text.h"
#include "transport/submit_envelope.h"

static const json_t *
account_capability(
    const struct jmap_session *session, const char *account_id, const char *capability)
{
	const json_t *accounts = json_get_object(session->document, "accounts");
	const json_t *account =
	    account_id != NULL ? json_get_object(accounts, account_id) : NULL;

	return json_get_object(json_get_object(account, "accountCapabilities"), capability);
}

/* Is the ESMTP extension in the object, whatever its case? */
static bool
offers(const json_t *extensions, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)extensions, key, value)
		if (strcasecmp(key, name) == 0)
			return true;
	return false;
}

void
submit_offer_read(const struct jmap_session *session, struct submit_offer *offer_r)
{
	const json_t *submission =
	    account_capability(session, session->submission_id, JMAP_SUBMISSION);
	const json_t *blob = account_capability(session, session->account_id, JMAP_BLOB);
	int64_t blob_max = json_get_count(blob, "maxSizeBlobSet", INT64_MAX);

	*offer_r = (struct submit_offer){
	    .dsn = offers(json_get_object(submission, "submissionExtensions"), "DSN"),
	    .hold_max = json_get_count(submission, "maxDelayedSend", 0),
	    .size_max = session->max_size_upload,
	    .blob_max = session->has_blob ? blob_max : 0,
	};
}

struct outcome
submit_check_hold(const struct delivery *delivery, const struct submit_offer *offer)
{
	int64_t left = delivery->hold_until - clock_wall();

	if (delivery->hold_until == 0 || left <= offer->hold_max)
		return outcome_ok();
	if (left <= 0)
		return outcome_ok();
	if (offer->hold_max == 0)
		return outcome_make("local", "undelayed", "it does not delay at all");
	return outcome_make("local", "undelayed", "%lld s, limit %lld s", (long long)left,
	    (long long)offer->hold_max);
}

/* An encoding: as dsn_xtext(). */
typedef bool decoder(const char *text, struct buf *decoded);

/* Set parameters[name]; a value that is not what it should be is left out. */
static void
add_parameter(json_t *parameters, const char *name, const char *encoded, decoder *decode)
{
	struct buf value = BUF_INIT;
	json_t *string;

	if (encoded != NULL && decode(encoded, &value)) {
		string = json_string(buf_str(&value)); /* NULL if it is not UTF-8 */
		if (string != NULL)
			json_object_set_new(parameters, name, string);
	}
	buf_free(&value);
}

/* {"email": ..., "parameters": ...}; the latter's reference is taken. */
static json_t *
address(const char *email, json_t *parameters)
{
	json_t *object = json_pack("{s:s}", "email", email);

	if (json_object_size(parameters) != 0)
		json_object_set(object, "parameters", parameters);
	json_decref(parameters);
	return object;
}

static json_t *
mail_from(const struct delivery *delivery, const struct submit_offer *offer)
{
	json_t *parameters = json_object();

	if (offer->dsn) {
		add_parameter(parameters, "RET", delivery->ret, dsn_xtext);
		add_parameter(parameters, "ENVID", delivery->envid, dsn_xtext);
	}
	if (delivery->hold_until > clock_wall()) {
		struct clock_date until = clock_date(delivery->hold_until);

		json_object_set_new(parameters, "HOLDUNTIL", json_string(until.text));
	}
	return address(delivery_mail_from(delivery), parameters);
}

json_t *
submit_envelope(const struct submission *s, const struct submit_offer *offer)
{
	json_t *recipients = json_array();

	for (size_t i = 0; i < s->count; i++) {
		const struct recipient *recipient = s->addressees[i].recipient;
		json_t *parameters;

		if (s->addressees[i].state != ADDRESSEE_SENDING)
			continue;
		parameters = json_object();
		if (offer->dsn) {
			add_parameter(parameters, "NOTIFY", recipient->notify, dsn_xtext);
			add_parameter(
			    parameters, "ORCPT", recipient->orcpt, dsn_original_recipient);
		}
		json_array_append_new(recipients, address(recipient->address, parameters));
	}
	return json_pack(
	    "{s:o, s:o}", "mailFrom", mail_from(s->delivery, offer), "rcptTo", recipients);
}
