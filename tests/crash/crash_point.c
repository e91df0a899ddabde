/*
 * crash_point - stop a program at the Nth thing it does to the file system or to a service
 *
 * Loaded with LD_PRELOAD.  CRASH_AT=N lets N - 1 of the calls below happen and kills the
 * process (SIGKILL, as a power cut would, but for what the kernel still has in memory) before
 * the Nth.  Running a program with N = 1, 2, 3... until it survives tries every moment at
 * which it can be interrupted.  Threads are counted together.  A transfer counts twice: before
 * it is started, and when it is complete and the program has not heard of it.
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
#include <unistd.h>

static atomic_long calls;

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
	if (atomic_fetch_add(&calls, 1) + 1 == at)
		kill(getpid(), SIGKILL);
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
#define COUNTED(name, parameters, ...)                     \
	int name parameters;                               \
	int name parameters                                \
	{                                                  \
		int(*next) parameters;                     \
                                                           \
		count();                                   \
		*(void **)&next = dlsym(RTLD_NEXT, #name); \
		return next(__VA_ARGS__);                  \
	}

COUNTED(renameat2, (int from_dir, const char *from, int to_dir, const char *to, unsigned flags),
    from_dir, from, to_dir, to, flags)
COUNTED(renameat, (int from_dir, const char *from, int to_dir, const char *to), from_dir, from,
    to_dir, to)
COUNTED(linkat, (int from_dir, const char *from, int to_dir, const char *to, int flags),
    from_dir, from, to_dir, to, flags)
COUNTED(unlinkat, (int dir, const char *path, int flags), dir, path, flags)
COUNTED(mkdirat, (int dir, const char *path, mode_t mode), dir, path, mode)
COUNTED(futimens, (int fd, const struct timespec times[2]), fd, times)
COUNTED(fsync, (int fd), fd)
COUNTED(fdatasync, (int fd), fd)
COUNTED(syncfs, (int fd), fd)
COUNTED(ftruncate, (int fd, off_t length), fd, length)
COUNTED(ftruncate64, (int fd, off_t length), fd, length)

/* SQLite writes its log with this: a transaction can be cut in two. */
ssize_t
pwrite64(int fd, const void *bytes, size_t length, off_t at)
{
	ssize_t (*next)(int, const void *, size_t, off_t);

	count();
	*(void **)&next = dlsym(RTLD_NEXT, "pwrite64");
	return next(fd, bytes, length, at);
}

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
