/*
 * Downloads.  A task waits in a queue, becomes a transfer that writes into a temporary file,
 * and, when its bytes are all there, a job of the batch that is being filled.  Full batches go
 * to the disk thread; what comes back from it is recorded in one transaction a batch.
 *
 * The window (transfers at once) starts at 24, or what the configuration allows, and grows by
 * one with every window of successes.  When the service asks for patience it is halved, and
 * nothing is started for as long as was asked; the message waits in the queue.  Trouble of one message (it is gone, its
 * size is not what was said) is reported and left for the next run; when several in a row
 * fail for reasons beyond one message, that is the outcome of the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/disk.h"
#include "sync/download.h"
#include "sync/folders.h"
#include "sync/line_ends.h"
#include "sync/remote.h"

#define WINDOW_START 24
#define WINDOW_MAX   31 /* the streams of mirror.c but one, for requests */
#define QUEUE_MAX    64
#define BATCH_BYTES  (32 << 20)
#define BATCHES_MAX  3 /* with the disk thread */
/* Messages of a full batch: what is under way then has room in it, too.  Otherwise the window
 * would have to run empty before each batch. */
#define BATCH_FULL   (MIRROR_CHUNK - WINDOW_MAX)
#define FAILURES_MAX 3 /* in a row, of the service and not of a message */
#define RUN_MS       200
#define PATIENCE_MAX 12     /* requests for patience without a success between them */
#define PAUSE_MS     500    /* where the service does not say how long; doubled each time, */
#define PAUSE_MAX_MS 300000 /* and not longer than this, whatever it says */

struct transfer {
	struct download *download;
	struct task *task;
	char *tmp;
	struct buf base; /* of the file, without sizes */
	int fd;
	struct line_ends lines;
	struct outcome trouble; /* of the file, or a body that is too long */
};

struct download {
	struct mirror *mirror;
	struct disk *disk;
	struct disk_batch *filling;
	int64_t filling_bytes;
	struct task *queue[QUEUE_MAX + MIRROR_CHUNK + WINDOW_MAX];
	size_t queued;
	size_t under_way, window, window_max, successes;
	unsigned failures, pauses;
	int64_t paused_until_ms;
	struct outcome end; /* of the run */
};

struct download *
download_new(struct mirror *m)
{
	struct download *d = xcalloc(1, sizeof(*d));

	d->mirror = m;
	d->window_max = m->config->connections != 0 && m->config->connections < WINDOW_MAX
	                    ? m->config->connections
	                    : WINDOW_MAX;
	d->window = d->window_max < WINDOW_START ? d->window_max : WINDOW_START;
	d->end = outcome_ok();
	return d;
}

bool
download_has_room(const struct download *d)
{
	return d->queued < QUEUE_MAX;
}

bool
download_is_under_way(const struct download *d)
{
	return d->under_way != 0;
}

void
download_add(struct download *d, struct task *task)
{
	d->queue[d->queued++] = task;
}

/* One transfer */

static struct outcome
size_trouble(const struct transfer *t, int64_t received)
{
	return outcome_make(
	    "answer", "size", "%lld of %lld", (long long)received, (long long)t->task->size);
}

/* The temporary file is where the first of the copies goes. */
static const struct mailbox *
first_mailbox(const struct task *task)
{
	for (size_t i = 0; i < task->count; i++)
		if (task->copies[i].action == COPY_ADD)
			return task->copies[i].mailbox;
	return NULL;
}

/* Make the temporary file, and its folder if somebody removed it. */
static int
make_tmp(struct mirror *m, const struct transfer *t)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = openat(m->root.fd, t->tmp, flags, 0600);

	if (fd < 0 && errno == ENOENT) {
		struct outcome o = folders_make(m, first_mailbox(t->task)->path);

		if (outcome_is_ok(&o))
			fd = openat(m->root.fd, t->tmp, flags, 0600);
	}
	return fd;
}

/* A new file is not truncated: ext4 would write it out at once when it is closed. */
static bool
empty_tmp(struct transfer *t)
{
	if (t->fd >= 0)
		return ftruncate(t->fd, 0) == 0 && lseek(t->fd, 0, SEEK_SET) == 0;
	t->fd = make_tmp(t->download->mirror, t);
	return t->fd >= 0;
}

/*
 * Before every attempt: an empty temporary file.  Before the first of all the run is announced,
 * which waits for the disk: by then the service is at work on those that were asked for.
 */
