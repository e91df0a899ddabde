/*
 * lmtp_data - a message between DATA and the final dot (RFC 5321 §4.5.2)
 *
 * Both directions, each a machine of one state that takes bytes in pieces of any size.
 *
 * A line begins after CRLF and nowhere else, and only CRLF "." CRLF ends the message: a bare
 * CR or a bare LF is a byte like any other here.  So no two programs that read the same
 * bytes, one of them generous about line ends, see two messages where the other sees one.
 */
#ifndef FERRY_LMTP_DATA_H
#define FERRY_LMTP_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

enum lmtp_data_state {
	LMTP_DATA_LINE,   /* at the start of a line */
	LMTP_DATA_DOT,    /* behind a dot there */
	LMTP_DATA_DOT_CR, /* behind a dot and a CR there */
	LMTP_DATA_TEXT,   /* inside a line */
	LMTP_DATA_CR,     /* behind a CR in it */
	LMTP_DATA_END,    /* behind the end */
};

/*
 * Append to *out what length bytes are of the message; start with LMTP_DATA_LINE.  Returns
 * how many bytes were taken: fewer than length only where the end is among them.
 */
size_t lmtp_data_decode(
    enum lmtp_data_state *state, const char *bytes, size_t length, struct buf *out);

/*
 * The other way: append to *out what length bytes of a message are on the wire.  A LF that
 * follows no CR becomes CRLF.  lmtp_data_finish() appends the end, with a line end before it
 * if the message lacks one.
 */
void lmtp_data_encode(
    enum lmtp_data_state *state, const char *bytes, size_t length, struct buf *out);
void lmtp_data_finish(enum lmtp_data_state *state, struct buf *out);

#endif
