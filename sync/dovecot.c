/*
 * Dovecot's dotlock, as Dovecot takes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/dovecot.h"

#define WAIT_MS       10000
#define POLL_MS       20
#define STALE_SECONDS 120

static char *
file_in(const char *path, const char *name)
{
	return xasprintf("%s%s%s", path, *path != '\0' ? "/" : "", name);
}

bool
dovecot_uses(int root, const char *path)
{
	char *file = file_in(path, "dovecot-uidlist");
	bool uses = faccessat(root, file, F_OK, 0) == 0;

	free(file);
	return uses;
}

/* "PID:HOST" of this machine, of a process that is no more? */
static bool
owner_is_dead(int root, const char *lock)
{
	char host[256] = "", *end;
	struct buf text = BUF_INIT;
	struct outcome o = file_read(root, lock, 1024, &text);
	long pid = outcome_is_ok(&o) ? strtol(buf_str(&text), &end, 10) : 0;
	bool dead = pid > 0 && *end == ':' && gethostname(host, sizeof(host) - 1) == 0 &&
	            strcmp(end + 1, host) == 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;

	buf_free(&text);
	return dead;
}

static bool
is_stale(int root, const char *lock)
{
	struct stat st;

	if (fstatat(root, lock, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	return st.st_mtime + STALE_SECONDS < clock_wall() || owner_is_dead(root, lock);
}

static bool
try_lock(int root, const char *lock)
{
	int fd = openat(root, lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char host[256] = "", *owner;

	if (fd < 0)
		return false;
	gethostname(host, sizeof(host) - 1);
	owner = xasprintf("%ld:%s", (long)getpid(), host);
	/* A lock that does not say whose it is, is one all the same. */
	(void)file_write_full(fd, owner, strlen(owner));
	free(owner);
	close(fd);
	return true;
}

struct outcome
dovecot_lock_file(int root, const char *lock)
{
	struct deadline d = deadline_in_ms(WAIT_MS);

	while (!try_lock(root, lock)) {
		if (errno != EEXIST)
			return file_error("cannot make", lock);
		if (is_stale(root, lock))
			(void)unlinkat(root, lock, 0);
		else if (!clock_sleep_ms(POLL_MS, d))
			return outcome_make("local", "locked", "Dovecot keeps %s", lock);
	}
	return outcome_ok();
}

void
dovecot_unlock_file(int root, const char *lock)
{
	(void)unlinkat(root, lock, 0);
}

struct outcome
dovecot_lock(int root, const char *path)
{
	char *lock = file_in(path, "dovecot-uidlist.lock");
	struct outcome o = dovecot_lock_file(root, lock);

	free(lock);
	return o;
}

void
dovecot_unlock(int root, const char *path)
{
	char *lock = file_in(path, "dovecot-uidlist.lock");

	dovecot_unlock_file(root, lock);
	free(lock);
}
