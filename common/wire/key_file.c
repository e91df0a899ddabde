/*
 * A key of random bytes that this machine keeps for itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/wire/key_file.h"

#define KEY_BYTES    32
#define KEY_FILE_MAX 1024

/* Write a new key beside its place and link it there: who comes second finds the first's. */
static struct outcome
make_key(int dir, const char *path, const char *name)
{
	char *fresh = xasprintf("%s.new.%ld", name, (long)gettid());
	unsigned char bytes[KEY_BYTES];
	struct buf text = BUF_INIT;
	struct outcome o;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
		free(fresh);
		return outcome_make("local", "io", "no random numbers for a key");
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		buf_addf(&text, "%02x", bytes[i]);
	buf_addc(&text, '\n');
	o = file_write_atomic(dir, fresh, text.data, text.len, 0600);
	if (outcome_is_ok(&o)) {
		if (linkat(dir, fresh, dir, name, 0) < 0 && errno != EEXIST)
			o = file_error("cannot make", path);
		(void)unlinkat(dir, fresh, 0);
	}
	if (outcome_is_ok(&o))
		o = file_sync_dir(dir, path);
	buf_wipe(&text);
	free(fresh);
	return o;
}

/* Open the directory; only where it is missing, and so the first time, make it. */
static struct outcome
open_directory(const char *directory, int *dir_r)
{
	struct outcome o;

	*dir_r = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir_r < 0 && errno == ENOENT) {
		o = file_make_dirs(directory, 0700);
		if (!outcome_is_ok(&o))
			return o;
		*dir_r = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return *dir_r < 0 ? file_error("cannot open", directory) : outcome_ok();
}

struct outcome
key_file(const char *directory, const char *name, struct buf *key)
{
	int dir;
	struct outcome o = open_directory(directory, &dir);
	char *path;

	if (!outcome_is_ok(&o))
		return o;
	path = xasprintf("%s/%s", directory, name);
	if (faccessat(dir, name, F_OK, 0) < 0 && errno == ENOENT)
		o = make_key(dir, path, name);
	if (outcome_is_ok(&o))
		o = file_read_secret(path, KEY_FILE_MAX, key);
	close(dir);
	free(path);
	return o;
}
