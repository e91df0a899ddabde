/*
 * Bodies, out of their transfer encoding and charset, a piece at a time.
 */
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#include "common/base/ascii.h"
#include "common/base/utf8.h"
#include "common/wire/mime.h"

#define AT_END  (-1)
#define BROKEN  (-2)
#define PIECE   16384
#define LETTERS 6 /* a UTF-8 character from a charset's byte takes no more */

void
mime_decoder_init(struct mime_decoder *d, enum mime_encoding encoding, struct mime_span body)
{
	*d = (struct mime_decoder){
	    .encoding = encoding, .body = body, .at = body.bytes, .kept = body.bytes};
}

static const char *
body_end(const struct mime_decoder *d)
{
	return d->body.bytes + d->body.length;
}

/* What a base64 letter stands for, or -1. */
static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind the first '=': nothing but another one where it belongs, and white space. */
static bool
padding_ends_it(struct mime_decoder *d, size_t digits)
{
	size_t padding = 1;

	for (; d->at < body_end(d); d->at++)
		if (*d->at == '=')
			padding++;
		else if (!is_space(*d->at))
			return false;
	return digits >= 2 && digits + padding <= 4;
}

/* Read a group of up to four digits into pending. */
static int
base64_group(struct mime_decoder *d)
{
	unsigned long bits = 0;
	size_t digits = 0;

	while (digits < 4 && d->at < body_end(d)) {
		char c = *d->at++;
		int digit = base64_digit(c);

		if (c == '=' && padding_ends_it(d, digits))
			break;
		if (digit >= 0) {
			bits = bits << 6 | (unsigned long)digit;
			digits++;
		} else if (!is_space(c)) {
			return BROKEN;
		}
	}
	if (digits == 0)
		return AT_END;
	if (digits == 1)
		return BROKEN;
	bits <<= 6 * (4 - digits);
	d->pending_count = digits - 1;
	for (size_t i = 0; i < d->pending_count; i++)
		d->pending[d->pending_count - 1 - i] = (unsigned char)(bits >> (16 - 8 * i));
	return 0;
}

static int
base64_byte(struct mime_decoder *d)
{
	if (d->pending_count == 0) {
		int problem = base64_group(d);

		if (problem != 0)
			return problem;
	}
	return d->pending[--d->pending_count];
}

static const char *
behind_blanks(const struct mime_decoder *d, const char *p)
{
	while (p < body_end(d) && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* The length of a line end that stands there, or of the body's end: 0; else -1. */
static int
line_end(const struct mime_decoder *d, const char *p)
{
	if (p == body_end(d))
		return 0;
	if (*p == '\n')
		return 1;
	return *p == '\r' && p + 1 < body_end(d) && p[1] == '\n' ? 2 : -1;
}

/* At an '=': skip a soft line break, or give what it encodes, or itself. */
static int
quoted_byte(struct mime_decoder *d, bool *soft_r)
{
	const char *line = behind_blanks(d, d->at + 1);
	int end = line_end(d, line);

	*soft_r = end >= 0;
	if (*soft_r) {
		d->at = line + end;
		return 0;
	}
	if (body_end(d) - d->at >= 3 && ascii_hex_value(d->at[1]) >= 0 &&
	    ascii_hex_value(d->at[2]) >= 0) {
		d->at += 3;
		return ascii_hex_value(d->at[-2]) << 4 | ascii_hex_value(d->at[-1]);
	}
	d->at++;
	return '=';
}

/* The next byte; blanks at a line's end were added on the way and are none. */
static int
quoted_printable_byte(struct mime_decoder *d)
{
	while (d->at < body_end(d)) {
		if (*d->at == '=') {
			bool soft;
			int byte = quoted_byte(d, &soft);

			if (!soft)
				return byte;
			continue;
		}
		if (d->at >= d->kept && (*d->at == ' ' || *d->at == '\t')) {
			const char *behind = behind_blanks(d, d->at);

			if (line_end(d, behind) >= 0) {
				d->at = behind;
				continue;
			}
			d->kept = behind;
		}
		return (unsigned char)*d->at++;
	}
	return AT_END;
}

static ssize_t
copy(struct mime_decoder *d, char *bytes, size_t size)
{
	size_t left = (size_t)(body_end(d) - d->at);

	if (size > left)
		size = left;
	if (size > 0)
		memcpy(bytes, d->at, size);
	d->at += size;
	return (ssize_t)size;
}

ssize_t
mime_decode(struct mime_decoder *d, char *bytes, size_t size)
{
	size_t filled;

	if (d->body.length == 0)
		return 0;
	if (d->encoding == MIME_IDENTITY)
		return copy(d, bytes, size);
	for (filled = 0; filled < size; filled++) {
		int byte =
		    d->encoding == MIME_BASE64 ? base64_byte(d) : quoted_printable_byte(d);

		if (byte == BROKEN)
			return -1;
		if (byte == AT_END)
			break;
		bytes[filled] = (char)byte;
	}
	return (ssize_t)filled;
}

/* iconv(3) reads more into some names: "//TRANSLIT" would let it guess. */
static bool
is_charset_name(const char *name)
{
	return *name != '\0' && name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                          "abcdefghijklmnopqrstuvwxyz"
	                                          "0123456789-_.:+")] == '\0';
}

