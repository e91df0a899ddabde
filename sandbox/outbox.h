/*
 * outbox - every message that was submitted, for tests to count and read
 *
 * The N-th is DIRECTORY/outbox/NNNN.eml, byte for byte, and NNNN.json, its envelope.  The
 * .json file appears last, and whole.
 */
#ifndef SANDBOX_OUTBOX_H
#define SANDBOX_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/outcome.h"

struct outbox;

struct outbox *outbox_open(const char *directory, struct outcome *o);
void outbox_close(struct outbox **box);

/* File one; its number, or 0 with errno if the disk refuses.  Thread-safe. */
int64_t
outbox_file(struct outbox *box, const json_t *envelope, const char *bytes, size_t length);

#endif
