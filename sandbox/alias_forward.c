/*
 * The forward phase: a message to an alias goes on to its mailboxes, as from a reverse alias
 * of the one who wrote it, so that an answer finds the way back.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_message.h"
#include "sandbox/alias_name.h"
#include "sandbox/alias_smtp.h"
#include "sandbox/mime_address.h"

#define RECIPIENTS_MAX 30

/* Fields that are made anew, or that say what is not so any more. */
static const char *const dropped[] = {"From", "To", "Cc", "Reply-To", "Sender", "Return-Path",
    "DKIM-Signature", "References", "In-Reply-To", "X-SimpleLogin-Type",
    "X-SimpleLogin-EmailLog-ID", "X-SimpleLogin-Envelope-From", "X-SimpleLogin-Envelope-To",
    NULL};

struct forward_job {
	struct alias_mailing *m;
	struct alias_row alias;
	int64_t contact;
	int64_t log;
};

static struct alias_verdict
refuse(const char *reply)
{
	return (struct alias_verdict){reply, false, false};
}

/* The alias of the address; a catch-all domain makes it. */
static int64_t
find_alias(struct alias_mailing *m)
{
	int64_t alias =
	    db_int(m->db, 0, "SELECT id FROM alias WHERE email = ?", "t", m->recipient);
	int64_t user, mailbox;
	json_t *mailboxes;

	if (alias != 0 || alias_taken(m->db, m->recipient) ||
	    !alias_address_valid(m->recipient))
		return alias;
	user = db_int(m->db, 0, "SELECT user FROM custom_domain WHERE domain = ? AND catch_all",
	    "t", address_domain(m->recipient));
	if (user == 0)
		return 0;
	mailbox = db_int(m->db, 0, "SELECT mailbox FROM user WHERE id = ?", "i", user);
	mailboxes = json_pack("[I]", (json_int_t)mailbox);
	alias = alias_add(
	    m->db, user, m->now, m->recipient, mailboxes, "Created by catch-all option", NULL);
	json_decref(mailboxes);
	return alias;
}

/* The contact of an address of the header; 0 if it is none.  More will do than the API takes:
 * whoever could write can be a contact. */
static int64_t
contact_of(struct forward_job *j, const json_t *address)
{
	const char *email = json_text(address, "email");
	char *plain;
	bool existed;
	int64_t contact;

	if (email == NULL || !address_valid(email))
		return 0;
	plain = xstrdup(email);
	alias_lower_domain(plain);
	contact = alias_contact_add(j->m->db, j->m->config, j->m->now, j->alias.id, plain,
	    json_text(address, "name"), &existed);
	free(plain);
	return contact;
}

/* Who wrote it: From, or if that is no address, the envelope's sender. */
static int64_t
contact_of_sender(struct forward_job *j)
{
	json_t *from = alias_message_list(j->m->message, "From");
	int64_t contact = contact_of(j, json_array_get(from, 0));

	json_decref(from);
	if (contact == 0) {
		from = json_pack("{s:o}", "email", json_cleans(j->m->sender));
		contact = contact_of(j, from);
		json_decref(from);
	}
	return contact;
}

/* The address a contact is shown as to the user: {"name", "email"}. */
static json_t *
shown(struct forward_job *j, int64_t contact)
{
	sqlite3_stmt *row = db_query(
	    j->m->db, "SELECT name, email, reply FROM contact WHERE id = ?", "i", contact);
	struct buf text = BUF_INIT;
	json_t *list, *address;

	if (db_next(j->m->db, row))
		alias_sender_display(alias_column_text(row, 0), alias_column_text(row, 1),
		    alias_column_text(row, 2), j->alias.user.sender_format, &text);
	db_finish(row);
	list = address_list(buf_str(&text), text.len);
	address = json_incref(json_array_get(list, 0));
	json_decref(list);
	buf_free(&text);
	return address;
}

/* A field of addresses, each but the alias itself as its reverse alias. */
static void
add_reversed(struct forward_job *j, const char *name, struct buf *out)
{
	json_t *list = alias_message_list(j->m->message, name), *reversed = json_array();
	size_t i;
	json_t *address;

	json_array_foreach (list, i, address) {
		const char *email = json_text(address, "email");
		int64_t contact =
		    address_same(email, j->alias.email) ? 0 : contact_of(j, address);

		json_array_append_new(
		    reversed, contact == 0 ? json_incref(address) : shown(j, contact));
	}
	alias_message_addresses(name, reversed, out);
	json_decref(list);
	json_decref(reversed);
}

