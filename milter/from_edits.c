/*
 * A message's header in from mode.
 *
 * A table says what may stay, and what it becomes; what is not in it goes.  All new values are
 * worked out before the first edit is added.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/mime.h"
#include "common/wire/recipient_fields.h"
#include "milter/from_parts.h"

#define LINE_LIMIT 998 /* RFC 5322 §2.1.1 */

struct work {
	const struct from_options *options;
	const struct mail *mail;
};

/*
 * Append what a field's value becomes; nothing if the field has to go.  NULL, or the fault, a
 * static text that completes a sentence ("the To field ...").
 */
typedef const char *treatment(const struct work *work, const char *value, struct buf *out);

static const char *
be_alias(const struct work *work, const char *value, struct buf *out)
{
	(void)value;
	buf_adds(out, work->options->alias);
	return NULL;
}

static enum recipient_fate
decide(void *arg, const char *address, const char **replacement_r)
{
	const struct from_options *options = arg;

	if (!own_has(options->own, address))
		return RECIPIENT_KEEP;
	*replacement_r = options->alias;
	return RECIPIENT_REPLACE_WHOLLY;
}

/* Is this so of the value, however somebody reads it? */
static bool
holds(const struct work *work, const char *value,
    bool (*is_so)(const struct own *own, const char *text))
{
	struct buf views = BUF_INIT;
	bool so;

	from_views(value, &views);
	so = is_so(work->options->own, buf_str(&views));
	buf_free(&views);
	return so;
}

static bool
has_long_line(const char *value)
{
	for (; *value != '\0'; value += strcspn(value, "\n"), value += *value == '\n')
		if (strcspn(value, "\n") >= LINE_LIMIT)
			return true;
	return false;
}

/* Names and comments can have own addresses too; encoded ones cannot be replaced in there. */
static const char *
clean_recipients(const struct work *work, const char *value, struct buf *out)
{
	const struct from_options *options = work->options;
	struct buf rewritten = BUF_INIT;
	struct recipient_field field;
	const char *fault = recipient_field_rewrite((struct mime_span){value, strlen(value)},
	    "\n", decide, (void *)options, &rewritten, &field);

	if (fault == NULL) {
		own_replace(options->own, buf_str(&rewritten), options->alias, out);
		if (holds(work, buf_str(out), own_in))
			fault = "has the sender's address in an encoded or quoted word";
		else if (has_long_line(buf_str(out)))
			fault = "would get a line that is too long";
	}
	buf_free(&rewritten);
	return fault;
}

static const char *
clean_to(const struct work *work, const char *value, struct buf *out)
{
	const char *fault = clean_recipients(work, value, out);

	if (fault == NULL && out->len == 0)
		buf_adds(out, RECIPIENT_FIELD_NONE);
	return fault;
}

static const char *
clean_subject(const struct work *work, const char *value, struct buf *out)
{
	from_subject(work->options->own, value, work->options->alias, out);
	return NULL;
}

static const char *
move_date(const struct work *work, const char *value, struct buf *out)
{
	from_date(value, work->options->now, out);
	return NULL;
}

static const char *
make_message_id(const struct work *work, const char *value, struct buf *out)
{
	from_message_id(work->options, value, out);
	return NULL;
}

static const char *
map_references(const struct work *work, const char *value, struct buf *out)
{
	from_references(work->options, value, out);
	return NULL;
}

static const char *
name_version(const struct work *work, const char *value, struct buf *out)
{
	(void)work;
	(void)value;
	buf_adds(out, "1.0");
	return NULL;
}

/* What belongs to the body, and cannot be changed without it. */
static const char *
keep(const struct work *work, const char *value, struct buf *out)
{
	if (holds(work, value, own_within))
		return "has the sender's address in it";
	buf_adds(out, value);
	return NULL;
}

