/*
 * The edits of reverse mode: recipients, To and Cc become reverse addresses.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/recipient_fields.h"
#include "milter/judge_parts.h"

/* --- the envelope */

/* What an MTA takes for a recipient that is added, of the arguments the old one had. */
static char *
kept_arguments(const char *arguments)
{
	struct buf kept = BUF_INIT;

	for (const char *p = arguments; p != NULL && *p != '\0';) {
		size_t length = strcspn(p, " ");

		if (strncasecmp(p, "NOTIFY=", 7) == 0 || strncasecmp(p, "ORCPT=", 6) == 0) {
			buf_adds(&kept, kept.len != 0 ? " " : "");
			buf_add(&kept, p, length);
		}
		p += length;
		p += strspn(p, " ");
	}
	return kept.len != 0 ? buf_steal(&kept) : NULL;
}

/* Two spellings of one recipient have the same address: it is added once. */
static bool
is_added(const struct edits *edits, const char *address)
{
	size_t length = strlen(address);

	for (size_t i = edits->count; i > 0; i--) {
		const struct edit *e = &edits->items[i - 1];

		if (e->kind == EDIT_ADDRCPT && strncmp(e->name + 1, address, length) == 0 &&
		    e->name[1 + length] == '>')
			return true;
	}
	return false;
}

static void
edit_envelope(const struct judging *j, struct edits *edits)
{
	bool twice = j->parties.recipients != j->mail->recipient_count;

	for (size_t i = 0; i < j->mail->recipient_count; i++) {
		const struct mail_path *recipient = &j->mail->recipients[i];
		const char *address = correspondents_address(j, i);
		char *arguments;

		if (address == NULL)
			continue;
		edits_delrcpt(edits, recipient->given);
		if (twice && is_added(edits, address))
			continue;
		arguments = kept_arguments(recipient->arguments);
		edits_addrcpt(edits, address, arguments);
		free(arguments);
	}
}

/* --- the header */

static enum recipient_fate
decide(void *arg, const char *address, const char **replacement_r)
{
	const struct judging *j = arg;
	const struct party *party = parties_find(&j->parties, address);

	if (party == NULL || party->fate == PARTY_NOBODY)
		return RECIPIENT_DROP;
	if (party->fate == PARTY_DIRECT)
		return RECIPIENT_KEEP;
	*replacement_r = party->reverse;
	return RECIPIENT_REPLACE;
}

/* Does the field say who gets the message, for the service? */
static bool
is_address_field(const struct mail_field *field)
{
	return mail_field_is(field, "To") || mail_field_is(field, "Cc");
}

/* One field; its old value is replaced even by an equal one, because an MTA may have more of it
 * than it shows to a filter (what follows a NUL).  *named counts who is left. */
static struct outcome
edit_field(
    struct judging *j, const struct mail_field *field, struct edits *edits, size_t *named)
{
	struct mime_span value = {field->value, strlen(field->value)};
	struct recipient_field result;
	struct buf out = BUF_INIT;
	const char *fault = recipient_field_rewrite(value, "\n", decide, j, &out, &result);

	if (fault == NULL) {
		edits_chgheader(
		    edits, field->name, field->index, result.left != 0 ? buf_str(&out) : NULL);
		if (is_address_field(field))
			*named += result.left;
	}
	buf_free(&out);
	return fault == NULL
	           ? outcome_ok()
	           : outcome_make("local", "header", "the %s field %s", field->name, fault);
}

/* Nobody is named any more: say so, as the service wants it. */
static void
name_nobody(const struct judging *j, struct edits *edits)
{
	const struct mail_field *to = mail_find(j->mail, "To", 0);

	if (to == NULL) {
		edits_insheader(edits, EDITS_BELOW_RECEIVED, "To", RECIPIENT_FIELD_NONE);
		return;
	}
	for (size_t i = 0; i < edits->count; i++) {
		const struct edit *e = &edits->items[i];

		if (e->kind == EDIT_CHGHEADER && e->index == 1 &&
		    strcasecmp(e->name, "To") == 0)
			edits_set_value(edits, i, RECIPIENT_FIELD_NONE);
	}
}

static struct outcome
edit_header(struct judging *j, struct edits *edits)
{
	struct outcome o = outcome_ok();
	size_t named = 0;

	for (size_t i = 0; i < j->mail->field_count && outcome_is_ok(&o); i++) {
		const struct mail_field *field = &j->mail->fields[i];

		if (parties_is_field(field))
			o = edit_field(j, field, edits, &named);
		else if (mail_field_is(field, "Bcc") || mail_field_is(field, "Resent-Bcc"))
			edits_chgheader(edits, field->name, field->index, NULL);
	}
	if (outcome_is_ok(&o) && named == 0)
		name_nobody(j, edits);
	return o;
}

struct outcome
reverse_edits(struct judging *j, struct edits *edits)
{
	struct outcome o = edit_header(j, edits);

	if (outcome_is_ok(&o))
		edit_envelope(j, edits);
	return o;
}
