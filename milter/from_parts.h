/*
 * from_parts - what from_edits is made of
 */
#ifndef FERRY_FROM_PARTS_H
#define FERRY_FROM_PARTS_H

#include "milter/from_edits.h"
#include "milter/own.h"

/* from_views.c: a field as readers may see it */

/* Append the value on one line, each of its encoded words decoded that can be. */
void from_seen(const char *value, struct buf *seen);

/*
 * Append it in all the ways in which it may be read, one a line: as it is seen, without the
 * backslashes that quote, with "%40" decoded, and its parameters (RFC 2231) put together.
 */
void from_views(const char *value, struct buf *views);

/* from_date.c */

/* Append the moment that a Date names, or now if it names none, in UTC (RFC 5322 §3.3). */
void from_date(const char *value, int64_t now, struct buf *out);

/* from_subject.c */

/* Append a Subject without own addresses. */
void from_subject(const struct own *own, const char *value, const char *alias, struct buf *out);

/* from_message_id.c */

/* Append what a Message-ID becomes; one that was made here for the alias stays. */
void from_message_id(const struct from_options *options, const char *value, struct buf *out);

/* Append an identifier of the envelope (RFC 3461 §4.4) for a message with this Message-ID. */
void from_envelope_id(const struct from_options *options, const char *value, struct buf *out);

/*
 * Append the identifiers, "<...>", of a References or In-Reply-To, one a line, own ones as they
 * are in the alias's name.  Nothing if there is none.
 */
void from_references(const struct from_options *options, const char *value, struct buf *out);

#endif
