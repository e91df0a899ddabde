/* Group commit: who leaves with whom, and when. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "tests/unit/unit.h"
#include "transport/group.h"

#define PLAIN "a@plain.example"
#define SLOW  "a@slow.example"
#define MAX   64

/* A group whose requests wait at a gate if they are told to. */
struct world {
	struct group *group;
	sem_t gate, arrived;
	atomic_bool closed;  /* requests wait at the gate */
	atomic_int sleep_ms; /* that a request takes */
	atomic_bool troubled;
	atomic_bool keeps; /* requests have something kept for their thread */
	pthread_key_t kept;
	atomic_int freed;
	atomic_int running, most_running, carried;
	atomic_int sizes[MAX];
	atomic_int groups;
};

static bool
carry(void *arg, struct group_item **items, size_t count)
{
	struct world *world = arg;
	int now = atomic_fetch_add(&world->running, 1) + 1;
	int most = atomic_load(&world->most_running);

	while (now > most && !atomic_compare_exchange_weak(&world->most_running, &most, now))
		continue;
	atomic_store(&world->sizes[atomic_fetch_add(&world->groups, 1) % MAX], (int)count);
	if (atomic_load(&world->closed)) {
		sem_post(&world->arrived);
		sem_wait(&world->gate);
	}
	if (atomic_load(&world->keeps))
		pthread_setspecific(world->kept, world);
	if (atomic_load(&world->sleep_ms) != 0)
		usleep((useconds_t)atomic_load(&world->sleep_ms) * 1000);
	atomic_fetch_add(&world->carried, (int)count);
	atomic_fetch_sub(&world->running, 1);
	group_release(items, count);
	return !atomic_load(&world->troubled);
}

static int
setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	sem_init(&world->gate, 0, 0);
	sem_init(&world->arrived, 0, 0);
	world->group = group_new(carry, world);
	*state = world;
	return 0;
}

static int
teardown(void **state)
{
	struct world *world = *state;

	group_free(&world->group);
	sem_destroy(&world->gate);
	sem_destroy(&world->arrived);
	free(world);
	return 0;
}

static void
limit(struct world *world, int64_t requests, int64_t items)
{
	const struct group_limits limits = {requests, 1, items, 1000};

	group_set_limits(world->group, &limits);
}

/* One that joins, in a thread of its own. */
struct member {
	struct world *world;
	struct group_item item;
	uint64_t domain;
	pthread_t thread;
	bool taken;
	atomic_bool back;
};

static void *
join(void *arg)
{
	struct member *member = arg;

	member->taken = group_join(member->world->group, &member->item);
	atomic_store(&member->back, true);
	return NULL;
}

static void
start(struct world *world, struct member *member, const char *address)
{
	*member = (struct member){.world = world, .domain = group_domain(address)};
	member->item.domains = &member->domain;
	member->item.domain_count = 1;
	member->item.latest_ms = INT64_MAX;
	assert_int_equal(pthread_create(&member->thread, NULL, join, member), 0);
}

static void
finish(struct member *member)
{
	pthread_join(member->thread, NULL);
}

/* Wait till so many are in the list. */
static void
wait_for_waiting(struct world *world, unsigned count)
{
	unsigned waiting, in_flight;

	do {
		usleep(1000);
		group_count(world->group, &waiting, &in_flight);
	} while (waiting != count);
}

static void
one_alone_leaves_at_once(void **state)
{
	struct world *world = *state;
	struct member member;

	start(world, &member, PLAIN);
	finish(&member);
	assert_true(member.taken);
	assert_int_equal(member.item.size, 1);
	assert_int_equal(world->carried, 1);
}

static void
what_gathers_while_a_request_is_under_way_leaves_together(void **state)
{
	struct world *world = *state;
	struct member first, others[10];

	world->closed = true;
	start(world, &first, PLAIN);
	sem_wait(&world->arrived);
	for (int i = 0; i < 10; i++)
		start(world, &others[i], PLAIN);
	wait_for_waiting(world, 10);
	world->closed = false;
	sem_post(&world->gate);
	finish(&first);
	for (int i = 0; i < 10; i++) {
		finish(&others[i]);
		assert_true(others[i].taken);
		assert_int_equal(others[i].item.size, 10);
	}
	assert_int_equal(world->groups, 2);
}

