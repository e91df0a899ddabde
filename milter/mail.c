/*
 * A message's envelope and header, as events bring them.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"
#include "milter/mail.h"

#define FIRST 4 /* recipients, and fields, that there is room for at once; a power of two */

#define TEXT_OF_IT(number) #number
#define TEXT_OF(number)    TEXT_OF_IT(number)

void
mail_init(struct mail *mail)
{
	*mail = (struct mail){.client.ss_family = AF_UNSPEC};
}

void
mail_reset(struct mail *mail)
{
	struct sockaddr_storage client = mail->client;

	free(mail->queue_id);
	free(mail->login);
	free(mail->recipients);
	free(mail->fields);
	texts_free(&mail->texts);
	mail_init(mail);
	mail->client = client;
}

void
mail_free(struct mail *mail)
{
	mail_reset(mail);
	mail_init(mail);
}

/* Note what is too large, unless something is already. */
static void
note_too_large(struct mail *mail, const char *what)
{
	if (mail->too_large == NULL)
		mail->too_large = what;
}

struct outcome
mail_fault(const struct mail *mail)
{
	return mail->too_large == NULL
	           ? outcome_ok()
	           : outcome_make("local", "too-large", "%s", mail->too_large);
}

/* Without its brackets. */
static const char *
bare(struct mail *mail, const char *given)
{
	size_t length = strlen(given);

	if (length >= 2 && given[0] == '<' && given[length - 1] == '>')
		return texts_add_part(&mail->texts, given + 1, length - 2);
	return given;
}

static const char *
join(struct mail *mail, char *const *arguments)
{
	struct buf text = BUF_INIT;
	const char *joined;

	for (; arguments != NULL && *arguments != NULL; arguments++) {
		if (text.len != 0)
			buf_addc(&text, ' ');
		buf_adds(&text, *arguments);
	}
	joined = text.len != 0 ? texts_add_part(&mail->texts, text.data, text.len) : NULL;
	buf_free(&text);
	return joined;
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
		note_too_large(mail, "its envelope");
		return false;
	}
	mail->envelope_bytes += bytes;
	given = texts_add(&mail->texts, given);
	*path_r = (struct mail_path){given, bare(mail, given), join(mail, arguments)};
	return true;
}

void
mail_sender(struct mail *mail, const char *given, char *const *arguments)
{
	mail->sender = (struct mail_path){0};
	(void)take_path(mail, given, arguments, &mail->sender);
}

/* Make room for one more of count things: from FIRST on it doubles. */
static void *
grow(void *things, size_t count, size_t size)
{
	if (count == 0)
		return xreallocarray(things, FIRST, size);
	if (count < FIRST || (count & (count - 1)) != 0)
		return things;
	return xreallocarray(things, 2 * count, size);
}

void
mail_recipient(struct mail *mail, const char *given, char *const *arguments)
{
	if (mail->recipient_count == MAIL_RECIPIENTS_MAX) {
		note_too_large(mail, "more than " TEXT_OF(MAIL_RECIPIENTS_MAX) " recipients");
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
static const char *
clean(struct mail *mail, const char *value)
{
	char *copy, *to;

	if (*value == ' ')
		value++;
	copy = texts_add(&mail->texts, value);
	to = strchr(copy, '\r');
	if (to == NULL)
		return copy;
	for (const char *p = to; *p != '\0'; p++)
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
		note_too_large(mail, "its header");
		return;
	}
	mail->header_bytes += bytes;
	mail->fields = grow(mail->fields, mail->field_count, sizeof(mail->fields[0]));
	mail->fields[mail->field_count] = (struct mail_field){
	    .name = texts_add(&mail->texts, name),
	    .value = clean(mail, value),
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
