/*
 * Renames that replace nothing, links that fall back to copies, directories synced once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/files.h"

#define COPY_BLOCK  65536
#define SYNCFS_FROM 4 /* folders: each fsync() is a flush of the disk's cache, too */

int
files_rename(int root, const char *from, const char *to)
{
	if (renameat2(root, from, root, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* The file system cannot promise it: look first. */
	if (faccessat(root, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(root, from, root, to);
}

static int
copy_bytes(int from, int to)
{
	char *block = xmalloc(COPY_BLOCK);
	ssize_t n;

	while ((n = read(from, block, COPY_BLOCK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || file_write_full(to, block, (size_t)n) < 0)
			break;
	}
	free(block);
	return n == 0 ? 0 : -1;
}

/* A durable copy with the same times; to must not exist. */
static int
copy_file_to(int root, const char *from, const char *to)
{
	int in = openat(root, from, O_RDONLY | O_CLOEXEC);
	int out = in < 0 ? -1 : openat(root, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;
	int result = -1;

	if (out >= 0 && fstat(in, &st) == 0 && copy_bytes(in, out) == 0) {
		struct timespec times[2] = {st.st_atim, st.st_mtim};

		result = futimens(out, times) == 0 && fdatasync(out) == 0 ? 0 : -1;
	}
	if (out >= 0) {
		int error = errno;

		close(out);
		if (result < 0)
			(void)unlinkat(root, to, 0);
		errno = error;
	}
	if (in >= 0)
		close(in);
	return result;
}

static bool
is_same_file(int root, const char *a, const char *b)
{
	struct stat x, y;

	return fstatat(root, a, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(root, b, &y, AT_SYMLINK_NOFOLLOW) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

int
files_link(int root, const char *from, const char *to)
{
	if (linkat(root, from, root, to, 0) == 0)
		return 0;
	if (errno == EEXIST && is_same_file(root, from, to))
		return 0;
	if (errno != EPERM && errno != EMLINK && errno != EXDEV && errno != EOPNOTSUPP)
		return -1;
	return copy_file_to(root, from, to);
}

void
touched_add(struct touched *touched, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *folder = slash != NULL ? file : ".";
	size_t length = slash != NULL ? (size_t)(slash - file) : 1;

	for (size_t i = 0; i < touched->count; i++)
		if (strncmp(touched->paths[i], folder, length) == 0 &&
		    touched->paths[i][length] == '\0')
			return;
	touched->paths =
	    xreallocarray(touched->paths, touched->count + 1, sizeof(touched->paths[0]));
	touched->paths[touched->count++] = xstrndup(folder, length);
}

void
touched_free(struct touched *touched)
{
	for (size_t i = 0; i < touched->count; i++)
		free(touched->paths[i]);
	free(touched->paths);
	*touched = (struct touched){0};
}

/* Are they all on the file system of root?  A folder may be a mount point. */
static bool
are_on(int root, const struct touched *touched)
{
	struct stat of_root, st;
	bool same = fstat(root, &of_root) == 0;

	for (size_t i = 0; i < touched->count && same; i++)
		same =
		    fstatat(root, touched->paths[i], &st, 0) < 0 || st.st_dev == of_root.st_dev;
	return same;
}

static struct outcome
sync_folder(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct outcome o;

	/* A folder that somebody removed has no names to keep. */
	if (fd < 0 && errno == ENOENT)
		return outcome_ok();
	o = fd < 0 ? file_error("cannot open", path) : file_sync_dir(fd, path);
	if (fd >= 0)
		close(fd);
	return o;
}

struct outcome
touched_sync(struct touched *touched, int root)
{
	struct outcome o = outcome_ok();

	if (touched->count >= SYNCFS_FROM && are_on(root, touched)) {
		if (syncfs(root) < 0)
			o = file_error("cannot flush", "the Maildir's file system");
	} else {
		for (size_t i = 0; i < touched->count && outcome_is_ok(&o); i++)
			o = sync_folder(root, touched->paths[i]);
	}
	touched_free(touched);
	return o;
}
