/*
 * The mark in the Maildir's root.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/root.h"

#define MARKER_MAX 4096

/* The rest of the line that starts with key, which the caller free()s; NULL if none does. */
static char *
line_value(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text != NULL && *text != '\0') {
		if (strncmp(text, key, length) == 0)
			return xstrndup(text + length, strcspn(text + length, "\n"));
		text = strchr(text, '\n');
		if (text != NULL)
			text++;
	}
	return NULL;
}

static bool
parse_marker(struct root *r, const char *text)
{
	char *uuid = line_value(text, "uuid: ");
	char *epoch = line_value(text, "epoch: ");
	bool good = uuid != NULL && epoch != NULL && strlen(uuid) == ROOT_UUID_LENGTH &&
	            strtoll(epoch, NULL, 10) > 0;

	if (good) {
		memcpy(r->uuid, uuid, ROOT_UUID_LENGTH + 1);
		r->epoch = strtoll(epoch, NULL, 10);
		r->service = line_value(text, "service: ");
		r->account = line_value(text, "account: ");
	}
	free(uuid);
	free(epoch);
	return good && r->service != NULL && r->account != NULL;
}

static struct outcome
read_marker(struct root *r)
{
	struct outcome o = outcome_ok();
	struct buf text = BUF_INIT;

	if (faccessat(r->fd, ROOT_MARKER, F_OK, 0) < 0 && errno == ENOENT)
		return o;
	o = file_read(r->fd, ROOT_MARKER, MARKER_MAX, &text);
	if (outcome_is_ok(&o)) {
		r->marked = parse_marker(r, buf_str(&text));
		if (!r->marked)
			o = outcome_make("local", "wrong-folder",
			    "%s/" ROOT_MARKER " cannot be understood", r->path);
	}
	buf_free(&text);
	return o;
}

/* Empty, or with the three folders of a Maildir? */
static bool
looks_usable(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;
	bool empty = true;

	if (dir == NULL)
		return false;
	/* A first run that was killed leaves a marker that was not finished. */
	while (empty && (entry = readdir(dir)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		        strncmp(entry->d_name, ROOT_MARKER, strlen(ROOT_MARKER)) == 0;
	closedir(dir);
	return empty ||
	       (faccessat(fd, "cur", X_OK, 0) == 0 && faccessat(fd, "new", X_OK, 0) == 0 &&
	           faccessat(fd, "tmp", X_OK, 0) == 0);
}

static bool
is_caseless(int fd)
{
	struct stat lower, upper;

	return fstatat(fd, ROOT_MARKER, &lower, 0) == 0 &&
	       fstatat(fd, ".FERRY-SYNC", &upper, 0) == 0 && lower.st_ino == upper.st_ino;
}

struct outcome
root_open(struct root *r, const char *path)
{
	struct outcome o;

	*r = (struct root){.path = path};
	r->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->fd < 0) {
		r->usable = errno == ENOENT;
		return r->usable ? outcome_ok() : file_error("cannot open", path);
	}
	o = read_marker(r);
	r->usable = r->marked || looks_usable(r->fd);
	r->caseless = is_caseless(r->fd);
	return o;
}

void
root_close(struct root *r)
{
	if (r->fd >= 0)
		close(r->fd);
	free(r->service);
	free(r->account);
	*r = (struct root){.fd = -1};
}

struct outcome
root_make(struct root *r)
{
	struct outcome o;

	if (r->fd >= 0)
		return outcome_ok();
	o = file_make_dirs(r->path, 0700);
	if (!outcome_is_ok(&o))
		return o;
	r->fd = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->fd >= 0 ? o : file_error("cannot open", r->path);
}

static struct outcome
make_uuid(struct root *r)
{
	unsigned char random[ROOT_UUID_LENGTH / 2];

	if (*r->uuid != '\0')
		return outcome_ok();
	if (RAND_bytes(random, sizeof(random)) != 1)
		return outcome_make("local", "io", "no random numbers");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(r->uuid + 2 * i, 3, "%02x", random[i]);
	return outcome_ok();
}

struct outcome
root_mark(struct root *r, int64_t epoch, const char *service, const char *account)
{
	struct buf text = BUF_INIT;
	struct outcome o = make_uuid(r);

	if (!outcome_is_ok(&o))
		return o;
	buf_addf(&text,
	    "This Maildir is a mirror kept by ferry-sync(1); please leave this file here.\n"
	    "uuid: %s\nepoch: %lld\nservice: %s\naccount: %s\n",
	    r->uuid, (long long)epoch, service, account);
	o = file_write_atomic(r->fd, ROOT_MARKER, text.data, text.len, 0600);
	buf_free(&text);
	if (outcome_is_ok(&o)) {
		r->marked = true;
		r->epoch = epoch;
		r->caseless = is_caseless(r->fd);
	}
	return o;
}

enum root_verdict
root_judge(const struct root *r, const char *uuid, int64_t epoch, bool running)
{
	if (uuid == NULL)
		return r->marked ? ROOT_NO_DATABASE : r->usable ? ROOT_FRESH : ROOT_UNUSABLE;
	if (!r->marked)
		return ROOT_UNMARKED;
	if (strcmp(r->uuid, uuid) != 0)
		return ROOT_STRANGER;
	/* The marker is written first, so after a crash it is never behind. */
	if (r->epoch != epoch)
		return r->epoch > epoch ? ROOT_OLD_DATABASE : ROOT_OLD_FOLDER;
	return running ? ROOT_CRASHED : ROOT_KNOWN;
}

struct outcome
root_refusal(const struct root *r, enum root_verdict verdict, const char *name)
{
	const char *why = verdict == ROOT_STRANGER   ? "is the mirror of another database"
	                  : verdict == ROOT_UNUSABLE ? "is neither empty nor a Maildir"
	                  : verdict != ROOT_UNMARKED ? NULL
	                  : r->fd < 0                ? "is not there; is its disk mounted?"
	                              : "has lost its mark, or another disk is there";
	struct outcome o;

	if (why == NULL)
		return outcome_ok();
	o = outcome_make("local", "wrong-folder", "%s %s", r->path, why);
	outcome_hint(&o,
	    "to fill it all the same, keeping what is in it: ferry-sync --rebuild %s", name);
	return o;
}
