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
	struct buf filtered; /* of the piece at hand */
	struct buf fields;   /* put in front: the stamp, a Message-ID if there was none */
	struct buf added;    /* behind them: what else it lacked, or what replaces its own */
	struct buf from;     /* the value of a From among the latter, or empty */
	size_t from_at;      /* where it is */
	struct message_cut *cuts; /* in their order; fields that ours replace */
	size_t cut_count;
	int64_t offset; /* of the reader */
	bool shared;    /* spool and noted fields are another's */
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

/* What its From says: behind the colon, perhaps with folds and a line end; empty if it has none.
 * The message's. */
const struct buf *message_from(const struct message *m);

/* Put a From with this value in place of all that it has. */
void message_put_from(struct message *m, const struct buf *value);

/*
 * Take out all noted fields of a kind (header_filter.h); once for a kind, and before there is
 * a reader.
 */
void message_cut(struct message *m, enum header_kind kind);

/* Put the delivery's stamp in.  A Message-ID that is made is of the message's stamp, so the
 * same in all its deliveries, and of the sender's domain. */
void message_stamp(struct message *m, const struct stamp *delivery, const struct stamp *message,
    const char *sender);

int64_t message_size(const struct message *m);

/*
 * Make part a message of the same bytes, which may then be changed, stamped and read apart from
 * it, also by another thread.  The spool and the noted fields are not copied: the whole, which
 * was received to its end, must outlive the part, and be left alone meanwhile.
 */
void message_share(const struct message *whole, struct message *part);

/* Put fields in: whole ones, each with its CRLF. */
void message_put_fields(struct message *m, const char *fields, size_t length);

/* Its Message-ID, with the angle brackets; "" if it has an empty one. */
const char *message_id(const struct message *m);

/* For uploading.  One reader at a time. */
struct http_source message_source(struct message *m);

#endif
