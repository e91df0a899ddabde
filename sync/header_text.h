/*
 * header_text - what a message's header says, for people to read
 */
#ifndef FERRY_SYNC_HEADER_TEXT_H
#define FERRY_SYNC_HEADER_TEXT_H

#include <stddef.h>

#include "common/base/buf.h"

#define HEADER_TEXT_MAX 1000 /* bytes of a field's text; the rest is left out */

/*
 * Append the first fields From and Subject of the message in a file, each as one line:
 * decoded (RFC 2047), in UTF-8, without control characters.  Empty if there is none, or the
 * file cannot be read.  Only the first 64 KiB of the file are looked at.
 */
void header_text_read(const char *file, struct buf *from, struct buf *subject);

/* Append text of a server's or of a message, in the same way but for decoding. */
void header_text_clean(const char *text, struct buf *out);

/* Append text with its encoded words decoded; what cannot be decoded stays as it is. */
void header_text_decode(const char *text, struct buf *out);

#endif
