/*
 * A transaction: each recipient by itself, then one answer for all.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_message.h"
#include "sandbox/alias_name.h"
#include "sandbox/alias_smtp.h"
#include "sandbox/mime_address.h"

bool
alias_mail_takes(struct alias_service *s, const char *email)
{
	char *plain = alias_canonical(email);
	const char *domain = address_domain(plain);
	bool takes;

	alias_begin(s);
	takes = domain != NULL && (alias_domain_ours(s->db, &s->config, domain) ||
	                              alias_domain_custom(s->db, domain) != 0);
	alias_end(s, false);
	free(plain);
	return takes;
}

bool
alias_row_load(struct alias_mailing *m, int64_t alias, struct alias_row *a)
{
	sqlite3_stmt *row = db_query(m->db,
	    "SELECT a.email, coalesce(a.name, ''), coalesce(a.custom_domain, 0),"
	    " coalesce(d.name, ''), coalesce(d.verified, 1), a.enabled, a.delete_on IS NOT "
	    "NULL,"
	    " a.user, u.delete_on IS NOT NULL FROM alias AS a JOIN user AS u ON u.id = a.user"
	    " LEFT JOIN custom_domain AS d ON d.id = a.custom_domain WHERE a.id = ?",
	    "i", alias);
	int64_t user;

	*a = (struct alias_row){.id = alias};
	if (!db_next(m->db, row))
		return false;
	a->email = xstrdup(alias_column_text(row, 0));
	a->name = xstrdup(alias_column_text(row, 1));
	a->custom_domain = sqlite3_column_int64(row, 2);
	a->domain_name = xstrdup(alias_column_text(row, 3));
	a->domain_verified = sqlite3_column_int(row, 4) != 0;
	a->enabled = sqlite3_column_int(row, 5) != 0;
	a->trashed = sqlite3_column_int(row, 6) != 0;
	user = sqlite3_column_int64(row, 7);
	a->user_leaving = sqlite3_column_int(row, 8) != 0;
	db_finish(row);
	return alias_user_load(m->db, m->config, user, &a->user);
}

void
alias_row_free(struct alias_row *a)
{
	free(a->email);
	free(a->name);
	free(a->domain_name);
	alias_user_free(&a->user);
	*a = (struct alias_row){0};
}

bool
alias_spf_fails(const struct alias_mailing *m)
{
	const char *domain = address_domain(m->sender_plain);

	return domain != NULL && json_has_string(m->config->spf_fails, domain);
}

/* Is one of the domains the other, or part of it? */
static bool
aligned(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);

	if (la < lb)
		return aligned(b, a);
	return strcmp(a + la - lb, b) == 0 && (la == lb || a[la - lb - 1] == '.');
}

bool
alias_from_aligned(const struct alias_mailing *m)
{
	json_t *list = alias_message_list(m->message, "From");
	const char *from = json_text(json_array_get(list, 0), "email");
	char *plain = alias_canonical(from == NULL ? "" : from);
	const char *a = address_domain(plain), *b = address_domain(m->sender_plain);
	bool good = a != NULL && b != NULL && aligned(a, b);

	free(plain);
	json_decref(list);
	return good;
}

/* Take the status that a fault orders for a path; false if none does. */
static bool
ordered(struct alias_mailing *m, const char *way, const char *email, struct fault *fault)
{
	char *path = xasprintf("smtp:%s/%s", way, email);

	*fault = faults_take(m->faults, path, NULL);
	free(path);
	if (fault->kind == FAULT_STATUS)
		return true;
	fault_release(fault);
	return false;
}

bool
alias_onward_fails(struct alias_mailing *m, const char *recipient)
{
	struct fault fault;
	bool fails = ordered(m, "out", recipient, &fault);

	fault_release(&fault);
	return fails;
}

/* "sl.PAYLOAD.SIGNATURE@DOMAIN": bounces come back to it. */
static char *
verp(struct alias_mailing *m, const struct alias_row *a, const char *kind, int64_t log)
{
	char *payload =
	    xasprintf("%s-%lld-%lld", kind, (long long)log, (long long)(m->now / 60));
	struct buf proof = BUF_INIT, address = BUF_INIT;

	alias_sign(m->service, "verp", payload, &proof);
	buf_addf(&address, "sl.%s.", payload);
	for (size_t i = 0; i < proof.len && i < 12; i++)
		if (isalnum((unsigned char)proof.data[i]))
			buf_addc(&address, (char)tolower((unsigned char)proof.data[i]));
	buf_addf(&address, "@%s", address_domain(a->email));
	free(payload);
	buf_free(&proof);
	return buf_steal(&address);
}