static bool
begin(void *arg, int64_t size)
{
	struct transfer *t = arg;

	t->trouble = outcome_ok();
	if (size >= 0 && size != t->task->size) {
		t->trouble = size_trouble(t, size);
		return false;
	}
	t->trouble = mirror_start_changing(t->download->mirror);
	if (!outcome_is_ok(&t->trouble)) {
		t->download->end = t->trouble;
		return false;
	}
	line_ends_drop(&t->lines);
	if (!empty_tmp(t)) {
		t->trouble = file_error("cannot make", t->tmp);
		return false;
	}
	line_ends_begin(&t->lines, t->fd);
	return true;
}

static bool
write_bytes(void *arg, const char *bytes, size_t length)
{
	struct transfer *t = arg;

	if (t->lines.received + (int64_t)length > t->task->size) {
		t->trouble = size_trouble(t, t->lines.received + (int64_t)length);
		return false;
	}
	if (!line_ends_write(&t->lines, bytes, length)) {
		t->trouble = file_error("cannot write", t->tmp);
		return false;
	}
	return true;
}

static void
transfer_free(struct transfer *t)
{
	if (t->fd >= 0)
		close(t->fd);
	line_ends_drop(&t->lines);
	buf_free(&t->base);
	free(t->tmp);
	task_free(&t->task);
	free(t);
}

/* Is this the message's trouble alone?  The others may still be had. */
static bool
is_of_message(const struct outcome *o)
{
	return outcome_is(o, "answer/size") || outcome_is(o, "http/404") ||
	       outcome_is(o, "http/410") || o->reach <= REACH_MESSAGE;
}

static void
note_failure(struct download *d, const struct transfer *t, const struct outcome *o)
{
	if (outcome_is(o, "local/cancelled") || outcome_is(o, "local/disk-full") ||
	    outcome_is(o, "local/permission")) {
		d->end = *o;
		return;
	}
	if (!outcome_is_ok(&d->end) && !is_of_message(o))
		return; /* one line says it */
	report_error(d->mirror->report, t->task->id, o);
	if (is_of_message(o)) {
		remote_doubt(d->mirror, t->task->id);
		return;
	}
	if (++d->failures >= FAILURES_MAX)
		d->end = *o;
}

/* Does the service ask for patience, and may it have some more?  Those that are under way
 * together get the same answer: only the first of them counts. */
static bool
is_patient(struct download *d, const struct outcome *o)
{
	int64_t now = clock_ms();
	int64_t wait = o->retry_after != 0
	                   ? (int64_t)o->retry_after * 1000
	                   : (int64_t)PAUSE_MS << (d->pauses < 10 ? d->pauses : 10);

	if ((!outcome_is(o, "http/429") && o->retry_after == 0) || !outcome_is_ok(&d->end) ||
	    d->pauses >= PATIENCE_MAX || wait > PAUSE_MAX_MS)
		return false;
	if (now >= d->paused_until_ms) {
		d->pauses++;
		d->window = d->window > 1 ? d->window / 2 : 1;
		d->successes = 0;
		d->paused_until_ms = now + wait;
		pace_pause(&d->mirror->pace, now, wait);
	}
	return true;
}

static void
note_success(struct download *d)
{
	d->failures = 0;
	d->pauses = 0;
	if (++d->successes >= d->window && d->window < d->window_max) {
		d->window++;
		d->successes = 0;
	}
}

/* The bytes are all there: the file gets its date. */
static struct outcome
finish_file(struct transfer *t)
{
	struct timespec times[2] = {
	    {.tv_nsec = UTIME_NOW}, {.tv_sec = (time_t)t->task->received}};
	int result;

	if (t->fd < 0 && !begin(t, -1)) /* an empty message has no body to begin */
		return t->trouble;
	if (!line_ends_finish(&t->lines))
		return file_error("cannot write", t->tmp);
	if (t->lines.received != t->task->size)
		return size_trouble(t, t->lines.received);
	if (futimens(t->fd, times) < 0)
		return file_error("cannot date", t->tmp);
	result = close(t->fd);
	t->fd = -1;
	return result == 0 ? outcome_ok() : file_error("cannot write", t->tmp);
}

