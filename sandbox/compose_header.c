/*
 * Write header fields.  A field is words with blanks between them; a word that would run over
 * the line's limit starts a new line.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/base/utf8.h"
#include "sandbox/codec.h"
#include "sandbox/compose_header.h"
#include "sandbox/json.h"

#define LINE_LENGTH 76
#define WORD_BYTES  42 /* of UTF-8 in an encoded word, so that it fits 75 characters */

struct field {
	struct buf *out;
	size_t line; /* where the line starts in out */
};

static struct field
field_start(const char *name, struct buf *out)
{
	struct field f = {out, out->len};

	buf_addf(out, "%s:", name);
	return f;
}

static void
field_word(struct field *f, const char *word, size_t length)
{
	if (f->out->len - f->line + 1 + length > LINE_LENGTH && f->out->len - f->line > 1 &&
	    f->out->data[f->out->len - 1] != ':') {
		buf_adds(f->out, "\r\n");
		f->line = f->out->len;
	}
	buf_addc(f->out, ' ');
	buf_add(f->out, word, length);
}

static void
field_end(struct field *f)
{
	buf_adds(f->out, "\r\n");
}

static bool
plain_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			return false;
	return true;
}

/* Append text as encoded words. */
static void
encoded_words(struct field *f, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		struct buf word = BUF_INIT;
		size_t take = 0;

		while (take < left) {
			size_t n = utf8_length(text + take, left - take);

			if (take + n > WORD_BYTES)
				break;
			take += n;
		}
		buf_adds(&word, "=?utf-8?B?");
		base64_encode(text, take, &word);
		buf_adds(&word, "?=");
		field_word(f, word.data, word.len);
		buf_free(&word);
		text += take;
		left -= take;
	}
}

/* Append text word by word, encoded where that is needed. */
static void
put_text(struct field *f, const char *text)
{
	if (!plain_ascii(text) || strstr(text, "=?") != NULL) {
		encoded_words(f, text);
		return;
	}
	while (*text != '\0') {
		size_t blanks = strspn(text, " ");
		size_t length = blanks + strcspn(text + blanks, " ");

		if (blanks > 0) { /* field_word() puts one back */
			text++;
			length--;
		}
		field_word(f, text, length);
		text += length;
	}
}

/* Can the text stand between '<' and '>'? */
static bool
bracketable(const char *text)
{
	return *text != '\0' && strpbrk(text, "<> \t\r\n") == NULL &&
	       text[strcspn(text, "\x7f")] == 0;
}

static void
put_name(struct field *f, const char *name)
{
	static const char specials[] = "()<>[]:;@\\,.\"";
	struct buf quoted = BUF_INIT;

	if (!plain_ascii(name)) {
		encoded_words(f, name);
		return;
	}
	if (strpbrk(name, specials) == NULL) {
		put_text(f, name);
		return;
	}
	buf_addc(&quoted, '"');
	for (const char *p = name; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			buf_addc(&quoted, '\\');
		buf_addc(&quoted, *p);
	}
	buf_addc(&quoted, '"');
	field_word(f, quoted.data, quoted.len);
	buf_free(&quoted);
}

static bool
put_address(struct field *f, const json_t *address, const char *after)
{
	const char *email = json_text(address, "email");
	const json_t *name = json_object_get(address, "name");
	const char *name_text = json_string_value(name);
	struct buf word = BUF_INIT;

	if (email == NULL || !bracketable(email) ||
	    (name != NULL && !json_is_string(name) && !json_is_null(name)))
		return false;
	if (name_text != NULL && *name_text != '\0') {
		put_name(f, name_text);
		buf_addf(&word, "<%s>%s", email, after);
	} else {
		buf_addf(&word, "%s%s", email, after);
	}
	field_word(f, word.data, word.len);
	buf_free(&word);
	return true;
}

static bool
put_addresses(struct field *f, const json_t *list, const char *after_last)
{
	size_t i;
	const json_t *address;

	if (!json_is_array(list))
		return false;
	json_array_foreach (list, i, address)
		if (!put_address(f, address, i + 1 < json_array_size(list) ? "," : after_last))
			return false;
	return true;
}

static bool
put_groups(struct field *f, const json_t *groups)
{
	size_t i;
	const json_t *group;

	if (!json_is_array(groups))
		return false;
	json_array_foreach (groups, i, group) {
		const char *name = json_text(group, "name");
		const char *comma = i + 1 < json_array_size(groups) ? "," : "";
		const json_t *addresses = json_object_get(group, "addresses");

		if (name == NULL) {
			if (!put_addresses(f, addresses, comma))
				return false;
			continue;
		}
		put_name(f, name);
		buf_addc(f->out, ':');
		if (!put_addresses(f, addresses, ""))
			return false;
		buf_addf(f->out, ";%s", comma);
	}
	return true;
}

