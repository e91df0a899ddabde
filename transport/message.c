/*
 * What is uploaded: fields of our own, and the message that came in, filtered.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
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

static void
copy(struct buf *b)
{
	struct buf copied = BUF_INIT;

	buf_add(&copied, buf_str(b), b->len);
	*b = copied;
}

void
message_share(const struct message *whole, struct message *part)
{
	*part = *whole;
	part->shared = true;
	part->filtered = part->filter.name = (struct buf)BUF_INIT;
	copy(&part->filter.received);
	copy(&part->filter.message_id);
	copy(&part->fields);
	copy(&part->added);
	copy(&part->from);
	part->cuts = xreallocarray(NULL, part->cut_count + 1, sizeof(*part->cuts));
	if (part->cut_count != 0)
		memcpy(part->cuts, whole->cuts, part->cut_count * sizeof(*part->cuts));
}

/* What is another's stays. */
static void
give_back_shared(struct message *m)
{
	m->filter.noted = NULL;
	m->filter.noted_count = 0;
	spool_init(&m->spool, m->spool.directory);
}

void
message_free(struct message *m)
{
	if (m->shared)
		give_back_shared(m);
	header_filter_free(&m->filter);
	spool_free(&m->spool);
	buf_free(&m->filtered);
	buf_free(&m->fields);
	buf_free(&m->added);
	buf_free(&m->from);
	free(m->cuts);
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

static int
compare_cuts(const void *a, const void *b)
{
	const struct message_cut *cut_a = a, *cut_b = b;

	return cut_a->at < cut_b->at ? -1 : cut_a->at > cut_b->at;
}

void
message_cut(struct message *m, enum header_kind kind)
{
	const struct header_field *field = NULL;

	while ((field = header_filter_noted(&m->filter, kind, field)) != NULL) {
		if (field->length == 0)
			continue;
		m->cuts = xreallocarray(m->cuts, m->cut_count + 1, sizeof(*m->cuts));
		m->cuts[m->cut_count++] = (struct message_cut){field->at, field->length};
	}
	if (m->cut_count != 0)
		qsort(m->cuts, m->cut_count, sizeof(*m->cuts), compare_cuts);
}

const struct buf *
message_from(const struct message *m)
{
	const struct header_field *field = header_filter_noted(&m->filter, HEADER_FROM, NULL);

	return m->from.len != 0 || field == NULL ? &m->from : &field->value;
}

void
message_put_from(struct message *m, const struct buf *value)
{
	static const char name[] = "From: ";
	size_t line = strlen(name) + m->from.len + 2;

	if (m->from.len != 0) {
		memmove(m->added.data + m->from_at, m->added.data + m->from_at + line,
		    m->added.len - m->from_at - line);
		buf_truncate(&m->added, m->added.len - line);
	} else {
		message_cut(m, HEADER_FROM);
	}
	m->from_at = m->added.len;
	buf_reset(&m->from);
	buf_add(&m->from, buf_str(value), value->len);
	buf_addf(&m->added, "%s%s\r\n", name, buf_str(value));
}

void
message_put_fields(struct message *m, const char *fields, size_t length)
{
	buf_add(&m->added, fields, length);
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
	int64_t size = (int64_t)(m->fields.len + m->added.len) + m->spool.size;

	for (size_t i = 0; i < m->cut_count; i++)
		size -= m->cuts[i].length;
	return size;
}

const char *
message_id(const struct message *m)
{
	return buf_str(&m->filter.message_id);
}

/* Read from the spool what is at offset once the cuts are out. */
static ssize_t
read_uncut(const struct message *m, int64_t offset, char *bytes, size_t size)
{
	for (size_t i = 0; i < m->cut_count; i++) {
		if (offset < m->cuts[i].at) {
			int64_t before = m->cuts[i].at - offset;

			size = before < (int64_t)size ? (size_t)before : size;
			break;
		}
		offset += m->cuts[i].length;
	}
	return spool_read(&m->spool, offset, bytes, size);
}

/* The same of the whole message. */
static ssize_t
read_at(const struct message *m, int64_t offset, char *bytes, size_t size)
{
	const struct buf *parts[] = {&m->fields, &m->added};

	for (size_t i = 0; i < 2; i++) {
		if (offset < (int64_t)parts[i]->len) {
			size_t left = parts[i]->len - (size_t)offset;

			size = size < left ? size : left;
			memcpy(bytes, parts[i]->data + offset, size);
			return (ssize_t)size;
		}
		offset -= (int64_t)parts[i]->len;
	}
	return read_uncut(m, offset, bytes, size);
}

static ssize_t
read_message(void *arg, char *bytes, size_t size)
{
	struct message *m = arg;
	ssize_t got = read_at(m, m->offset, bytes, size);

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
