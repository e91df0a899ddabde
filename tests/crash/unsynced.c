/* unsynced - see unsynced.h */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/crash/unsynced.h"

/* Where a name is: its directory, by a descriptor that follows it wherever it is moved. */
struct place {
	int dir;
	dev_t dev;
	ino_t ino;
	char *name;
};

enum what {
	MADE,     /* a name that was not there: place */
	REMOVED,  /* the name place, of what is now the grave */
	RENAMED,  /* from old to place; what was at place is in the grave, if there is one */
	MADE_DIR, /* a directory, place */
	REMOVED_DIR,
	WRITTEN, /* the file had this size, and these bytes at this point */
};

struct note {
	enum what what;
	struct place place, old;
	unsigned grave; /* its number, or 0 */
	int fd;
	dev_t dev; /* WRITTEN: whose */
	ino_t ino;
	off_t size, at;
	void *bytes;
	size_t length;
	struct note *before;
};

/* A file that is written: by a descriptor of our own which is never closed, as closing one
 * would take away the locks that the program has on the file. */
struct file {
	dev_t dev;
	ino_t ino;
	int fd;
	struct file *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct note *last;
static struct file *files;
static int graveyard = -1;
static unsigned graves;

/* The system's own calls, as those of libc lead here. */
#define SYSTEM(name, ...) syscall(SYS_##name, __VA_ARGS__)

static void
give_up(const char *what)
{
	dprintf(STDERR_FILENO, "unsynced: %s: %s\n", what, strerror(errno));
	abort();
}

void
unsynced_begin(const char *folder)
{
	struct rlimit files_max;

	graveyard = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (graveyard < 0)
		give_up(folder);
	if (getrlimit(RLIMIT_NOFILE, &files_max) == 0) {
		files_max.rlim_cur = files_max.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files_max);
	}
}

/* --- notes */

static struct place
place_of(int dir, const char *path)
{
	char *one = strdup(path), *two = strdup(path);
	struct place place = {.name = strdup(basename(two))};
	struct stat st;

	place.dir = (int)SYSTEM(openat, dir, dirname(one), O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (place.dir >= 0 && fstat(place.dir, &st) == 0) {
		place.dev = st.st_dev;
		place.ino = st.st_ino;
	}
	free(one);
	free(two);
	return place;
}

static void
leave(struct place *place)
{
	if (place->name == NULL)
		return;
	if (place->dir >= 0)
		(void)SYSTEM(close, place->dir);
	free(place->name);
}

static struct note *
note(enum what what, int dir, const char *path)
{
	struct note *n = calloc(1, sizeof(*n));

	if (n == NULL)
		give_up("note");
	n->what = what;
	if (path != NULL)
		n->place = place_of(dir, path);
	n->before = last;
	last = n;
	return n;
}

static void
take_out(struct note **at)
{
	struct note *n = *at;

	*at = n->before;
	leave(&n->place);
	leave(&n->old);
	free(n->bytes);
	free(n);
}

/* An inode was synced: a file with its bytes, or a directory with its names. */
static void
forget(const struct stat *st)
{
	for (struct note **at = &last; *at != NULL;) {
		struct note *n = *at;
		bool is_bytes = n->what == WRITTEN;

		if ((is_bytes ? n->dev : n->place.dev) == st->st_dev &&
		    (is_bytes ? n->ino : n->place.ino) == st->st_ino)
			take_out(at);
		else
			at = &n->before;
	}
}

static bool
exists(int dir, const char *path)
{
	struct stat st;

	return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Another name for a file that is about to lose this one.  0 if there is none. */
static unsigned
bury(int dir, const char *path)
{
	char name[16];

	if (!exists(dir, path))
		return 0;
	snprintf(name, sizeof(name), "%u", ++graves);
	if (SYSTEM(linkat, dir, path, graveyard, name, 0) < 0)
		give_up("cannot keep what is replaced or removed");
	return graves;
}

static void
exhume(unsigned grave, const struct place *place)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", grave);
	if (grave != 0)
		(void)SYSTEM(linkat, graveyard, name, place->dir, place->name, 0);
}

/* --- names */

int
unsynced_openat(int dir, const char *path, int flags, mode_t mode)
{
	int fd;

	if (graveyard < 0 || (flags & O_CREAT) == 0)
		return (int)SYSTEM(openat, dir, path, flags, mode);
	pthread_mutex_lock(&lock);
	bool is_new = !exists(dir, path);
	fd = (int)SYSTEM(openat, dir, path, flags, mode);
	if (fd >= 0 && is_new)
		(void)note(MADE, dir, path);
	pthread_mutex_unlock(&lock);
	return fd;
}

int
unsynced_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	int result;

	if (graveyard < 0)
		return (int)SYSTEM(renameat2, from_dir, from, to_dir, to, flags);
	pthread_mutex_lock(&lock);
	struct note *n = note(RENAMED, to_dir, to);
	n->old = place_of(from_dir, from);
	n->grave = (flags & RENAME_NOREPLACE) == 0 ? bury(to_dir, to) : 0;
	result = (int)SYSTEM(renameat2, from_dir, from, to_dir, to, flags);
	if (result < 0)
		take_out(&last);
	pthread_mutex_unlock(&lock);
	return result;
}

int
unsynced_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	int result;

	if (graveyard < 0)
		return (int)SYSTEM(linkat, from_dir, from, to_dir, to, flags);
	pthread_mutex_lock(&lock);
	result = (int)SYSTEM(linkat, from_dir, from, to_dir, to, flags);
	if (result == 0)
		(void)note(MADE, to_dir, to);
	pthread_mutex_unlock(&lock);
	return result;
}