static void
a_request_carries_no_more_than_the_service_allows(void **state)
{
	struct world *world = *state;
	struct member first, others[10];

	limit(world, 1, 3);
	world->closed = true;
	start(world, &first, PLAIN);
	sem_wait(&world->arrived);
	for (int i = 0; i < 10; i++)
		start(world, &others[i], PLAIN);
	wait_for_waiting(world, 10);
	world->closed = false;
	sem_post(&world->gate);
	finish(&first);
	for (int i = 0; i < 10; i++) {
		finish(&others[i]);
		assert_in_range(others[i].item.size, 1, 3);
	}
	assert_int_equal(world->carried, 11);
	assert_int_equal(world->groups, 5);
}

static void
a_request_has_no_more_bytes_than_the_service_allows(void **state)
{
	struct world *world = *state;
	struct member first, others[4];

	limit(world, 1, 100);
	world->closed = true;
	start(world, &first, PLAIN);
	sem_wait(&world->arrived);
	for (int i = 0; i < 4; i++) {
		others[i] = (struct member){.world = world, .domain = 1};
		others[i].item.latest_ms = INT64_MAX;
		others[i].item.cost = i == 3 ? 5000 : 400;
		pthread_create(&others[i].thread, NULL, join, &others[i]);
		wait_for_waiting(world, (unsigned)i + 1);
	}
	world->closed = false;
	sem_post(&world->gate);
	finish(&first);
	for (int i = 0; i < 4; i++)
		finish(&others[i]);
	assert_int_equal(others[0].item.size, 2);
	assert_int_equal(others[1].item.size, 2);
	assert_int_equal(others[2].item.size, 1);
	assert_int_equal(
	    others[3].item.size, 1); /* too large for any: the service shall say so */
}

static void
no_more_requests_are_under_way_than_the_service_allows(void **state)
{
	struct world *world = *state;
	struct member members[MAX];

	limit(world, 3, 2);
	world->sleep_ms = 2;
	for (int i = 0; i < MAX; i++)
		start(world, &members[i], PLAIN);
	for (int i = 0; i < MAX; i++)
		finish(&members[i]);
	assert_int_equal(world->carried, MAX);
	assert_in_range(world->most_running, 1, 3);
}

static void
who_waits_too_long_leaves_without_being_carried(void **state)
{
	struct world *world = *state;
	struct member first, late;

	world->closed = true;
	start(world, &first, PLAIN);
	sem_wait(&world->arrived);
	late = (struct member){.world = world};
	late.item.latest_ms = clock_ms() + 20;
	pthread_create(&late.thread, NULL, join, &late);
	finish(&late);
	assert_false(late.taken);
	assert_int_equal(late.item.size, 0);
	sem_post(&world->gate);
	finish(&first);
	assert_int_equal(world->carried, 1);
}

static void
who_waits_leaves_when_the_process_is_to_stop(void **state)
{
	struct world *world = *state;
	struct member first, other;

	world->closed = true;
	start(world, &first, PLAIN);
	sem_wait(&world->arrived);
	start(world, &other, PLAIN);
	wait_for_waiting(world, 1);
	cancel_set(SIGTERM);
	finish(&other);
	cancel_set(0);
	assert_false(other.taken);
	sem_post(&world->gate);
	finish(&first);
}

/* Make the slow domain a suspect: one request to it takes much longer than others do. */
static void
be_slow(struct world *world)
{
	struct member member;

	start(world, &member, PLAIN);
	finish(&member);
	world->sleep_ms = 2000;
	start(world, &member, SLOW);
	finish(&member);
	world->sleep_ms = 0;
}

static void
a_slow_domain_holds_up_nobody_else(void **state)
{
	struct world *world = *state;
	struct member slow[3], plain[3];

	limit(world, 2, 100);
	be_slow(world);
	world->closed = true;
	start(world, &slow[0], SLOW);
	sem_wait(&world->arrived);
	start(world, &slow[1], SLOW);
	start(world, &slow[2], SLOW);
	wait_for_waiting(world, 2);
	world->closed = false;
	for (int i = 0; i < 3; i++) {
		start(world, &plain[i], PLAIN);
		finish(&plain[i]);
		assert_int_equal(plain[i].item.size, 1);
	}
	/* The others of the domain wait for the first of it, and leave together. */
	assert_false(slow[1].back || slow[2].back);
	sem_post(&world->gate);
	for (int i = 0; i < 3; i++)
		finish(&slow[i]);
	assert_int_equal(slow[1].item.size, 2);
}

