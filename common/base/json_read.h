/*
 * json_read - read I-JSON (RFC 7493) into jansson values, several times as fast as jansson
 *
 * Jansson goes through a message that stands in a request byte by byte, three times over, and
 * that was a third of what submitting it cost.  Here the plain stretches of a string are found
 * first and copied whole.  What is accepted, and what comes of it, is what json_loadb() with
 * JSON_REJECT_DUPLICATES says, which the tests compare it with.
 */
#ifndef FERRY_JSON_READ_H
#define FERRY_JSON_READ_H

#include <stddef.h>

#include <jansson.h>

/* Levels of arrays and objects in each other, as many as jansson takes. */
#define JSON_READ_DEPTH 2048

/*
 * The object or array that all of the bytes are, blanks around it apart; a new reference.  NULL
 * if they are none: malformed, not UTF-8, a member given twice, a string with U+0000 or half a
 * surrogate pair, a number too large, or too deep.
 */
json_t *json_read(const char *bytes, size_t length);

#endif