int
unsynced_unlinkat(int dir, const char *path, int flags)
{
	int result;

	if (graveyard < 0)
		return (int)SYSTEM(unlinkat, dir, path, flags);
	pthread_mutex_lock(&lock);
	struct note *n = note((flags & AT_REMOVEDIR) != 0 ? REMOVED_DIR : REMOVED, dir, path);
	n->grave = n->what == REMOVED ? bury(dir, path) : 0;
	result = (int)SYSTEM(unlinkat, dir, path, flags);
	if (result < 0)
		take_out(&last);
	pthread_mutex_unlock(&lock);
	return result;
}

int
unsynced_mkdirat(int dir, const char *path, mode_t mode)
{
	int result;

	if (graveyard < 0)
		return (int)SYSTEM(mkdirat, dir, path, mode);
	pthread_mutex_lock(&lock);
	result = (int)SYSTEM(mkdirat, dir, path, mode);
	if (result == 0)
		(void)note(MADE_DIR, dir, path);
	pthread_mutex_unlock(&lock);
	return result;
}

/* --- bytes */

static int
own_descriptor(int fd, const struct stat *st)
{
	char path[32];
	struct file *file = files;

	while (file != NULL && (file->dev != st->st_dev || file->ino != st->st_ino))
		file = file->next;
	if (file != NULL)
		return file->fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = calloc(1, sizeof(*file));
	*file = (struct file){st->st_dev, st->st_ino,
	    (int)SYSTEM(openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0), files};
	if (file->fd < 0)
		give_up("a file's second descriptor");
	files = file;
	return file->fd;
}

/* The file is about to have other bytes, or an end, at this point. */
static void
note_bytes(int fd, off_t at, off_t length)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	struct note *n = note(WRITTEN, -1, NULL);
	n->dev = st.st_dev;
	n->ino = st.st_ino;
	n->fd = own_descriptor(fd, &st);
	n->size = st.st_size;
	n->at = at;
	if (at >= st.st_size)
		return;
	n->length = (size_t)(length < st.st_size - at ? length : st.st_size - at);
	n->bytes = malloc(n->length);
	if (n->bytes == NULL || pread(n->fd, n->bytes, n->length, at) != (ssize_t)n->length)
		give_up("a file's bytes");
}

int
unsynced_ftruncate(int fd, off_t length)
{
	int result;

	if (graveyard < 0)
		return (int)SYSTEM(ftruncate, fd, length);
	pthread_mutex_lock(&lock);
	note_bytes(fd, length, INT64_MAX);
	result = (int)SYSTEM(ftruncate, fd, length);
	pthread_mutex_unlock(&lock);
	return result;
}

ssize_t
unsynced_pwrite(int fd, const void *bytes, size_t length, off_t at)
{
	ssize_t result;

	if (graveyard < 0)
		return SYSTEM(pwrite64, fd, bytes, length, at);
	pthread_mutex_lock(&lock);
	note_bytes(fd, at, (off_t)length);
	result = SYSTEM(pwrite64, fd, bytes, length, at);
	pthread_mutex_unlock(&lock);
	return result;
}

ssize_t
unsynced_write(int fd, const void *bytes, size_t length)
{
	ssize_t result;
	off_t at;

	if (graveyard < 0 || (at = lseek(fd, 0, SEEK_CUR)) < 0)
		return SYSTEM(write, fd, bytes, length);
	pthread_mutex_lock(&lock);
	note_bytes(fd, at, (off_t)length);
	result = SYSTEM(write, fd, bytes, length);
	pthread_mutex_unlock(&lock);
	return result;
}

/* --- what makes sure of it */

int
unsynced_fsync(int fd)
{
	struct stat st;
	int result;

	if (graveyard < 0)
		return (int)SYSTEM(fsync, fd);
	pthread_mutex_lock(&lock);
	result = (int)SYSTEM(fsync, fd);
	if (result == 0 && fstat(fd, &st) == 0)
		forget(&st);
	pthread_mutex_unlock(&lock);
	return result;
}

int
unsynced_syncfs(int fd)
{
	int result;

	if (graveyard < 0)
		return (int)SYSTEM(syncfs, fd);
	pthread_mutex_lock(&lock);
	result = (int)SYSTEM(syncfs, fd);
	while (result == 0 && last != NULL)
		take_out(&last);
	pthread_mutex_unlock(&lock);
	return result;
}

/* --- the power cut */

static void
undo(const struct note *n)
{
	const struct place *place = &n->place, *old = &n->old;

	switch (n->what) {
	case MADE:
		(void)SYSTEM(unlinkat, place->dir, place->name, 0);
		break;
	case REMOVED:
		exhume(n->grave, place);
		break;
	case RENAMED:
		(void)SYSTEM(renameat2, place->dir, place->name, old->dir, old->name, 0);
		exhume(n->grave, place);
		break;
	case MADE_DIR: /* stays if something in it is sure */
		(void)SYSTEM(unlinkat, place->dir, place->name, AT_REMOVEDIR);
		break;
	case REMOVED_DIR:
		(void)SYSTEM(mkdirat, place->dir, place->name, 0700);
		break;
	case WRITTEN:
		if (n->length > 0 &&
		    SYSTEM(pwrite64, n->fd, n->bytes, n->length, n->at) != (long)n->length)
			give_up("a file's old bytes");
		if (SYSTEM(ftruncate, n->fd, n->size) < 0)
			give_up("a file's old size");
		break;
	}
}

void
unsynced_drop(void)
{
	if (graveyard < 0)
		return;
	pthread_mutex_lock(&lock); /* for good */
	for (const struct note *n = last; n != NULL; n = n->before)
		undo(n);
}
