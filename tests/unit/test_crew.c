/* A crew: work that waits does not keep other work from being done. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "transport/crew.h"

#define JOBS 40

struct work {
	struct crew_job job;
	sem_t *started, *gate; /* NULL: there is none */
	atomic_int *done;
};

static void
run(struct crew_job *job)
{
	struct work *work = (struct work *)(void *)job;

	if (work->started != NULL)
		sem_post(work->started);
	if (work->gate != NULL)
		sem_wait(work->gate);
	atomic_fetch_add(work->done, 1);
}

static void
no_work_waits_for_another(void **state)
{
	struct crew *crew = crew_new();
	struct work works[JOBS];
	sem_t started, gate;
	atomic_int done = 0;

	(void)state;
	sem_init(&started, 0, 0);
	sem_init(&gate, 0, 0);
	for (int i = 0; i < JOBS; i++) {
		works[i] = (struct work){{run, NULL}, &started, &gate, &done};
		assert_true(crew_do(crew, &works[i].job));
	}
	/* All of them are at work, none has ended. */
	for (int i = 0; i < JOBS; i++)
		sem_wait(&started);
	assert_int_equal(done, 0);
	for (int i = 0; i < JOBS; i++)
		sem_post(&gate);
	crew_free(&crew);
	assert_int_equal(done, JOBS);
	sem_destroy(&started);
	sem_destroy(&gate);
}

static void
all_work_is_done_before_the_crew_is_gone(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		struct crew *crew = crew_new();
		struct work works[JOBS];
		atomic_int done = 0;

		for (int i = 0; i < JOBS; i++) {
			works[i] = (struct work){{run, NULL}, NULL, NULL, &done};
			assert_true(crew_do(crew, &works[i].job));
		}
		crew_free(&crew);
		assert_null(crew);
		assert_int_equal(done, JOBS);
	}
}

/* What a library keeps for a thread, and is slow to free. */
static pthread_key_t kept;
static atomic_int freed;

static void
free_kept(void *value)
{
	(void)value;
	usleep(50000);
	atomic_fetch_add(&freed, 1);
}

static void
keep(struct crew_job *job)
{
	sem_post(((struct work *)(void *)job)->started);
	sem_wait(((struct work *)(void *)job)->gate);
	pthread_setspecific(kept, job);
}

static void
nothing_is_left_of_its_threads_when_the_crew_is_gone(void **state)
{
	struct crew *crew = crew_new();
	struct work works[JOBS];
	sem_t started, gate;

	(void)state;
	pthread_key_create(&kept, free_kept);
	sem_init(&started, 0, 0);
	sem_init(&gate, 0, 0);
	for (int i = 0; i < JOBS; i++) {
		works[i] = (struct work){{keep, NULL}, &started, &gate, NULL};
		assert_true(crew_do(crew, &works[i].job));
	}
	for (int i = 0; i < JOBS; i++)
		sem_wait(&started);
	for (int i = 0; i < JOBS; i++)
		sem_post(&gate);
	crew_free(&crew);
	assert_int_equal(freed, JOBS);
	pthread_key_delete(kept);
	sem_destroy(&started);
	sem_destroy(&gate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_work_waits_for_another),
	    cmocka_unit_test(all_work_is_done_before_the_crew_is_gone),
	    cmocka_unit_test(nothing_is_left_of_its_threads_when_the_crew_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
