/*
 * blobs - the bytes of messages and uploads
 *
 * All blobs of all accounts lie one after the other in one file that only grows; the
 * database knows where each lies.  Storing is one write, reading is a mapping or a
 * sendfile(2), whatever the size, and a million small messages are not a million files.
 * What is destroyed leaves a hole: this is a service to try things on.
 *
 * The id of a blob is "G" and the SHA-1 of its bytes in hexadecimal, as Cyrus has it, so a
 * download can be verified.  The decoded content of the N-th part of a message is the blob
 * "G...-N"; it is computed when asked for.
 */
#ifndef SANDBOX_BLOBS_H
#define SANDBOX_BLOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"
#include "sandbox/db.h"

#define BLOB_HASH 20

struct blobs;

struct blobs *blobs_open(const char *directory, struct outcome *o);
void blobs_close(struct blobs **b);

/* The bytes of a blob in memory.  Zero it before use; blob_release() it always. */
struct blob {
	const char *bytes;
	size_t length;
	int64_t position; /* of a whole blob, for blob_read(); -1 of what was computed */
	void *map;        /* the mapping that holds bytes, or NULL */
	size_t map_length;
	char *owned; /* or the memory */
};

void blob_release(struct blob *blob);

/* Store bytes for an account, within a write, and tell their hash and, if asked, their
 * position.  False, with errno, if the disk refuses. */
bool blob_store(struct blobs *b, struct db *d, int64_t account, const void *bytes,
    size_t length, unsigned char hash[BLOB_HASH], int64_t *position_r);

/* The bytes of a whole blob whose place is known; false if they cannot be read. */
bool blob_read(struct blobs *b, int64_t position, size_t length, struct blob *blob);

/* The blob's bytes; false if the account has none of that hash. */
bool blob_by_hash(struct blobs *b, struct db *d, int64_t account,
    const unsigned char hash[BLOB_HASH], struct blob *blob);

/* The same by its id, of either kind. */
bool
blob_by_id(struct blobs *b, struct db *d, int64_t account, const char *id, struct blob *blob);

/*
 * Where a whole blob lies in the file, for sendfile(2): the descriptor stays ours.  False if
 * there is none of that id, or it is a part and lies nowhere.
 */
bool blob_locate(struct blobs *b, struct db *d, int64_t account, const char *id, int *fd_r,
    int64_t *position_r, int64_t *size_r);

/* Append the id. */
void blob_id(const unsigned char hash[BLOB_HASH], struct buf *id);

/* The hash in an id; false if it is not the id of a whole blob. */
bool blob_id_parse(const char *id, unsigned char hash[BLOB_HASH]);

#endif
