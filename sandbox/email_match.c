/*
 * The conditions of Email/query as a table: a name, and a function that says whether the
 * Email meets the value.  Text is looked for as it stands, in any case; words are not cut.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/email_match.h"
#include "sandbox/jmap_query.h"
#include "sandbox/json.h"
#include "sandbox/mailboxes.h"
#include "sandbox/mime_field.h"
#include "sandbox/words.h"

static bool
in_mailbox(struct email_match *m, const json_t *value)
{
	return words_has_number(m->view.email->mailboxes,
	    jmap_number(m->request, json_string_value(value), ID_MAILBOX));
}

/* Is it in a mailbox that is not in the list? */
static bool
in_mailbox_other_than(struct email_match *m, const json_t *value)
{
	const char *cursor = m->view.email->mailboxes;
	int64_t mailbox;

	while (words_next_number(&cursor, &mailbox)) {
		bool listed = false;
		size_t i;
		const json_t *item;

		json_array_foreach (value, i, item)
			if (jmap_number(m->request, json_string_value(item), ID_MAILBOX) ==
			    mailbox)
				listed = true;
		if (!listed)
			return true;
	}
	return false;
}

static bool
before(struct email_match *m, const json_t *value)
{
	int64_t when = 0;

	return json_read_date(json_string_value(value), &when) &&
	       m->view.email->received < when;
}

static bool
after(struct email_match *m, const json_t *value)
{
	return !before(m, value);
}

static bool
min_size(struct email_match *m, const json_t *value)
{
	return m->view.email->size >= json_integer_value(value);
}

static bool
max_size(struct email_match *m, const json_t *value)
{
	return m->view.email->size < json_integer_value(value);
}

static bool
set_has_keyword(const char *set, const char *keyword)
{
	const char *word;
	size_t length;

	while ((length = words_next(&set, &word)) > 0)
		if (length == strlen(keyword) && strncasecmp(word, keyword, length) == 0)
			return true;
	return false;
}

static bool
has_keyword(struct email_match *m, const json_t *value)
{
	return set_has_keyword(m->view.email->keywords, json_string_value(value));
}

static bool
not_keyword(struct email_match *m, const json_t *value)
{
	return !has_keyword(m, value);
}

/* How many Emails of the thread have the keyword, and how many have not? */
static void
count_in_thread(
    struct email_match *m, const json_t *value, unsigned *with_r, unsigned *without_r)
{
	sqlite3_stmt *rows = db_query(m->view.db,
	    "SELECT keywords FROM email WHERE account = ? AND thread = ? AND destroyed = 0",
	    "ii", m->view.account, m->view.email->thread);

	*with_r = *without_r = 0;
	while (db_next(m->view.db, rows)) {
		const char *set = (const char *)sqlite3_column_text(rows, 0);

		if (set_has_keyword(set, json_string_value(value)))
			++*with_r;
		else
			++*without_r;
	}
}

static bool
all_in_thread(struct email_match *m, const json_t *value)
{
	unsigned with, without;

	count_in_thread(m, value, &with, &without);
	return without == 0;
}

static bool
some_in_thread(struct email_match *m, const json_t *value)
{
	unsigned with, without;

	count_in_thread(m, value, &with, &without);
	return with > 0;
}

static bool
none_in_thread(struct email_match *m, const json_t *value)
{
	return !some_in_thread(m, value);
}

static bool
has_attachment(struct email_match *m, const json_t *value)
{
	return m->view.email->attachment == json_is_true(value);
}

/* Does a field of this name hold the text? */
static bool
field_holds(struct email_match *m, const char *name, const char *text)
{
	const struct mime_part *message = email_view_message(&m->view);

	for (size_t i = 0; i < message->header_count; i++) {
		const struct mime_header *h = &message->headers[i];
		struct buf value = BUF_INIT;
		bool found;

		if (!mime_header_is(h, name))
			continue;
		field_text(h->value, h->value_length, &value);
		found = strcasestr(buf_str(&value), text) != NULL;
		buf_free(&value);
		if (found)
			return true;
	}
	return false;
}

