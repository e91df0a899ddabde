/*
 * The encodings in which ESMTP has values that may be any text.
 */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "transport/address_check.h"
#include "transport/dsn_text.h"

#define ESCAPE      "\\x{"
#define DIGITS_MAX  6 /* of a code point */
#define UNICODE_MAX 0x10ffff

/* The value of a digit of xtext, whose letters are large; -1 if it is none. */
static int
digit(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

bool
dsn_xtext(const char *text, struct buf *decoded)
{
	for (; *text != '\0'; text++) {
		int c = (unsigned char)*text;

		if (c == '+') {
			int high = digit(text[1]);
			int low = high >= 0 ? digit(text[2]) : -1;

			if (low < 0)
				return false;
			c = high << 4 | low;
			text += 2;
		} else if (c <= ' ' || c > '~' || c == '=') {
			return false;
		}
		if (c < ' ' || c == 0x7f)
			return false;
		if (decoded != NULL)
			buf_addc(decoded, (char)c);
	}
	return true;
}

/* Append a character in UTF-8. */
static void
add_code_point(struct buf *out, uint32_t point)
{
	static const struct {
		uint32_t least;
		unsigned char mark;
		int more; /* bytes that follow the first */
	} forms[] = {{0x10000, 0xf0, 3}, {0x800, 0xe0, 2}, {0x80, 0xc0, 1}, {0, 0, 0}};
	size_t form = 0;

	while (point < forms[form].least)
		form++;
	buf_addc(out, (char)(forms[form].mark | point >> 6 * forms[form].more));
	for (int left = forms[form].more - 1; left >= 0; left--)
		buf_addc(out, (char)(0x80 | (point >> 6 * left & 0x3f)));
}

/* The code point that "\x{...}" at *text names, which is moved to its end; 0 if it names none,
 * or a control character. */
static uint32_t
take_escape(const char **text)
{
	const char *p = *text + strlen(ESCAPE);
	uint32_t point = 0;
	int digits = 0;

	if (strncmp(*text, ESCAPE, strlen(ESCAPE)) != 0)
		return 0;
	for (; *p != '}'; p++) {
		int value = digit(*p >= 'a' && *p <= 'f' ? (char)(*p - 'a' + 'A') : *p);

		if (value < 0 || ++digits > DIGITS_MAX)
			return 0;
		point = point << 4 | (uint32_t)value;
	}
	*text = p;
	if (point < ' ' || point == 0x7f || (point >= 0xd800 && point <= 0xdfff) ||
	    point > UNICODE_MAX)
		return 0;
	return point;
}

/* utf-8-addr-xtext and utf-8-addr-unitext (RFC 6533 §3). */
static bool
unitext(const char *text, struct buf *decoded)
{
	if (!text_is_utf8(text))
		return false;
	for (; *text != '\0'; text++) {
		uint32_t point;

		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
		if (*text != '\\') {
			buf_addc(decoded, *text);
			continue;
		}
		point = take_escape(&text);
		if (point == 0)
			return false;
		add_code_point(decoded, point);
	}
	return true;
}

bool
dsn_original_recipient(const char *text, struct buf *decoded)
{
	const char *address = strchr(text, ';');
	struct buf plain = BUF_INIT;
	bool good;

	if (address == NULL || address == text || address[1] == '\0')
		return false;
	buf_add(&plain, text, (size_t)(++address - text));
	good = dsn_xtext(buf_str(&plain), NULL) &&
	       (strcasecmp(buf_str(&plain), "utf-8;") == 0 ? unitext(address, &plain)
	                                                   : dsn_xtext(address, &plain));
	if (good && decoded != NULL)
		buf_add(decoded, plain.data, plain.len);
	buf_free(&plain);
	return good;
}
