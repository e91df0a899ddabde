/*
 * What is uploaded: fields of our own, and the message that came in, filtered.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/file.h"
#include "transport/message.h"

#define READ_BYTES  65536
#define POLL_MAX_MS 60000
#define NO_DOMAIN   "localhost.invalid"

void
message_init(struct message *m, const char *directory)
{
	*m = (struct message){0};
	header_filter_init(&m->filter);
	spool_init(&m->spool, directory);
}

void
message_free(struct message *m)
{
	header_filter_free(&m->filter);
	spool_free(&m->spool);
	buf_free(&m->filtered);
	buf_free(&m->fields);
}

/* Wait until there is something to read; OK also when it is the end. */
static struct outcome
wait_readable(int fd, struct deadline d)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int64_t left = deadline_left_ms(d);

		if (cancel_requested())
			return outcome_make("local", "cancelled", "while reading the message");
		if (left == 0)
			return outcome_make("local", "deadline", "while reading the message");
		if (poll(&p, 1, (int)(left < POLL_MAX_MS ? left : POLL_MAX_MS)) > 0)
			return outcome_ok();
	}
}

struct outcome
message_add(struct message *m, const char *bytes, size_t length)
{
	buf_reset(&m->filtered);
	header_filter_feed(&m->filter, bytes, length, &m->filtered);
	return spool_add(&m->spool, buf_str(&m->filtered), m->filtered.len);
}

struct outcome
message_end(struct message *m)
{
	struct outcome o;

	buf_reset(&m->filtered);
	header_filter_end(&m->filter, &m->filtered);
	o = spool_add(&m->spool, buf_str(&m->filtered), m->filtered.len);
	buf_free(&m->filtered);
	return o;
}

/* Read once and pass on what came; *end_r tells whether that was all. */
static struct outcome
receive_some(struct message *m, int fd, bool *end_r)
{
	char bytes[READ_BYTES];
	ssize_t got = read(fd, bytes, sizeof(bytes));

	*end_r = got == 0;
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return outcome_ok();
	if (got < 0)
		return file_error("cannot read", "the message");
	return got != 0 ? message_add(m, bytes, (size_t)got) : message_end(m);
}

struct outcome
message_receive(struct message *m, int fd, struct deadline d)
{
	struct outcome o;
	bool end = false;

	do {
		o = wait_readable(fd, d);
		if (outcome_is_ok(&o))
			o = receive_some(m, fd, &end);
	} while (outcome_is_ok(&o) && !end);
	if (outcome_is_ok(&o) && m->spool.size == 0)
		return outcome_make("local", "truncated", "it is empty");
	return o;
}

/* The domain of an address if it can be put into a header field as it is. */
static const char *
domain_of(const char *address)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "0123456789.-";
	const char *at = strrchr(address, '@');

	if (at == NULL || at[1] == '\0' || at[1 + strspn(at + 1, plain)] != '\0')
		return NO_DOMAIN;
	return at + 1;
}

void
message_stamp(struct message *m, const struct stamp *delivery, const struct stamp *message,
    const char *sender)
{
	buf_addf(&m->fields, STAMP_FIELD ": %s\r\n", delivery->text);
	if (m->filter.has_message_id)
		return;
	buf_addf(&m->filter.message_id, "<%s@%s>", message->text, domain_of(sender));
	buf_addf(&m->fields, "Message-ID: %s\r\n", m->filter.message_id.data);
}

int64_t
message_size(const struct message *m)
{
	return (int64_t)m->fields.len + m->spool.size;
}

const char *
message_id(const struct message *m)
{
	return buf_str(&m->filter.message_id);
}

static ssize_t
read_message(void *arg, char *bytes, size_t size)
{
	struct message *m = arg;
	size_t fields = m->fields.len;
	ssize_t got;

	if (m->offset < (int64_t)fields) {
		if (size > fields - (size_t)m->offset)
			size = fields - (size_t)m->offset;
		memcpy(bytes, m->fields.data + m->offset, size);
		got = (ssize_t)size;
	} else {
		got = spool_read(&m->spool, m->offset - (int64_t)fields, bytes, size);
	}
	if (got > 0)
		m->offset += got;
	return got;
}

static bool
rewind_message(void *arg)
{
	struct message *m = arg;

	m->offset = 0;
	return true;
}

struct http_source
message_source(struct message *m)
{
	m->offset = 0;
	return (struct http_source){
	    .read = read_message, .rewind = rewind_message, .arg = m, .size = message_size(m)};
}