/* Name the message's files, and put it into the batch. */
static void
add_job(struct download *d, struct transfer *t)
{
	struct disk_job *job;
	struct task *task = t->task;

	if (d->filling == NULL)
		d->filling = xcalloc(1, sizeof(*d->filling));
	job = &d->filling->jobs[d->filling->count++];
	maildir_name_add_sizes(&t->base, t->lines.written, line_ends_vsize(&t->lines));
	task->raw = t->lines.raw;
	job->files = xcalloc(task->count, sizeof(job->files[0]));
	job->folders = xcalloc(task->count, sizeof(job->folders[0]));
	for (size_t i = 0; i < task->count; i++) {
		struct copy *copy = &task->copies[i];

		if (copy->action != COPY_ADD)
			continue;
		free(copy->base);
		copy->base = xstrdup(t->base.data);
		job->folders[job->count] = xstrdup(copy->mailbox->path);
		job->files[job->count++] = copy_file(copy, false);
	}
	job->tmp = t->tmp;
	job->size = t->lines.written;
	t->tmp = NULL;
	job->owner = task;
	t->task = NULL;
	d->filling_bytes += task->size;
}

static void
done(void *arg, struct outcome o)
{
	struct transfer *t = arg;
	struct download *d = t->download;

	d->under_way--;
	if (!outcome_is_ok(&t->trouble))
		o = t->trouble;
	if (outcome_is_ok(&o))
		o = finish_file(t);
	if (outcome_is_ok(&o)) {
		d->mirror->report->bytes += t->task->size;
		report_done(d->mirror->report, t->task->size);
		note_success(d);
		add_job(d, t);
	} else {
		if (t->fd >= 0)
			(void)unlinkat(d->mirror->root.fd, t->tmp, 0);
		if (is_patient(d, &o)) {
			d->queue[d->queued++] = t->task;
			t->task = NULL;
		} else {
			note_failure(d, t, &o);
		}
	}
	transfer_free(t);
}

static void
start(struct download *d, struct task *task)
{
	struct mirror *m = d->mirror;
	struct transfer *t = xcalloc(1, sizeof(*t));
	struct http_sink sink = {.begin = begin, .write = write_bytes, .arg = t};
	const char *folder = first_mailbox(task)->path;

	t->download = d;
	t->task = task;
	t->fd = -1;
	t->trouble = outcome_ok();
	maildir_name_make(&m->namer, task->id, task->received, &t->base);
	t->tmp = xasprintf("%s%stmp/%s", folder, *folder != '\0' ? "/" : "", t->base.data);
	d->under_way++;
	jmap_download_start(
	    m->jmap, task->blob, &sink, mirror_deadline(m, task->size), done, t);
	pace_take(&m->pace, clock_ms(), task->size);
}

/* Batches */

static void
batch_free_jobs(struct disk_batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct disk_job *job = &b->jobs[i];
		struct task *task = job->owner;

		for (size_t j = 0; j < job->count; j++) {
			free(job->files[j]);
			free(job->folders[j]);
		}
		free(job->files);
		free(job->folders);
		free(job->tmp);
		task_free(&task);
	}
	free(b);
}

/* Record what the disk thread has done with a batch. */
static struct outcome
record_batch(struct download *d, struct disk_batch *b)
{
	struct batch recorded = {0};
	struct outcome o = b->outcome;

	d->mirror->astray = d->mirror->astray || !outcome_is_ok(&o);
	for (size_t i = 0; i < b->count && outcome_is_ok(&o); i++) {
		struct disk_job *job = &b->jobs[i];
		struct task *task = job->owner;

		if (!outcome_is_ok(&job->outcome)) {
			report_error(d->mirror->report, task->id, &job->outcome);
			if (outcome_is(&job->outcome, "local/disk-full"))
				d->end = job->outcome;
			continue;
		}
		recorded.tasks[recorded.count++] = task;
		job->owner = NULL;
	}
	if (outcome_is_ok(&o))
		o = apply_record(d->mirror, &recorded);
	else
		batch_free(&recorded);
	if (b->applied != NULL)
		o = outcome_worse(o, apply_finish(d->mirror, &b->applied, b->outcome));
	batch_free_jobs(b);
	return o;
}

static struct outcome
take_finished(struct download *d, bool wait)
{
	struct disk_batch *b;
	struct outcome o = outcome_ok();

	while (
	    d->disk != NULL && outcome_is_ok(&o) && (b = disk_finished(d->disk, wait)) != NULL)
		o = record_batch(d, b);
	return o;
}

static void
submit(struct download *d, struct disk_batch *b)
{
	if (d->disk == NULL)
		d->disk = disk_start(d->mirror);
	disk_submit(d->disk, b);
}

static void
submit_filling(struct download *d)
{
	submit(d, d->filling);
	d->filling = NULL;
	d->filling_bytes = 0;
}

static bool
disk_is_full(struct download *d)
{
	return d->disk != NULL && disk_load(d->disk) >= BATCHES_MAX;
}

