/*
 * json - what every file does with jansson values
 */
#ifndef SANDBOX_JSON_H
#define SANDBOX_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/buf.h"

/* A JSON string of any bytes: what is not UTF-8 becomes U+FFFD. */
json_t *json_clean(const char *bytes, size_t length);
json_t *json_cleans(const char *text); /* NULL gives null */

/* A JSON string of a buffer's contents, cleaned likewise; the buffer is freed. */
json_t *json_from_buf(struct buf *b);

/*
 * An object of pairs of a key, which is a literal, and a value, whose reference it takes; NULL
 * behind them.  What json_pack() makes takes three times as long.
 */
json_t *json_members(const char *key, ...) __attribute__((sentinel));

/* A UTCDate (RFC 8620 §1.4) of seconds since 1970; a Date with the zone of minutes. */
json_t *json_utc_date(int64_t seconds);
json_t *json_zone_date(int64_t seconds, int zone_minutes);

/* Read a UTCDate or a Date; false if the text is none. */
bool json_read_date(const char *text, int64_t *seconds_r);

/* Members of an object: NULL, 0 or false if missing or of another type. */
const char *json_text(const json_t *object, const char *key);
int64_t json_number(const json_t *object, const char *key, int64_t fallback);
bool json_bool(const json_t *object, const char *key);

/* Is the text among those of a list that ends with NULL? */
bool text_among(const char *text, const char *const *list);

/* The first member of an object that is not among them, or NULL. */
const char *json_stranger(const json_t *object, const char *const *known);

/* Does the array hold this string? */
bool json_has_string(const json_t *array, const char *text);

#endif
