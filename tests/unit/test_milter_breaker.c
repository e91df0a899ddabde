/* What keeps us from asking: when it opens, whom it lets through, when it closes. */
#include "milter/breaker.h"
#include "tests/unit/unit.h"

static struct breaker
patient(unsigned patience)
{
	return (struct breaker){
	    .subject = "a service", .patience = patience, .first_ms = 1000, .most_ms = 3000};
}

static struct outcome
trouble(void)
{
	return outcome_make("net", "connect", NULL);
}

static void
note_trouble(struct breaker *breaker, int64_t now)
{
	struct outcome o = trouble();

	breaker_note(breaker, &o, now);
}

static bool
lets_through(struct breaker *breaker, int64_t now)
{
	struct outcome o = breaker_check(breaker, now);

	return outcome_is_ok(&o);
}

static void
trouble_opens_it_and_is_told_to_all_who_come(void **state)
{
	struct breaker breaker = patient(0);
	struct outcome o;

	(void)state;
	assert_true(lets_through(&breaker, 0));
	note_trouble(&breaker, 0);
	o = breaker_check(&breaker, 999);
	assert_true(outcome_is(&o, "net/connect"));
	assert_true(breaker_is_open(&breaker));
}

static void
chance_does_not_open_a_patient_one(void **state)
{
	struct outcome ok = outcome_ok();
	struct breaker breaker = patient(1);

	(void)state;
	note_trouble(&breaker, 0);
	breaker_note(&breaker, &ok, 0);
	note_trouble(&breaker, 0);
	assert_true(lets_through(&breaker, 0));
	note_trouble(&breaker, 0);
	assert_false(lets_through(&breaker, 0));
}

static void
after_a_while_one_is_let_through_and_no_other(void **state)
{
	struct breaker breaker = patient(0);

	(void)state;
	note_trouble(&breaker, 0);
	assert_true(lets_through(&breaker, 1000));
	assert_false(lets_through(&breaker, 1000));
	assert_false(lets_through(&breaker, 100000));
}

static void
it_closes_when_that_one_fares_well(void **state)
{
	struct outcome ok = outcome_ok();
	struct breaker breaker = patient(0);

	(void)state;
	note_trouble(&breaker, 0);
	assert_true(lets_through(&breaker, 1000));
	breaker_note(&breaker, &ok, 1001);
	assert_true(lets_through(&breaker, 1001));
	assert_false(breaker_is_open(&breaker));
}

static void
it_stays_open_for_longer_each_time_up_to_a_limit(void **state)
{
	struct breaker breaker = patient(0);

	(void)state;
	note_trouble(&breaker, 0);
	assert_true(lets_through(&breaker, 1000));
	note_trouble(&breaker, 1000);
	assert_false(lets_through(&breaker, 2999));
	assert_true(lets_through(&breaker, 3000));
	note_trouble(&breaker, 3000);
	assert_false(lets_through(&breaker, 5999));
	assert_true(lets_through(&breaker, 6000));
}

static void
those_who_asked_before_it_opened_do_not_keep_it_open(void **state)
{
	struct breaker breaker = patient(0);

	(void)state;
	note_trouble(&breaker, 0);
	note_trouble(&breaker, 900);
	assert_true(lets_through(&breaker, 1000));
}

static void
one_who_was_let_through_and_did_not_ask_makes_room_for_the_next(void **state)
{
	struct breaker breaker = patient(0);

	(void)state;
	note_trouble(&breaker, 0);
	assert_true(lets_through(&breaker, 1000));
	breaker_skip(&breaker);
	assert_true(lets_through(&breaker, 1000));
}

static void
a_wait_that_the_service_asks_for_is_kept(void **state)
{
	struct breaker breaker = patient(0);
	struct outcome o = outcome_make("alias", "rate", NULL);

	(void)state;
	o.retry_after = 2;
	breaker_note(&breaker, &o, 0);
	assert_false(lets_through(&breaker, 1999));
	assert_true(lets_through(&breaker, 2000));
}

static void
its_alarm_is_raised_once(void **state)
{
	struct breaker breaker = patient(0);
	struct outcome o = outcome_make("alias", "key", NULL);

	(void)state;
	assert_true(o.alarm);
	breaker_note(&breaker, &o, 0);
	o = breaker_check(&breaker, 0);
	assert_false(o.alarm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(trouble_opens_it_and_is_told_to_all_who_come),
	    cmocka_unit_test(chance_does_not_open_a_patient_one),
	    cmocka_unit_test(after_a_while_one_is_let_through_and_no_other),
	    cmocka_unit_test(it_closes_when_that_one_fares_well),
	    cmocka_unit_test(it_stays_open_for_longer_each_time_up_to_a_limit),
	    cmocka_unit_test(those_who_asked_before_it_opened_do_not_keep_it_open),
	    cmocka_unit_test(one_who_was_let_through_and_did_not_ask_makes_room_for_the_next),
	    cmocka_unit_test(a_wait_that_the_service_asks_for_is_kept),
	    cmocka_unit_test(its_alarm_is_raised_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
