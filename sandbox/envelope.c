/*
 * Make and check envelopes.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sandbox/envelope.h"
#include "sandbox/extensions.h"
#include "sandbox/jmap.h"
#include "sandbox/json.h"
#include "sandbox/mime_address.h"
#include "sandbox/refusal.h"

static json_t *
invalid(const char *why)
{
	return jmap_set_error("invalidProperties", "envelope", "%s", why);
}

/* What an envelope is made with. */
struct making {
	const struct options *options;
	int64_t now;
	json_t **error_r;
};

/* An address with its parameters, {} if there are none; NULL with the error set. */
static json_t *
address_of(const struct making *m, const json_t *given, bool of_sender)
{
	const char *email = json_text(given, "email");
	json_t *parameters = json_object_get(given, "parameters");
	char *mistake = NULL;

	if (email == NULL) {
		*m->error_r = invalid("an address is an object with \"email\"");
		return NULL;
	}
	if (parameters == NULL || json_is_null(parameters))
		return json_members(
		    "email", json_string(email), "parameters", json_object(), NULL);
	mistake = extensions_mistake(m->options, parameters, of_sender, m->now);
	if (mistake != NULL) {
		*m->error_r = invalid(mistake);
		free(mistake);
		return NULL;
	}
	return json_members(
	    "email", json_string(email), "parameters", json_incref(parameters), NULL);
}

static json_t *
complete(const struct making *m, const json_t *given)
{
	const json_t *list = json_object_get(given, "rcptTo");
	json_t *sender, *recipients;
	size_t i;
	const json_t *item;

	if (!json_is_object(given) || !json_is_array(list)) {
		*m->error_r = invalid("an envelope has mailFrom and rcptTo");
		return NULL;
	}
	sender = address_of(m, json_object_get(given, "mailFrom"), true);
	recipients = json_array();
	json_array_foreach (list, i, item) {
		json_t *address = *m->error_r == NULL ? address_of(m, item, false) : NULL;

		if (address != NULL)
			json_array_append_new(recipients, address);
	}
	if (*m->error_r != NULL) {
		json_decref(sender);
		json_decref(recipients);
		return NULL;
	}
	return json_members("mailFrom", sender, "rcptTo", recipients, NULL);
}

/* The addresses of a field, an empty array if there is none. */
static json_t *
field_addresses(const struct mime_part *message, const char *name)
{
	const struct mime_header *h = mime_header(message, name);

	return h == NULL ? json_array() : address_list(h->value, h->value_length);
}

static void
add_recipients(json_t *recipients, const struct mime_part *message, const char *name)
{
	json_t *list = field_addresses(message, name);
	size_t i, k;
	const json_t *item, *known;

	json_array_foreach (list, i, item) {
		bool there = false;

		json_array_foreach (recipients, k, known)
			if (address_same(json_text(item, "email"), json_text(known, "email")))
				there = true;
		if (!there)
			json_array_append_new(
			    recipients, json_pack("{s:O, s:{}}", "email",
			                    json_object_get(item, "email"), "parameters"));
	}
	json_decref(list);
}

static json_t *
derive(const struct mime_part *message)
{
	static const char *const fields[] = {"To", "Cc", "Bcc"};
	json_t *sender = field_addresses(message, "Sender");
	json_t *recipients = json_array();
	const char *email;
	json_t *envelope;

	if (json_array_size(sender) == 0) {
		json_decref(sender);
		sender = field_addresses(message, "From");
	}
	for (size_t i = 0; i < 3; i++)
		add_recipients(recipients, message, fields[i]);
	email = json_text(json_array_get(sender, 0), "email");
	envelope = json_pack("{s:{s:s, s:{}}, s:o}", "mailFrom", "email",
	    email != NULL ? email : "", "parameters", "rcptTo", recipients);
	json_decref(sender);
	return envelope;
}

json_t *
envelope_make(const struct options *o, const json_t *given, const struct mime_part *message,
    int64_t now, json_t **error_r)
{
	struct making m = {o, now, error_r};

	*error_r = NULL;
	if (given == NULL || json_is_null(given))
		return derive(message);
	return complete(&m, given);
}

static json_t *
check_recipients(const json_t *recipients, int64_t max)
{
	json_t *bad = json_array(), *error = NULL;
	size_t i;
	const json_t *item;

	json_array_foreach (recipients, i, item)
		if (!address_valid(json_text(item, "email")))
			json_array_append(bad, json_object_get(item, "email"));
	if (json_array_size(recipients) == 0) {
		error = jmap_set_error("noRecipients", NULL, "the envelope has no recipient");
	} else if ((int64_t)json_array_size(recipients) > max) {
		error = jmap_set_error("tooManyRecipients", NULL, "5.5.3 too many recipients");
		json_object_set_new(error, "maxRecipients", json_integer(max));
	} else if (json_array_size(bad) > 0) {
		error = jmap_set_error(
		    "invalidRecipients", NULL, "5.1.3 a recipient's address is malformed");
		json_object_set(error, "invalidRecipients", bad);
	}
	json_decref(bad);
	return error;
}

/* May the inbox send as this? */
static bool
is_own(const struct options *o, const char *address, const char *inbox)
{
	const char *domain = strrchr(address, '@');

	return address_same(address, inbox) || (o->send_as != NULL && domain != NULL &&
	                                           strcasecmp(domain + 1, o->send_as) == 0);
}

/* Is every address of the field an own one?  A missing field has none that is not. */
static bool
all_own(const struct options *o, const struct mime_part *message, const char *name,
    const char *inbox, size_t *count_r)
{
	json_t *list = field_addresses(message, name);
	bool own = true;
	size_t i;
	const json_t *item;

	json_array_foreach (list, i, item)
		if (!is_own(o, json_text(item, "email"), inbox))
			own = false;
	*count_r = json_array_size(list);
	json_decref(list);
	return own;
}

json_t *
envelope_check(const struct options *o, const json_t *envelope, const struct mime_part *message,
    const char *inbox)
{
	const char *sender = json_text(json_object_get(envelope, "mailFrom"), "email");
	struct refusal_order order;
	json_t *error =
	    check_recipients(json_object_get(envelope, "rcptTo"), o->max_recipients);
	size_t from, senders;

	if (error != NULL)
		return error;
	if (*sender != '\0' && !address_valid(sender))
		return invalid("mailFrom is no address");
	/* A sender that orders a refusal gets that one. */
	if (*sender != '\0' && !is_own(o, sender, inbox) &&
	    !refusal_ordered(sender, false, &order))
		return jmap_set_error("forbiddenMailFrom", NULL,
		    "5.7.1 <%s> may not send as <%s>", inbox, sender);
	if (!all_own(o, message, "From", inbox, &from) ||
	    !all_own(o, message, "Sender", inbox, &senders))
		return jmap_set_error("forbiddenFrom", NULL,
		    "5.7.1 From or Sender is not the inbox's own address <%s>", inbox);
	if (from == 0) {
		error = jmap_set_error("invalidEmail", "from", "the message has no From");
		return error;
	}
	return NULL;
}