static void
strangers_that_are_slow_hold_up_nobody_who_is_known(void **state)
{
	struct world *world = *state;
	struct member strangers[6], plain[3];

	limit(world, 4, 100);
	start(world, &plain[0], PLAIN);
	finish(&plain[0]);
	world->closed = true;
	for (int i = 0; i < 6; i++) {
		char address[32];

		snprintf(address, sizeof(address), "a@slow%d.example", i);
		start(world, &strangers[i], address);
	}
	sem_wait(&world->arrived);
	sem_wait(&world->arrived);
	world->closed = false; /* but for the two that have half of the places */
	for (int i = 0; i < 3; i++) {
		start(world, &plain[i], PLAIN);
		finish(&plain[i]);
		assert_int_equal(plain[i].item.size, 1);
	}
	assert_in_range(world->running, 2, 3);
	sem_post(&world->gate);
	sem_post(&world->gate);
	for (int i = 0; i < 6; i++)
		finish(&strangers[i]);
	assert_int_equal(world->carried, 10);
}

static void
a_domain_that_is_fast_again_leaves_with_the_others(void **state)
{
	struct world *world = *state;
	struct member first, slow, plain;

	be_slow(world);
	start(world, &slow, SLOW);
	finish(&slow);
	world->closed = true;
	start(world, &first, PLAIN);
	sem_wait(&world->arrived);
	start(world, &slow, SLOW);
	start(world, &plain, PLAIN);
	wait_for_waiting(world, 2);
	world->closed = false;
	sem_post(&world->gate);
	finish(&first);
	finish(&slow);
	finish(&plain);
	assert_int_equal(slow.item.size, 2);
}

static void
a_service_in_trouble_makes_nobody_suspect(void **state)
{
	struct world *world = *state;
	struct member first, slow, plain;

	world->troubled = true;
	be_slow(world);
	world->closed = true;
	start(world, &first, PLAIN);
	sem_wait(&world->arrived);
	start(world, &slow, SLOW);
	start(world, &plain, PLAIN);
	wait_for_waiting(world, 2);
	world->closed = false;
	sem_post(&world->gate);
	finish(&first);
	finish(&slow);
	finish(&plain);
	assert_int_equal(slow.item.size, 2);
}

static void
places_are_as_many_as_the_service_allows(void **state)
{
	struct world *world = *state;
	struct member member;

	assert_true(group_take_place(world->group, GROUP_UPLOAD, DEADLINE_NEVER));
	assert_false(group_take_place(world->group, GROUP_UPLOAD, deadline_in_ms(10)));
	group_give_place(world->group, GROUP_UPLOAD);
	assert_true(group_take_place(world->group, GROUP_UPLOAD, DEADLINE_NEVER));
	group_give_place(world->group, GROUP_UPLOAD);

	/* A group is no more than another request. */
	assert_true(group_take_place(world->group, GROUP_REQUEST, DEADLINE_NEVER));
	start(world, &member, PLAIN);
	wait_for_waiting(world, 1);
	assert_int_equal(world->carried, 0);
	group_give_place(world->group, GROUP_REQUEST);
	finish(&member);
	assert_int_equal(world->carried, 1);
}

/* As a library frees what it keeps for a thread, and is slow. */
static void
free_kept(void *value)
{
	struct world *world = value;

	usleep(50000);
	atomic_fetch_add(&world->freed, 1);
}

static void
nothing_is_left_of_a_carrier_when_the_group_is_gone(void **state)
{
	struct world *world = *state;
	struct member member;

	pthread_key_create(&world->kept, free_kept);
	world->keeps = true;
	start(world, &member, PLAIN);
	finish(&member);
	group_free(&world->group);
	assert_int_equal(world->freed, 1);
	pthread_key_delete(world->kept);
}

static void
a_domain_is_the_same_whatever_its_case(void **state)
{
	(void)state;
	assert_true(group_domain("a@X.example") == group_domain("B@x.EXAMPLE"));
	assert_true(group_domain("a@x.example") != group_domain("a@y.example"));
	assert_true(group_domain("") != 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(one_alone_leaves_at_once),
	    TEST(what_gathers_while_a_request_is_under_way_leaves_together),
	    TEST(a_request_carries_no_more_than_the_service_allows),
	    TEST(a_request_has_no_more_bytes_than_the_service_allows),
	    TEST(no_more_requests_are_under_way_than_the_service_allows),
	    TEST(who_waits_too_long_leaves_without_being_carried),
	    TEST(who_waits_leaves_when_the_process_is_to_stop),
	    TEST(a_slow_domain_holds_up_nobody_else),
	    TEST(strangers_that_are_slow_hold_up_nobody_who_is_known),
	    TEST(a_domain_that_is_fast_again_leaves_with_the_others),
	    TEST(a_service_in_trouble_makes_nobody_suspect),
	    TEST(places_are_as_many_as_the_service_allows),
	    TEST(nothing_is_left_of_a_carrier_when_the_group_is_gone),
	    cmocka_unit_test(a_domain_is_the_same_whatever_its_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
