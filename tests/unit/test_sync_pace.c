/* When the next transfer may start. */
#include "sync/pace.h"
#include "tests/unit/unit.h"

static void
without_a_rate_nothing_waits(void **state)
{
	struct pace p = {0};

	(void)state;
	pace_take(&p, 5000, INT64_C(1) << 40);
	assert_int_equal(pace_wait_ms(&p, 5000), 0);
}

static void
a_second_s_worth_goes_at_once_and_no_more(void **state)
{
	struct pace p = {.rate = 1000};
	int started = 0;

	(void)state;
	while (pace_wait_ms(&p, 5000) == 0) {
		pace_take(&p, 5000, 100);
		started++;
	}
	assert_int_equal(started, 11);
	assert_int_equal(pace_wait_ms(&p, 5000), 100);
}

static void
in_the_long_run_it_is_the_rate(void **state)
{
	struct pace p = {.rate = 1000};
	int64_t bytes = 0;

	(void)state;
	for (int64_t now = 0; now < 100000; now += 10)
		if (pace_wait_ms(&p, now) == 0) {
			pace_take(&p, now, 333);
			bytes += 333;
		}
	assert_in_range(bytes, 99000, 102000);
}

static void
who_was_idle_has_saved_nothing_up(void **state)
{
	struct pace p = {.rate = 1000};

	(void)state;
	pace_take(&p, 0, 1000);
	pace_take(&p, 100000, 3000);
	assert_int_equal(pace_wait_ms(&p, 100000), 2000);
}

static void
a_large_one_is_paid_off_before_the_next(void **state)
{
	struct pace p = {.rate = 3};

	(void)state;
	pace_take(&p, 0, INT64_C(3000000000000));
	assert_int_equal(pace_wait_ms(&p, 0), INT64_C(1000000000000000) - 1000);
}

static void
what_the_service_wants_is_waited_for_in_full(void **state)
{
	struct pace p = {.rate = 1000}, any = {0};

	(void)state;
	pace_take(&p, 0, 500);
	pace_pause(&p, 0, 7000);
	assert_int_equal(pace_wait_ms(&p, 0), 7000);
	pace_pause(&p, 1000, 2000);
	assert_int_equal(pace_wait_ms(&p, 1000), 6000);
	pace_pause(&any, 0, 7000);
	assert_int_equal(pace_wait_ms(&any, 0), 7000);
	assert_int_equal(pace_wait_ms(&any, 8000), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_rate_nothing_waits),
	    cmocka_unit_test(a_second_s_worth_goes_at_once_and_no_more),
	    cmocka_unit_test(in_the_long_run_it_is_the_rate),
	    cmocka_unit_test(who_was_idle_has_saved_nothing_up),
	    cmocka_unit_test(a_large_one_is_paid_off_before_the_next),
	    cmocka_unit_test(what_the_service_wants_is_waited_for_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
