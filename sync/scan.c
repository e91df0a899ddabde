/*
 * Scanning a folder that others use.
 *
 * readdir(2) is no snapshot: while a file is renamed a scan can miss it (or see it twice),
 * in a folder of 10,000 with a hundred renames a second every tenth time.  So that a file was
 * not seen proves something only if the folder's modification time was the same before and
 * after, and not so fresh that another change could hide in the clock's granularity.  new/
 * is read before cur/, because files go that way.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/scan.h"

#define ATTEMPTS   3
#define RACY_NS    20000000 /* clocks of file systems tick every 10 ms at worst */
#define DEAD_TMP_S (36 * 3600)

static char *
part_path(const struct mailbox *mb, const char *part)
{
	return xasprintf("%s%s%s", mb->path, *mb->path != '\0' ? "/" : "", part);
}

static DIR *
open_part(const struct mirror *m, const struct mailbox *mb, const char *part)
{
	char *path = part_path(mb, part);
	int fd = openat(m->root.fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (dir == NULL && fd >= 0)
		close(fd);
	free(path);
	return dir;
}

static bool
modified(DIR *dir, struct timespec *when)
{
	struct stat st;

	if (fstat(dirfd(dir), &st) < 0)
		return false;
	*when = st.st_mtim;
	return true;
}

/* Can a change after this moment still have the same time stamp? */
static bool
is_racy(const struct timespec *when)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - when->tv_sec) * 1000000000 + now.tv_nsec - when->tv_nsec < RACY_NS;
}

static void
note_stray(struct mirror *m, const struct mailbox *mb, const struct maildir_name *name,
    const char *base, const char *place)
{
	char *id = xstrndup(name->id, name->id_length);

	store_run(m->store,
	    "INSERT INTO temp.stray(id, mailbox, base, place, size, vsize)"
	    " VALUES(?, ?, ?, ?, ?, ?)",
	    "tittii", id, mb->n, base, place, name->size, name->vsize);
	free(id);
}

static void
note_file(struct mirror *m, const struct mailbox *mb, char part, const char *name, bool strays)
{
	struct maildir_name parts;
	char *base, *place;
	int64_t n = -1;
	bool same = false;
	sqlite3_stmt *q;

	maildir_name_read(&m->namer, name, &parts);
	base = xstrndup(name, parts.base_length);
	place = xasprintf("%c%s", part, name + parts.base_length);
	q = store_query(m->store,
	    "SELECT n, place = ? AND missing = 0 FROM place WHERE mailbox = ? AND base = ?",
	    "tit", place, mb->n, base);
	if (store_row(m->store, q)) {
		n = sqlite3_column_int64(q, 0);
		same = sqlite3_column_int(q, 1) != 0;
		store_done(q);
	}
	if (n >= 0) {
		store_run(m->store, "INSERT OR IGNORE INTO temp.found VALUES(?)", "i", n);
		if (!same)
			store_run(m->store,
			    "UPDATE place SET place = ?, missing = 0 WHERE n = ?", "ti", place,
			    n);
	} else if (strays && parts.ours) {
		note_stray(m, mb, &parts, base, place);
	}
	free(base);
	free(place);
}

/* Read one part; SCAN_UNSURE if it changed meanwhile. */
static enum scan_result
read_part(struct mirror *m, const struct mailbox *mb, const char *part, bool strays)
{
	struct timespec before, after;
	DIR *dir = open_part(m, mb, part);
	struct dirent *entry;
	bool sure;

	if (dir == NULL)
		return errno == ENOENT || errno == ENOTDIR ? SCAN_NO_FOLDER : SCAN_UNSURE;
	sure = modified(dir, &before);
	if (sure && is_racy(&before))
		clock_sleep_ms(RACY_NS / 1000000, DEADLINE_NEVER);
	while (errno = 0, (entry = readdir(dir)) != NULL)
		if (*entry->d_name != '.')
			note_file(m, mb, *part, entry->d_name, strays);
	sure = sure && errno == 0 && modified(dir, &after) && before.tv_sec == after.tv_sec &&
	       before.tv_nsec == after.tv_nsec;
	closedir(dir);
	return sure ? SCAN_SURE : SCAN_UNSURE;
}

static enum scan_result
scan_once(struct mirror *m, const struct mailbox *mb, bool strays)
{
	enum scan_result fresh, current;

	store_run(m->store, "DELETE FROM temp.found", "");
	store_run(m->store, "DELETE FROM temp.stray WHERE mailbox = ?", "i", mb->n);
	fresh = read_part(m, mb, "new", strays);
	current = read_part(m, mb, "cur", strays);
	if (fresh == SCAN_NO_FOLDER || current == SCAN_NO_FOLDER)
		return SCAN_NO_FOLDER;
	return fresh == SCAN_SURE ? current : fresh;
}

struct outcome
scan_folder(struct mirror *m, struct mailbox *mb, bool strays, enum scan_result *result_r)
{
	store_begin(m->store);
	mb->scans++;
	for (int i = 0; i < ATTEMPTS; i++) {
		*result_r = scan_once(m, mb, strays);
		if (*result_r != SCAN_UNSURE)
			break;
	}
	if (*result_r == SCAN_SURE)
		store_run(m->store,
		    "UPDATE place SET missing = 1 WHERE mailbox = ? AND missing = 0"
		    " AND n NOT IN (SELECT n FROM temp.found)",
		    "i", mb->n);
	return store_commit(m->store);
}

/* A temporary file with our name is of a run that is over: we hold its lock.  One that was
 * made on another machine may be of a lock we do not see: wait as the Maildir's rules say. */
static void
remove_dead_tmp(struct mirror *m, const struct mailbox *mb)
{
	DIR *dir = open_part(m, mb, "tmp");
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct maildir_name parts;
		struct stat st;

		maildir_name_read(&m->namer, entry->d_name, &parts);
		if (!parts.ours ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (parts.same_host || st.st_ctime + DEAD_TMP_S < clock_wall())
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir != NULL)
		closedir(dir);
}

struct outcome
scan_all(struct mirror *m)
{
	struct outcome o = outcome_ok();
	enum scan_result result;

	for (size_t i = 0; i < m->mailboxes.count && outcome_is_ok(&o); i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (!mb->selected || mb->path == NULL)
			continue;
		o = scan_folder(m, mb, true, &result);
		if (!m->options.dry_run)
			remove_dead_tmp(m, mb);
	}
	return o;
}
