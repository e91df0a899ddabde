/*
 * message - what is uploaded: fields of our own, and the message that came in, filtered
 *
 * The bytes depend on nothing but the message and its stamp: no clock, no chance.  So each
 * try of a delivery uploads the same.
 */
#ifndef FERRY_MESSAGE_H
#define FERRY_MESSAGE_H

#include "common/base/clock.h"
#include "common/wire/http.h"
#include "transport/header_filter.h"
#include "transport/spool.h"
#include "transport/stamp.h"

struct message {
	struct header_filter filter;
	struct spool spool;
	struct buf filtered; /* of the piece at hand */
	struct buf fields;   /* put in front: the stamp, a Message-ID if there was none */
	int64_t offset;      /* of the reader */
};

/* directory is where a large one is kept meanwhile; the caller's. */
void message_init(struct message *m, const char *directory);
void message_free(struct message *m);

/*
 * Read it from a descriptor to its end.  local/deadline, local/cancelled, local/io or
 * local/disk-full if that cannot be; local/truncated if there is nothing at all.
 */
struct outcome message_receive(struct message *m, int fd, struct deadline d);

/* The same in pieces of any size, and then its end, for who has the bytes already.  local/io
 * or local/disk-full if they cannot be kept. */
struct outcome message_add(struct message *m, const char *bytes, size_t length);
struct outcome message_end(struct message *m);

/* Put the delivery's stamp in.  A Message-ID that is made is of the message's stamp, so the
 * same in all its deliveries, and of the sender's domain. */
void message_stamp(struct message *m, const struct stamp *delivery, const struct stamp *message,
    const char *sender);

int64_t message_size(const struct message *m);

/* Its Message-ID, with the angle brackets; "" if it has an empty one. */
const char *message_id(const struct message *m);

/* For uploading.  One reader at a time. */
struct http_source message_source(struct message *m);

#endif
