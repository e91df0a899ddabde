/*
 * The outbox: numbers are given out in memory, and looked up once at the start.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sandbox/outbox.h"

#define NAME_SIZE 40

struct outbox {
	int dir;           /* -1: nothing is filed */
	atomic_llong last; /* number given out */
};

static void
find_last(struct outbox *box)
{
	DIR *d = fdopendir(dup(box->dir));
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		long long number = strtoll(entry->d_name, NULL, 10);

		if (number > atomic_load(&box->last))
			atomic_store(&box->last, number);
	}
	if (d != NULL)
		closedir(d);
}

struct outbox *
outbox_open(const char *directory, bool files, int64_t last, struct outcome *o)
{
	struct outbox *box = xcalloc(1, sizeof(*box));
	char *path;

	box->last = last;
	box->dir = -1;
	*o = outcome_ok();
	if (!files)
		return box;
	path = xasprintf("%s/outbox", directory);
	*o = file_make_dirs(path, 0700);
	box->dir = outcome_is_ok(o) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (outcome_is_ok(o) && box->dir < 0)
		*o = file_error("cannot open", path);
	free(path);
	if (!outcome_is_ok(o))
		outbox_close(&box);
	else
		find_last(box);
	return box;
}

void
outbox_close(struct outbox **box)
{
	if (*box == NULL)
		return;
	if ((*box)->dir >= 0)
		close((*box)->dir);
	free(*box);
	*box = NULL;
}

static bool
write_file(int dir, const char *name, const char *bytes, size_t length)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool written = fd >= 0 && file_write_full(fd, bytes, length) == 0;

	return fd >= 0 && close(fd) == 0 && written;
}

static bool
file(const struct outbox *box, long long number, const json_t *envelope, const char *bytes,
    size_t length)
{
	char message[NAME_SIZE], temporary[NAME_SIZE], final[NAME_SIZE];
	char *text = json_dumps(envelope, JSON_INDENT(2));
	bool filed;

	snprintf(message, sizeof(message), "%04lld.eml", number);
	snprintf(temporary, sizeof(temporary), "%04lld.tmp", number);
	snprintf(final, sizeof(final), "%04lld.json", number);
	filed = write_file(box->dir, message, bytes, length) &&
	        write_file(box->dir, temporary, text, strlen(text)) &&
	        renameat(box->dir, temporary, box->dir, final) == 0;
	free(text);
	return filed;
}

int64_t
outbox_number(struct outbox *box)
{
	return atomic_fetch_add(&box->last, 1) + 1;
}

int64_t
outbox_put(struct outbox *box, const json_t *envelope, const char *bytes, size_t length)
{
	int64_t number = outbox_number(box);

	if (box->dir >= 0 && !file(box, number, envelope, bytes, length))
		return 0;
	return number;
}
