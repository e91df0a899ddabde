/*
 * Repairs.  The new content gets a temporary name in the folder's tmp/, is made durable, and
 * is renamed over the bad file: a Dovecot or a reader that looks meanwhile sees one or the
 * other, and the UID it gave to the name stays right.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/dovecot.h"
#include "sync/files.h"
#include "sync/line_ends.h"
#include "sync/repair.h"

/* A download into a file that is open. */
struct incoming {
	const struct repair *repair;
	const char *tmp;
	int fd;
	bool raw; /* the line ends stay */
	int64_t received;
	struct line_ends lines;
	struct outcome trouble;
};

static bool
begin(void *arg, int64_t size)
{
	struct incoming *in = arg;

	in->trouble = outcome_ok();
	in->received = 0;
	if (size >= 0 && size != in->repair->size) {
		in->trouble = outcome_make("answer", "size", "%lld of %lld", (long long)size,
		    (long long)in->repair->size);
		return false;
	}
	if (ftruncate(in->fd, 0) < 0 || lseek(in->fd, 0, SEEK_SET) < 0) {
		in->trouble = file_error("cannot make", in->tmp);
		return false;
	}
	line_ends_drop(&in->lines);
	line_ends_begin(&in->lines, in->fd);
	return true;
}

static bool
write_bytes(void *arg, const char *bytes, size_t length)
{
	struct incoming *in = arg;
	bool written;

	in->received += (int64_t)length;
	if (in->received > in->repair->size) {
		in->trouble = outcome_make(
		    "answer", "size", "more than %lld", (long long)in->repair->size);
		return false;
	}
	written = in->raw ? file_write_full(in->fd, bytes, length) == 0
	                  : line_ends_write(&in->lines, bytes, length);
	if (!written)
		in->trouble = file_error("cannot write", in->tmp);
	return written;
}

/* A name that says how large the file is on disk is not to become a lie. */
static bool
is_raw(const struct mirror *m, const struct repair *r, const struct repair_file *first)
{
	struct maildir_name name;

	maildir_name_read(&m->namer, first->base, &name);
	return r->raw || name.size == r->size;
}

static struct outcome
download(struct mirror *m, struct incoming *in)
{
	const struct repair *r = in->repair;
	struct http_sink sink = {.begin = begin, .write = write_bytes, .arg = in};
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = (time_t)r->received}};
	struct outcome o;

	in->trouble = outcome_ok();
	o = mirror_take_turn(m, r->size);
	if (!outcome_is_ok(&o))
		return o;
	m->report->requests++;
	o = jmap_download(m->jmap, r->blob, &sink, mirror_deadline(m, r->size));
	if (!outcome_is_ok(&in->trouble))
		return in->trouble;
	if (outcome_is_ok(&o) && in->received != r->size)
		o = outcome_make("answer", "size", "%lld of %lld", (long long)in->received,
		    (long long)r->size);
	if (!outcome_is_ok(&o))
		return o;
	if ((!in->raw && r->size != 0 && !line_ends_finish(&in->lines)) ||
	    futimens(in->fd, times) < 0 || fdatasync(in->fd) < 0)
		return file_error("cannot write", in->tmp);
	m->report->bytes += r->size;
	return o;
}

static char *
tmp_name(struct mirror *m, const struct repair *r, const struct mailbox *mb)
{
	struct buf name = BUF_INIT;

	if (*mb->path != '\0')
		buf_addf(&name, "%s/", mb->path);
	buf_adds(&name, "tmp/");
	maildir_name_make(&m->namer, r->id, r->received, &name);
	return buf_steal(&name);
}

static struct outcome
fetch(
    struct mirror *m, const struct repair *r, const struct repair_file *first, const char *tmp)
{
	struct incoming in = {.repair = r, .tmp = tmp, .raw = is_raw(m, r, first)};
	struct outcome o;

	in.fd = openat(m->root.fd, tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (in.fd < 0)
		return file_error("cannot make", tmp);
	o = download(m, &in);
	line_ends_drop(&in.lines);
	close(in.fd);
	if (!outcome_is_ok(&o))
		(void)unlinkat(m->root.fd, tmp, 0);
	return o;
}

/* tmp takes the name of the file, which must still be there: a reader may have renamed it. */
static struct outcome
replace(struct mirror *m, const struct repair_file *f, const char *tmp)
{
	bool shared = dovecot_uses(m->root.fd, f->mailbox->path);
	struct outcome o = shared ? dovecot_lock(m->root.fd, f->mailbox->path) : outcome_ok();

	if (!outcome_is_ok(&o))
		return o;
	if (faccessat(m->root.fd, f->file, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ||
	    renameat(m->root.fd, tmp, m->root.fd, f->file) < 0)
		o = file_error("cannot replace", f->file);
	if (shared)
		dovecot_unlock(m->root.fd, f->mailbox->path);
	return o;
}

static void
note_inode(struct mirror *m, const struct repair_file *f)
{
	struct stat st;

	if (fstatat(m->root.fd, f->file, &st, AT_SYMLINK_NOFOLLOW) == 0)
		store_run(m->store, "UPDATE place SET inode = ? WHERE n = ? AND inode <> 0",
		    "ii", (int64_t)st.st_ino, f->n);
}

static struct outcome
repair_one(struct mirror *m, const struct repair *r, const struct repair_file *f,
    const char *good, struct touched *touched)
{
	char *tmp = tmp_name(m, r, f->mailbox);
	struct outcome o = outcome_ok();

	if (good == NULL)
		o = fetch(m, r, f, tmp);
	else if (files_link(m->root.fd, good, tmp) < 0)
		o = file_error("cannot link", tmp);
	if (outcome_is_ok(&o)) {
		o = replace(m, f, tmp);
		if (!outcome_is_ok(&o))
			(void)unlinkat(m->root.fd, tmp, 0);
	}
	if (outcome_is_ok(&o)) {
		touched_add(touched, f->file);
		note_inode(m, f);
	}
	free(tmp);
	return o;
}

struct outcome
repair_files(struct mirror *m, const struct repair *r, struct repair_file *files, size_t count)
{
	struct touched touched = {0};
	const char *good = r->good;
	struct outcome o = mirror_start_changing(m);

	for (size_t i = 0; i < count && outcome_is_ok(&o); i++) {
		o = repair_one(m, r, &files[i], good, &touched);
		if (outcome_is_ok(&o))
			good = files[i].file;
	}
	o = outcome_worse(o, touched_sync(&touched, m->root.fd));
	touched_free(&touched);
	return outcome_is_ok(&o) ? store_error(m->store) : o;
}
