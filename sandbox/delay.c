/*
 * One thread with a list of who waits until when.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#include <microhttpd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sandbox/delay.h"

struct waiting {
	struct MHD_Connection *connection;
	int64_t until; /* clock_ms() */
	struct waiting *next;
};

struct delays {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on the monotonic clock */
	struct waiting *first;
	bool threaded; /* connections have threads of their own */
	bool stop;
};

/* Resume who is due; returns when the next one is. */
static int64_t
resume_due(struct delays *d, int64_t now)
{
	int64_t next = INT64_MAX;

	for (struct waiting **p = &d->first; *p != NULL;) {
		struct waiting *w = *p;

		if (w->until <= now || d->stop) {
			*p = w->next;
			MHD_resume_connection(w->connection);
			free(w);
			continue;
		}
		if (w->until < next)
			next = w->until;
		p = &w->next;
	}
	return next;
}

/* Wait for a change or until a time; the lock is held. */
static void
wait_until(struct delays *d, int64_t ms)
{
	struct timespec until = {ms / 1000, (long)(ms % 1000) * 1000000};

	if (ms == INT64_MAX)
		pthread_cond_wait(&d->changed, &d->lock);
	else
		pthread_cond_timedwait(&d->changed, &d->lock, &until);
}

static void *
work(void *argument)
{
	struct delays *d = argument;

	pthread_mutex_lock(&d->lock);
	while (!d->stop)
		wait_until(d, resume_due(d, clock_ms()));
	resume_due(d, INT64_MAX);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

struct delays *
delays_start(bool thread_per_connection)
{
	struct delays *d = xcalloc(1, sizeof(*d));
	pthread_condattr_t attributes;

	d->threaded = thread_per_connection;
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (!d->threaded && pthread_create(&d->thread, NULL, work, d) != 0) {
		log_say(LOG_ERR, "cannot start a thread");
		exit(EX_OSERR);
	}
	return d;
}

bool
delays_wait(struct delays *d, struct MHD_Connection *connection, int64_t milliseconds)
{
	int64_t until = clock_ms() + milliseconds;
	bool waited = true;

	pthread_mutex_lock(&d->lock);
	if (d->threaded) {
		while (!d->stop && clock_ms() < until)
			wait_until(d, until);
	} else if (!d->stop) {
		struct waiting *w = xcalloc(1, sizeof(*w));

		*w = (struct waiting){connection, until, d->first};
		MHD_suspend_connection(connection);
		d->first = w;
		waited = false;
		pthread_cond_signal(&d->changed);
	}
	pthread_mutex_unlock(&d->lock);
	return waited;
}

void
delays_stop(struct delays *d)
{
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	if (!d->threaded)
		pthread_join(d->thread, NULL);
}

void
delays_free(struct delays **d)
{
	pthread_cond_destroy(&(*d)->changed);
	pthread_mutex_destroy(&(*d)->lock);
	free(*d);
	*d = NULL;
}
