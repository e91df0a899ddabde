/*
 * Header fields of messages.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_message.h"
#include "sandbox/compose_header.h"
#include "sandbox/mime_address.h"
#include "sandbox/mime_field.h"

void
alias_message_fields(const struct mime_part *message,
    bool (*pick)(const struct mime_header *field), struct buf *out)
{
	for (size_t i = 0; i < message->header_count; i++) {
		const struct mime_header *h = &message->headers[i];

		if (!pick(h))
			continue;
		buf_add(out, h->name, h->name_length);
		buf_addc(out, ':');
		buf_add(out, h->value, h->value_length);
		buf_adds(out, "\r\n");
	}
}

bool
alias_message_named(const struct mime_header *field, const char *const *names)
{
	for (; *names != NULL; names++)
		if (mime_header_is(field, *names))
			return true;
	return false;
}

void
alias_message_addresses(const char *name, const json_t *addresses, struct buf *out)
{
	struct header_property field = {.form = FORM_ADDRESSES};

	if (json_array_size(addresses) == 0)
		return;
	memcpy(field.name, name, strlen(name) + 1);
	(void)compose_field(&field, addresses, out);
}

void
alias_message_field(const char *name, const char *value, struct buf *out)
{
	buf_addf(out, "%s: %s\r\n", name, value);
}

json_t *
alias_message_list(const struct mime_part *message, const char *name)
{
	json_t *all = json_array();

	for (size_t i = 0; i < message->header_count; i++) {
		const struct mime_header *h = &message->headers[i];
		json_t *list;

		if (!mime_header_is(h, name))
			continue;
		list = address_list(h->value, h->value_length);
		json_array_extend(all, list);
		json_decref(list);
	}
	return all;
}

char *
alias_message_value(const struct mime_part *message, const char *name)
{
	const struct mime_header *h = mime_header(message, name);
	struct buf text = BUF_INIT;

	if (h == NULL)
		return NULL;
	buf_adds(&text, "");
	for (size_t i = 0; i < h->value_length; i++) {
		char c = h->value[i];

		if (c == '\0' || c == '\r' || c == '\n' ||
		    (text.len == 0 && isspace((unsigned char)c)))
			continue;
		buf_addc(&text, c);
	}
	while (text.len > 0 && isspace((unsigned char)text.data[text.len - 1]))
		buf_truncate(&text, text.len - 1);
	return buf_steal(&text);
}

void
alias_message_map(
    const char *text, char *(*map)(void *state, const char *word), void *state, struct buf *out)
{
	while (*text != '\0') {
		size_t length = strcspn(text, " \t");
		char *word = xstrndup(text, length);
		char *mapped = length == 0 ? NULL : map(state, word);

		/* A line for each, so that none grows too long. */
		if (length > 0)
			buf_addf(out, "%s%s", out->len == 0 ? "" : "\r\n ",
			    mapped != NULL ? mapped : word);
		free(mapped);
		free(word);
		text += length;
		text += strspn(text, " \t");
	}
}

void
alias_message_replace(
    const char *bytes, size_t length, const char *from, const char *to, struct buf *out)
{
	const char *end = bytes + length;
	size_t size = strlen(from);

	while (bytes < end) {
		const char *found =
		    size == 0 ? NULL : memmem(bytes, (size_t)(end - bytes), from, size);

		buf_add(out, bytes, (size_t)((found == NULL ? end : found) - bytes));
		if (found == NULL)
			return;
		buf_adds(out, to);
		bytes = found + size;
	}
}
