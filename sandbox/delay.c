/*
 * One thread with a list of who waits until when.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include <microhttpd.h>

#include "common/base/clock.h"
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

static void *
work(void *argument)
{
	struct delays *d = argument;

	pthread_mutex_lock(&d->lock);
	while (!d->stop) {
		int64_t next = resume_due(d, clock_ms());
		struct timespec until = {next / 1000, (long)(next % 1000) * 1000000};

		if (next == INT64_MAX)
			pthread_cond_wait(&d->changed, &d->lock);
		else
			pthread_cond_timedwait(&d->changed, &d->lock, &until);
	}
	resume_due(d, INT64_MAX);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

struct delays *
delays_start(void)
{
	struct delays *d = xcalloc(1, sizeof(*d));
	pthread_condattr_t attributes;

	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&d->thread, NULL, work, d) != 0)
		abort();
	return d;
}

void
delays_add(struct delays *d, struct MHD_Connection *connection, int64_t milliseconds)
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	w->connection = connection;
	w->until = clock_ms() + milliseconds;
	pthread_mutex_lock(&d->lock);
	if (d->stop) {
		free(w);
	} else {
		MHD_suspend_connection(connection);
		w->next = d->first;
		d->first = w;
		pthread_cond_signal(&d->changed);
	}
	pthread_mutex_unlock(&d->lock);
}

void
delays_stop(struct delays **d)
{
	if (*d == NULL)
		return;
	pthread_mutex_lock(&(*d)->lock);
	(*d)->stop = true;
	pthread_cond_signal(&(*d)->changed);
	pthread_mutex_unlock(&(*d)->lock);
	pthread_join((*d)->thread, NULL);
	pthread_cond_destroy(&(*d)->changed);
	pthread_mutex_destroy(&(*d)->lock);
	free(*d);
	*d = NULL;
}
