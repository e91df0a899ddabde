/* Whose messages leave apart, so that one slow domain delays nobody else. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "transport/pace.h"

#define QUICK_MS 10
#define SLOW_MS  60000

static const uint64_t a = 11, b = 12, c = 13, d = 14;

static struct pace *
new_pace(void)
{
	struct pace *pace = calloc(1, sizeof(*pace));

	pace_init(pace);
	return pace;
}

static int
setup(void **state)
{
	*state = new_pace();
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static uint64_t
class_at(struct pace *pace, uint64_t domain, int64_t now)
{
	return pace_class(pace, &domain, 1, now);
}

/* Let a request to the domain, of the class that it has, leave. */
static void
leave(struct pace *pace, struct running *running, uint64_t domain, int64_t now)
{
	const struct places places = {.all = 8};

	*running = pace_fill(class_at(pace, domain, now), &places, now);
	running->items = 1;
	pace_join(running, &domain, 1);
	pace_begin(pace, running);
}

/* One request that took so long. */
static void
ask(struct pace *pace, uint64_t domain, int64_t took, bool as_usual)
{
	struct running running;

	leave(pace, &running, domain, 0);
	pace_end(pace, &running, as_usual, took);
}

static bool
may_go(struct pace *pace, uint64_t domain, int64_t all, int64_t taken, int64_t now)
{
	const struct places places = {.all = all, .taken = taken};

	return pace_may_go(pace, class_at(pace, domain, now), &domain, 1, &places);
}

static void
a_domain_is_a_stranger_until_it_was_answered_for_quickly(void **state)
{
	struct pace *pace = *state;

	assert_true(class_at(pace, a, 0) == PACE_STRANGERS);
	ask(pace, a, QUICK_MS, true);
	assert_true(class_at(pace, a, 0) == PACE_PLAIN);
	assert_true(class_at(pace, b, 0) == PACE_STRANGERS);
}

static void
one_stranger_among_many_makes_a_message_one(void **state)
{
	struct pace *pace = *state;
	const uint64_t domains[] = {a, b};

	ask(pace, a, QUICK_MS, true);
	assert_true(pace_class(pace, domains, 2, 0) == PACE_STRANGERS);
	assert_true(pace_class(pace, domains, 1, 0) == PACE_PLAIN);
	assert_true(pace_class(pace, domains, 0, 0) == PACE_PLAIN);
}

static void
a_slow_domain_is_sent_to_by_itself(void **state)
{
	struct pace *pace = *state;

	ask(pace, a, QUICK_MS, true);
	ask(pace, a, SLOW_MS, true);
	assert_true(class_at(pace, a, SLOW_MS) == a);
	ask(pace, a, SLOW_MS, false); /* it was the service's fault */
	assert_true(class_at(pace, a, SLOW_MS) == PACE_STRANGERS);
}

static void
a_service_in_trouble_tells_nothing_of_a_domain(void **state)
{
	struct pace *pace = *state;

	ask(pace, a, QUICK_MS, false);
	assert_true(class_at(pace, a, 0) == PACE_STRANGERS);
	ask(pace, b, QUICK_MS, true);
	ask(pace, b, QUICK_MS, false);
	assert_true(class_at(pace, b, 0) == PACE_PLAIN);
}

static void
a_stranger_has_one_request_at_a_time(void **state)
{
	struct pace *pace = *state;
	struct running running;

	leave(pace, &running, a, 0);
	assert_false(may_go(pace, a, 8, 1, 0));
	assert_true(may_go(pace, b, 8, 1, 0));
	pace_end(pace, &running, false, QUICK_MS);
	assert_true(may_go(pace, a, 8, 0, 0));
}

static void
strangers_have_at_most_half_of_what_the_slow_leave(void **state)
{
	struct pace *pace = *state;
	struct running running[8];
	uint64_t domain = 100;
	int64_t now = 0, taken = 0;

	ask(pace, d, QUICK_MS, true);
	/* 8 places: 4 to strangers; when these are slow, 2 of those left; then one; then none. */
	for (int64_t share = 4; share > 0; share /= 2) {
		for (int64_t i = 0; i < share; i++) {
			assert_true(may_go(pace, domain, 8, taken, now));
			leave(pace, &running[taken++], domain++, now);
		}
		assert_false(may_go(pace, domain, 8, taken, now));
		now += SLOW_MS;
		pace_watch(pace, now);
	}
	assert_int_equal(taken, 7);
	assert_false(may_go(pace, domain, 8, taken, now));
	assert_true(may_go(pace, d, 8, taken, now));
}

