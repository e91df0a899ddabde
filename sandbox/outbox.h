/*
 * outbox - every message that was submitted, for tests to count and read
 *
 * The outbox gives each a number, which its EmailSubmission keeps; so all that was sent can be
 * asked for by /sandbox/outbox.  Where it files messages too, the N-th is
 * DIRECTORY/outbox/NNNN.eml, byte for byte, and NNNN.json, its envelope.  The .json file
 * appears last, and whole.
 */
#ifndef SANDBOX_OUTBOX_H
#define SANDBOX_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/outcome.h"

struct outbox;

/* Numbers go on after last, or after what is in the folder.  NULL with *o set if the folder
 * cannot be had, which only a filing outbox needs. */
struct outbox *outbox_open(const char *directory, bool files, int64_t last, struct outcome *o);
void outbox_close(struct outbox **box);

/* Put one in; its number, or 0 with errno if the disk refuses.  Thread-safe. */
int64_t
outbox_put(struct outbox *box, const json_t *envelope, const char *bytes, size_t length);

/* A number for what is not put in. */
int64_t outbox_number(struct outbox *box);

#endif
