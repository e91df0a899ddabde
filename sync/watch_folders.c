/*
 * inotify on the directories of a Maildir, in either layout.
 *
 * Watched are new/ and cur/ of every folder, and the folders themselves for others to come
 * and go in.  tmp/ is nobody's business, and what mail readers write beside (indexes, locks)
 * is not looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sync/watch_folders.h"

#define EVENTS    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define DEPTH_MAX 32 /* of folders; deeper ones are looked at when others change */

struct watch_folders {
	int fd;
	char *name, *maildir;
	bool *is_part; /* by watch descriptor: new/ or cur/, whose files are messages */
	size_t parts;
	bool stale;  /* there may be folders that are not watched */
	bool failed; /* some cannot be, and that was said */
};

struct watch_folders *
watch_folders_new(const char *name, const char *maildir)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct watch_folders *f;

	if (fd < 0) {
		log_say(LOG_WARNING, "%s: inotify: %s: changes here are seen when it is polled",
		    name, strerror(errno));
		return NULL;
	}
	f = xcalloc(1, sizeof(*f));
	f->fd = fd;
	f->name = xstrdup(name);
	f->maildir = xstrdup(maildir);
	f->stale = true;
	return f;
}

void
watch_folders_free(struct watch_folders **folders)
{
	struct watch_folders *f = *folders;

	if (f == NULL)
		return;
	close(f->fd);
	free(f->is_part);
	free(f->name);
	free(f->maildir);
	free(f);
	*folders = NULL;
}

int
watch_folders_fd(const struct watch_folders *folders)
{
	return folders->fd;
}

/* False if there is no such directory. */
static bool
watch(struct watch_folders *f, const char *path, bool is_part)
{
	int wd = inotify_add_watch(f->fd, path, EVENTS | IN_ONLYDIR);

	if (wd < 0) {
		if (errno != ENOENT && errno != ENOTDIR && !f->failed) {
			f->failed = true;
			log_say(LOG_WARNING,
			    "%s: cannot watch %s: %s: changes there are seen when it is polled",
			    f->name, path, strerror(errno));
		}
		return false;
	}
	if ((size_t)wd >= f->parts) {
		f->is_part = xreallocarray(f->is_part, (size_t)wd + 1, sizeof(bool));
		memset(f->is_part + f->parts, 0, (size_t)wd + 1 - f->parts);
		f->parts = (size_t)wd + 1;
	}
	f->is_part[wd] = is_part;
	return true;
}

static bool
is_directory(int dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static bool
is_reserved(const char *name)
{
	static const char *const names[] = {".", "..", "new", "cur", "tmp"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void
watch_part(struct watch_folders *f, struct buf *path, const char *part)
{
	size_t length = path->len;

	buf_addf(path, "/%s", part);
	(void)watch(f, path->data, true);
	buf_truncate(path, length);
}

/* Watch a folder and those in it. */
static void
walk(struct watch_folders *f, struct buf *path, unsigned depth)
{
	size_t length = path->len;
	struct dirent *entry;
	DIR *dir;

	if (depth > DEPTH_MAX || !watch(f, path->data, false))
		return;
	watch_part(f, path, "new");
	watch_part(f, path, "cur");
	dir = opendir(path->data);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (is_reserved(entry->d_name) || !is_directory(dirfd(dir), entry))
			continue;
		buf_addf(path, "/%s", entry->d_name);
		walk(f, path, depth + 1);
		buf_truncate(path, length);
	}
	if (dir != NULL)
		closedir(dir);
}

void
watch_folders_refresh(struct watch_folders *f)
{
	struct buf path = BUF_INIT;

	if (!f->stale)
		return;
	f->stale = access(f->maildir, F_OK) < 0; /* not there yet */
	buf_adds(&path, f->maildir);
	walk(f, &path, 0);
	buf_free(&path);
}

/* Does an event concern messages or folders? */
static bool
take(struct watch_folders *f, const struct inotify_event *event)
{
	bool part = event->wd >= 0 && (size_t)event->wd < f->parts && f->is_part[event->wd];

	/* A folder, or the whole Maildir, that came, went, or is not watched any more. */
	if ((event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0 ||
	    ((event->mask & IN_IGNORED) != 0 && !part) ||
	    ((event->mask & IN_ISDIR) != 0 && (event->mask & EVENTS) != 0)) {
		f->stale = true;
		return true;
	}
	return part && (event->mask & EVENTS) != 0;
}

bool
watch_folders_read(struct watch_folders *f)
{
	char bytes[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool changed = false;
	ssize_t n;

	while ((n = read(f->fd, bytes, sizeof(bytes))) > 0) {
		for (char *p = bytes; p < bytes + n;) {
			const struct inotify_event *event = (const void *)p;

			changed = take(f, event) || changed;
			p += sizeof(*event) + event->len;
		}
	}
	return changed;
}
