/*
 * file - whole small files, durable writes, locks, and secrets
 *
 * Paths are relative to a directory descriptor, or AT_FDCWD.  What root makes in another
 * user's directory (a file, a lock, a directory) is given to that user.  Outcomes are of family
 * "local": io, disk-full, permission, locked; their text names the path and the reason.
 */
#ifndef FERRY_FILE_H
#define FERRY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/outcome.h"

/* The outcome of a failed system call, by errno: ENOSPC and EDQUOT are disk-full, ... */
struct outcome file_error(const char *what, const char *path);

/* Write or read all of it, through EINTR and short counts.  0, or -1 with errno; EOF inside
 * file_read_full is -1 with errno 0. */
int file_write_full(int fd, const void *bytes, size_t length);
int file_read_full(int fd, void *bytes, size_t length);

/* Append the whole file, at most max bytes, to *b.  A larger file is local/too-large's
 * condition "local/io"; a missing one "local/io" with errno ENOENT left set. */
struct outcome file_read(int dir, const char *path, size_t max, struct buf *b);

/* The same of an open descriptor, from where it stands; path is its name in messages. */
struct outcome file_read_fd(int fd, const char *path, size_t max, struct buf *b);

/*
 * Replace a file so that a crash leaves the old or the new, whole: a temporary file beside
 * it (path + ".tmp.TID"), write, fsync, rename, fsync of the directory.
 */
struct outcome
file_write_atomic(int dir, const char *path, const void *bytes, size_t length, mode_t mode);

/* Make a directory and its missing parents, each with mode; an existing one is left as it is. */
struct outcome file_make_dirs(const char *path, mode_t mode);

/* fsync a directory, so that names made in it survive a power cut. */
struct outcome file_sync_dir(int dir, const char *path);
struct outcome file_sync_parent(int dir, const char *path); /* the one that holds path */

/*
 * Take an exclusive flock on dir/path (made with mode 0600 if missing), waiting until the
 * deadline; local/locked if it passes.  *fd_r is the descriptor that holds the lock: close
 * it to let go.
 */
struct outcome file_lock(int dir, const char *path, struct deadline d, int *fd_r);

/*
 * Read a secret: one line of at most max bytes, without its newline.  Refused, with the
 * chmod to type as the hint, if group or others may read the file, if it belongs to neither
 * root nor us, or is not a regular file.
 */
struct outcome file_read_secret(const char *path, size_t max, struct buf *secret);

#endif
