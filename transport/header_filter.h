/*
 * header_filter - a message as the queue has it, made into the message that may leave
 *
 * Takes a message in pieces of any size and gives the bytes to upload: lines end in CRLF
 * (RFC 5322 §2.1), and header fields that speak of this machine or of hidden recipients are
 * gone: Bcc, Resent-Bcc, Return-Path, Delivered-To, X-Original-To, a stamp of ours, the
 * milter's X-Ferry-Alias, the topmost Received (which Postfix put there: it names the recipient), and a mailbox's
 * "From " line before them, and what a list names.  All other bytes pass as they are: a CR of its own, NULs, 8-bit
 * bytes, the lack of a line end at the end.  A line in the header that is no field starts
 * the body, and gets the empty line that belongs before it.
 *
 * What comes out depends on nothing but what goes in, not on how it was cut in pieces.
 * Memory is bounded however long a field is.
 *
 * Fields that somebody has to read or to replace are noted as they pass: where they stand,
 * and what they say.
 */
#ifndef FERRY_HEADER_FILTER_H
#define FERRY_HEADER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

/* The field that carries a message's stamp; see stamp.h. */
#define STAMP_FIELD "X-Ferry-Id"

/* The field by which ferry-milter marks what it has rewritten for aliases. */
#define ALIAS_FIELD "X-Ferry-Alias"

enum header_state {
	HEADER_LINE,   /* at the start of a line of the header */
	HEADER_NAME,   /* in what may be a field's name */
	HEADER_BLANKS, /* behind it, before the colon */
	HEADER_VALUE,  /* in a field, to the end of the line */
	HEADER_OVER,   /* in the body */
};

/* Fields that can be noted. */
enum header_kind {
	HEADER_FROM,
	HEADER_SENDER,
	HEADER_REPLY_TO,
	HEADER_DATE,
	HEADER_TO,
	HEADER_CC,
	HEADER_BCC,
	HEADER_RESENT_TO, /* those of the topmost Resent- fields alone (RFC 5322 §3.6.6) */
	HEADER_RESENT_CC,
	HEADER_RESENT_BCC,
	HEADER_KINDS,
};

#define HEADER_NOTED_MAX   64           /* fields, and */
#define HEADER_VALUE_BYTES (256u << 10) /* bytes of their values together */

struct header_field {
	enum header_kind kind;
	int64_t at, length; /* in what is given out; length 0 if it does not leave */
	struct buf value;   /* what follows the colon, with its folds and line end */
};

struct header_filter {
	enum header_state state;
	struct buf name;       /* the line so far, while it is not known what it is */
	bool first;            /* no line was complete yet */
	bool in_field;         /* there is a field that a line may continue */
	bool dropped;          /* it is not to leave */
	bool received_dropped; /* the one Received was met */
	bool aliased;          /* the milter's mark was */
	bool after_cr;         /* the last byte given out was a CR */
	bool in_message_id;    /* the field is being kept for message_id */
	bool has_message_id;
	bool in_received;      /* that field is being kept */
	struct buf received;   /* its value, as far as it matters; for telling messages apart */
	struct buf message_id; /* as in the message, unfolded; for the log */

	char *const *strip; /* fields that do not leave either; see header_filter_strip() */
	int64_t given;      /* bytes given out */
	unsigned wanted;    /* kinds to note, as bits */
	struct header_field *noted;
	size_t noted_count, noted_bytes;
	bool noting;          /* the field is the last of noted */
	bool overflow;        /* there were more, or they were longer, than can be noted */
	bool in_resent;       /* the field is a Resent- field */
	unsigned resent_seen; /* runs of them so far */
};

void header_filter_init(struct header_filter *f);
void header_filter_free(struct header_filter *f);

/* Names, or beginnings of names followed by "*", of fields that do not leave either;
 * NULL-terminated, the caller's. */
void header_filter_strip(struct header_filter *f, char *const *strip);

/* Note fields of this kind too; From, Sender and Reply-To always are. */
void header_filter_want(struct header_filter *f, enum header_kind kind);

/* The next noted field of this kind behind the given one (NULL: the first), or NULL. */
const struct header_field *header_filter_noted(
    const struct header_filter *f, enum header_kind kind, const struct header_field *after);

/* Append what length more bytes of the message come to; then, once, what its end comes to. */
void
header_filter_feed(struct header_filter *f, const char *bytes, size_t length, struct buf *out);
void header_filter_end(struct header_filter *f, struct buf *out);

#endif
