/*
 * The reply phase: a message to a reverse alias leaves for the contact, as from the alias.
 *
 * The checks stand in the order in which the service makes them.  Most of what they drop is
 * answered 250, so that no bounce tells a stranger that the alias has somebody behind it.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_message.h"
#include "sandbox/alias_name.h"
#include "sandbox/alias_smtp.h"
#include "sandbox/mime_address.h"

#define GTUBE "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

/* Fields that leave as they are; the rest is made anew or dropped. */
static const char *const kept[] = {"Subject", "Date", "In-Reply-To", "X-SL-Queue-Id",
    "MIME-Version", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", NULL};

/* The same for a copy to the other mailboxes of an alias. */
static const char *const kept_in_copy[] = {"Subject", "Date", "To", "Cc", "Message-ID",
    "References", "In-Reply-To", "MIME-Version", "Content-Type", "Content-Disposition",
    "Content-Transfer-Encoding", NULL};

struct reply_job {
	struct alias_mailing *m;
	struct alias_row alias;
	int64_t contact;
	char *contact_email;
	char *reply_address;
	int64_t mailbox; /* whose owner sends */
	char *mailbox_email;
	bool only_by_from; /* the sender is known by From alone */
	json_t *to, *cc;   /* the real addresses */
};

static struct alias_verdict
drop(const char *reply)
{
	return (struct alias_verdict){reply, false, false};
}

/* Is the address the mailbox's own or one it authorized?  Its row: id, address. */
static bool
mailbox_by_address(struct reply_job *j, const char *address)
{
	sqlite3_stmt *row = db_query(j->m->db,
	    "SELECT m.id, m.email, z.email FROM mailbox AS m LEFT JOIN authorized AS z ON"
	    " z.mailbox = m.id WHERE m.verified AND (m.id = (SELECT mailbox FROM alias WHERE"
	    " id = ?1) OR m.id IN (SELECT mailbox FROM alias_mailbox WHERE alias = ?1))"
	    " ORDER BY m.id",
	    "i", j->alias.id);
	char *wanted = alias_canonical_mailbox(address);
	bool found = false;

	while (!found && db_next(j->m->db, row)) {
		for (int column = 1; column <= 2 && !found; column++) {
			const char *text = alias_column_text(row, column);
			char *plain = text == NULL ? NULL : alias_canonical_mailbox(text);

			found = plain != NULL && strcmp(plain, wanted) == 0;
			free(plain);
		}
		if (found) {
			j->mailbox = sqlite3_column_int64(row, 0);
			j->mailbox_email = xstrdup(alias_column_text(row, 1));
		}
	}
	db_finish(row);
	free(wanted);
	return found;
}

/* Who may send: by the envelope; or by a bare From of the same domain. */
static bool
find_sender(struct reply_job *j)
{
	char *from;
	const char *domain, *from_domain;
	bool found;

	if (mailbox_by_address(j, j->m->sender_plain))
		return true;
	from = alias_message_value(j->m->message, "From");
	domain = address_domain(j->m->sender_plain);
	from_domain = from == NULL ? NULL : address_domain(from);
	found = domain != NULL && from_domain != NULL && strcasecmp(domain, from_domain) == 0 &&
	        mailbox_by_address(j, from);
	j->only_by_from = found;
	free(from);
	return found;
}

static bool
mailbox_has(const struct reply_job *j, const char *sql)
{
	return db_int(j->m->db, 0, sql, "i", j->mailbox) != 0;
}

static bool
is_spam(const struct mime_part *message)
{
	return memmem(message->body, message->body_length, GTUBE, strlen(GTUBE)) != NULL;
}

/* The contact behind a reverse address, compared as it stands: {"name", "email"} or NULL. */
static json_t *
contact_behind(struct db *d, const char *reply)
{
	sqlite3_stmt *row =
	    db_query(d, "SELECT name, email FROM contact WHERE reply = ?", "t", reply);
	json_t *address = NULL;

	if (db_next(d, row))
		address = json_pack(
		    "{s:o, s:o}", "name", alias_column(row, 0), "email", alias_column(row, 1));
	db_finish(row);
	return address;
}

/*
 * The real addresses of To or Cc; the alias itself is left out.  NULL if one is no reverse
 * alias, or none can be read.
 */
static json_t *
real_addresses(struct reply_job *j, const char *name)
{
	char *value = alias_message_value(j->m->message, name);
	json_t *list, *real = json_array();
	size_t i;
	const json_t *address;

	if (value == NULL || *value == '\0' ||
	    strcasecmp(value, "undisclosed-recipients:;") == 0) {
		free(value);
		return real;
	}
	list = alias_message_list(j->m->message, name);
	json_array_foreach (list, i, address) {
		const char *email = json_text(address, "email");
		json_t *contact;

		if (strcmp(email, j->alias.email) == 0)
			continue;
		contact = contact_behind(j->m->db, email);
		if (contact == NULL) {
			json_decref(real);
			real = NULL;
			break;
		}
		json_array_append_new(real, contact);
	}
	if (json_array_size(list) == 0) {
		json_decref(real);
		real = NULL;
	}
	json_decref(list);
	free(value);
	return real;
}

/* Our Message-ID for the user's: the same for every recipient of a message. */
static char *
mapped_message_id(struct reply_job *j, int64_t log)
{
	struct db *d = j->m->db;
	char *original = alias_message_value(j->m->message, "Message-ID");
	char *ours = original == NULL ? NULL : alias_id_ours(d, original);
	struct buf random = BUF_INIT;

	if (ours == NULL) {
		alias_digits(18, &random);
		ours = xasprintf("<%lld.%s.%lld@%s>", (long long)j->m->now, random.data,
		    (long long)log, address_domain(j->alias.email));
		db_run(
		    d, "INSERT INTO message_id VALUES (?, ?, ?)", "tti", ours, original, log);
		buf_free(&random);
	}
	free(original);
	return ours;
}

static bool
is_kept(const struct mime_header *field)
{
	return alias_message_named(field, kept);
}

static bool
is_kept_in_copy(const struct mime_header *field)
{
	return alias_message_named(field, kept_in_copy);
}

/* From is the alias, by its own name or its domain's. */
static void
add_from(struct reply_job *j, struct buf *out)
{
	const char *name = *j->alias.name != '\0' ? j->alias.name : j->alias.domain_name;
	json_t *from =
	    json_pack("[{s:o, s:o}]", "name", *name == '\0' ? json_null() : json_cleans(name),
	        "email", json_cleans(j->alias.email));

	alias_message_addresses("From", from, out);
	json_decref(from);
}

static void
add_references(struct reply_job *j, struct buf *out)
{
	char *value = alias_message_value(j->m->message, "References");
	struct buf mapped = BUF_INIT;

	if (value != NULL)
		alias_message_map(value, alias_id_ours, j->m->db, &mapped);
	if (mapped.len > 0)
		alias_message_field("References", mapped.data, out);
	buf_free(&mapped);
	free(value);
}

/* The body; if the user wants that, without the addresses that are nobody's business. */
static void
add_body(struct reply_job *j, struct buf *out)
{
	const struct mime_part *message = j->m->message;
	struct buf half = BUF_INIT;

	buf_adds(out, "\r\n");
	if (!j->alias.user.replace_reverse) {
		buf_add(out, message->body, message->body_length);
		return;
	}
	alias_message_replace(
	    message->body, message->body_length, j->reply_address, j->contact_email, &half);
	alias_message_replace(buf_str(&half), half.len, j->mailbox_email, j->alias.email, out);
	buf_free(&half);
}

static void
compose(struct reply_job *j, int64_t log, struct buf *out)
{
	char *id = mapped_message_id(j, log);

	alias_message_fields(j->m->message, is_kept, out);
	add_from(j, out);
	alias_message_addresses("To", j->to, out);
	alias_message_addresses("Cc", j->cc, out);
	alias_message_field("Message-ID", id, out);
	add_references(j, out);
	alias_message_field("X-SimpleLogin-Type", "Reply", out);
	buf_addf(out, "X-SimpleLogin-EmailLog-ID: %lld\r\n", (long long)log);
	add_body(j, out);
	free(id);
}

/* The other mailboxes of the alias see what was sent in its name. */
static void
send_copies(struct reply_job *j, int64_t log)
{
	sqlite3_stmt *row = db_query(j->m->db,
	    "SELECT email FROM mailbox WHERE verified AND id != ?2 AND (id = (SELECT mailbox"
	    " FROM alias WHERE id = ?1) OR id IN (SELECT mailbox FROM alias_mailbox WHERE"
	    " alias = ?1)) ORDER BY id",
	    "ii", j->alias.id, j->mailbox);

	while (db_next(j->m->db, row)) {
		struct buf copy = BUF_INIT;

		alias_message_fields(j->m->message, is_kept_in_copy, &copy);
		add_from(j, &copy);
		buf_adds(&copy, "\r\n");
		buf_add(&copy, j->m->message->body, j->m->message->body_length);
		alias_send(j->m, &j->alias, "copy", log, alias_column_text(row, 0), &copy);
	}
}

static struct alias_verdict
send_on(struct reply_job *j)
{
	struct buf message = BUF_INIT;
	int64_t log;

	if (alias_onward_fails(j->m, j->contact_email)) {
		alias_letter(j->m->db, j->m->now, j->mailbox_email,
		    "Email cannot be sent to your contact", NULL);
		return (struct alias_verdict){E200, true, false};
	}
	log = alias_log(j->m->db, j->m->now, j->contact, "reply");
	compose(j, log, &message);
	alias_send(j->m, &j->alias, "reply", log, j->contact_email, &message);
	send_copies(j, log);
	return (struct alias_verdict){E200, true, true};
}

/* What stands before it leaves, once it is known who sends. */
static struct alias_verdict
check_message(struct reply_job *j)
{
	struct alias_mailing *m = j->m;

	if (mailbox_has(j, "SELECT disabled FROM mailbox WHERE id = ?"))
		return drop(E207);
	if (alias_spf_fails(m) &&
	    (j->only_by_from ||
	        (m->config->enforce_spf &&
	            mailbox_has(j, "SELECT force_spf FROM mailbox WHERE id = ?"))))
		return drop(E201);
	if (is_spam(m->message))
		return drop(E506);
	if (db_int(m->db, 0, "SELECT pgp_fails FROM contact WHERE id = ?", "i", j->contact) !=
	    0)
		return drop(E402);
	j->to = real_addresses(j, "To");
	j->cc = j->to == NULL ? NULL : real_addresses(j, "Cc");
	if (j->cc != NULL)
		return send_on(j);
	alias_letter(m->db, m->now, j->mailbox_email,
	    "Email cannot be sent to addresses that are no reverse aliases", NULL);
	return (struct alias_verdict){E200, true, false};
}

static struct alias_verdict
check(struct reply_job *j)
{
	const struct alias_row *a = &j->alias;
	struct alias_mailing *m = j->m;
	const char *domain = address_domain(a->email);

	if (a->user_leaving || a->trashed)
		return drop(E502);
	if (!a->domain_verified)
		return drop(E520);
	if (a->custom_domain == 0 && !alias_domain_ours(m->db, m->config, domain))
		return drop(E503);
	if (a->user.disabled)
		return drop(E504);
	if (m->config->dmarc && !alias_from_aligned(m)) {
		alias_letter(m->db, m->now, a->user.email, "Suspicious email not sent", NULL);
		return drop(E215);
	}
	if (!find_sender(j)) {
		alias_letter(m->db, m->now, a->user.email,
		    "Attempt to use your reverse alias from an unknown address", NULL);
		return drop(E214);
	}
	return check_message(j);
}

struct alias_verdict
alias_reply(struct alias_mailing *m, int64_t contact)
{
	struct reply_job j = {.m = m, .contact = contact};
	struct alias_verdict v = drop(E502);
	int64_t alias =
	    db_int(m->db, 0, "SELECT alias FROM contact WHERE id = ?", "i", contact);

	if (!alias_domain_ours(m->db, m->config, address_domain(m->recipient)))
		return drop(E501);
	j.contact_email =
	    db_text(m->db, "SELECT email FROM contact WHERE id = ?", "i", contact);
	j.reply_address =
	    db_text(m->db, "SELECT reply FROM contact WHERE id = ?", "i", contact);
	if (alias_row_load(m, alias, &j.alias))
		v = check(&j);
	json_decref(j.to);
	json_decref(j.cc);
	free(j.contact_email);
	free(j.reply_address);
	free(j.mailbox_email);
	alias_row_free(&j.alias);
	return v;
}
