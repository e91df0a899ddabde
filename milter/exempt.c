/*
 * Messages that are to leave as they are.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "milter/exempt.h"
#include "milter/stamp.h"

#define BLANKS " \t\r\n"

/* Senders of a mail system's own mail, whatever their domain. */
static const char *const systems[] = {"mailer-daemon", "double-bounce"};

static const char *const precedences[] = {"list", "bulk", "junk"};

/* The value's first word, up to a blank, a ';' or a comment, in any case? */
static bool
begins_with_word(const char *value, const char *word)
{
	size_t length = strlen(word);

	value += strspn(value, BLANKS);
	return strncasecmp(value, word, length) == 0 &&
	       (value[length] == '\0' || strchr(BLANKS ";(", value[length]) != NULL);
}

/* Is the value this word and nothing else? */
static bool
is_word(const char *value, const char *word)
{
	value += strspn(value, BLANKS);
	return begins_with_word(value, word) &&
	       value[strlen(word) + strspn(value + strlen(word), BLANKS)] == '\0';
}

/* Does the stamp hold?  Checking costs as much as there are recipients. */
static bool
holds(const struct buf *key, const struct mail *mail, int64_t now, const char *value)
{
	const char **recipients = xcalloc(mail->recipient_count + 1, sizeof(*recipients));
	struct alias_stamp_envelope envelope = {
	    .sender = mail->sender.address,
	    .recipients = recipients,
	    .count = mail->recipient_count,
	};
	bool good;

	for (size_t i = 0; i < mail->recipient_count; i++)
		recipients[i] = mail->recipients[i].address;
	good = alias_stamp_holds(key, &envelope, now, value);
	free(recipients);
	return good;
}

/* We leave one stamp on a message: others are not looked at. */
static bool
is_stamped(const struct exempt_options *options, const struct mail *mail, int64_t now)
{
	const struct mail_field *stamp = mail_find(mail, ALIAS_STAMP_FIELD, 0);

	return options->key != NULL && stamp != NULL &&
	       holds(options->key, mail, now, stamp->value);
}

/* Is the local part that of a mail system, with whatever domain, or with none? */
static bool
is_system(const char *sender)
{
	size_t length = strcspn(sender, "@");

	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
		if (strlen(systems[i]) == length &&
		    strncasecmp(systems[i], sender, length) == 0)
			return true;
	return false;
}

static bool
opts_out(const struct exempt_options *options, const struct mail_field *field)
{
	return options->opt_out != NULL && mail_field_is(field, options->opt_out) &&
	       is_word(field->value, "yes");
}

static bool
is_of_list(const struct exempt_options *options, const struct mail_field *field)
{
	(void)options;
	if (strncasecmp(field->name, "List-", 5) == 0 && field->name[5] != '\0')
		return true;
	for (size_t i = 0; i < sizeof(precedences) / sizeof(precedences[0]); i++)
		if (mail_field_is(field, "Precedence") &&
		    begins_with_word(field->value, precedences[i]))
			return true;
	return false;
}

static bool
is_automatic(const struct exempt_options *options, const struct mail_field *field)
{
	(void)options;
	return mail_field_is(field, "Auto-Submitted") && !begins_with_word(field->value, "no");
}

static bool
has(const struct exempt_options *options, const struct mail *mail,
    bool (*is)(const struct exempt_options *options, const struct mail_field *field))
{
	for (size_t i = 0; i < mail->field_count; i++)
		if (is(options, &mail->fields[i]))
			return true;
	return false;
}

enum exempt_reason
exempt_judge(
    const struct exempt_options *options, const struct mail *mail, bool local_user, int64_t now)
{
	if (mail->sender.address == NULL)
		return EXEMPT_NOT;
	if (is_stamped(options, mail, now))
		return EXEMPT_STAMPED;
	if (*mail->sender.address == '\0')
		return EXEMPT_NULL_SENDER;
	if (is_system(mail->sender.address))
		return EXEMPT_BOUNCE;
	if (local_user && has(options, mail, opts_out))
		return EXEMPT_OPT_OUT;
	if (options->skip_lists && has(options, mail, is_of_list))
		return EXEMPT_LIST;
	if (options->skip_automatic && has(options, mail, is_automatic))
		return EXEMPT_AUTOMATIC;
	return EXEMPT_NOT;
}

void
exempt_removals(
    const struct exempt_options *options, const struct mail *mail, struct edits *edits)
{
	for (size_t i = 0; i < mail->field_count; i++) {
		const struct mail_field *field = &mail->fields[i];

		if (mail_field_is(field, ALIAS_STAMP_FIELD) ||
		    (options->opt_out != NULL && mail_field_is(field, options->opt_out)))
			edits_chgheader(edits, field->name, field->index, NULL);
	}
}

const char *
exempt_reason_name(enum exempt_reason reason)
{
	static const char *const names[] = {
	    "", "stamped", "null-sender", "bounce", "opt-out", "list", "automatic"};

	return names[reason];
}
