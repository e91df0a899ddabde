/*
 * dsn_text - the encodings in which ESMTP has values that may be any text (RFC 3461, RFC 6533)
 *
 * JMAP has such values without them (RFC 8621 §7).
 */
#ifndef FERRY_DSN_TEXT_H
#define FERRY_DSN_TEXT_H

#include <stdbool.h>

#include "common/base/buf.h"

/* Is it xtext (RFC 3461 §4)?  Then what it stands for is appended to *decoded (if not NULL);
 * what stands for a control character is none. */
bool dsn_xtext(const char *text, struct buf *decoded);

/*
 * Is it a type and an address, "rfc822;user@example.org"?  Then they are appended to *decoded
 * (if not NULL), the address without its encoding: of type "utf-8", that is "\x{...}" for
 * a code point, beside UTF-8 as it is (RFC 6533 §3; "+" and "=", which have to be encoded so,
 * are taken as they are); of others, xtext.
 */
bool dsn_original_recipient(const char *text, struct buf *decoded);

#endif
