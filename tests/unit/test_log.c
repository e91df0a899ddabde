/* Log lines. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/outcome.h"
#include "tests/unit/unit.h"

static char captured[2048];

/* Write one line with a field of this value and read back what stderr got. */
static const char *
line_with(int priority, const char *key, const char *value)
{
	struct log_line l;
	int pipes[2], saved;
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	saved = dup(STDERR_FILENO);
	dup2(pipes[1], STDERR_FILENO);
	log_begin(&l, priority, "4bXz");
	log_event(&l, "sent");
	log_str(&l, key, value);
	log_num(&l, "bytes", 7);
	log_end(&l);
	if (write(STDERR_FILENO, "", 1) < 0) /* so that the read ends */
		fail();
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(pipes[0], captured, sizeof(captured) - 1);
	assert_true(n > 0);
	captured[n] = '\0';
	close(pipes[0]);
	close(pipes[1]);
	return captured;
}

static void
a_line_has_subject_event_and_fields(void **state)
{
	(void)state;
	assert_string_equal(line_with(LOG_INFO, "account", "agent"),
	    "test: 4bXz: sent: account=agent bytes=7\n");
}

static void
a_null_value_leaves_the_field_out(void **state)
{
	(void)state;
	assert_string_equal(
	    line_with(LOG_INFO, "account", NULL), "test: 4bXz: sent: bytes=7\n");
}

static void
a_value_cannot_forge_a_line_or_a_field(void **state)
{
	(void)state;
	assert_string_equal(line_with(LOG_INFO, "id", "<a@b> dsn=2.0.0\nx: \"y\"\\"),
	    "test: 4bXz: sent: id=\"<a@b> dsn=2.0.0\\x0ax: \\\"y\\\"\\\\\" bytes=7\n");
}

static void
what_is_less_urgent_than_the_level_is_not_shown(void **state)
{
	(void)state;
	assert_string_equal(line_with(LOG_DEBUG, "account", "agent"), "");
}

static void
facilities_are_known_by_name(void **state)
{
	(void)state;
	assert_int_equal(log_facility("mail"), LOG_MAIL);
	assert_int_equal(log_facility("nonsense"), -1);
}

static int
open_log(void **state)
{
	(void)state;
	log_open("test", LOG_TO_STDERR, LOG_MAIL, LOG_INFO);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_has_subject_event_and_fields),
	    cmocka_unit_test(a_null_value_leaves_the_field_out),
	    cmocka_unit_test(a_value_cannot_forge_a_line_or_a_field),
	    cmocka_unit_test(what_is_less_urgent_than_the_level_is_not_shown),
	    cmocka_unit_test(facilities_are_known_by_name),
	};

	return cmocka_run_group_tests(tests, open_log, NULL);
}