static struct outcome
wait_for_disk(struct download *d)
{
	struct disk_batch *b = disk_finished(d->disk, true);

	return b != NULL ? record_batch(d, b) : outcome_ok();
}

struct outcome
download_settle(struct download *d, struct applied *applied)
{
	struct disk_batch *b = xcalloc(1, sizeof(*b));
	struct outcome o = outcome_ok();

	b->applied = applied;
	b->touched = applied->touched;
	applied->touched = (struct touched){0};
	while (outcome_is_ok(&o) && disk_is_full(d))
		o = wait_for_disk(d);
	submit(d, b);
	return o;
}

/* Start as many as the window allows, and as a batch has room for. */
static void
start_queued(struct download *d)
{
	size_t started = 0;

	while (started < d->queued && d->under_way < d->window && !disk_is_full(d) &&
	       pace_wait_ms(&d->mirror->pace, clock_ms()) == 0 &&
	       d->under_way + (d->filling != NULL ? d->filling->count : 0) < MIRROR_CHUNK)
		start(d, d->queue[started++]);
	d->queued -= started;
	memmove(d->queue, d->queue + started, d->queued * sizeof(d->queue[0]));
}

void
download_start(struct download *d)
{
	if (!outcome_is_ok(&d->end))
		return;
	start_queued(d);
	jmap_run(d->mirror->jmap, 0);
}

/* Nothing is under way, because the next is not to start yet. */
static void
wait_for_turn(const struct download *d)
{
	int64_t wait = pace_wait_ms(&d->mirror->pace, clock_ms());

	if (wait != 0)
		clock_sleep_ms(wait < RUN_MS ? wait : RUN_MS, DEADLINE_NEVER);
}

/*
 * Is what is filling a whole batch?  The last one of all is divided: the disk, while it has
 * nothing else to do, takes what has come while the lesser part is still under way.
 */
static bool
is_whole(struct download *d, bool flush)
{
	const struct disk_batch *b = d->filling;
	bool is_last = flush && d->queued == 0;

	if (b == NULL)
		return false;
	return b->count >= BATCH_FULL || d->filling_bytes >= BATCH_BYTES ||
	       (is_last && d->under_way == 0) ||
	       (is_last && b->count >= WINDOW_MAX && b->count > d->under_way &&
	           (d->disk == NULL || disk_load(d->disk) == 0));
}

struct outcome
download_run(struct download *d, bool flush, bool *busy_r)
{
	struct outcome o = take_finished(d, false);

	*busy_r = false;
	if (!outcome_is_ok(&o) || !outcome_is_ok(&d->end))
		return outcome_is_ok(&o) ? d->end : o;
	start_queued(d);
	if (d->under_way != 0)
		jmap_run(d->mirror->jmap, RUN_MS);
	else if (d->queued != 0)
		wait_for_turn(d);
	report_progress(d->mirror->report);
	if (is_whole(d, flush) && !disk_is_full(d))
		submit_filling(d);
	/* With nothing to wait for on the network, wait for the disk. */
	if (d->under_way == 0 && (flush || disk_is_full(d)) && d->disk != NULL &&
	    disk_load(d->disk) != 0)
		o = wait_for_disk(d);
	*busy_r = d->under_way != 0 || d->queued != 0 || d->filling != NULL ||
	          (d->disk != NULL && disk_load(d->disk) != 0);
	return outcome_is_ok(&d->end) ? o : d->end;
}

/* Can what was downloaded still be put into place? */
static bool
disk_is_well(const struct download *d)
{
	return !outcome_is(&d->end, "local/disk-full") &&
	       !outcome_is(&d->end, "local/permission");
}

static void
drop_filling(struct download *d)
{
	struct disk_batch *b = d->filling;

	for (size_t i = 0; i < b->count; i++)
		(void)unlinkat(d->mirror->root.fd, b->jobs[i].tmp, 0);
	batch_free_jobs(b);
	d->filling = NULL;
}

struct outcome
download_free(struct download **download)
{
	struct download *d = *download;
	struct outcome o = outcome_ok();

	if (d == NULL)
		return o;
	if (d->under_way != 0)
		jmap_abandon(d->mirror->jmap);
	if (d->filling != NULL && disk_is_well(d))
		submit_filling(d);
	else if (d->filling != NULL)
		drop_filling(d);
	while (d->disk != NULL && disk_load(d->disk) != 0)
		o = outcome_worse(o, take_finished(d, true));
	disk_stop(&d->disk);
	for (size_t i = 0; i < d->queued; i++)
		task_free(&d->queue[i]);
	free(d);
	*download = NULL;
	return o;
}
