/*
 * Text of the message as body values.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "transport/compose_parts.h"

/* More text, in one part or in all, is uploaded: a request has its limit, often 10 MB. */
#define VALUES_MAX (512u << 10)

/* Is it text that is read as part of the message, and no file? */
static bool
is_shown(const struct mime_part *part)
{
	const char *how = part->disposition.text;

	return mime_type_begins(part, "text/") && (how == NULL || strcmp(how, "inline") == 0) &&
	       mime_parameter(&part->type, "name") == NULL &&
	       mime_parameter(&part->disposition, "filename") == NULL;
}

/* The charset that it names, or the default one; NULL if the name cannot be read. */
static const char *
charset_of(const struct mime_part *part)
{
	const struct mime_parameter *charset = mime_parameter(&part->type, "charset");

	return charset != NULL ? charset->value : "us-ascii";
}

/* A signature inside text (RFC 4880 §7) is of its bytes in its charset. */
static bool
is_signed(const char *text, const char *charset)
{
	return strcasecmp(charset, "utf-8") != 0 && strcasecmp(charset, "us-ascii") != 0 &&
	       strstr(text, "-----BEGIN PGP ") != NULL;
}

/* Line ends become LF.  False if a byte is there that does not come out as it went in. */
static bool
with_lf(struct buf *text)
{
	size_t to = 0;

	for (size_t from = 0; from < text->len; from++) {
		char c = text->data[from];

		if (c == '\r' && from + 1 < text->len && text->data[from + 1] == '\n')
			continue;
		if (c == '\r' || c == '\0')
			return false;
		text->data[to++] = c;
	}
	buf_truncate(text, to);
	return true;
}

static bool
read_text(const struct composition *c, const struct mime_part *part, struct buf *text)
{
	const char *charset = charset_of(part);

	return charset != NULL &&
	       mime_to_utf8(
	           part->encoding, part->body, charset, VALUES_MAX - c->value_bytes, text) &&
	       with_lf(text) && !is_signed(buf_str(text), charset);
}

bool
compose_value(struct composition *c, const struct mime_part *part, json_t *json)
{
	struct buf text = BUF_INIT;
	json_t *value = NULL;
	char id[24];

	/* Cyrus takes no empty upload, whatever the type. */
	if (part->body.length == 0 || (is_shown(part) && read_text(c, part, &text)))
		value = json_stringn(buf_str(&text), text.len);
	if (value != NULL) {
		snprintf(id, sizeof(id), "%zu", json_object_size(c->values) + 1);
		json_object_set_new(json, "partId", json_string(id));
		json_object_set_new(c->values, id, json_pack("{s:o}", "value", value));
		c->value_bytes += text.len;
	}
	buf_free(&text);
	return value != NULL;
}
