/*
 * Delivery: refusals first, then the outbox, then the Inboxes.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "sandbox/alias_deliver.h"
#include "sandbox/compose_header.h"
#include "sandbox/deliver.h"
#include "sandbox/emails.h"
#include "sandbox/json.h"
#include "sandbox/mailboxes.h"
#include "sandbox/mime_address.h"
#include "sandbox/outbox.h"
#include "sandbox/refusal.h"
#include "sandbox/words.h"

/* A SetError of a type, with what belongs to that type. */
static json_t *
refused(const char *type, const char *description, const char *recipient)
{
	json_t *error = jmap_set_error(type, NULL, "%s", description);

	if (strcmp(type, "invalidRecipients") == 0)
		json_object_set_new(error, "invalidRecipients",
		    recipient != NULL ? json_pack("[s]", recipient) : json_array());
	if (strcmp(type, "tooManyRecipients") == 0)
		json_object_set_new(error, "maxRecipients", json_integer(1));
	if (strcmp(type, "tooLarge") == 0)
		json_object_set_new(error, "maxSize", json_integer(1));
	return error;
}

/* Of several recipients that are refused as invalid, all are told. */
static void
add_invalid(json_t *error, const struct refusal_order *order, const char *recipient)
{
	if (strcmp(order->type, "invalidRecipients") == 0)
		json_array_append_new(
		    json_object_get(error, "invalidRecipients"), json_string(recipient));
}

/* Is a refusal ordered by some of the addresses? */
static json_t *
ordered_refusal(const json_t *envelope, bool data)
{
	const char *sender = json_text(json_object_get(envelope, "mailFrom"), "email");
	struct refusal_order order;
	json_t *error = NULL;
	size_t i;
	const json_t *recipient;

	if (!data && refusal_ordered(sender, false, &order))
		return refused(order.type, order.description, NULL);
	json_array_foreach (json_object_get(envelope, "rcptTo"), i, recipient) {
		const char *email = json_text(recipient, "email");

		if (!refusal_ordered(email, data, &order))
			continue;
		if (error == NULL)
			error = refused(order.type, order.description, email);
		else
			add_invalid(error, &order, email);
	}
	return error;
}

/* The inbox that an address of our domain means: its detail is dropped, its case does not
 * count. */
