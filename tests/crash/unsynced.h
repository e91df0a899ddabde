/*
 * unsynced - what a power cut takes away: all that no fsync has made sure of
 *
 * Keeps note of what a program does to the file system, and can undo whatever of it POSIX
 * does not promise to be on disk: bytes of a file until that file was synced, names until the
 * directory that they are in was (a renamed one: the directory it went to), everything until
 * syncfs(2).  Real file systems mostly keep more, in some order of their own; what survives
 * this survives them.
 *
 * Each of these takes the place of the system call of its name: it makes the call, and notes
 * what it did.  Memory that is mapped is not seen; SQLite maps nothing but the index of its
 * log, which it makes again.
 */
#ifndef FERRY_TESTS_UNSYNCED_H
#define FERRY_TESTS_UNSYNCED_H

#include <sys/types.h>

/* From now on, keep what is removed or replaced in this folder: empty, and of the same file
 * system. */
void unsynced_begin(const char *graveyard);

/* Undo it.  No call below is made any more, nor returns: the caller kills the process. */
void unsynced_drop(void);

int unsynced_openat(int dir, const char *path, int flags, mode_t mode);
int
unsynced_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
int unsynced_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int unsynced_unlinkat(int dir, const char *path, int flags);
int unsynced_mkdirat(int dir, const char *path, mode_t mode);
int unsynced_ftruncate(int fd, off_t length);
ssize_t unsynced_pwrite(int fd, const void *bytes, size_t length, off_t at);
ssize_t unsynced_write(int fd, const void *bytes, size_t length);
int unsynced_fsync(int fd);
int unsynced_syncfs(int fd);

#endif
