/* Allocation that ends the process with a line Postfix understands. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "tests/unit/unit.h"

static void
running_out_defers_the_mail_in_hand(void **state)
{
	int pipes[2], status;
	char line[64] = "";
	pid_t child;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		dup2(pipes[1], STDERR_FILENO);
		xreallocarray(NULL, SIZE_MAX / 2, 3);
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_TEMPFAIL);
	assert_true(read(pipes[0], line, sizeof(line) - 1) > 0);
	assert_string_equal(line, "4.3.0 out of memory\n");
	close(pipes[0]);
}

static void
nothing_asked_for_is_still_something(void **state)
{
	void *p = xmalloc(0), *q = xcalloc(0, 8);

	(void)state;
	assert_non_null(p);
	assert_non_null(q);
	free(p);
	free(q);
}

static void
strings_are_copied_and_cut(void **state)
{
	char *whole = xstrdup("mailbox"), *cut = xstrndup("mailbox", 4);
	char *made = xasprintf("%s/%d", "mail", 7);

	(void)state;
	assert_string_equal(whole, "mailbox");
	assert_string_equal(cut, "mail");
	assert_string_equal(made, "mail/7");
	assert_null(xstrdup(NULL));
	free(whole);
	free(cut);
	free(made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(running_out_defers_the_mail_in_hand),
	    cmocka_unit_test(nothing_asked_for_is_still_something),
	    cmocka_unit_test(strings_are_copied_and_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