/* Convert what is there; what is left of it, a character cut in two, moves to the front. */
static bool
convert(iconv_t cd, char *bytes, size_t *length, struct buf *text)
{
	char *in = bytes;
	size_t room = *length * LETTERS + PIECE;
	char *out = buf_reserve(text, room);
	size_t result = iconv(cd, &in, length, &out, &room);

	/* Not one that was replaced by something alike either. */
	if ((result != 0 && result != (size_t)-1) || (result == (size_t)-1 && errno != EINVAL))
		return false;
	text->len = (size_t)(out - text->data);
	memmove(bytes, in, *length);
	return true;
}

/* Some charsets hold a letter back until it is known that no accent follows. */
static bool
flush(iconv_t cd, struct buf *text)
{
	size_t room = PIECE;
	char *out = buf_reserve(text, room);
	size_t result = iconv(cd, NULL, NULL, &out, &room);

	text->len = (size_t)(out - text->data);
	return result != (size_t)-1;
}

static bool
convert_all(iconv_t cd, struct mime_decoder *d, size_t max, struct buf *text)
{
	char piece[PIECE];
	size_t length = 0, start = text->len;
	ssize_t got;

	for (;;) {
		got = mime_decode(d, piece + length, sizeof(piece) - length);
		if (got < 0)
			return false;
		length += (size_t)got;
		if (got == 0)
			break;
		if (!convert(cd, piece, &length, text) || text->len - start > max ||
		    length == sizeof(piece))
			return false;
	}
	return length == 0 && flush(cd, text);
}

bool
mime_to_utf8(enum mime_encoding encoding, struct mime_span body, const char *charset,
    size_t max, struct buf *text)
{
	size_t start = text->len;
	struct mime_decoder d;
	iconv_t cd;
	bool done;

	if (!is_charset_name(charset))
		return false;
	cd = iconv_open("UTF-8", charset);
	if (cd == (iconv_t)-1)
		return false;
	mime_decoder_init(&d, encoding, body);
	done = convert_all(cd, &d, max, text);
	iconv_close(cd);
	buf_reserve(text, 0);
	buf_truncate(text, done ? text->len : start);
	return done;
}

/* How many bytes from here on are ASCII, rounded down to eight. */
static size_t
ascii_run(const char *bytes, size_t length)
{
	size_t at = 0;
	uint64_t eight;

	for (; length - at >= sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, bytes + at, sizeof(eight));
		if (eight & UINT64_C(0x8080808080808080))
			break;
	}
	return at;
}

bool
mime_is_utf8(const char *bytes, size_t length)
{
	size_t at = ascii_run(bytes, length), character;

	while (at < length) {
		character = utf8_length(bytes + at, length - at);
		if (character == 0)
			return false;
		at += character;
		at += ascii_run(bytes + at, length - at);
	}
	return true;
}
