/*
 * Scanning a folder that others use.
 *
 * readdir(2) is no snapshot: while a file is renamed a scan can miss it (or see it twice),
 * in a folder of 10,000 with a hundred renames a second every tenth time.  So that a file was
 * not seen proves something only if the modification times of new/ and cur/ were the same
 * before and after, and not so fresh that another change could hide in the clock's
 * granularity.  new/ is read before cur/, because files go that way.
 *
 * Where changes go both ways the times of a sure scan are remembered: as long as a part has
 * them still, it is not read.
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
#include "sync/missing.h"
#include "sync/scan.h"

#define ATTEMPTS   3
#define RACY_NS    20000000 /* clocks of file systems tick every 10 ms at worst */
#define DEAD_TMP_S (36 * 3600)

/* In the order in which files go through them. */
static const char *const parts[PARTS] = {[PART_NEW] = "new", [PART_CUR] = "cur"};

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

/* Stamps */

static bool
stat_part(const struct mirror *m, const struct mailbox *mb, const char *part, struct stat *st)
{
	char *path = part_path(mb, part);
	bool there = fstatat(m->root.fd, path, st, 0) == 0 && S_ISDIR(st->st_mode);

	free(path);
	return there;
}

/* What differs after any name in the directory came, went or changed. */
static char *
stamp_of(const struct stat *st)
{
	return xasprintf("%llu:%llu:%lld.%09ld", (unsigned long long)st->st_dev,
	    (unsigned long long)st->st_ino, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static bool
same_text(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

bool
scan_is_still(const struct mirror *m, const struct mailbox *mb)
{
	bool still = true;

	for (size_t i = 0; i < PARTS && still; i++) {
		struct stat st;
		char *stamp = stat_part(m, mb, parts[i], &st) ? stamp_of(&st) : NULL;

		still = same_text(stamp, mb->stamps[i]);
		free(stamp);
	}
	return still;
}

char *
scan_identity(const struct mirror *m, const struct mailbox *mb)
{
	struct stat st;

	if (!stat_part(m, mb, "cur", &st))
		return NULL;
	return xasprintf(
	    "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
}

/* Can a change after this moment still have the same time stamp? */
static bool
is_racy(const struct timespec *when)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - when->tv_sec) * 1000000000 + now.tv_nsec - when->tv_nsec < RACY_NS;
}

/* Files */

/* One look at a folder: how its parts were before, and which of them are read. */
struct look {
	char *stamps[PARTS];
	bool read[PARTS];
	bool strays;
};

static void
note_stray(struct mirror *m, const struct mailbox *mb, const struct maildir_name *name,
    const char *base, const char *place, int64_t inode)
{
	char *id = name->ours ? xstrndup(name->id, name->id_length) : NULL;

	store_run(m->store,
	    "INSERT INTO stray(mailbox, base, place, inode, id, size, vsize)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(mailbox, base) DO UPDATE"
	    " SET place = excluded.place, inode = excluded.inode, seen = 1",
	    "ittitii", mb->n, base, place, inode, id, name->size, name->vsize);
	free(id);
}

/* The name of a place, as it is now. */
static void
note_place(struct mirror *m, const struct mailbox *mb, int64_t n, const char *place,
    int64_t inode, bool renamed)
{
	store_run(m->store, "INSERT OR IGNORE INTO temp.found VALUES(?)", "i", n);
	store_run(m->store, "UPDATE place SET place = ?, inode = ?, missing = 0 WHERE n = ?",
	    "tii", place, inode, n);
	if (renamed && mb->two_way)
		store_run(m->store,
		    "UPDATE email SET near = 1 WHERE n = (SELECT email FROM place WHERE n = ?)",
		    "i", n);
}

static void
note_file(struct mirror *m, const struct mailbox *mb, char part, const struct dirent *entry,
    bool strays)
{
	struct maildir_name name;
	int64_t n = -1, inode = mb->two_way ? (int64_t)entry->d_ino : 0;
	bool same_name = false, same_inode = false;
	char *base, *place;
	sqlite3_stmt *q;

	maildir_name_read(&m->namer, entry->d_name, &name);
	base = xstrndup(entry->d_name, name.base_length);
	place = xasprintf("%c%s", part, entry->d_name + name.base_length);
	q = store_query(m->store,
	    "SELECT n, place = ? AND missing = 0, inode = ? FROM place"
	    " WHERE mailbox = ? AND base = ?",
	    "tiit", place, inode, mb->n, base);
	if (store_row(m->store, q)) {
		n = sqlite3_column_int64(q, 0);
		same_name = sqlite3_column_int(q, 1) != 0;
		same_inode = sqlite3_column_int(q, 2) != 0;
		store_done(q);
	}
	if (n >= 0 && same_name && same_inode)
		store_run(m->store, "INSERT OR IGNORE INTO temp.found VALUES(?)", "i", n);
	else if (n >= 0)
		note_place(m, mb, n, place, inode, !same_name);
	else if (strays && (name.ours || mb->two_way || m->adopts))
		note_stray(m, mb, &name, base, place, (int64_t)entry->d_ino);
	free(base);
	free(place);
}

/* Only regular files are messages: who follows a link may end anywhere. */
static bool
may_be_message(const struct dirent *entry)
{
	return *entry->d_name != '.' &&
	       (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN);
}

static bool
read_part(struct mirror *m, const struct mailbox *mb, const char *part, bool strays)
{
	DIR *dir = open_part(m, mb, part);
	struct dirent *entry;
	bool whole;

	if (dir == NULL)
		return false;
	while (errno = 0, (entry = readdir(dir)) != NULL)
		if (may_be_message(entry))
			note_file(m, mb, *part, entry, strays);
	whole = errno == 0;
	closedir(dir);
	return whole;
}

/* Scans */

/* How the parts are before they are read; false if one is not there. */
static bool
look_before(const struct mirror *m, const struct mailbox *mb, bool all, struct look *look)
{
	bool racy = false;

	for (size_t i = 0; i < PARTS; i++) {
		struct stat st;

		if (!stat_part(m, mb, parts[i], &st))
			return false;
		look->stamps[i] = stamp_of(&st);
		look->read[i] = all || !same_text(look->stamps[i], mb->stamps[i]);
		racy = racy || (look->read[i] && is_racy(&st.st_mtim));
	}
	if (racy)
		clock_sleep_ms(RACY_NS / 1000000, DEADLINE_NEVER);
	return true;
}

static bool
same_after(const struct mirror *m, const struct mailbox *mb, const struct look *look)
{
	bool same = true;

	for (size_t i = 0; i < PARTS && same; i++) {
		struct stat st;
		char *stamp = stat_part(m, mb, parts[i], &st) ? stamp_of(&st) : NULL;

		same = same_text(stamp, look->stamps[i]);
		free(stamp);
	}
	return same;
}

static enum scan_result
scan_once(struct mirror *m, const struct mailbox *mb, bool all, struct look *look)
{
	bool whole = true;

	for (size_t i = 0; i < PARTS; i++) {
		free(look->stamps[i]);
		look->stamps[i] = NULL;
	}
	if (!look_before(m, mb, all, look))
		return errno == ENOENT || errno == ENOTDIR ? SCAN_NO_FOLDER : SCAN_UNSURE;
	store_run(m->store, "DELETE FROM temp.found", "");
	store_run(m->store, "UPDATE stray SET seen = 0 WHERE mailbox = ?", "i", mb->n);
	for (size_t i = 0; i < PARTS; i++)
		if (look->read[i] && !read_part(m, mb, parts[i], look->strays))
			whole = false;
	return whole && same_after(m, mb, look) ? SCAN_SURE : SCAN_UNSURE;
}

/* What a sure look did not see is not there. */
static void
note_absent(struct mirror *m, const struct mailbox *mb, const struct look *look)
{
	for (size_t i = 0; i < PARTS; i++) {
		char part[] = {*parts[i], '\0'};

		if (!look->read[i])
			continue;
		store_run(m->store,
		    "UPDATE place SET missing = 1 WHERE mailbox = ? AND missing = 0"
		    " AND substr(place, 1, 1) = ? AND n NOT IN (SELECT n FROM temp.found)",
		    "it", mb->n, part);
		if (look->strays)
			store_run(m->store,
			    "DELETE FROM stray WHERE mailbox = ? AND seen = 0"
			    " AND substr(place, 1, 1) = ?",
			    "it", mb->n, part);
	}
}

/* Remember how the folder was when all it held was known. */
static void
note_stamps(struct mirror *m, struct mailbox *mb, struct look *look)
{
	for (size_t i = 0; i < PARTS; i++) {
		free(mb->stamps[i]);
		mb->stamps[i] = look->stamps[i];
		look->stamps[i] = NULL;
	}
	store_run(m->store, "UPDATE mailbox SET stamp_new = ?, stamp_cur = ? WHERE n = ?",
	    "tti", mb->stamps[PART_NEW], mb->stamps[PART_CUR], mb->n);
}

/*
 * A file that is missing was deleted by somebody if the folder is the one we knew since its
 * changes are told, and if what the state says of it is not older than the folder.
 */
static void
judge_missing(struct mirror *m, struct mailbox *mb)
{
	char *identity = scan_identity(m, mb);

	missing_settle(m, mb,
	    same_text(mb->identity, identity) &&
	        (m->verdict == ROOT_KNOWN || m->verdict == ROOT_CRASHED));
	if (!same_text(mb->identity, identity))
		store_run(m->store, "UPDATE mailbox SET identity = ? WHERE n = ?", "ti",
		    identity, mb->n);
	free(mb->identity);
	mb->identity = identity;
}

static struct outcome
scan(struct mirror *m, struct mailbox *mb, bool all, bool strays, enum scan_result *result_r)
{
	struct look look = {.strays = strays};

	store_begin(m->store);
	mb->scans++;
	for (int i = 0; i < ATTEMPTS; i++) {
		*result_r = scan_once(m, mb, all, &look);
		if (*result_r != SCAN_UNSURE)
			break;
	}
	if (*result_r == SCAN_SURE) {
		note_absent(m, mb, &look);
		if (mb->two_way)
			judge_missing(m, mb);
		/* Strays that nobody looked for are not known. */
		if (mb->two_way && strays)
			note_stamps(m, mb, &look);
	}
	for (size_t i = 0; i < PARTS; i++)
		free(look.stamps[i]);
	return store_commit(m->store);
}

struct outcome
scan_folder(struct mirror *m, struct mailbox *mb, bool strays, enum scan_result *result_r)
{
	return scan(m, mb, true, strays || mb->two_way, result_r);
}

struct outcome
scan_changed(struct mirror *m, struct mailbox *mb, enum scan_result *result_r)
{
	return scan(m, mb, false, true, result_r);
}

/* A temporary file with our name is of a run that is over: we hold its lock.  One that was
 * made on another machine may be of a lock we do not see: wait as the Maildir's rules say. */
static void
remove_dead_tmp(struct mirror *m, const struct mailbox *mb)
{
	DIR *dir = open_part(m, mb, "tmp");
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct maildir_name name;
		struct stat st;

		maildir_name_read(&m->namer, entry->d_name, &name);
		if (!name.ours ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (name.same_host || st.st_ctime + DEAD_TMP_S < clock_wall())
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
		/* Where changes are told, near_look() does; where they are not, what an
		 * earlier run met is of no use. */
		if (!mb->two_way) {
			store_run(m->store, "DELETE FROM stray WHERE mailbox = ?", "i", mb->n);
			o = scan_folder(m, mb, true, &result);
		}
		if (!m->options.dry_run)
			remove_dead_tmp(m, mb);
	}
	return o;
}