static char *
inbox_of(const char *email)
{
	const char *at = strrchr(email, '@');
	char *inbox = xasprintf("%.*s%s", (int)strcspn(email, "+@"), email, at);

	for (char *p = inbox; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return inbox;
}

bool
deliver_is_local(const struct jmap_request *r, const char *email)
{
	const char *domain = address_domain(email);

	return domain != NULL && strcasecmp(domain, r->sandbox->options.domain) == 0;
}

/* All local recipients that are nobody, as one SetError; or NULL. */
static json_t *
unknown_users(const struct jmap_request *r, const json_t *envelope)
{
	json_t *unknown = json_array(), *error = NULL;
	size_t i;
	const json_t *recipient;

	json_array_foreach (json_object_get(envelope, "rcptTo"), i, recipient) {
		const char *email = json_text(recipient, "email");
		struct account a = {0};
		char *inbox;

		if (!deliver_is_local(r, email))
			continue;
		inbox = inbox_of(email);
		if (!account_by_inbox(r->db, inbox, &a))
			json_array_append_new(unknown, json_string(email));
		account_free(&a);
		free(inbox);
	}
	if (json_array_size(unknown) > 0) {
		error = refused("invalidRecipients", "5.1.1 user unknown", NULL);
		json_object_set(error, "invalidRecipients", unknown);
	}
	json_decref(unknown);
	return error;
}

/* Put the message, with its trace, into the Inbox of an account. */
static bool
put_in_inbox(struct jmap_request *r, struct account *a, const char *sender,
    const char *recipient, int64_t number, const struct blob *message)
{
	const char *domain = r->sandbox->options.domain;
	struct buf bytes = BUF_INIT, mailboxes = BUF_INIT, date = BUF_INIT;
	struct email e = {.received = clock_wall()};
	bool stored;

	compose_date_field(e.received, &date);
	buf_reserve(&bytes, message->length + 512);
	buf_addf(&bytes, "Return-Path: <%s>\r\n", sender);
	buf_addf(&bytes,
	    "Received: from %s by %s (ferry-sandbox) with JMAP id %lld\r\n\tfor <%s>;%s",
	    domain, domain, (long long)number, recipient, date.data + strlen("Date:"));
	buf_add(&bytes, message->bytes, message->length);
	stored = blob_store(store_blobs(r->sandbox->store), r->db, a->id, bytes.data, bytes.len,
	    e.hash, &e.position);
	if (stored) {
		struct mime_part *parsed = mime_parse(bytes.data, bytes.len);

		words_add_number(&mailboxes, mailbox_by_role(r->db, a, "inbox"));
		e.size = (int64_t)bytes.len;
		e.keywords = xstrdup("");
		e.mailboxes = buf_steal(&mailboxes);
		email_add(r->db, a, parsed, &e);
		mime_free(&parsed);
		count_one(r->sandbox->counters.deliveries);
	}
	email_free(&e);
	buf_free(&bytes);
	buf_free(&date);
	return stored;
}

/* Deliver to one recipient; false if the disk is full. */
bool
deliver_locally(struct jmap_request *r, const json_t *envelope, const char *email,
    int64_t number, const struct blob *message)
{
	const char *sender = json_text(json_object_get(envelope, "mailFrom"), "email");
	struct account *own = &r->account;
	struct account other = {0};
	char *inbox = inbox_of(email);
	bool stored = true;

	if (address_same(inbox, own->inbox)) {
		/* The account of the request has numbers given out that are not stored yet. */
		stored = put_in_inbox(r, own, sender, email, number, message);
	} else if (account_by_inbox(r->db, inbox, &other)) {
		stored = put_in_inbox(r, &other, sender, email, number, message);
		account_save(r->db, &other);
	}
	account_free(&other);
	free(inbox);
	return stored;
}

json_t *
deliver_refusal(struct jmap_request *r, const json_t *envelope)
{
	json_t *error = ordered_refusal(envelope, false);

	if (error == NULL)
		error = unknown_users(r, envelope);
	if (error == NULL)
		error = ordered_refusal(envelope, true);
	return error;
}

/* Deliver to the recipients that are ours, and note what became of all; false if the disk is
 * full. */
static bool
deliver_all(struct jmap_request *r, const json_t *envelope, int64_t number,
    const struct blob *message, json_t *status)
{
	json_t *delivered = json_object(); /* inboxes that have it */
	bool stored = true;
	char reply[64];
	size_t i;
	const json_t *recipient;

	snprintf(reply, sizeof(reply), "250 2.0.0 filed as %04lld", (long long)number);
	json_array_foreach (json_object_get(envelope, "rcptTo"), i, recipient) {
		const char *email = json_text(recipient, "email");
		bool local = deliver_is_local(r, email);
		char *inbox = local ? inbox_of(email) : NULL;

		if (stored && local && json_object_get(delivered, inbox) == NULL)
			stored = deliver_locally(r, envelope, email, number, message);
		if (local)
			json_object_set_new(delivered, inbox, json_true());
		free(inbox);
		json_object_set_new(status, email,
		    json_members("smtpReply", json_string(reply), "delivered",
		        json_string(local ? "yes" : "unknown"), "displayed",
		        json_string("unknown"), NULL));
	}
	json_decref(delivered);
	return stored;
}

/* Hand the message to the alias service for those that are its own; false if the disk is
 * full. */
static bool
deliver_to_aliases(struct jmap_request *r, const json_t *envelope, const json_t *theirs,
    const struct blob *message, json_t *status)
{
	json_t *numbers;
	char *reply;

	if (json_array_size(theirs) == 0)
		return true;
	numbers = json_array();
	reply = alias_deliver(r, json_text(json_object_get(envelope, "mailFrom"), "email"),
	    theirs, message->bytes, message->length, numbers);
	if (reply != NULL)
		alias_deliver_status(theirs, reply, status);
	json_decref(numbers);
	free(reply);
	return reply != NULL;
}

int64_t
deliver(struct jmap_request *r, const json_t *envelope, const struct blob *message,
    json_t **status_r)
{
	json_t *theirs, *rest = alias_deliver_split(r->sandbox, envelope, &theirs);
	struct outbox *box = r->sandbox->outbox;
	/* What goes to the alias service alone leaves as what that makes of it. */
	int64_t number = json_array_size(json_object_get(rest, "rcptTo")) > 0
	                     ? outbox_put(box, rest, message->bytes, message->length)
	                     : outbox_number(box);
	bool stored = number != 0;

	*status_r = json_object();
	if (stored)
		stored = deliver_all(r, rest, number, message, *status_r) &&
		         deliver_to_aliases(r, envelope, theirs, message, *status_r);
	json_decref(theirs);
	json_decref(rest);
	if (stored)
		count_one(r->sandbox->counters.sent);
	return stored ? number : 0;
}
