/*
 * table_file - the files that tables are made of
 */
#ifndef FERRY_TABLE_FILE_H
#define FERRY_TABLE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"

#define TABLE_SETTLE_MS 1000 /* that nobody may have written to a file before it is read anew */

/* By which it is told that a file is another one, or has changed. */
struct table_file {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct table_file table_file_of(const struct stat *st);
bool table_file_same(const struct table_file *a, const struct table_file *b);

/* The file of that name; all zeros if there is none, or it cannot be seen. */
struct table_file table_file_look(const char *path);

/*
 * Has nobody written to it for TABLE_SETTLE_MS?  An editor may have emptied it, and be about to
 * write the rest.  now_ms: wall clock, since 1970.
 */
bool table_file_settled(const struct table_file *file, int64_t now_ms);

/*
 * Append the whole file, of at most max bytes; *file_r is set once it is open.  local/config if
 * it is no regular file, or larger, or everybody may write to it; local/io if it cannot be
 * read, or changed meanwhile.
 */
struct outcome
table_file_read(const char *path, size_t max, struct buf *bytes, struct table_file *file_r);

#endif