static void
strangers_and_suspects_together_leave_a_place(void **state)
{
	struct pace *pace = *state;
	struct running running[4];

	ask(pace, a, SLOW_MS, true);
	ask(pace, b, SLOW_MS, true);
	leave(pace, &running[0], c, SLOW_MS);
	leave(pace, &running[1], d, SLOW_MS);
	assert_true(may_go(pace, a, 4, 2, SLOW_MS));
	leave(pace, &running[2], a, SLOW_MS);
	assert_false(may_go(pace, b, 4, 3, SLOW_MS));
	pace_end(pace, &running[0], true, SLOW_MS + QUICK_MS);
	assert_true(may_go(pace, b, 4, 2, SLOW_MS));
}

static void
a_single_place_is_for_everybody(void **state)
{
	struct pace *pace = *state;

	assert_true(may_go(pace, a, 1, 0, 0));
	ask(pace, a, SLOW_MS, true);
	assert_true(may_go(pace, a, 1, 0, SLOW_MS));
}

static void
the_last_of_many_places_is_for_domains_that_have_none(void **state)
{
	struct pace *pace = *state;
	const struct places places = {.all = 4, .taken = 3};
	struct running running, last;

	ask(pace, a, QUICK_MS, true);
	ask(pace, b, QUICK_MS, true);
	leave(pace, &running, a, 0);
	assert_true(may_go(pace, a, 4, 2, 0));
	assert_false(may_go(pace, a, 4, 3, 0));
	assert_true(may_go(pace, b, 4, 3, 0));
	assert_true(may_go(pace, a, 3, 2, 0)); /* of few places none can be spared */
	last = pace_fill(PACE_PLAIN, &places, 0);
	pace_join(&last, &b, 1);
	assert_false(pace_may_join(pace, &last, &a, 1));
	assert_true(pace_may_join(pace, &last, &b, 1));
}

/* How many strangers' domains go in one request. */
static size_t
strangers_together(struct pace *pace)
{
	const struct places places = {.all = 8};
	struct running running = pace_fill(PACE_STRANGERS, &places, 0);
	uint64_t domain = 1000;

	while (pace_may_join(pace, &running, &domain, 1)) {
		pace_join(&running, &domain, 1);
		domain++;
	}
	return running.domain_count;
}

static void
more_strangers_go_together_the_longer_nobody_was_slow(void **state)
{
	struct pace *pace = *state;

	assert_int_equal(strangers_together(pace), 1);
	ask(pace, a, QUICK_MS, true);
	assert_int_equal(strangers_together(pace), 2);
	ask(pace, b, QUICK_MS, true); /* it was not full */
	assert_int_equal(strangers_together(pace), 2);
	ask(pace, c, SLOW_MS, true);
	assert_int_equal(strangers_together(pace), 1);
	ask(pace, d, QUICK_MS, false);
	assert_int_equal(strangers_together(pace), 100);
}

static void
no_more_domains_are_remembered_than_there_are_places(void **state)
{
	struct known_domains *known = &((struct pace *)*state)->known;
	size_t there = 0;

	for (uint64_t i = 0; i < 10 * KNOWN_DOMAINS_MAX; i++)
		known_domains_set(known, i * 0x9e3779b97f4a7c15u, DOMAIN_KNOWN);
	for (uint64_t i = 0; i < 10 * KNOWN_DOMAINS_MAX; i++)
		there += known_domains_find(known, i * 0x9e3779b97f4a7c15u) == DOMAIN_KNOWN;
	assert_in_range(there, KNOWN_DOMAINS_MAX / 2, KNOWN_DOMAINS_MAX);
	/* The latest is among them. */
	known_domains_set(known, a, DOMAIN_TRIED);
	assert_int_equal(known_domains_find(known, a), DOMAIN_TRIED);
	known_domains_set(known, a, DOMAIN_NEW);
	assert_int_equal(known_domains_find(known, a), DOMAIN_NEW);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_domain_is_a_stranger_until_it_was_answered_for_quickly),
	    TEST(one_stranger_among_many_makes_a_message_one),
	    TEST(a_slow_domain_is_sent_to_by_itself),
	    TEST(a_service_in_trouble_tells_nothing_of_a_domain),
	    TEST(a_stranger_has_one_request_at_a_time),
	    TEST(strangers_have_at_most_half_of_what_the_slow_leave),
	    TEST(strangers_and_suspects_together_leave_a_place),
	    TEST(a_single_place_is_for_everybody),
	    TEST(the_last_of_many_places_is_for_domains_that_have_none),
	    TEST(more_strangers_go_together_the_longer_nobody_was_slow),
	    TEST(no_more_domains_are_remembered_than_there_are_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
