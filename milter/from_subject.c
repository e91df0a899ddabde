/*
 * A Subject without own addresses.
 *
 * Readers see it decoded, so that is where they are looked for.  One that has none stays as it
 * is, byte for byte.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/mime.h"
#include "milter/from_parts.h"

#define WORD_BYTES  39  /* of text in an encoded word: a line stays below 76 */
#define PLAIN_BYTES 800 /* of a text that may stand in one line as it is */

/* Can it stand in a field without being encoded? */
static bool
is_plain(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x7f || (*p < ' ' && *p != '\t'))
			return false;
	return strlen(text) <= PLAIN_BYTES && strstr(text, "=?") == NULL;
}

/* How many bytes at p are to be in one word: whole characters. */
static size_t
word_length(const char *p, size_t left)
{
	size_t length = left < WORD_BYTES ? left : WORD_BYTES;

	while (length > 1 && length < left && ((unsigned char)p[length] & 0xc0) == 0x80)
		length--;
	return length;
}

/* Append the text in encoded words (RFC 2047), one a line. */
static void
encode(const char *text, struct buf *out)
{
	unsigned char base64[4 * (WORD_BYTES + 2) / 3 + 1];
	size_t left = strlen(text), length;

	for (; left > 0; text += length, left -= length) {
		length = word_length(text, left);
		EVP_EncodeBlock(base64, (const unsigned char *)text, (int)length);
		buf_addf(
		    out, "=?utf-8?B?%s?=%s", (const char *)base64, left > length ? "\n " : "");
	}
}

/* What is no UTF-8 cannot be told in an encoded word that says so. */
static void
mask(char *text)
{
	if (!mime_is_utf8(text, strlen(text)))
		for (; *text != '\0'; text++)
			if ((unsigned char)*text >= 0x80)
				*text = '?';
}

void
from_subject(const struct own *own, const char *value, const char *alias, struct buf *out)
{
	struct buf seen = BUF_INIT, clean = BUF_INIT;

	from_seen(value, &seen);
	if (!own_in(own, buf_str(&seen))) {
		buf_adds(out, value);
	} else {
		own_replace(own, seen.data, alias, &clean);
		mask(clean.data);
		if (is_plain(clean.data))
			buf_adds(out, clean.data);
		else
			encode(clean.data, out);
	}
	buf_free(&seen);
	buf_free(&clean);
}
