/*
 * What the tests of compose stand on: a message in, its Email object and uploads out.
 */
#ifndef FERRY_COMPOSE_FIXTURE_H
#define FERRY_COMPOSE_FIXTURE_H

#include <jansson.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"

#define UPLOADS_MAX 8

struct uploads {
	size_t count;
	struct buf bytes[UPLOADS_MAX]; /* blob "b0", "b1", ... */
	char *types[UPLOADS_MAX];
};

/* Compose text (LF becomes CRLF, so that tests are readable); it must succeed, and
 * compose_check() must say the same.  The result is valid to the next call. */
json_t *composed(const char *text);

/* The uploads of the last composed(). */
const struct uploads *uploaded(void);

/* bodyStructure of composed(text). */
json_t *structure(const char *text);

/* Value of object[key], which must be a string. */
const char *text_at(const json_t *object, const char *key);

/* The body value of a part. */
const char *value_of(const json_t *part);

/* The text must be refused as unrepresentable, with this in the reason. */
void refused(const char *text, const char *reason);

int forget_composed(void **state);

#endif
