/*
 * A header's fields as text.
 *
 * For show, so nothing is refused: a word that cannot be decoded is shown as it stands, and
 * bytes that are no UTF-8 as question marks.  Who has to write a message anew needs the
 * strict mime_decode_words(), and libetpan, whose libraries every run would have to load.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/wire/mime.h"
#include "sync/header_text.h"

#define FILE_MAX    65536
#define CHARSET_MAX 64

/* Control characters. */

/* The length of the UTF-8 character at p, 0 if there is none. */
static size_t
character(const char *p)
{
	size_t length = 1;

	while (length < 4 && ((unsigned char)p[length] & 0xc0) == 0x80)
		length++;
	while (length > 1 && !mime_is_utf8(p, length))
		length--;
	return mime_is_utf8(p, length) ? length : 0;
}

static bool
is_control(const char *p, size_t length)
{
	unsigned char first = (unsigned char)*p;

	/* C0, DEL, and C1. */
	return (length == 1 && (first < ' ' || first == 0x7f)) ||
	       (length == 2 && first == 0xc2 && (unsigned char)p[1] < 0xa0);
}

void
header_text_clean(const char *text, struct buf *out)
{
	buf_adds(out, "");
	while (*text != '\0') {
		size_t length = character(text);

		if (out->len + (length != 0 ? length : 1) > HEADER_TEXT_MAX)
			break;
		if (length == 0)
			buf_addc(out, '?');
		else if (!is_control(text, length))
			buf_add(out, text, length);
		text += length != 0 ? length : 1;
	}
}

/* Encoded words. */

struct word {
	char charset[CHARSET_MAX];
	char encoding; /* 'B' or 'Q' */
	const char *text;
	size_t length;
	const char *end; /* behind "?=" */
};

/* Is there an encoded word at p: "=?charset*language?B?text?="? */
static bool
read_word(const char *p, struct word *w)
{
	const char *charset = p + 2, *encoding, *end;
	size_t length;

	if (strncmp(p, "=?", 2) != 0)
		return false;
	encoding = strchr(charset, '?');
	if (encoding == NULL || strchr("BbQq", encoding[1]) == NULL || encoding[1] == '\0' ||
	    encoding[2] != '?')
		return false;
	length = strcspn(charset, "*?");
	if (length == 0 || length >= sizeof(w->charset))
		return false;
	memcpy(w->charset, charset, length);
	w->charset[length] = '\0';
	w->encoding = encoding[1] == 'B' || encoding[1] == 'b' ? 'B' : 'Q';
	w->text = encoding + 3;
	w->length = strcspn(w->text, "? \t");
	end = w->text + w->length;
	w->end = end + 2;
	return strncmp(end, "?=", 2) == 0;
}

/* The text of Q as quoted-printable, where a blank at the end would not count. */
static void
unquote(const struct word *w, struct buf *quoted)
{
	for (size_t i = 0; i < w->length; i++)
		if (w->text[i] == '_')
			buf_adds(quoted, "=20");
		else
			buf_addc(quoted, w->text[i]);
}

static bool
decode_word(const struct word *w, struct buf *out)
{
	struct buf bytes = BUF_INIT;
	bool good;

	if (w->encoding == 'B')
		buf_add(&bytes, w->text, w->length);
	else
		unquote(w, &bytes);
	good = mime_to_utf8(w->encoding == 'B' ? MIME_BASE64 : MIME_QUOTED_PRINTABLE,
	    (struct mime_span){buf_str(&bytes), bytes.len}, w->charset, FILE_MAX, out);
	buf_free(&bytes);
	return good;
}

void
header_text_decode(const char *text, struct buf *out)
{
	const char *blanks = NULL; /* since the last word that was decoded */
	struct word w;

	buf_adds(out, "");
	while (*text != '\0') {
		size_t length = out->len;

		if (read_word(text, &w)) {
			/* Between encoded words they do not count. */
			if (blanks != NULL)
				buf_truncate(out, length - (size_t)(text - blanks));
			if (decode_word(&w, out)) {
				blanks = text = w.end;
				continue;
			}
			if (blanks != NULL)
				buf_add(out, blanks, (size_t)(text - blanks));
		}
		if (strchr(" \t", *text) == NULL)
			blanks = NULL;
		buf_addc(out, *text++);
	}
}

/* Fields. */

static void
take_value(const struct mime_field *field, struct buf *out)
{
	struct buf line = BUF_INIT, decoded = BUF_INIT;

	if (out->len == 0) {
		mime_unfold(field->value, &line);
		header_text_decode(buf_str(&line), &decoded);
		header_text_clean(buf_str(&decoded), out);
	}
	buf_free(&decoded);
	buf_free(&line);
}

void
header_text_read(const char *file, struct buf *from, struct buf *subject)
{
	char *bytes = xmalloc(FILE_MAX);
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd >= 0 ? read(fd, bytes, FILE_MAX) : -1;
	struct mime_span header = {bytes, n > 0 ? (size_t)n : 0}, body;
	struct mime_field field;

	buf_adds(from, "");
	buf_adds(subject, "");
	mime_split(header, &header, &body);
	while (mime_next_field(&header, &field)) {
		if (mime_field_is(&field, "From"))
			take_value(&field, from);
		else if (mime_field_is(&field, "Subject"))
			take_value(&field, subject);
	}
	if (fd >= 0)
		close(fd);
	free(bytes);
}
