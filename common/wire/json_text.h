/*
 * json_text - writing JSON as text, one piece behind the other
 *
 * For what is made often or is large, and would otherwise be made of jansson's values first,
 * only to be written out:
 *
 *	json_text_open(&text, NULL, '{');
 *	json_text_string(&text, "blobId", blob);
 *	json_text_open(&text, "keywords", '{');
 *	json_text_bool(&text, "$draft", true);
 *	json_text_close(&text, '}');
 *	json_text_close(&text, '}');
 *
 * A key is NULL for what has none: in an array, or outside of everything.  Commas come by
 * themselves: one is put unless the buffer is empty, or ends where a first value stands.  So a
 * buffer may also hold the members of an object without its braces.  Keys and strings
 * are UTF-8, which is not looked at but where it says so.  That what is opened is closed is the
 * caller's to see to.
 */
#ifndef FERRY_JSON_TEXT_H
#define FERRY_JSON_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

void json_text_open(struct buf *text, const char *key, char bracket);
void json_text_close(struct buf *text, char bracket);

void json_text_string(struct buf *text, const char *key, const char *value);
void json_text_bool(struct buf *text, const char *key, bool value);
void json_text_null(struct buf *text, const char *key);
void json_text_value(struct buf *text, const char *key, const json_t *value);

/*
 * A string of these bytes, if they are UTF-8 without NULs, which not every reader takes, and
 * if it has, with its quotes, at most so many bytes.  False, and nothing is written, if not.
 */
bool json_text_bytes(
    struct buf *text, const char *key, const char *bytes, size_t length, size_t most);

#endif
