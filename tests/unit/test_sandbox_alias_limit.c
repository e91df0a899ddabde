/* Rate limits and locks of the sandbox's alias service. */
#include "sandbox/alias_limit.h"
#include "tests/unit/unit.h"

#define LIST "100/day;50/hour;5/minute"

/* How many of so many requests at a time are let in. */
static int
let_in(struct alias_limits *l, const char *windows, int count, int64_t now)
{
	int in = 0;

	for (int i = 0; i < count; i++)
		in += alias_limits_hit(l, windows, "key", now);
	return in;
}

static void
a_window_starts_with_its_first_request(void **state)
{
	struct alias_limits *l = alias_limits_new();

	(void)state;
	assert_int_equal(let_in(l, "5/minute", 1, 1000), 1);
	assert_int_equal(let_in(l, "5/minute", 5, 1059), 4);
	assert_int_equal(let_in(l, "5/minute", 6, 1060), 5);
	alias_limits_free(&l);
}

static void
what_a_later_window_refuses_was_counted_by_the_earlier(void **state)
{
	struct alias_limits *l = alias_limits_new();

	(void)state;
	assert_int_equal(let_in(l, LIST, 50, 1000), 5);
	assert_int_equal(let_in(l, LIST, 1, 1060), 0);
	assert_int_equal(let_in(l, LIST, 49, 1000 + 3600), 5);
	assert_int_equal(let_in(l, LIST, 1, 1000 + 7200), 0);
	assert_int_equal(let_in(l, LIST, 1, 1000 + 86400), 1);
	alias_limits_free(&l);
}

static void
aligned_windows_are_those_of_the_clock(void **state)
{
	struct alias_limits *l = alias_limits_new();

	(void)state;
	assert_true(alias_limits_hit_aligned(l, "1/900s", "key", 899));
	assert_false(alias_limits_hit_aligned(l, "1/900s", "key", 899));
	assert_true(alias_limits_hit_aligned(l, "1/900s", "key", 900));
	alias_limits_free(&l);
}

static void
keys_and_lengths_are_counted_apart(void **state)
{
	struct alias_limits *l = alias_limits_new();

	(void)state;
	assert_true(alias_limits_hit(l, "1/minute", "a", 1));
	assert_true(alias_limits_hit(l, "1/minute", "b", 1));
	assert_true(alias_limits_hit(l, "1/hour", "a", 1));
	assert_false(alias_limits_hit(l, "1/minute", "a", 1));
	alias_limits_reset(l);
	assert_true(alias_limits_hit(l, "1/minute", "a", 1));
	alias_limits_free(&l);
}

static void
a_list_that_cannot_be_read_is_told(void **state)
{
	static const char *const good[] = {"", LIST, "10/900s", "1/second", "0/2minute"};
	static const char *const bad[] = {
	    "5", "5/", "/minute", "5/week", "-1/day", "5/minute,", "x/minute", "5/0minute"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(alias_limits_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(alias_limits_valid(bad[i]));
}

static void
a_lock_is_one_holders_until_its_time_is_over(void **state)
{
	struct alias_limits *l = alias_limits_new();
	int64_t first = alias_limits_lock(l, "key", 100, 5), second;

	(void)state;
	assert_int_not_equal(first, 0);
	assert_int_equal(alias_limits_lock(l, "key", 104, 5), 0);
	assert_int_not_equal(alias_limits_lock(l, "other", 104, 5), 0);
	second = alias_limits_lock(l, "key", 105, 5);
	assert_int_not_equal(second, 0);
	alias_limits_unlock(l, "key", first); /* is not the first one's any more */
	assert_int_equal(alias_limits_lock(l, "key", 106, 5), 0);
	alias_limits_unlock(l, "key", second);
	assert_int_not_equal(alias_limits_lock(l, "key", 106, 5), 0);
	alias_limits_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_window_starts_with_its_first_request),
	    cmocka_unit_test(what_a_later_window_refuses_was_counted_by_the_earlier),
	    cmocka_unit_test(aligned_windows_are_those_of_the_clock),
	    cmocka_unit_test(keys_and_lengths_are_counted_apart),
	    cmocka_unit_test(a_list_that_cannot_be_read_is_told),
	    cmocka_unit_test(a_lock_is_one_holders_until_its_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
