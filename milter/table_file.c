/*
 * The files that tables are made of.
 */
#include <fcntl.h>
#include <unistd.h>

#include "common/base/file.h"
#include "milter/table_file.h"

struct table_file
table_file_of(const struct stat *st)
{
	return (struct table_file){
	    .device = st->st_dev,
	    .inode = st->st_ino,
	    .size = st->st_size,
	    .modified = st->st_mtim,
	    .changed = st->st_ctim,
	};
}

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool
table_file_same(const struct table_file *a, const struct table_file *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

struct table_file
table_file_look(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? table_file_of(&st) : (struct table_file){0};
}

/* A time to come is a wrong clock's: nothing can be told by it. */
bool
table_file_settled(const struct table_file *file, int64_t now_ms)
{
	int64_t modified_ms =
	    (int64_t)file->modified.tv_sec * 1000 + file->modified.tv_nsec / 1000000;

	return modified_ms > now_ms || now_ms - modified_ms >= TABLE_SETTLE_MS;
}

static struct outcome
check(const struct stat *st, const char *path, size_t max)
{
	struct outcome o;

	if (!S_ISREG(st->st_mode))
		return outcome_make("local", "config", "%s is no regular file", path);
	if (st->st_size > (off_t)max)
		return outcome_make(
		    "local", "config", "%s is larger than %zu bytes", path, max);
	if ((st->st_mode & S_IWOTH) == 0)
		return outcome_ok();
	o = outcome_make("local", "config", "everybody may write to %s", path);
	outcome_hint(&o, "chmod o-w %s", path);
	return o;
}

/* Read what is open, and see that nobody wrote to it meanwhile. */
static struct outcome
read_open(int fd, const char *path, size_t max, struct buf *bytes, struct table_file *file_r)
{
	struct table_file after;
	struct outcome o;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return file_error("cannot stat", path);
	*file_r = table_file_of(&st);
	o = check(&st, path, max);
	if (!outcome_is_ok(&o))
		return o;
	o = file_read_fd(fd, path, max, bytes);
	if (!outcome_is_ok(&o))
		return o;
	if (fstat(fd, &st) < 0)
		return file_error("cannot stat", path);
	after = table_file_of(&st);
	if (!table_file_same(file_r, &after))
		return outcome_make("local", "io", "%s changed while it was read", path);
	return outcome_ok();
}

struct outcome
table_file_read(const char *path, size_t max, struct buf *bytes, struct table_file *file_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct outcome o;

	if (fd < 0)
		return file_error("cannot open", path);
	o = read_open(fd, path, max, bytes, file_r);
	close(fd);
	return o;
}
