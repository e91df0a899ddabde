/*
 * Threads for work that waits.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/departed.h"
#include "common/base/xalloc.h"
#include "transport/crew.h"

#define LINGER_SECONDS 5
#define STACK_BYTES    (1u << 20) /* what is not touched takes no memory */

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t work; /* there is some, or this is the end */
	pthread_cond_t over; /* a thread ended */
	struct crew_job *first, **last;
	size_t waiting;       /* jobs */
	size_t threads, idle; /* there are, and of them without work */
	struct departed departed;
	bool ending;
};

struct crew *
crew_new(void)
{
	struct crew *crew = xcalloc(1, sizeof(*crew));
	pthread_condattr_t attributes;

	pthread_mutex_init(&crew->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&crew->work, &attributes);
	pthread_cond_init(&crew->over, &attributes);
	pthread_condattr_destroy(&attributes);
	crew->last = &crew->first;
	return crew;
}

void
crew_free(struct crew **crew_p)
{
	struct crew *crew = *crew_p;

	if (crew == NULL)
		return;
	pthread_mutex_lock(&crew->lock);
	crew->ending = true;
	pthread_cond_broadcast(&crew->work);
	while (crew->threads != 0)
		pthread_cond_wait(&crew->over, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
	departed_join(crew->departed);
	pthread_cond_destroy(&crew->work);
	pthread_cond_destroy(&crew->over);
	pthread_mutex_destroy(&crew->lock);
	free(crew);
	*crew_p = NULL;
}

/* The next job; NULL if there has been none for a while, or there will be none. */
static struct crew_job *
take_job(struct crew *crew)
{
	struct crew_job *job;
	struct timespec until;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LINGER_SECONDS;
	crew->idle++;
	while (crew->first == NULL && !crew->ending && error == 0)
		error = pthread_cond_timedwait(&crew->work, &crew->lock, &until);
	crew->idle--;
	job = crew->first;
	if (job == NULL)
		return NULL;
	crew->first = job->next;
	if (crew->first == NULL)
		crew->last = &crew->first;
	crew->waiting--;
	return job;
}

static void *
serve(void *arg)
{
	struct crew *crew = arg;
	struct departed before;
	struct crew_job *job;

	pthread_mutex_lock(&crew->lock);
	while ((job = take_job(crew)) != NULL) {
		pthread_mutex_unlock(&crew->lock);
		job->run(job);
		pthread_mutex_lock(&crew->lock);
	}
	crew->threads--;
	before = departed_add(&crew->departed);
	pthread_cond_signal(&crew->over);
	pthread_mutex_unlock(&crew->lock);
	departed_join(before);
	return NULL;
}

static bool
start_thread(struct crew *crew)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	error = pthread_create(&thread, &attributes, serve, crew);
	pthread_attr_destroy(&attributes);
	crew->threads += error == 0;
	return error == 0;
}

bool
crew_do(struct crew *crew, struct crew_job *job)
{
	bool manned;

	pthread_mutex_lock(&crew->lock);
	/* Who is idle and has been woken, but does not know of it yet, is spoken for. */
	manned = crew->idle > crew->waiting || start_thread(crew);
	if (manned) {
		job->next = NULL;
		*crew->last = job;
		crew->last = &job->next;
		crew->waiting++;
		pthread_cond_signal(&crew->work);
	}
	pthread_mutex_unlock(&crew->lock);
	return manned;
}
