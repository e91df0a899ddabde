/*
 * Write the content of parts.
 */
#include <stdbool.h>
#include <string.h>

#include "sandbox/codec.h"
#include "sandbox/compose_body.h"

#define LINE_MAX_PLAIN 998 /* RFC 5322 §2.1.1 */
#define LINE_ENCODED   76
#define LINE_BYTES     57 /* that base64 makes 76 characters of */

/* Line ends become CRLF; a lone CR is a line end too. */
static void
with_crlf(const char *text, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\r' && i + 1 < length && text[i + 1] == '\n')
			continue;
		if (text[i] == '\n' || text[i] == '\r')
			buf_adds(out, "\r\n");
		else
			buf_addc(out, text[i]);
	}
}

static bool
is_seven_bit(const struct buf *text)
{
	size_t line = 0;

	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->data[i];

		if (c >= 0x80 || c == 0)
			return false;
		line = c == '\n' ? 0 : line + 1;
		if (line > LINE_MAX_PLAIN)
			return false;
	}
	return true;
}

static void
quoted_printable(const struct buf *text, struct buf *out)
{
	size_t line = 0;

	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->data[i];
		bool last = i + 1 == text->len || text->data[i + 1] == '\r';
		bool plain = (c >= '!' && c <= '~' && c != '=') || (c == ' ' && !last);

		if (c == '\r' || c == '\n') {
			buf_addc(out, (char)c);
			line = 0;
			continue;
		}
		if (line + (plain ? 1 : 3) > LINE_ENCODED - 1) {
			buf_adds(out, "=\r\n");
			line = 0;
		}
		if (plain)
			buf_addc(out, (char)c);
		else
			buf_addf(out, "=%02X", (unsigned)c);
		line += plain ? 1 : 3;
	}
}

void
compose_text(const char *text, size_t length, struct buf *out)
{
	struct buf lines = BUF_INIT;

	with_crlf(text, length, &lines);
	if (is_seven_bit(&lines)) {
		buf_adds(out, "Content-Transfer-Encoding: 7bit\r\n\r\n");
		buf_add(out, buf_str(&lines), lines.len);
	} else {
		buf_adds(out, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
		quoted_printable(&lines, out);
	}
	buf_free(&lines);
}

void
compose_bytes(const char *bytes, size_t length, struct buf *out)
{
	buf_adds(out, "Content-Transfer-Encoding: base64\r\n\r\n");
	while (length > 0) {
		size_t take = length < LINE_BYTES ? length : LINE_BYTES;

		base64_encode(bytes, take, out);
		buf_adds(out, "\r\n");
		bytes += take;
		length -= take;
	}
}

void
compose_message(const char *bytes, size_t length, struct buf *out)
{
	bool eight_bit = false;

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)bytes[i] >= 0x80)
			eight_bit = true;
	buf_addf(out, "Content-Transfer-Encoding: %s\r\n\r\n", eight_bit ? "8bit" : "7bit");
	buf_add(out, bytes, length);
}
