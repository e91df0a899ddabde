/*
 * json - reading JSON that may be anything
 *
 * Thin helpers over jansson for what every client of a JSON API does: parse with limits,
 * and read members whose type is not to be trusted.  None of them fails on a NULL or on a
 * value of another type: it is "not there".  Strings returned live as long as the value.
 */
#ifndef FERRY_JSON_H
#define FERRY_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/json_write.h"
#include "common/base/outcome.h"

/*
 * Parse text of length bytes.  Whatever follows the value but white space, NULs in strings
 * of ids, duplicate keys and nesting beyond 64 levels are refused: answer/json, with where
 * and why.  *value_r is a new reference.
 */
struct outcome json_parse(const char *text, size_t length, json_t **value_r);

/* object[key] if it is of that type; NULL, fallback or false if not. */
const char *json_get_string(const json_t *object, const char *key);
json_t *json_get_object(const json_t *object, const char *key);
json_t *json_get_array(const json_t *object, const char *key);
bool json_get_bool(const json_t *object, const char *key, bool fallback);

/* An UnsignedInt of RFC 8620 §1.3 (0 to 2^53-1), also when a broken proxy made it a real
 * without fraction; fallback if it is anything else. */
int64_t json_get_count(const json_t *object, const char *key, int64_t fallback);

/* A string that is a JMAP Id: 1 to 255 bytes, no control characters, no '/', not "." or
 * "..".  (RFC 8620 §1.2 allows A-Za-z0-9-_ alone; Cyrus uses '@' and '.' in account ids.) */
const char *json_get_id(const json_t *object, const char *key);
bool json_is_id(const json_t *value);

/* Seconds since 1970 of a UTCDate or Date string (RFC 8620 §1.4), or fallback. */
int64_t json_get_date(const json_t *object, const char *key, int64_t fallback);

#endif
