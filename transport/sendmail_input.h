/*
 * sendmail_input - the message on sendmail(1)'s standard input
 */
#ifndef FERRY_SENDMAIL_INPUT_H
#define FERRY_SENDMAIL_INPUT_H

#include "transport/message.h"

enum dot_state {
	DOT_START, /* at the start of a line */
	DOT_DOT,   /* behind a dot there */
	DOT_CR,    /* and a CR */
	DOT_LINE,  /* somewhere else */
	DOT_END,   /* the message is over */
};

/* Where a line that is a dot alone ends a message, in pieces of any size. */
struct dot_reader {
	enum dot_state state;
};

/* Append what of the bytes is the message's; once the state is DOT_END, nothing more is.  What
 * is held back while a line may be such a one is not the message's if the input ends there. */
void
dot_reader_feed(struct dot_reader *reader, const char *bytes, size_t length, struct buf *out);

/*
 * Read the message from a descriptor, up to its end or, unless dots are to be ignored, a line
 * that is a dot alone.  There is no hurry: somebody may be typing.  An empty one has an empty
 * header and body.  local/cancelled, local/io or local/disk-full if that cannot be.
 */
struct outcome sendmail_receive(struct message *m, int fd, bool ignore_dots);

#endif
