/*
 * The message on sendmail(1)'s standard input.
 */
#include <errno.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/file.h"
#include "transport/sendmail_input.h"

#define READ_BYTES 65536

/* Take in one byte. */
static void
feed(struct dot_reader *reader, char c, struct buf *out)
{
	switch (reader->state) {
	case DOT_START:
		if (c == '.') {
			reader->state = DOT_DOT;
			return;
		}
		break;
	case DOT_DOT:
		if (c == '\r' || c == '\n') {
			reader->state = c == '\r' ? DOT_CR : DOT_END;
			return;
		}
		buf_addc(out, '.');
		break;
	case DOT_CR:
		if (c == '\n') {
			reader->state = DOT_END;
			return;
		}
		buf_adds(out, ".\r");
		break;
	case DOT_LINE:
		break;
	case DOT_END:
		return;
	}
	buf_addc(out, c);
	reader->state = c == '\n' ? DOT_START : DOT_LINE;
}

void
dot_reader_feed(struct dot_reader *reader, const char *bytes, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length && reader->state != DOT_END; i++)
		feed(reader, bytes[i], out);
}

/* Read once and pass on what came; *end_r tells whether that was all. */
static struct outcome
receive_some(
    struct message *m, int fd, struct dot_reader *reader, struct buf *piece, bool *end_r)
{
	char bytes[READ_BYTES];
	ssize_t got = read(fd, bytes, sizeof(bytes));

	if (cancel_requested())
		return outcome_make("local", "cancelled", "while reading the message");
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return outcome_ok();
	if (got < 0)
		return file_error("cannot read", "the message");
	*end_r = got == 0;
	if (reader == NULL)
		return message_add(m, bytes, (size_t)got);
	buf_reset(piece);
	dot_reader_feed(reader, bytes, (size_t)got, piece);
	*end_r |= reader->state == DOT_END;
	return message_add(m, buf_str(piece), piece->len);
}

struct outcome
sendmail_receive(struct message *m, int fd, bool ignore_dots)
{
	struct dot_reader reader = {DOT_START};
	struct outcome o = outcome_ok();
	struct buf piece = BUF_INIT;
	bool end = false;

	while (outcome_is_ok(&o) && !end)
		o = receive_some(m, fd, ignore_dots ? NULL : &reader, &piece, &end);
	buf_free(&piece);
	if (outcome_is_ok(&o))
		o = message_end(m);
	if (outcome_is_ok(&o) && m->spool.size == 0)
		o = spool_add(&m->spool, "\r\n", 2);
	return o;
}
