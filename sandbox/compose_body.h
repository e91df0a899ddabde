/*
 * compose_body - write the content of parts
 */
#ifndef SANDBOX_COMPOSE_BODY_H
#define SANDBOX_COMPOSE_BODY_H

#include <stddef.h>

#include "common/base/buf.h"

/* Append Content-Transfer-Encoding, the empty line, and text with CRLF line ends: as it is if
 * it is ASCII in short lines, else quoted-printable. */
void compose_text(const char *text, size_t length, struct buf *out);

/* The same of any bytes, in base64. */
void compose_bytes(const char *bytes, size_t length, struct buf *out);

/* The same of a message, as it stands. */
void compose_message(const char *bytes, size_t length, struct buf *out);

#endif
