/*
 * A field as its readers may see it.
 *
 * Of encoded words (RFC 2047) whatever can be decoded is decoded, each by itself: a word that is
 * broken hides none of the others, and of one in a charset that iconv(3) does not know the bytes
 * are seen, as many programs show them.  So nothing that this gives is fit to be written; it is
 * there to be searched.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/ascii.h"
#include "common/wire/mime.h"
#include "milter/from_parts.h"

#define BLANKS   " \t\r\n"
#define TEXT_MAX (1u << 20) /* bytes of a word in UTF-8; a header is no longer */

struct line {
	struct buf text;
	const char *last; /* "?=" in it, or NULL: lest the end of each of many words that have
	                   * none be looked for */
};

/* An encoded word: "=?charset*language?Q?text?=". */
struct word {
	char charset[64];
	bool base64;
	struct mime_span text;
	const char *end; /* behind it */
};

static bool
read_word(const struct line *line, const char *p, struct word *word)
{
	const char *charset, *end;
	size_t length;

	if (line->last == NULL || p >= line->last || strncmp(p, "=?", 2) != 0)
		return false;
	charset = p + 2;
	p = charset + strcspn(charset, "?" BLANKS);
	length = strcspn(charset, "*?");
	if (*p != '?' || p[1] == '\0' || strchr("BbQq", p[1]) == NULL || p[2] != '?' ||
	    length >= sizeof(word->charset) || (end = strstr(p + 3, "?=")) == NULL)
		return false;
	memcpy(word->charset, charset, length);
	word->charset[length] = '\0';
	word->base64 = p[1] == 'B' || p[1] == 'b';
	word->text = (struct mime_span){p + 3, (size_t)(end - p - 3)};
	word->end = end + 2;
	return true;
}

/* Append the text with bytes for two digits behind the mark, and blanks for underscores if that
 * is wanted. */
static void
decode_digits(struct mime_span text, char mark, bool underscores, struct buf *bytes)
{
	const char *p = text.bytes, *end = p + text.length;

	for (; p < end; p++)
		if (*p == mark && end - p > 2 && ascii_hex_value(p[1]) >= 0 &&
		    ascii_hex_value(p[2]) >= 0) {
			buf_addc(
			    bytes, (char)(ascii_hex_value(p[1]) << 4 | ascii_hex_value(p[2])));
			p += 2;
		} else {
			buf_addc(bytes, underscores && *p == '_' ? ' ' : *p);
		}
}

static void
decode_base64(struct mime_span text, struct buf *bytes)
{
	struct mime_decoder decoder;
	char some[256];
	ssize_t count;

	mime_decoder_init(&decoder, MIME_BASE64, text);
	while ((count = mime_decode(&decoder, some, sizeof(some))) > 0)
		buf_add(bytes, some, (size_t)count);
}

/* Append bytes, but for those that would end a text. */
static void
add_text(struct buf *out, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != '\0')
			buf_addc(out, bytes[i]);
}

static void
add_word(const struct word *word, struct buf *seen)
{
	struct buf bytes = BUF_INIT, text = BUF_INIT;

	if (word->base64)
		decode_base64(word->text, &bytes);
	else
		decode_digits(word->text, '=', true, &bytes);
	if (mime_to_utf8(MIME_IDENTITY, (struct mime_span){buf_str(&bytes), bytes.len},
	        word->charset, TEXT_MAX, &text))
		add_text(seen, text.data, text.len);
	else
		add_text(seen, bytes.data, bytes.len);
	buf_free(&bytes);
	buf_free(&text);
}

/* Behind the blanks that belong to two encoded words and are not seen; or where it was. */
static const char *
skip_to_word(const struct line *line, const char *p)
{
	const char *next = p + strspn(p, BLANKS);
	struct word word;

	return read_word(line, next, &word) ? next : p;
}

/* The value as one line. */
static struct line
line_of(const char *value)
{
	struct line line = {BUF_INIT, NULL};

	mime_unfold((struct mime_span){value, strlen(value)}, &line.text);
	for (const char *p = buf_str(&line.text); (p = strstr(p, "?=")) != NULL; p++)
		line.last = p;
	return line;
}

void
from_seen(const char *value, struct buf *seen)
{
	struct line line = line_of(value);
	struct word word;
	const char *p;

	for (p = buf_str(&line.text); *p != '\0';)
		if (read_word(&line, p, &word)) {
			add_word(&word, seen);
			p = skip_to_word(&line, word.end);
		} else {
			buf_addc(seen, *p++);
		}
	buf_free(&line.text);
}

/* Append the text without the backslashes that quote what follows them. */
static void
add_unquoted(const char *text, struct buf *views)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' && text[1] != '\0')
			text++;
		buf_addc(views, *text);
	}
	buf_addc(views, '\n');
}

/* Append what its parameters say, if it has any that can be read. */
static void
add_parameters(const char *value, bool with_slash, struct buf *views)
{
	struct mime_value read;

	(void)mime_value_read((struct mime_span){value, strlen(value)}, with_slash, &read);
	for (size_t i = 0; i < read.count; i++)
		if (read.parameters[i].value != NULL)
			buf_addf(views, "%s\n", read.parameters[i].value);
	mime_value_free(&read);
}

void
from_views(const char *value, struct buf *views)
{
	struct buf seen = BUF_INIT;

	from_seen(value, &seen);
	buf_addf(views, "%s\n", buf_str(&seen));
	add_unquoted(buf_str(&seen), views);
	decode_digits((struct mime_span){buf_str(&seen), seen.len}, '%', false, views);
	buf_addc(views, '\n');
	add_parameters(value, true, views);
	add_parameters(value, false, views);
	buf_free(&seen);
}
