/*
 * A message between DATA and the final dot.
 *
 * Reading, with what is given out at each step:
 *
 *	LINE --'.'--> DOT --CR--> DOT_CR --LF--> END
 *	 ^  \          \            \
 *	 |   \other     \other       \other: the CR as well
 *	 |    v          v            v
 *	LF    TEXT <-------------------
 *	 |     | ^
 *	 |   CR| |other
 *	 |     v |
 *	 +---- CR
 */
#include <string.h>

#include "transport/lmtp_data.h"

/* The state behind a byte of the message. */
static enum lmtp_data_state
behind(enum lmtp_data_state state, char c)
{
	if (c == '\r')
		return LMTP_DATA_CR;
	return c == '\n' && state == LMTP_DATA_CR ? LMTP_DATA_LINE : LMTP_DATA_TEXT;
}

/* Take one byte where the next could be the message's end. */
static enum lmtp_data_state
decode_byte(enum lmtp_data_state state, char c, struct buf *out)
{
	if (state == LMTP_DATA_LINE && c == '.')
		return LMTP_DATA_DOT;
	if (state == LMTP_DATA_DOT && c == '\r')
		return LMTP_DATA_DOT_CR;
	if (state == LMTP_DATA_DOT_CR) {
		if (c == '\n')
			return LMTP_DATA_END;
		buf_addc(out, '\r');
		state = LMTP_DATA_CR;
	}
	buf_addc(out, c);
	return behind(state, c);
}

/* How many bytes from here on are within lines that begin with no dot, and end with CRLF.  What
 * ends too soon to tell is left, and so is each CR that no LF follows. */
static size_t
run_of(const char *bytes, size_t length)
{
	const char *end = bytes + length, *p = bytes, *cr;

	while ((cr = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		if (end - cr < 3 || cr[1] != '\n' || cr[2] == '.')
			return (size_t)(cr - bytes);
		p = cr + 2;
	}
	return length;
}

size_t
lmtp_data_decode(enum lmtp_data_state *state, const char *bytes, size_t length, struct buf *out)
{
	size_t at = 0;

	buf_reserve(out, length + 1); /* what is held back may come out too */
	while (at < length && *state != LMTP_DATA_END) {
		size_t run = *state == LMTP_DATA_TEXT ? run_of(bytes + at, length - at) : 0;

		if (run != 0) {
			buf_add(out, bytes + at, run);
			at += run;
		} else {
			*state = decode_byte(*state, bytes[at++], out);
		}
	}
	return at;
}

void
lmtp_data_encode(enum lmtp_data_state *state, const char *bytes, size_t length, struct buf *out)
{
	const char *end = bytes + length;

	while (bytes < end) {
		const char *lf = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t run = (size_t)((lf != NULL ? lf : end) - bytes);

		if (run != 0) {
			if (*state == LMTP_DATA_LINE && *bytes == '.')
				buf_addc(out, '.');
			buf_add(out, bytes, run);
			*state = bytes[run - 1] == '\r' ? LMTP_DATA_CR : LMTP_DATA_TEXT;
		}
		if (lf == NULL)
			return;
		buf_adds(out, *state == LMTP_DATA_CR ? "\n" : "\r\n");
		*state = LMTP_DATA_LINE;
		bytes = lf + 1;
	}
}

void
lmtp_data_finish(enum lmtp_data_state *state, struct buf *out)
{
	buf_adds(out, *state == LMTP_DATA_LINE ? ".\r\n" : "\r\n.\r\n");
	*state = LMTP_DATA_END;
}
