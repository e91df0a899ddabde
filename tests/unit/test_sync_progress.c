/* How fast, how far, how long still. */
#include <string.h>

#include "sync/progress.h"
#include "tests/unit/unit.h"

static struct progress_work
work(int64_t done, int64_t done_bytes)
{
	return (struct progress_work){
	    .messages = 1000, .bytes = 100000, .done = done, .done_bytes = done_bytes};
}

/* So many seconds of ten messages and a thousand bytes each. */
static void
go_on(struct progress *p, int64_t seconds, struct progress_work *at)
{
	for (int64_t s = 0; s <= seconds; s++) {
		*at = work(10 * s, 1000 * s);
		progress_note(p, s * 1000, at);
	}
}

static void
nothing_is_foretold_before_there_is_something_to_tell_it_from(void **state)
{
	struct progress p = {0};
	struct progress_work at;
	struct progress_speed speed;

	(void)state;
	go_on(&p, 1, &at);
	speed = progress_speed(&p, 1000, &at);
	assert_int_equal(speed.messages, -1);
	assert_int_equal(speed.left_s, -1);
}

static void
what_is_left_takes_as_long_as_at_the_pace_of_late(void **state)
{
	struct progress p = {0};
	struct progress_work at;
	struct progress_speed speed;

	(void)state;
	go_on(&p, 10, &at);
	speed = progress_speed(&p, 10000, &at);
	assert_int_equal(speed.messages, 10);
	assert_int_equal(speed.bytes, 1000);
	assert_int_equal(speed.left_s, 90);
}

static void
a_run_that_has_become_slow_says_so(void **state)
{
	struct progress p = {0};
	struct progress_work at;
	struct progress_speed speed;

	(void)state;
	go_on(&p, 20, &at);
	for (int64_t s = 21; s < 60; s++) {
		at = work(200 + (s - 20), 20000 + (s - 20) * 100);
		progress_note(&p, s * 1000, &at);
	}
	speed = progress_speed(&p, 59000, &at);
	assert_int_equal(speed.messages, 1);
	assert_int_equal(speed.bytes, 100);
}

static void
the_slower_of_messages_and_bytes_decides(void **state)
{
	struct progress p = {0};
	struct progress_work at = work(0, 0);
	struct progress_speed speed;

	(void)state;
	progress_note(&p, 0, &at);
	at = work(500, 1000); /* all of the large ones are still to come */
	speed = progress_speed(&p, 10000, &at);
	assert_int_equal(speed.left_s, 990);
}

static void
no_time_is_told_while_the_work_grows_or_stands_still(void **state)
{
	struct progress p = {0};
	struct progress_work at;
	struct progress_speed speed;

	(void)state;
	go_on(&p, 10, &at);
	at.open = true;
	assert_int_equal(progress_speed(&p, 10000, &at).left_s, -1);
	p = (struct progress){0};
	at = work(0, 0);
	progress_note(&p, 0, &at);
	speed = progress_speed(&p, 10000, &at);
	assert_int_equal(speed.bytes, 0);
	assert_int_equal(speed.left_s, -1);
}

static void
nothing_left_takes_no_time(void **state)
{
	struct progress p = {0};
	struct progress_work at = work(0, 0);

	(void)state;
	progress_note(&p, 0, &at);
	at = work(1000, 100000);
	assert_int_equal(progress_speed(&p, 10000, &at).left_s, 0);
}

static void
the_words_say_all_of_it(void **state)
{
	const struct progress_work at = {
	    .messages = 90, .bytes = 8000000, .done = 12, .done_bytes = 1200000};
	struct progress_work growing = at;
	struct buf words = BUF_INIT;

	(void)state;
	progress_words("me", &at, &(struct progress_speed){3, 310000, 25}, &words);
	assert_string_equal(
	    words.data, "me: 12 of 90 messages, 1.2 MB of 8.0 MB, 310.0 kB/s, 3/s, 25 s left");
	buf_reset(&words);
	progress_words("me", &at, &(struct progress_speed){3, 310000, 7500}, &words);
	assert_non_null(strstr(words.data, ", 2 h 05 min left"));
	buf_reset(&words);
	growing.open = true;
	progress_words("me", &growing, &(struct progress_speed){-1, -1, -1}, &words);
	assert_string_equal(words.data, "me: 12 of 90+ messages, 1.2 MB of 8.0 MB");
	buf_free(&words);
}

static void
it_is_shown_now_and_then(void **state)
{
	struct progress p = {.way = PROGRESS_TERMINAL};

	(void)state;
	assert_true(progress_is_due(&p, 1000));
	assert_false(progress_is_due(&p, 1100));
	assert_true(progress_is_due(&p, 1200));
	p.way = PROGRESS_NONE;
	assert_false(progress_is_due(&p, 100000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_foretold_before_there_is_something_to_tell_it_from),
	    cmocka_unit_test(what_is_left_takes_as_long_as_at_the_pace_of_late),
	    cmocka_unit_test(a_run_that_has_become_slow_says_so),
	    cmocka_unit_test(the_slower_of_messages_and_bytes_decides),
	    cmocka_unit_test(no_time_is_told_while_the_work_grows_or_stands_still),
	    cmocka_unit_test(nothing_left_takes_no_time),
	    cmocka_unit_test(the_words_say_all_of_it),
	    cmocka_unit_test(it_is_shown_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
