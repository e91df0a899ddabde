/*
 * Whole small files, durable writes, locks, and secrets.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"

#define LOCK_POLL_MS 20

struct outcome
file_error(const char *what, const char *path)
{
	int error = errno;
	const char *name = error == ENOSPC || error == EDQUOT || error == EFBIG  ? "disk-full"
	                   : error == EACCES || error == EPERM || error == EROFS ? "permission"
	                                                                         : "io";
	struct outcome o =
	    outcome_make("local", name, "%s %s: %s", what, path, strerror(error));

	errno = error;
	return o;
}

int
file_write_full(int fd, const void *bytes, size_t length)
{
	const char *p = bytes;

	while (length != 0) {
		ssize_t n = write(fd, p, length);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += n;
		length -= (size_t)n;
	}
	return 0;
}

int
file_read_full(int fd, void *bytes, size_t length)
{
	char *p = bytes;

	while (length != 0) {
		ssize_t n = read(fd, p, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = 0;
			return -1;
		}
		p += n;
		length -= (size_t)n;
	}
	return 0;
}

struct outcome
file_read_fd(int fd, const char *path, size_t max, struct buf *b)
{
	size_t got = 0;

	for (;;) {
		char *end = buf_reserve(b, 4096);
		ssize_t n = read(fd, end, 4096);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return file_error("cannot read", path);
		}
		if (n == 0)
			return outcome_ok();
		got += (size_t)n;
		if (got > max) {
			errno = EFBIG;
			return outcome_make(
			    "local", "io", "%s is larger than %zu bytes", path, max);
		}
		b->len += (size_t)n;
		b->data[b->len] = '\0';
	}
}

struct outcome
file_read(int dir, const char *path, size_t max, struct buf *b)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct outcome o;
	int error;

	if (fd < 0)
		return file_error("cannot open", path);
	o = file_read_fd(fd, path, max, b);
	error = errno;
	close(fd);
	errno = error;
	return o;
}

struct outcome
file_sync_dir(int dir, const char *path)
{
	/* Some file systems cannot sync a directory and say EINVAL: they need not. */
	if (fsync(dir) < 0 && errno != EINVAL)
		return file_error("cannot sync the directory of", path);
	return outcome_ok();
}

/*
 * What root makes in another user's directory is that user's: a key that root registers must
 * be of use to the daemon whose directory it lies in.
 */
static int
give_to_owner(int fd, int parent)
{
	struct stat st;

	if (geteuid() != 0 || fstat(parent, &st) < 0 || st.st_uid == 0)
		return 0;
	return fchown(fd, st.st_uid, st.st_gid);
}

static int
open_parent(int dir, const char *path)
{
	char *copy = xstrdup(path);
	int parent = openat(dir, dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = errno;

	free(copy);
	errno = error;
	return parent;
}

struct outcome
file_sync_parent(int dir, const char *path)
{
	int parent = open_parent(dir, path);
	struct outcome o;

	if (parent < 0)
		return file_error("cannot open the directory of", path);
	o = file_sync_dir(parent, path);
	close(parent);
	return o;
}

/* Write and sync a new file, owned like its directory. */
static struct outcome
write_new_file(
    int dir, int parent, const char *path, const void *bytes, size_t length, mode_t mode)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	struct outcome o = outcome_ok();

	if (fd < 0)
		return file_error("cannot create", path);
	if (fchmod(fd, mode) < 0 || give_to_owner(fd, parent) < 0 ||
	    file_write_full(fd, bytes, length) < 0 || fsync(fd) < 0)
		o = file_error("cannot write", path);
	if (close(fd) < 0 && outcome_is_ok(&o))
		o = file_error("cannot write", path);
	return o;
}

struct outcome
file_write_atomic(int dir, const char *path, const void *bytes, size_t length, mode_t mode)
{
	char *tmp = xasprintf("%s.tmp.%ld", path, (long)gettid());
	int parent = open_parent(dir, path);
	struct outcome o;

	if (parent < 0) {
		o = file_error("cannot open the directory of", path);
		free(tmp);
		return o;
	}
	(void)unlinkat(dir, tmp, 0); /* of a crashed thread that had our number */
	o = write_new_file(dir, parent, tmp, bytes, length, mode);
	if (outcome_is_ok(&o) && renameat(dir, tmp, dir, path) < 0)
		o = file_error("cannot rename to", path);
	if (!outcome_is_ok(&o))
		(void)unlinkat(dir, tmp, 0);
	else
		o = file_sync_dir(parent, path);
	close(parent);
	free(tmp);
	return o;
}

/* Make one directory, owned like its parent; one that exists is left as it is. */
static bool
make_dir(const char *path, mode_t mode)
{
	int fd, parent;
	bool good;

	if (mkdir(path, mode) < 0)
		return errno == EEXIST;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	parent = open_parent(AT_FDCWD, path);
	good = fd >= 0 && parent >= 0 && give_to_owner(fd, parent) == 0;
	if (fd >= 0)
		close(fd);
	if (parent >= 0)
		close(parent);
	return good;
}

struct outcome
file_make_dirs(const char *path, mode_t mode)
{
	char *copy = xstrdup(path);
	struct outcome o = outcome_ok();

	for (char *p = copy + 1; *copy != '\0'; p++) {
		char end = *p;

		if (end != '/' && end != '\0')
			continue;
		*p = '\0';
		if (!make_dir(copy, mode)) {
			o = file_error("cannot make directory", copy);
			break;
		}
		*p = end;
		if (end == '\0')
			break;
	}
	free(copy);
	return o;
}

struct outcome
file_lock(int dir, const char *path, struct deadline d, int *fd_r)
{
	int fd = openat(dir, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct outcome o;
	int parent;

	*fd_r = -1;
	if (fd < 0)
		return file_error("cannot open lock", path);
	parent = open_parent(dir, path);
	if (parent >= 0) {
		(void)give_to_owner(fd, parent);
		close(parent);
	}
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			o = file_error("cannot lock", path);
			close(fd);
			return o;
		}
		if (cancel_requested()) {
			close(fd);
			return outcome_make("local", "cancelled", "while waiting for %s", path);
		}
		if (!clock_sleep_ms(LOCK_POLL_MS, d)) {
			close(fd);
			return outcome_make("local", "locked", "%s", path);
		}
	}
	*fd_r = fd;
	return outcome_ok();
}

static struct outcome
check_secret_mode(int fd, const char *path)
{
	struct outcome o;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return file_error("cannot stat", path);
	if (!S_ISREG(st.st_mode))
		return outcome_make("auth", "secret", "%s is not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return outcome_make("auth", "secret", "%s belongs to another user", path);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		o = outcome_make("auth", "secret", "%s is open to others", path);
		outcome_hint(&o, "chmod 600 %s", path);
		return o;
	}
	return outcome_ok();
}

struct outcome
file_read_secret(const char *path, size_t max, struct buf *secret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct outcome o;
	size_t start = secret->len;
	char *newline;

	if (fd < 0) {
		o = outcome_make("auth", "secret", "%s: %s", path, strerror(errno));
		return o;
	}
	o = check_secret_mode(fd, path);
	if (outcome_is_ok(&o))
		o = file_read_fd(fd, path, max, secret);
	close(fd);
	if (!outcome_is_ok(&o))
		return o;
	buf_reserve(secret, 0);
	newline = strpbrk(secret->data + start, "\r\n");
	if (newline != NULL)
		buf_truncate(secret, (size_t)(newline - secret->data));
	if (secret->len == start)
		return outcome_make("auth", "secret", "%s is empty", path);
	return outcome_ok();
}