void
alias_send(struct alias_mailing *m, const struct alias_row *a, const char *kind, int64_t log,
    const char *recipient, struct buf *message)
{
	struct alias_post *post = m->post;

	post->out = xreallocarray(post->out, post->count + 1, sizeof(*post->out));
	post->out[post->count++] =
	    (struct alias_letter_out){verp(m, a, kind, log), xstrdup(recipient), *message};
	*message = (struct buf)BUF_INIT;
}

char *
alias_id_ours(void *db, const char *original)
{
	return db_text(db, "SELECT ours FROM message_id WHERE original = ?", "t", original);
}

char *
alias_id_original(void *db, const char *ours)
{
	return db_text(db,
	    "SELECT original FROM message_id WHERE ours = ? AND original IS NOT NULL", "t",
	    ours);
}

static bool
has_legacy_prefix(const char *email)
{
	return strncmp(email, "reply+", 6) == 0 || strncmp(email, "ra+", 3) == 0;
}

/* What becomes of a recipient; *phase_r is what it was taken for. */
static struct alias_verdict
handle(struct alias_mailing *m, const char **phase_r)
{
	int64_t contact =
	    db_int(m->db, 0, "SELECT id FROM contact WHERE reply = ?", "t", m->recipient);

	*phase_r = contact != 0 || has_legacy_prefix(m->recipient) ? "reply" : "forward";
	if (contact != 0 && *m->sender_plain == '\0')
		return (struct alias_verdict){E206, false, false};
	if (contact != 0)
		return alias_reply(m, contact);
	if (has_legacy_prefix(m->recipient))
		return (struct alias_verdict){E502, false, false};
	return alias_forward(m);
}

/* One recipient; what is answered to it, a new string. */
static char *
take_recipient(struct alias_mailing *m, bool *success_r)
{
	struct alias_verdict v = {0};
	const char *phase = "refused";
	struct fault fault;
	char *reply;

	if (ordered(m, "in", m->recipient, &fault)) {
		const char *text = json_text(fault.order, "body");

		reply = xasprintf("%lld %s", (long long)json_number(fault.order, "status", 421),
		    text != NULL ? text : "as ordered");
		fault_release(&fault);
	} else {
		v = handle(m, &phase);
		reply = xstrdup(v.reply);
	}
	db_run(m->db,
	    "INSERT INTO handled (sender, recipient, phase, reply, delivered, created)"
	    " VALUES (?, ?, ?, ?, ?, ?)",
	    "ttttii", m->sender, m->recipient, phase, reply, (int64_t)v.delivered, m->now);
	*success_r = v.success;
	return reply;
}

/* The first success, else the first failure, is the answer to all. */
static void
take_recipients(struct alias_mailing *m, const json_t *recipients)
{
	char *answer = NULL;
	bool any = false;
	size_t i;
	const json_t *recipient;

	json_array_foreach (recipients, i, recipient) {
		bool success;
		char *reply;

		m->recipient = alias_canonical(json_string_value(recipient));
		reply = take_recipient(m, &success);
		if (answer == NULL || (success && !any)) {
			free(answer);
			answer = xstrdup(reply);
		}
		any |= success;
		free(reply);
		free(m->recipient);
	}
	if (answer != NULL && answer[0] == '5' && alias_spf_fails(m)) {
		free(answer);
		answer = xstrdup(E216);
	}
	m->post->reply = answer != NULL ? answer : xstrdup(E404);
}

bool
alias_mail(struct alias_service *s, struct faults *faults, const char *sender,
    const json_t *recipients, const char *bytes, size_t length, struct alias_post *post)
{
	struct mime_part *message = mime_parse(bytes, length);
	struct alias_mailing m = {
	    .service = s,
	    .config = &s->config,
	    .db = s->db,
	    .faults = faults,
	    .sender = sender,
	    .sender_plain = alias_canonical(sender),
	    .message = message,
	    .post = post,
	};
	bool stored;

	*post = (struct alias_post){0};
	alias_begin(s);
	m.now = alias_now(s);
	take_recipients(&m, recipients);
	stored = alias_end(s, true);
	free(m.sender_plain);
	mime_free(&message);
	return stored;
}

void
alias_post_free(struct alias_post *post)
{
	for (size_t i = 0; i < post->count; i++) {
		free(post->out[i].sender);
		free(post->out[i].recipient);
		buf_free(&post->out[i].message);
	}
	free(post->out);
	free(post->reply);
	*post = (struct alias_post){0};
}