static bool
put_bracketed(struct field *f, const json_t *list, const char *between)
{
	size_t i;
	const json_t *item;

	if (!json_is_array(list))
		return false;
	json_array_foreach (list, i, item) {
		const char *text = json_string_value(item);
		struct buf word = BUF_INIT;

		if (text == NULL || !bracketable(text))
			return false;
		buf_addf(&word, "<%s>%s", text, i + 1 < json_array_size(list) ? between : "");
		field_word(f, word.data, word.len);
		buf_free(&word);
	}
	return true;
}

static void
put_date(struct field *f, int64_t seconds, int zone)
{
	time_t local = (time_t)(seconds + zone * 60);
	int size = zone < 0 ? -zone : zone;
	char text[64];
	size_t length;
	struct tm tm;

	gmtime_r(&local, &tm);
	length = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S", &tm);
	length += (size_t)snprintf(text + length, sizeof(text) - length, " %c%02d%02d",
	    zone < 0 ? '-' : '+', size / 60 % 100, size % 60);
	field_word(f, text, length);
}

/* The zone at the end of a Date ("+02:00"), in minutes. */
static int
zone_of(const char *date)
{
	size_t length = strlen(date);
	int hours, minutes;
	char sign;

	if (length < 6 || sscanf(date + length - 6, "%c%2d:%2d", &sign, &hours, &minutes) != 3)
		return 0;
	return (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
}

/* A raw value: as it stands, if every line end is CRLF and followed by a blank. */
static bool
put_raw(struct field *f, const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		bool cr = text[i] == '\r', lf = text[i] == '\n';

		if ((cr && text[i + 1] != '\n') || (lf && (i == 0 || text[i - 1] != '\r')) ||
		    (lf && text[i + 1] != ' ' && text[i + 1] != '\t'))
			return false;
	}
	buf_add(f->out, text, length);
	return true;
}

static bool
put_value(struct field *f, enum header_form form, const json_t *value)
{
	const char *text = json_string_value(value);
	int64_t seconds;

	switch (form) {
	case FORM_RAW:
		return text != NULL && put_raw(f, text);
	case FORM_TEXT:
		if (text == NULL)
			return false;
		put_text(f, text);
		return true;
	case FORM_ADDRESSES:
		return put_addresses(f, value, "");
	case FORM_GROUPED_ADDRESSES:
		return put_groups(f, value);
	case FORM_MESSAGE_IDS:
		return put_bracketed(f, value, "");
	case FORM_URLS:
		return put_bracketed(f, value, ",");
	case FORM_DATE:
		if (text == NULL || !json_read_date(text, &seconds))
			return false;
		put_date(f, seconds, zone_of(text));
		return true;
	}
	return false;
}

static bool
put_field(const struct header_property *h, const json_t *value, struct buf *out)
{
	size_t start = out->len;
	struct field f = field_start(h->name, out);

	if (!put_value(&f, h->form, value)) {
		buf_truncate(out, start);
		return false;
	}
	field_end(&f);
	return true;
}

bool
compose_field(const struct header_property *h, const json_t *value, struct buf *out)
{
	size_t start = out->len, i;
	const json_t *item;

	if (json_is_null(value) ||
	    (!h->all && json_is_array(value) && json_array_size(value) == 0))
		return true;
	if (!h->all)
		return put_field(h, value, out);
	if (!json_is_array(value))
		return false;
	json_array_foreach (value, i, item) {
		if (!put_field(h, item, out)) {
			buf_truncate(out, start);
			return false;
		}
	}
	return true;
}

void
compose_date_field(int64_t seconds, struct buf *out)
{
	struct field f = field_start("Date", out);

	put_date(&f, seconds, 0);
	field_end(&f);
}

void
compose_parameter(const char *name, const char *value, struct buf *out)
{
	if (plain_ascii(value) && strlen(value) <= LINE_LENGTH) {
		buf_addf(out, ";\r\n %s=\"", name);
		for (; *value != '\0'; value++) {
			if (*value == '"' || *value == '\\')
				buf_addc(out, '\\');
			buf_addc(out, *value);
		}
		buf_addc(out, '"');
		return;
	}
	buf_addf(out, ";\r\n %s*=utf-8''", name);
	for (; *value != '\0'; value++) {
		char c = *value;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_')
			buf_addc(out, c);
		else
			buf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
	}
}
