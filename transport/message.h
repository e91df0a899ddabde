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

/* Bytes of the spool that are passed over. */
struct message_cut {
	int64_t at, length;
};

struct message {
	struct header_filter filter;
	struct spool spool;
	struct buf fields;        /* put in front: the stamp, and what the message lacked */
	struct message_cut *cuts; /* in their order; fields that ours replace */
	size_t cut_count;
	int64_t offset; /* of the reader */
};

/* directory is where a large one is kept meanwhile; the caller's. */
void message_init(struct message *m, const char *directory);
void message_free(struct message *m);

/*
 * Read it from a descriptor to its end.  local/deadline, local/cancelled, local/io or
 * local/disk-full if that cannot be; local/truncated if there is nothing at all.
 */
struct outcome message_receive(struct message *m, int fd, struct deadline d);

/*
 * Take out all noted fields of a kind (header_filter.h); once for a kind, and before there is
 * a reader.
 */
void message_cut(struct message *m, enum header_kind kind);

/* Put the stamp in.  A Message-ID that is made is of the sender's domain. */
void message_stamp(struct message *m, const struct stamp *stamp, const char *sender);

int64_t message_size(const struct message *m);

/* Its Message-ID, with the angle brackets; "" if it has an empty one. */
const char *message_id(const struct message *m);

/* For uploading.  One reader at a time. */
struct http_source message_source(struct message *m);

#endif
