/*
 * From encoded bytes to UTF-8: transfer encodings, charsets, and RFC 2047's words.
 */
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "sandbox/codec.h"
#include "sandbox/mime.h"
#include "sandbox/mime_field.h"

#define CHARSET_MAX 40

bool
quoted_printable_decode(const char *text, size_t length, bool word, struct buf *out)
{
	bool good = true;

	for (size_t i = 0; i < length; i++) {
		char byte;

		if (text[i] == '_' && word) {
			buf_addc(out, ' ');
		} else if (text[i] != '=') {
			buf_addc(out, text[i]);
		} else if (i + 2 < length && hex_decode(text + i + 1, &byte, 1)) {
			buf_addc(out, byte);
			i += 2;
		} else {
			size_t j = i + 1; /* a soft line break, blanks before it allowed */

			while (j < length &&
			       (text[j] == ' ' || text[j] == '\t' || text[j] == '\r'))
				j++;
			if (j < length && text[j] != '\n') {
				good = false;
				buf_addc(out, '=');
				continue;
			}
			i = j;
		}
	}
	return good;
}

/* Convert as much as can be; false if bytes had to be replaced. */
static bool
convert(iconv_t converter, const char *bytes, size_t length, struct buf *out)
{
	char *in = (char *)(uintptr_t)bytes; /* iconv does not write there */
	bool good = true;

	while (length > 0) {
		size_t room = length * 4 + 16;
		char *to = buf_reserve(out, room);
		size_t left = room;
		size_t result = iconv(converter, &in, &length, &to, &left);

		out->len += room - left;
		out->data[out->len] = '\0';
		if (result != (size_t)-1 || errno == E2BIG)
			continue;
		good = false;
		buf_add(out, "\xef\xbf\xbd", 3);
		in++;
		length--;
	}
	return good;
}

bool
text_to_utf8(const char *charset, const char *bytes, size_t length, struct buf *out)
{
	struct buf converted = BUF_INIT;
	iconv_t converter;
	bool good;

	if (charset == NULL || *charset == '\0' || strcasecmp(charset, "utf-8") == 0 ||
	    strcasecmp(charset, "us-ascii") == 0 || strcasecmp(charset, "utf8") == 0) {
		good = utf8_valid(bytes, length);
		utf8_clean(bytes, length, out);
		return good;
	}
	converter = iconv_open("UTF-8", charset);
	if (converter == (iconv_t)-1) {
		utf8_clean(bytes, length, out);
		return false;
	}
	good = convert(converter, bytes, length, &converted);
	iconv_close(converter);
	utf8_clean(buf_str(&converted), converted.len, out);
	buf_free(&converted);
	return good;
}

/*
 * Decode the word at p ("=?charset?B?text?="), appending it; returns what follows, or NULL
 * if there is no word here.
 */
static const char *
encoded_word(const char *p, const char *end, struct buf *out)
{
	const char *charset = p + 2;
	const char *encoding, *text, *stop;
	char name[CHARSET_MAX];
	struct buf bytes = BUF_INIT;
	size_t name_length;

	if (end - p < 8 || p[0] != '=' || p[1] != '?')
		return NULL;
	encoding = memchr(charset, '?', (size_t)(end - charset));
	if (encoding == NULL || end - encoding < 4 || encoding[2] != '?')
		return NULL;
	text = encoding + 3;
	stop = memchr(text, '?', (size_t)(end - text));
	if (stop == NULL || stop + 1 >= end || stop[1] != '=')
		return NULL;
	name_length = strcspn(charset, "?*"); /* a language may follow: RFC 2231 §5 */
	if (name_length == 0 || name_length >= sizeof(name))
		return NULL;
	memcpy(name, charset, name_length);
	name[name_length] = '\0';
	if (tolower((unsigned char)encoding[1]) == 'b')
		(void)base64_decode(text, (size_t)(stop - text), &bytes);
	else if (tolower((unsigned char)encoding[1]) == 'q')
		(void)quoted_printable_decode(text, (size_t)(stop - text), true, &bytes);
	else
		return NULL;
	text_to_utf8(name, buf_str(&bytes), bytes.len, out);
	buf_free(&bytes);
	return stop + 2;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Append a copy without line ends, and without blanks at both ends. */
static void
unfold(const char *value, size_t length, struct buf *out)
{
	while (length > 0 && blank(*value)) {
		value++;
		length--;
	}
	while (length > 0 && blank(value[length - 1]))
		length--;
	for (size_t i = 0; i < length; i++)
		if (value[i] != '\r' && value[i] != '\n')
			buf_addc(out, value[i]);
}

void
field_text(const char *value, size_t length, struct buf *out)
{
	struct buf flat = BUF_INIT, raw = BUF_INIT;
	const char *p, *end, *after_word = NULL;

	unfold(value, length, &flat);
	p = buf_str(&flat);
	end = p + flat.len;
	while (p < end) {
		const char *start = p;
		const char *after;

		while (p < end && blank(*p))
			p++;
		after = encoded_word(p, end, &raw);
		/* Blanks between two encoded words are not part of the text. */
		if (after == NULL || after_word != start)
			utf8_clean(start, (size_t)(p - start), out);
		if (after != NULL) {
			utf8_clean(buf_str(&raw), raw.len, out);
			buf_reset(&raw);
			after_word = p = after;
			continue;
		}
		start = p;
		do
			p++;
		while (p < end && !blank(*p) && *p != '=');
		if (start < end)
			utf8_clean(start, (size_t)((p < end ? p : end) - start), out);
	}
	buf_free(&flat);
	buf_free(&raw);
}

bool
mime_decode(const struct mime_part *part, struct buf *out)
{
	if (strcmp(part->encoding, "base64") == 0)
		return base64_decode(part->body, part->body_length, out);
	if (strcmp(part->encoding, "quoted-printable") == 0)
		return quoted_printable_decode(part->body, part->body_length, false, out);
	buf_add(out, part->body, part->body_length);
	return strcmp(part->encoding, "7bit") == 0 || strcmp(part->encoding, "8bit") == 0 ||
	       strcmp(part->encoding, "binary") == 0;
}

bool
mime_text(const struct mime_part *part, struct buf *out)
{
	struct buf bytes = BUF_INIT, text = BUF_INIT;
	bool good = mime_decode(part, &bytes);

	good = text_to_utf8(part->charset, buf_str(&bytes), bytes.len, &text) && good;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] != '\r' || i + 1 == text.len || text.data[i + 1] != '\n')
			buf_addc(out, text.data[i]);
	buf_free(&bytes);
	buf_free(&text);
	return good;
}
