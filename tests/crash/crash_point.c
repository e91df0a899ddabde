/*
 * crash_point - stop a program at the Nth thing it does to the file system or to a service
 *
 * Loaded with LD_PRELOAD.  CRASH_AT=N lets N - 1 of the calls below happen and kills the
 * process (SIGKILL) before the Nth.  Running a program with N = 1, 2, 3... until it survives
 * tries every moment at which it can be interrupted.  Threads are counted together.  A transfer
 * counts twice: before it is started, and when it is complete and the program has not heard of
 * it.
 *
 * What the kernel still has in memory survives that.  With CRASH_LOSES=FOLDER it is a power
 * cut: what no fsync has made sure of is undone before the process dies (unsynced.h, which keeps
 * what it needs for that in FOLDER; it must be empty).
 *
 * CRASH_DELAY=N makes each of them take N microseconds longer, for others to get in between.
 * CRASH_COUNT=FILE appends the number of calls when the program ends by itself.
 */
#include <curl/curl.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/crash/unsynced.h"

static atomic_long calls;

__attribute__((constructor)) static void
begin(void)
{
	const char *graveyard = getenv("CRASH_LOSES");

	if (graveyard != NULL && getenv("CRASH_AT") != NULL)
		unsynced_begin(graveyard);
}

static void
count(void)
{
	static long at, delay;

	if (at == 0) {
		const char *text = getenv("CRASH_AT"), *pause = getenv("CRASH_DELAY");

		delay = pause != NULL ? strtol(pause, NULL, 10) : 0;
		at = text != NULL ? strtol(text, NULL, 10) : -1;
	}
	if (delay > 0)
		usleep((useconds_t)delay);
	if (atomic_fetch_add(&calls, 1) + 1 == at) {
		unsynced_drop();
		kill(getpid(), SIGKILL);
	}
}

static void write_count(void) __attribute__((destructor));

static void
write_count(void)
{
	const char *file = getenv("CRASH_COUNT");
	int fd =
	    file != NULL ? open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%ld\n", atomic_load(&calls));
	close(fd);
}

/* A function like its namesake in libc, counted. */
#define COUNTED(type, name, parameters, call) \
	type name parameters;                 \
	type name parameters                  \
	{                                     \
		count();                      \
		return call;                  \
	}

COUNTED(int, renameat2,
    (int from_dir, const char *from, int to_dir, const char *to, unsigned flags),
    unsynced_renameat2(from_dir, from, to_dir, to, flags))
COUNTED(int, renameat, (int from_dir, const char *from, int to_dir, const char *to),
    unsynced_renameat2(from_dir, from, to_dir, to, 0))
COUNTED(int, linkat, (int from_dir, const char *from, int to_dir, const char *to, int flags),
    unsynced_linkat(from_dir, from, to_dir, to, flags))
COUNTED(
    int, unlinkat, (int dir, const char *path, int flags), unsynced_unlinkat(dir, path, flags))
COUNTED(
    int, mkdirat, (int dir, const char *path, mode_t mode), unsynced_mkdirat(dir, path, mode))
COUNTED(int, futimens, (int fd, const struct timespec times[2]),
    (int)syscall(SYS_utimensat, fd, NULL, times, 0))
COUNTED(int, fsync, (int fd), unsynced_fsync(fd))
COUNTED(int, fdatasync, (int fd), unsynced_fsync(fd))
COUNTED(int, syncfs, (int fd), unsynced_syncfs(fd))
COUNTED(int, ftruncate, (int fd, off_t length), unsynced_ftruncate(fd, length))
COUNTED(int, ftruncate64, (int fd, off_t length), unsynced_ftruncate(fd, length))

/* SQLite writes its log with this: a transaction can be cut in two. */
COUNTED(ssize_t, pwrite64, (int fd, const void *bytes, size_t length, off_t at),
    unsynced_pwrite(fd, bytes, length, at))

/* Not counted, but to be known if there is something to be lost. */
#define WATCHED(type, name, parameters, call) \
	type name parameters;                 \
	type name parameters                  \
	{                                     \
		return call;                  \
	}

WATCHED(ssize_t, pwrite, (int fd, const void *bytes, size_t length, off_t at),
    unsynced_pwrite(fd, bytes, length, at))
WATCHED(ssize_t, write, (int fd, const void *bytes, size_t length),
    unsynced_write(fd, bytes, length))
WATCHED(int, unlink, (const char *path), unsynced_unlinkat(AT_FDCWD, path, 0))
WATCHED(int, mkdir, (const char *path, mode_t mode), unsynced_mkdirat(AT_FDCWD, path, mode))

#define OPENS(name, dir, ...)                                                         \
	int name(__VA_ARGS__ const char *path, int flags, ...);                       \
	int name(__VA_ARGS__ const char *path, int flags, ...)                        \
	{                                                                             \
		va_list arguments;                                                    \
                                                                                      \
		va_start(arguments, flags);                                           \
		mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0; \
		va_end(arguments);                                                    \
		return unsynced_openat(dir, path, flags, mode);                       \
	}

#define NOTHING
#define DIRECTORY int dir,
OPENS(open, AT_FDCWD, NOTHING)
OPENS(open64, AT_FDCWD, NOTHING)
OPENS(openat, dir, DIRECTORY)
OPENS(openat64, dir, DIRECTORY)

CURLMcode
curl_multi_add_handle(CURLM *multi, CURL *easy)
{
	CURLMcode (*next)(CURLM *, CURL *);

	count();
	*(void **)&next = dlsym(RTLD_NEXT, "curl_multi_add_handle");
	return next(multi, easy);
}

CURLMsg *
curl_multi_info_read(CURLM *multi, int *left)
{
	CURLMsg *(*next)(CURLM *, int *);
	CURLMsg *message;

	*(void **)&next = dlsym(RTLD_NEXT, "curl_multi_info_read");
	message = next(multi, left);
	if (message != NULL && message->msg == CURLMSG_DONE)
		count();
	return message;
}
