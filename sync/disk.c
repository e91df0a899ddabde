/*
 * The disk thread.
 *
 * How to flush was measured on ext4 with messages of 8 KB: a single fdatasync() is three
 * times faster than syncfs() for one file, and two times slower from a dozen on, because
 * every fdatasync() of a new file commits the journal.  syncfs() flushes what others wrote,
 * too; that is their gain.
 *
 * What has been flushed is still in the kernel's cache.  There a few new messages stay, for
 * whoever waits for them.  Of many, the heads and the text do, for mail programs are about to
 * read them; the long tails, which are attachments, are let go: they would push out what others
 * have there, and taking new pages for all of them costs more than writing them into the ones
 * that just became free.  A third of the time that a first run spent in the kernel went there
 * (a virtual machine whose host takes back free memory).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/disk.h"
#include "sync/folders.h"

#define BULK 12         /* files in a batch: it is flushed as a whole */
#define HEAD (32 << 10) /* bytes of a message that stay in the cache */

struct queue {
	struct disk_batch *first, **last;
	size_t count;
};

struct disk {
	struct mirror *mirror;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake; /* of the thread: work, or the end */
	pthread_cond_t done; /* of the caller: a batch is finished */
	struct queue todo, finished;
	bool working, stop;
};

static void
push(struct queue *q, struct disk_batch *b)
{
	b->next = NULL;
	if (q->first == NULL)
		q->last = &q->first;
	*q->last = b;
	q->last = &b->next;
	q->count++;
}

static struct disk_batch *
pop(struct queue *q)
{
	struct disk_batch *b = q->first;

	if (b != NULL) {
		q->first = b->next;
		q->count--;
	}
	return b;
}

static bool
is_bulk(const struct disk_batch *b)
{
	return b->count >= BULK;
}

static struct outcome
flush(int root, const struct disk_batch *b)
{
	if (is_bulk(b)) {
		if (syncfs(root) < 0)
			return file_error("cannot flush", "the Maildir's file system");
		return outcome_ok();
	}
	for (size_t i = 0; i < b->count; i++) {
		int fd = openat(root, b->jobs[i].tmp, O_RDONLY | O_CLOEXEC);
		int result = fd >= 0 ? fdatasync(fd) : -1;

		if (result < 0) {
			struct outcome o = file_error("cannot flush", b->jobs[i].tmp);

			if (fd >= 0)
				close(fd);
			return o;
		}
		close(fd);
	}
	return outcome_ok();
}

/* The file's bytes are on the disk. */
static void
let_go_of_tail(int root, const struct disk_job *job)
{
	int fd = job->size > HEAD ? openat(root, job->tmp, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	(void)posix_fadvise(fd, HEAD, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static int
put_first(struct mirror *m, const struct disk_job *job)
{
	int result = files_rename(m->root.fd, job->tmp, job->files[0]);

	/* Of the folder only tmp/ may have been left, or the folder of another copy. */
	if (result < 0 && errno == ENOENT) {
		struct outcome o = folders_make(m, job->folders[0]);

		result =
		    outcome_is_ok(&o) ? files_rename(m->root.fd, job->tmp, job->files[0]) : -1;
	}
	return result;
}

static int
put_link(struct mirror *m, const struct disk_job *job, size_t i)
{
	int result = files_link(m->root.fd, job->files[0], job->files[i]);

	if (result < 0 && errno == ENOENT) {
		struct outcome o = folders_make(m, job->folders[i]);

		result = outcome_is_ok(&o)
		             ? files_link(m->root.fd, job->files[0], job->files[i])
		             : -1;
	}
	return result;
}

/* Give a message all its names, or none. */
static void
place(struct mirror *m, struct disk_job *job, struct touched *touched)
{
	size_t done = 0;

	job->outcome = outcome_ok();
	for (; done < job->count; done++) {
		int result = done == 0 ? put_first(m, job) : put_link(m, job, done);

		if (result < 0) {
			job->outcome = file_error("cannot put", job->files[done]);
			break;
		}
		touched_add(touched, job->files[done]);
	}
	if (outcome_is_ok(&job->outcome))
		return;
	(void)unlinkat(m->root.fd, job->tmp, 0);
	for (size_t i = 0; i < done; i++)
		(void)unlinkat(m->root.fd, job->files[i], 0);
}

static void
work(struct mirror *m, struct disk_batch *b)
{
	b->outcome = flush(m->root.fd, b);
	for (size_t i = 0; i < b->count; i++) {
		b->jobs[i].outcome = b->outcome;
		if (!outcome_is_ok(&b->outcome)) {
			(void)unlinkat(m->root.fd, b->jobs[i].tmp, 0);
			continue;
		}
		if (is_bulk(b))
			let_go_of_tail(m->root.fd, &b->jobs[i]);
		place(m, &b->jobs[i], &b->touched);
	}
	if (outcome_is_ok(&b->outcome))
		b->outcome = touched_sync(&b->touched, m->root.fd);
	touched_free(&b->touched);
}

static void *
run(void *arg)
{
	struct disk *d = arg;
	struct disk_batch *b;

	pthread_mutex_lock(&d->mutex);
	for (;;) {
		while ((b = pop(&d->todo)) == NULL && !d->stop)
			pthread_cond_wait(&d->wake, &d->mutex);
		if (b == NULL)
			break;
		d->working = true;
		pthread_mutex_unlock(&d->mutex);
		work(d->mirror, b);
		pthread_mutex_lock(&d->mutex);
		d->working = false;
		push(&d->finished, b);
		pthread_cond_signal(&d->done);
	}
	pthread_mutex_unlock(&d->mutex);
	return NULL;
}

struct disk *
disk_start(struct mirror *m)
{
	struct disk *d = xcalloc(1, sizeof(*d));
	sigset_t all, old;

	d->mirror = m;
	pthread_mutex_init(&d->mutex, NULL);
	pthread_cond_init(&d->wake, NULL);
	pthread_cond_init(&d->done, NULL);
	/* Signals are for the thread that waits for the network. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&d->thread, NULL, run, d) != 0)
		xmalloc(SIZE_MAX); /* out of resources, and says so */
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return d;
}

void
disk_submit(struct disk *d, struct disk_batch *b)
{
	pthread_mutex_lock(&d->mutex);
	push(&d->todo, b);
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->mutex);
}

size_t
disk_load(struct disk *d)
{
	size_t load;

	pthread_mutex_lock(&d->mutex);
	load = d->todo.count + d->finished.count + (d->working ? 1 : 0);
	pthread_mutex_unlock(&d->mutex);
	return load;
}

struct disk_batch *
disk_finished(struct disk *d, bool wait)
{
	struct disk_batch *b;

	pthread_mutex_lock(&d->mutex);
	while ((b = pop(&d->finished)) == NULL && wait && (d->todo.count != 0 || d->working))
		pthread_cond_wait(&d->done, &d->mutex);
	pthread_mutex_unlock(&d->mutex);
	return b;
}

void
disk_stop(struct disk **disk)
{
	struct disk *d = *disk;

	if (d == NULL)
		return;
	pthread_mutex_lock(&d->mutex);
	d->stop = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->mutex);
	pthread_join(d->thread, NULL);
	pthread_cond_destroy(&d->wake);
	pthread_cond_destroy(&d->done);
	pthread_mutex_destroy(&d->mutex);
	free(d);
	*disk = NULL;
}
