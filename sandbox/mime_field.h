/*
 * mime_field - what stands in a header field
 *
 * Each takes the raw value as mime_header has it, folds and all.  Text that comes out is
 * valid UTF-8 without NULs, whatever went in.
 */
#ifndef SANDBOX_MIME_FIELD_H
#define SANDBOX_MIME_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

/* The first token ("text/plain" of a Content-Type), in lower case; NULL if there is none. */
char *field_token(const char *value, size_t length);

/*
 * The value of a parameter ("charset"), with quotes, RFC 2231's continuations and charsets,
 * and (for what careless mailers write) RFC 2047's words undone; NULL if it is not there.
 */
char *field_parameter(const char *value, size_t length, const char *name);

/* Append the value unfolded, trimmed, with RFC 2047's encoded words decoded. */
void field_text(const char *value, size_t length, struct buf *out);

/* Append bytes of a charset as UTF-8; false if the charset is unknown or bytes were bad, and
 * then what can be read is appended with U+FFFD for the rest. */
bool text_to_utf8(const char *charset, const char *bytes, size_t length, struct buf *out);

/* Undo quoted-printable (RFC 2045 §6.7); in a header word '_' is a blank (RFC 2047 §4.2). */
bool quoted_printable_decode(const char *text, size_t length, bool word, struct buf *out);

/* Read a date (RFC 5322 §3.3, obsolete zones too): seconds since 1970 and the zone's offset
 * from UTC in minutes.  False if it is none. */
bool field_date(const char *value, size_t length, int64_t *seconds_r, int *zone_r);

#endif
