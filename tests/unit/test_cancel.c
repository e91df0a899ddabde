/* Signals that ask long work to stop. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "tests/unit/unit.h"

static void
nothing_is_asked_until_a_signal_comes(void **state)
{
	(void)state;
	cancel_on_signals();
	assert_false(cancel_requested());
	assert_int_equal(cancel_signal(), 0);
}

static void
the_first_signal_sets_the_flag_and_ends_nothing(void **state)
{
	(void)state;
	cancel_on_signals();
	raise(SIGTERM);
	assert_true(cancel_requested());
	assert_int_equal(cancel_signal(), SIGTERM);
	cancel_set(0);
}

static void
the_second_signal_ends_the_process(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		cancel_on_signals();
		raise(SIGINT);
		raise(SIGINT);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_asked_until_a_signal_comes),
	    cmocka_unit_test(the_first_signal_sets_the_flag_and_ends_nothing),
	    cmocka_unit_test(the_second_signal_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
