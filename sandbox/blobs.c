/*
 * Bytes in one growing file.  Who stores is in a write of the database, so nobody else moves
 * the end meanwhile; a place whose transaction is rolled back is lost, not reused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sandbox/blobs.h"
#include "sandbox/codec.h"
#include "sandbox/mime.h"

#define ID_LENGTH (1 + 2 * BLOB_HASH)
#define MAP_FROM  65536 /* bytes from which mapping is cheaper than reading */

struct blobs {
	int fd;
	int64_t end;
};

struct blobs *
blobs_open(const char *directory, struct outcome *o)
{
	struct blobs *b = xcalloc(1, sizeof(*b));
	char *path = xasprintf("%s/blobs", directory);
	struct stat st;

	b->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	*o = outcome_ok();
	if (b->fd < 0 || fstat(b->fd, &st) < 0)
		*o = file_error("cannot open", path);
	else
		b->end = st.st_size;
	free(path);
	if (!outcome_is_ok(o))
		blobs_close(&b);
	return b;
}

void
blobs_close(struct blobs **b)
{
	if (*b == NULL)
		return;
	if ((*b)->fd >= 0)
		close((*b)->fd);
	free(*b);
	*b = NULL;
}

void
blob_release(struct blob *blob)
{
	if (blob->map != NULL)
		munmap(blob->map, blob->map_length);
	free(blob->owned);
	*blob = (struct blob){0};
}

static bool
write_at(int fd, const char *bytes, size_t length, int64_t position)
{
	while (length > 0) {
		ssize_t n = pwrite(fd, bytes, length, position);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		length -= (size_t)n;
		position += n;
	}
	return true;
}

static bool
place_of(struct db *d, int64_t account, const unsigned char hash[BLOB_HASH],
    int64_t *position_r, int64_t *size_r)
{
	sqlite3_stmt *row =
	    db_query(d, "SELECT position, size FROM blob WHERE account = ? AND hash = ?", "ib",
	        account, hash, (size_t)BLOB_HASH);

	if (!db_next(d, row))
		return false;
	*position_r = sqlite3_column_int64(row, 0);
	*size_r = sqlite3_column_int64(row, 1);
	db_finish(row);
	return true;
}

bool
blob_store(struct blobs *b, struct db *d, int64_t account, const void *bytes, size_t length,
    unsigned char hash[BLOB_HASH], int64_t *position_r)
{
	int64_t size;

	sha1(bytes, length, hash);
	if (!write_at(b->fd, bytes, length, b->end))
		return false;
	db_run(d, "INSERT INTO blob VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", "ibii",
	    account, hash, (size_t)BLOB_HASH, b->end, (int64_t)length);
	if (db_changes(d) == 0) /* it was there already */
		return position_r == NULL || place_of(d, account, hash, position_r, &size);
	if (position_r != NULL)
		*position_r = b->end;
	b->end += (int64_t)length;
	return true;
}

static bool
read_blob(int fd, int64_t position, size_t length, struct blob *blob)
{
	size_t got = 0;

	blob->owned = xmalloc(length + 1);
	while (got < length) {
		ssize_t n = pread(fd, blob->owned + got, length - got, position + (int64_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	blob->owned[length] = '\0';
	blob->bytes = blob->owned;
	return true;
}

static bool
map_blob(int fd, int64_t position, size_t length, struct blob *blob)
{
	int64_t page = sysconf(_SC_PAGESIZE);
	int64_t start = position / page * page;
	size_t skip = (size_t)(position - start);
	void *map = mmap(NULL, skip + length, PROT_READ, MAP_PRIVATE, fd, start);

	if (map == MAP_FAILED)
		return false;
	blob->map = map;
	blob->map_length = skip + length;
	blob->bytes = (const char *)map + skip;
	return true;
}

bool
blob_read(struct blobs *b, int64_t position, size_t length, struct blob *blob)
{
	*blob = (struct blob){.length = length, .position = position};
	if (length >= MAP_FROM)
		return map_blob(b->fd, position, length, blob);
	return read_blob(b->fd, position, length, blob);
}

bool
blob_by_hash(struct blobs *b, struct db *d, int64_t account,
    const unsigned char hash[BLOB_HASH], struct blob *blob)
{
	int64_t position, size;

	*blob = (struct blob){0};
	return place_of(d, account, hash, &position, &size) &&
	       blob_read(b, position, (size_t)size, blob);
}

/* Replace a message by the decoded content of one of its parts. */
static bool
narrow_to_part(struct blob *blob, const char *part_id)
{
	struct mime_part *message = mime_parse(blob->bytes, blob->length);
	const struct mime_part *part = mime_find(message, part_id);
	struct buf content = BUF_INIT;

	if (part != NULL)
		mime_decode(part, &content);
	blob_release(blob);
	if (part != NULL) {
		blob->length = content.len;
		blob->position = -1;
		blob->owned = buf_steal(&content);
		blob->bytes = blob->owned;
	}
	mime_free(&message);
	return blob->bytes != NULL;
}

bool
blob_by_id(struct blobs *b, struct db *d, int64_t account, const char *id, struct blob *blob)
{
	unsigned char hash[BLOB_HASH];
	size_t length = strlen(id);

	*blob = (struct blob){0};
	if (length < ID_LENGTH || id[0] != 'G' || !hex_decode(id + 1, hash, BLOB_HASH) ||
	    (length > ID_LENGTH && id[ID_LENGTH] != '-'))
		return false;
	if (!blob_by_hash(b, d, account, hash, blob))
		return false;
	return length == ID_LENGTH || narrow_to_part(blob, id + ID_LENGTH + 1);
}

bool
blob_locate(struct blobs *b, struct db *d, int64_t account, const char *id, int *fd_r,
    int64_t *position_r, int64_t *size_r)
{
	unsigned char hash[BLOB_HASH];

	*fd_r = b->fd;
	return blob_id_parse(id, hash) && place_of(d, account, hash, position_r, size_r);
}

void
blob_id(const unsigned char hash[BLOB_HASH], struct buf *id)
{
	buf_addc(id, 'G');
	hex_encode(hash, BLOB_HASH, id);
}

bool
blob_id_parse(const char *id, unsigned char hash[BLOB_HASH])
{
	return strlen(id) == ID_LENGTH && id[0] == 'G' && hex_decode(id + 1, hash, BLOB_HASH);
}
