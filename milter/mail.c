/*
 * A message's envelope and header, as events bring them.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"
#include "milter/mail.h"

void
mail_init(struct mail *mail)
{
	*mail = (struct mail){.client.ss_family = AF_UNSPEC, .fault = outcome_ok()};
}

static void
free_path(struct mail_path *path)
{
	free(path->given);
	free(path->address);
	free(path->arguments);
	*path = (struct mail_path){0};
}

void
mail_reset(struct mail *mail)
{
	struct sockaddr_storage client = mail->client;

	free(mail->queue_id);
	free(mail->login);
	free_path(&mail->sender);
	for (size_t i = 0; i < mail->recipient_count; i++)
		free_path(&mail->recipients[i]);
	for (size_t i = 0; i < mail->field_count; i++) {
		free(mail->fields[i].name);
		free(mail->fields[i].value);
	}
	free(mail->recipients);
	free(mail->fields);
	mail_init(mail);
	mail->client = client;
}

void
mail_free(struct mail *mail)
{
	mail_reset(mail);
	mail_init(mail);
}

/* Note what is wrong, unless something is already. */
static void
fault(struct mail *mail, struct outcome o)
{
	if (outcome_is_ok(&mail->fault))
		mail->fault = o;
}

/* Without its brackets. */
static char *
bare(const char *given)
{
	size_t length = strlen(given);

	if (length >= 2 && given[0] == '<' && given[length - 1] == '>')
		return xstrndup(given + 1, length - 2);
	return xstrdup(given);
}

static char *
join(char *const *arguments)
{
	struct buf text = BUF_INIT;

	for (; arguments != NULL && *arguments != NULL; arguments++) {
		if (text.len != 0)
			buf_addc(&text, ' ');
		buf_adds(&text, *arguments);
	}
	return text.len != 0 ? buf_steal(&text) : NULL;
}

/* Take an address of the envelope, if there is room for it. */
static bool
take_path(
    struct mail *mail, const char *given, char *const *arguments, struct mail_path *path_r)
{
	size_t bytes = strlen(given);

	for (char *const *p = arguments; p != NULL && *p != NULL; p++)
		bytes += strlen(*p);
	if (bytes > MAIL_ENVELOPE_MAX - mail->envelope_bytes) {
		fault(mail, outcome_make("local", "too-large", "its envelope"));
		return false;
	}
	mail->envelope_bytes += bytes;
	*path_r = (struct mail_path){xstrdup(given), bare(given), join(arguments)};
	return true;
}

void
mail_sender(struct mail *mail, const char *given, char *const *arguments)
{
	free_path(&mail->sender);
	(void)take_path(mail, given, arguments, &mail->sender);
}

/* Make room for one more of count things: it doubles where count is a power of two. */
static void *
grow(void *things, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return things;
	return xreallocarray(things, count == 0 ? 1 : 2 * count, size);
}

void
mail_recipient(struct mail *mail, const char *given, char *const *arguments)
{
	if (mail->recipient_count == MAIL_RECIPIENTS_MAX) {
		fault(mail, outcome_make("local", "too-large", "more than %d recipients",
		                MAIL_RECIPIENTS_MAX));
		return;
	}
	mail->recipients =
	    grow(mail->recipients, mail->recipient_count, sizeof(mail->recipients[0]));
	if (take_path(mail, given, arguments, &mail->recipients[mail->recipient_count]))
		mail->recipient_count++;
}

/* How many fields there are of that name. */
static unsigned
count_of(const struct mail *mail, const char *name)
{
	for (size_t i = mail->field_count; i > 0; i--)
		if (mail_field_is(&mail->fields[i - 1], name))
			return mail->fields[i - 1].index;
	return 0;
}

/* A copy of the value with LF for CRLF, without the blank before it. */
static char *
clean(const char *value)
{
	char *copy, *to;

	if (*value == ' ')
		value++;
	copy = to = xstrdup(value);
	for (const char *p = value; *p != '\0'; p++)
		if (p[0] != '\r' || p[1] != '\n')
			*to++ = *p;
	*to = '\0';
	return copy;
}

void
mail_field(struct mail *mail, const char *name, const char *value)
{
	size_t bytes = strlen(name) + strlen(value);

	if (mail->field_count == MAIL_FIELDS_MAX ||
	    bytes > MAIL_HEADER_MAX - mail->header_bytes) {
		fault(mail, outcome_make("local", "too-large", "its header"));
		return;
	}
	mail->header_bytes += bytes;
	mail->fields = grow(mail->fields, mail->field_count, sizeof(mail->fields[0]));
	mail->fields[mail->field_count] = (struct mail_field){
	    .name = xstrdup(name),
	    .value = clean(value),
	    .index = count_of(mail, name) + 1,
	};
	mail->field_count++;
}

const struct mail_field *
mail_find(const struct mail *mail, const char *name, size_t n)
{
	for (size_t i = 0; i < mail->field_count; i++)
		if (mail_field_is(&mail->fields[i], name) && n-- == 0)
			return &mail->fields[i];
	return NULL;
}
