/* Secrets stay out of core files. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/secrecy.h"
#include "tests/unit/unit.h"

static void
a_protected_process_leaves_no_core(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit most;

		/* As it would be on a machine set up to collect cores. */
		getrlimit(RLIMIT_CORE, &most);
		most.rlim_cur = most.rlim_max;
		setrlimit(RLIMIT_CORE, &most);
		secrecy_protect();
		signal(SIGABRT, SIG_DFL);
		raise(SIGABRT);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_false(WCOREDUMP(status));
}

static void
the_limit_cannot_be_raised_again(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit limit;

		secrecy_protect();
		_exit(getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_protected_process_leaves_no_core),
	    cmocka_unit_test(the_limit_cannot_be_raised_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