/* A field of message ids, those of ours as what the user's mailer called them. */
static void
add_ids(struct forward_job *j, const char *name, struct buf *out)
{
	char *value = alias_message_value(j->m->message, name);
	struct buf mapped = BUF_INIT;

	if (value != NULL)
		alias_message_map(value, alias_id_original, j->m->db, &mapped);
	if (mapped.len > 0)
		alias_message_field(name, mapped.data, out);
	buf_free(&mapped);
	free(value);
}

static bool
is_kept(const struct mime_header *field)
{
	return !alias_message_named(field, dropped);
}

static void
compose(struct forward_job *j, struct buf *out)
{
	json_t *from = json_pack("[o]", shown(j, j->contact));

	alias_message_fields(j->m->message, is_kept, out);
	alias_message_addresses("From", from, out);
	add_reversed(j, "Reply-To", out);
	add_reversed(j, "To", out);
	add_reversed(j, "Cc", out);
	add_ids(j, "References", out);
	add_ids(j, "In-Reply-To", out);
	alias_message_field("X-SimpleLogin-Type", "Forward", out);
	buf_addf(out, "X-SimpleLogin-EmailLog-ID: %lld\r\n", (long long)j->log);
	alias_message_field("X-SimpleLogin-Envelope-From", j->m->sender, out);
	alias_message_field("X-SimpleLogin-Envelope-To", j->alias.email, out);
	buf_adds(out, "\r\n");
	buf_add(out, j->m->message->body, j->m->message->body_length);
	json_decref(from);
}

/* To every mailbox of the alias that is verified and not disabled. */
static struct alias_verdict
send_to_mailboxes(struct forward_job *j)
{
	struct alias_verdict v = refuse(E517);
	sqlite3_stmt *row = db_query(j->m->db,
	    "SELECT email, verified, disabled FROM mailbox WHERE id = (SELECT mailbox FROM "
	    "alias"
	    " WHERE id = ?1) OR id IN (SELECT mailbox FROM alias_mailbox WHERE alias = ?1)"
	    " ORDER BY id",
	    "i", j->alias.id);

	while (db_next(j->m->db, row)) {
		struct buf message = BUF_INIT;

		if (sqlite3_column_int(row, 1) == 0)
			continue;
		if (sqlite3_column_int(row, 2) != 0) {
			if (!v.success)
				v = refuse(E518);
			continue;
		}
		if (j->log == 0)
			j->log = alias_log(j->m->db, j->m->now, j->contact, "forward");
		compose(j, &message);
		alias_send(
		    j->m, &j->alias, "forward", j->log, alias_column_text(row, 0), &message);
		v = (struct alias_verdict){E200, true, true};
	}
	return v;
}

static bool
from_own_mailbox(struct forward_job *j)
{
	return db_int(j->m->db, 0,
	           "SELECT 1 FROM mailbox WHERE email = ?2 AND (id = (SELECT mailbox FROM alias"
	           " WHERE id = ?1) OR id IN (SELECT mailbox FROM alias_mailbox WHERE"
	           " alias = ?1))",
	           "it", j->alias.id, j->m->sender_plain) == 1;
}

static bool
too_many_recipients(const struct mime_part *message)
{
	json_t *to = alias_message_list(message, "To"), *cc = alias_message_list(message, "Cc");
	size_t count = json_array_size(to) + json_array_size(cc);

	json_decref(to);
	json_decref(cc);
	return count > RECIPIENTS_MAX;
}

static bool
is_blocked(struct forward_job *j)
{
	return !j->alias.enabled ||
	       db_int(j->m->db, 0, "SELECT blocked FROM contact WHERE id = ?", "i",
	           j->contact) != 0;
}

static struct alias_verdict
check(struct forward_job *j)
{
	const struct alias_row *a = &j->alias;

	if (a->user_leaving || a->trashed)
		return refuse(E502);
	if (a->user.disabled)
		return refuse(E504);
	if (!a->domain_verified)
		return refuse(E520);
	if (from_own_mailbox(j))
		return refuse(E209);
	if (too_many_recipients(j->m->message))
		return refuse(E526);
	j->contact = contact_of_sender(j);
	if (j->contact == 0)
		return refuse(E213);
	if (is_blocked(j)) {
		(void)alias_log(j->m->db, j->m->now, j->contact, "block");
		/* By default nobody learns that they are blocked. */
		return (struct alias_verdict){
		    a->user.refuse_blocked ? E502 : E200, !a->user.refuse_blocked, false};
	}
	return send_to_mailboxes(j);
}

struct alias_verdict
alias_forward(struct alias_mailing *m)
{
	struct forward_job j = {.m = m};
	struct alias_verdict v = refuse(E515);
	int64_t alias = find_alias(m);

	if (alias != 0 && alias_row_load(m, alias, &j.alias))
		v = check(&j);
	alias_row_free(&j.alias);
	return v;
}