static bool
from(struct email_match *m, const json_t *value)
{
	return field_holds(m, "From", json_string_value(value));
}

static bool
to(struct email_match *m, const json_t *value)
{
	return field_holds(m, "To", json_string_value(value));
}

static bool
cc(struct email_match *m, const json_t *value)
{
	return field_holds(m, "Cc", json_string_value(value));
}

static bool
bcc(struct email_match *m, const json_t *value)
{
	return field_holds(m, "Bcc", json_string_value(value));
}

static bool
subject(struct email_match *m, const json_t *value)
{
	return field_holds(m, "Subject", json_string_value(value));
}

static bool
body(struct email_match *m, const json_t *value)
{
	const struct mime_part *message = email_view_message(&m->view);

	for (const struct mime_part *p = message; p != NULL; p = mime_after(p)) {
		struct buf text = BUF_INIT;
		bool found;

		if (p->part_id == NULL || !mime_is_a(p, "text/"))
			continue;
		mime_text(p, &text);
		found = strcasestr(buf_str(&text), json_string_value(value)) != NULL;
		buf_free(&text);
		if (found)
			return true;
	}
	return false;
}

static bool
anywhere(struct email_match *m, const json_t *value)
{
	return from(m, value) || to(m, value) || cc(m, value) || bcc(m, value) ||
	       subject(m, value) || body(m, value);
}

static bool
header(struct email_match *m, const json_t *value)
{
	const char *name = json_string_value(json_array_get(value, 0));
	const char *text = json_string_value(json_array_get(value, 1));

	if (text == NULL)
		return mime_header(email_view_message(&m->view), name) != NULL;
	return field_holds(m, name, text);
}

static const struct {
	const char *name;
	bool (*holds)(struct email_match *, const json_t *);
} conditions[] = {
    {"inMailbox", in_mailbox},
    {"inMailboxOtherThan", in_mailbox_other_than},
    {"before", before},
    {"after", after},
    {"minSize", min_size},
    {"maxSize", max_size},
    {"hasKeyword", has_keyword},
    {"notKeyword", not_keyword},
    {"allInThreadHaveKeyword", all_in_thread},
    {"someInThreadHaveKeyword", some_in_thread},
    {"noneInThreadHaveKeyword", none_in_thread},
    {"hasAttachment", has_attachment},
    {"text", anywhere},
    {"from", from},
    {"to", to},
    {"cc", cc},
    {"bcc", bcc},
    {"subject", subject},
    {"body", body},
    {"header", header},
};

bool
email_condition_holds(const json_t *condition, void *context)
{
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		const json_t *value = json_object_get(condition, conditions[i].name);

		if (value != NULL && !conditions[i].holds(context, value))
			return false;
	}
	return true;
}

/* What is wrong with a condition's values, or NULL. */
static const char *
condition_mistake(struct jmap_request *r, const json_t *condition)
{
	const char *mailbox = json_text(condition, "inMailbox");
	const json_t *head = json_object_get(condition, "header");
	static const char *const dates[] = {"before", "after"};
	int64_t when;

	if (mailbox != NULL &&
	    !mailbox_exists(r->db, &r->account, jmap_number(r, mailbox, ID_MAILBOX)))
		return "inMailbox is no mailbox of the account";
	if (head != NULL && json_array_size(head) != 1 && json_array_size(head) != 2)
		return "header is [name] or [name, text]";
	for (size_t i = 0; i < 2; i++) {
		const char *text = json_text(condition, dates[i]);

		if (text != NULL && !json_read_date(text, &when))
			return "before or after is not a UTCDate";
	}
	return NULL;
}

bool
email_check_conditions(struct jmap_call *call, const json_t *filter)
{
	const json_t *inner_list = json_object_get(filter, "conditions");
	const char *mistake = condition_mistake(call->request, filter);
	size_t i;
	const json_t *inner;

	if (mistake != NULL) {
		jmap_fail(call, "invalidArguments", "%s", mistake);
		return false;
	}
	json_array_foreach (inner_list, i, inner)
		if (!email_check_conditions(call, inner))
			return false;
	return true;
}
