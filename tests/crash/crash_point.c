/*
 * crash_point - stop a program at the Nth thing it does to the file system
 *
 * Loaded with LD_PRELOAD.  CRASH_AT=N lets N - 1 of the calls below happen and kills the
 * process (SIGKILL, as a power cut would, but for what the kernel still has in memory) before
 * the Nth.  Running a program with N = 1, 2, 3... until it survives tries every moment at
 * which it can be interrupted.  Threads are counted together.
 */
#include <dlfcn.h>
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
	static long at;

	if (at == 0) {
		const char *text = getenv("CRASH_AT");

		at = text != NULL ? strtol(text, NULL, 10) : -1;
	}
	if (atomic_fetch_add(&calls, 1) + 1 == at)
		kill(getpid(), SIGKILL);
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
