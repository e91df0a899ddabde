/* Deadlines. */
#include <signal.h>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "tests/unit/unit.h"

static void
a_deadline_counts_down_to_zero_and_stays_there(void **state)
{
	struct deadline past = deadline_in_ms(-5), future = deadline_in_ms(100000);

	(void)state;
	assert_true(deadline_passed(past));
	assert_int_equal(deadline_left_ms(past), 0);
	assert_false(deadline_passed(future));
	assert_in_range(deadline_left_ms(future), 1, 100000);
}

static void
never_does_not_pass_and_is_never_the_earlier(void **state)
{
	struct deadline soon = deadline_in_ms(1);

	(void)state;
	assert_false(deadline_passed(DEADLINE_NEVER));
	assert_int_equal(deadline_left_ms(DEADLINE_NEVER), INT64_MAX);
	assert_int_equal(deadline_min(DEADLINE_NEVER, soon).at_ms, soon.at_ms);
	assert_int_equal(deadline_min(soon, DEADLINE_NEVER).at_ms, soon.at_ms);
}

static void
a_deadline_too_far_to_count_is_never(void **state)
{
	(void)state;
	assert_int_equal(deadline_in_ms(INT64_MAX).at_ms, INT64_MAX);
}

static void
a_sleep_ends_early_at_its_deadline_or_a_signal(void **state)
{
	int64_t began = clock_ms();

	(void)state;
	assert_true(clock_sleep_ms(2, DEADLINE_NEVER));
	assert_true(clock_ms() - began >= 2);
	assert_false(clock_sleep_ms(600000, deadline_in_ms(2)));
	cancel_set(SIGINT);
	assert_false(clock_sleep_ms(600000, DEADLINE_NEVER));
	cancel_set(0);
}

static void
a_date_is_that_of_greenwich(void **state)
{
	(void)state;
	assert_string_equal(clock_date(1788264000).text, "2026-09-01T12:00:00Z");
	assert_string_equal(clock_date(0).text, "1970-01-01T00:00:00Z");
	assert_string_equal(clock_date(INT64_MAX).text, ""); /* there is none */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_deadline_counts_down_to_zero_and_stays_there),
	    cmocka_unit_test(never_does_not_pass_and_is_never_the_earlier),
	    cmocka_unit_test(a_deadline_too_far_to_count_is_never),
	    cmocka_unit_test(a_sleep_ends_early_at_its_deadline_or_a_signal),
	    cmocka_unit_test(a_date_is_that_of_greenwich),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