static const struct {
	const char *name;
	treatment *treatment;
	bool required; /* it is made, of nothing, if it is not there */
} allowed[] = {
    {"From", be_alias, true},
    {"Sender", be_alias, false},
    {"Reply-To", be_alias, false},
    {"To", clean_to, false},
    {"Cc", clean_recipients, false},
    {"Subject", clean_subject, false},
    {"Date", move_date, true},
    {"Message-ID", make_message_id, true},
    {"References", map_references, false},
    {"In-Reply-To", map_references, false},
    {"MIME-Version", name_version, false},
    {"Content-Type", keep, false},
    {"Content-Transfer-Encoding", keep, false},
    {"Content-Disposition", keep, false},
};

#define ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

/* What becomes of a field: NULL if it has to go. */
static treatment *
treatment_of(const struct mail_field *field)
{
	for (size_t i = 0; i < ALLOWED; i++)
		if (mail_field_is(field, allowed[i].name))
			return field->index == 1 ? allowed[i].treatment : NULL;
	return NULL;
}

/* Work out all new values; those of fields that go stay empty. */
static struct outcome
work_out(const struct work *work, struct buf *values)
{
	for (size_t i = 0; i < work->mail->field_count; i++) {
		const struct mail_field *field = &work->mail->fields[i];
		treatment *treat = treatment_of(field);
		const char *fault =
		    treat != NULL ? treat(work, field->value, &values[i]) : NULL;

		if (fault != NULL)
			return outcome_make(
			    "local", "header", "the %s field %s", field->name, fault);
	}
	return outcome_ok();
}

/* All of the header, for a message that has nothing else to tell it from others by. */
static void
gather(const struct mail *mail, struct buf *text)
{
	for (size_t i = 0; i < mail->field_count; i++)
		buf_addf(text, "%s: %s\n", mail->fields[i].name, mail->fields[i].value);
}

static void
add_missing(const struct work *work, struct edits *edits)
{
	struct buf value = BUF_INIT, header = BUF_INIT;

	gather(work->mail, &header);
	for (size_t i = 0; i < ALLOWED; i++) {
		if (!allowed[i].required || mail_find(work->mail, allowed[i].name, 0) != NULL)
			continue;
		buf_reset(&value);
		(void)allowed[i].treatment(work, buf_str(&header), &value);
		edits_insheader(edits, 1, allowed[i].name, value.data);
	}
	buf_free(&value);
	buf_free(&header);
}

/*
 * Another sender, and another identifier for him: an MTA keeps the old one (ENVID) unless it is
 * given one, and does not always show it.
 */
static void
change_sender(const struct work *work, struct edits *edits)
{
	const struct mail_field *id = mail_find(work->mail, "Message-ID", 0);
	struct buf argument = BUF_INIT;

	buf_adds(&argument, "ENVID=");
	from_envelope_id(work->options, id != NULL ? id->value : "", &argument);
	edits_chgfrom(edits, work->options->alias, argument.data);
	buf_free(&argument);
}

/* A field that stays is replaced by an equal one, because an MTA may have more of it than it
 * shows to a filter (what follows a NUL). */
static void
add_edits(const struct work *work, const struct buf *values, struct edits *edits)
{
	for (size_t i = 0; i < work->mail->field_count; i++) {
		const struct mail_field *field = &work->mail->fields[i];

		if (values[i].len == 0)
			edits_chgheader(edits, field->name, field->index, NULL);
		else
			edits_chgheader(edits, field->name, field->index, values[i].data);
	}
	add_missing(work, edits);
	change_sender(work, edits);
}

struct outcome
from_edits(const struct from_options *options, const struct mail *mail, struct edits *edits)
{
	struct work work = {.options = options, .mail = mail};
	struct buf *values = xcalloc(mail->field_count + 1, sizeof(*values));
	struct outcome o = work_out(&work, values);

	if (outcome_is_ok(&o))
		add_edits(&work, values, edits);
	for (size_t i = 0; i < mail->field_count; i++)
		buf_free(&values[i]);
	free(values);
	return o;
}
