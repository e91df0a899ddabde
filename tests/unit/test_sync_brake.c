/* How many deletions are too many. */
#include "sync/brake.h"
#include "tests/unit/unit.h"

static void
a_tenth_or_fifty_may_go(void **state)
{
	(void)state;
	assert_false(brake_is_too_much(50, 60));
	assert_true(brake_is_too_much(51, 60));
	assert_false(brake_is_too_much(100, 1000));
	assert_true(brake_is_too_much(101, 1000));
	assert_false(brake_is_too_much(0, 0));
}

static void
no_mailbox_goes_to_nothing_but_one_with_a_single_message(void **state)
{
	(void)state;
	assert_false(brake_is_too_much(1, 1));
	assert_true(brake_is_too_much(2, 2));
	assert_false(brake_is_too_much(1, 2));
	assert_true(brake_is_too_much(30, 30));
	assert_false(brake_is_too_much(29, 30));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_tenth_or_fifty_may_go),
	    cmocka_unit_test(no_mailbox_goes_to_nothing_but_one_with_a_single_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
