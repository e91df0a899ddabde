/* What is shown of a proof of work. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/wire/pow.h"
#include "tests/unit/unit.h"

#define SECOND INT64_C(1000000000)

static char shown[4096];

static const struct pow_progress halfway = {
    .difficulty = 12,
    .expected = 4096,
    .hashes = 2000,
    .rate = 200,
    .ns = 10 * SECOND,
    .last_ns = 10 * SECOND - 1,
};

/* Read up to the line of one dot; a terminal gives what was written in pieces. */
static void
read_shown(int in)
{
	size_t length = 0;

	shown[0] = '\0';
	while (strcmp(shown, ".\n") != 0 && strcmp(shown, ".\r\n") != 0 &&
	       (length < 3 || (strcmp(shown + length - 3, "\n.\n") != 0 &&
	                          strcmp(shown + length - 3, ".\r\n") != 0))) {
		ssize_t n = read(in, shown + length, sizeof(shown) - 1 - length);

		assert_true(n > 0);
		length += (size_t)n;
		shown[length] = '\0';
	}
}

/* Everything that was written to stderr while a callback had these reports. */
static const char *
stderr_of(void (*callback)(const struct pow_progress *, void *), void *arg, int in, int out,
    const struct pow_progress *reports, size_t count)
{
	int saved = dup(STDERR_FILENO);

	dup2(out, STDERR_FILENO);
	for (size_t i = 0; i < count; i++)
		callback(&reports[i], arg);
	if (write(STDERR_FILENO, ".\n", 2) < 0) /* so that the read ends */
		fail();
	dup2(saved, STDERR_FILENO);
	close(saved);
	read_shown(in);
	close(in);
	close(out);
	return shown;
}

static const char *
piped(void (*callback)(const struct pow_progress *, void *), void *arg,
    const struct pow_progress *reports, size_t count)
{
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	return stderr_of(callback, arg, pipes[0], pipes[1], reports, count);
}

static const char *
on_terminal(const struct pow_progress *reports, size_t count)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	return stderr_of(pow_progress_terminal, NULL, master, slave, reports, count);
}

static void
a_terminal_shows_rate_and_expected_time_and_is_cleared(void **state)
{
	struct pow_progress reports[2] = {halfway, halfway};

	(void)state;
	reports[1].last_ns = reports[1].ns;
	reports[1].done = true;
	assert_string_equal(on_terminal(reports, 2),
	    "\r\033[Kproof of work: difficulty 12, 200 hashes/s, about 20 s expected, 10 s "
	    "passed"
	    "\r\033[K.\r\n");
}

static void
short_work_shows_nothing(void **state)
{
	struct pow_progress reports[2] = {halfway, halfway};

	(void)state;
	reports[0].ns = reports[0].last_ns = SECOND / 10;
	reports[1].ns = reports[1].last_ns = SECOND / 9;
	reports[1].done = true;
	assert_string_equal(on_terminal(reports, 2), ".\r\n");
}

static void
what_is_not_a_terminal_shows_nothing(void **state)
{
	(void)state;
	assert_string_equal(piped(pow_progress_terminal, NULL, &halfway, 1), ".\n");
}

static void
the_log_gets_a_line_every_ten_seconds(void **state)
{
	struct pow_progress reports[3] = {halfway, halfway, halfway};
	char account[] = "agent";

	(void)state;
	reports[1].last_ns = reports[1].ns;
	reports[1].ns += SECOND;
	reports[2].last_ns = reports[1].ns;
	reports[2].ns = 20 * SECOND;
	reports[2].done = true;
	assert_string_equal(piped(pow_progress_log, account, reports, 3),
	    "test: agent: proof of work: difficulty=12 hashes=2000 rate=200 expected_s=20 "
	    "s=10\n"
	    ".\n");
}

static void
seconds_are_said_as_a_person_would(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
	    {0.04, "0.04 s"},
	    {4.44, "4.4 s"},
	    {75, "75 s"},
	    {180, "3 min"},
	    {3 * 3600.0, "3 h"},
	    {5 * 86400.0, "5 days"},
	    {4 * 365 * 86400.0, "4 years"},
	    {1e150, "3.17e+142 years"},
	};
	char text[POW_TIME_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pow_time_text(cases[i].seconds, text);
		assert_string_equal(text, cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_terminal_shows_rate_and_expected_time_and_is_cleared),
	    cmocka_unit_test(short_work_shows_nothing),
	    cmocka_unit_test(what_is_not_a_terminal_shows_nothing),
	    cmocka_unit_test(the_log_gets_a_line_every_ten_seconds),
	    cmocka_unit_test(seconds_are_said_as_a_person_would),
	};

	log_open("test", LOG_TO_STDERR, LOG_MAIL, LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
