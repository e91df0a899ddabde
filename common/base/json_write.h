/*
 * json_write - write jansson values as text, several times as fast as jansson
 *
 * Jansson notes the address of each array and object on its way down, as text in a hash table,
 * to find those that hold themselves.  Nobody here makes such, and what is written is made of
 * small objects.  The text is what json_dumps() with JSON_COMPACT gives.
 */
#ifndef FERRY_JSON_WRITE_H
#define FERRY_JSON_WRITE_H

#include <jansson.h>

#include "common/base/buf.h"

/* Append any value; nothing for NULL. */
void json_write(const json_t *value, struct buf *out);

/* Append a string in its quotes; the text is UTF-8. */
void json_write_string(const char *text, size_t length, struct buf *out);

/* Any value by itself; the caller free()s it. */
char *json_write_text(const json_t *value);

#endif
