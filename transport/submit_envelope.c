/*
 * The envelope of a submission, and what a service offers for it.
 *
 * JMAP has ESMTP's parameters as an object, without the encodings that SMTP gives them
 * (dsn_text.h).  Those that the service does not offer are left out: it was not announced to
 * anybody that they would be heeded, but for holding a message, which is refused instead.
 */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "common/wire/json.h"
#include "common/wire/json_text.h"
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

/* One more of the parameters; a value that is not what it should be is left out. */
static void
add_parameter(struct buf *parameters, const char *name, const char *encoded, decoder *decode)
{
	struct buf value = BUF_INIT;

	if (encoded != NULL && decode(encoded, &value))
		(void)json_text_bytes(parameters, name, buf_str(&value), value.len, SIZE_MAX);
	buf_free(&value);
}

/* {"email": ..., "parameters": ...}: the latter if there are any, and then they are freed. */
static void
write_address(struct buf *text, const char *key, const char *email, struct buf *parameters)
{
	json_text_open(text, key, '{');
	json_text_string(text, "email", email);
	if (parameters->len != 0) {
		json_text_open(text, "parameters", '{');
		buf_add(text, parameters->data, parameters->len);
		json_text_close(text, '}');
	}
	json_text_close(text, '}');
	buf_free(parameters);
}

static void
write_mail_from(
    struct buf *text, const struct delivery *delivery, const struct submit_offer *offer)
{
	struct buf parameters = BUF_INIT;

	if (offer->dsn) {
		add_parameter(&parameters, "RET", delivery->ret, dsn_xtext);
		add_parameter(&parameters, "ENVID", delivery->envid, dsn_xtext);
	}
	if (delivery->hold_until > clock_wall())
		json_text_string(
		    &parameters, "HOLDUNTIL", clock_date(delivery->hold_until).text);
	write_address(text, "mailFrom", delivery_mail_from(delivery), &parameters);
}

static void
write_recipient(
    struct buf *text, const struct recipient *recipient, const struct submit_offer *offer)
{
	struct buf parameters = BUF_INIT;

	if (offer->dsn) {
		add_parameter(&parameters, "NOTIFY", recipient->notify, dsn_xtext);
		add_parameter(&parameters, "ORCPT", recipient->orcpt, dsn_original_recipient);
	}
	write_address(text, NULL, recipient->address, &parameters);
}

void
submit_write_envelope(
    struct buf *text, const struct submission *s, const struct submit_offer *offer)
{
	json_text_open(text, "envelope", '{');
	write_mail_from(text, s->delivery, offer);
	json_text_open(text, "rcptTo", '[');
	for (size_t i = 0; i < s->count; i++)
		if (s->addressees[i].state == ADDRESSEE_SENDING)
			write_recipient(text, s->addressees[i].recipient, offer);
	json_text_close(text, ']');
	json_text_close(text, '}');
}
