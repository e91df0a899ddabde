/* What keeps us from asking a service that has said that there is no use. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "tests/unit/unit.h"
#include "transport/circuit.h"

static char folder[] = "/tmp/ferry-test-circuit.XXXXXX";
static char secret_file[64], record_file[64], name[] = "agent";
static struct account account = {
    .name = name, .auth = AUTH_ATOMICMAIL, .directory = folder, .secret_file = secret_file};
static struct buf key = BUF_INIT;
static const struct circuit circuit = {&account, &key};

static void
set_secret(const char *secret)
{
	struct outcome o =
	    file_write_atomic(AT_FDCWD, secret_file, secret, strlen(secret), 0600);

	assert_string_equal(o.condition, "ok");
}

static int
make_folder(void **state)
{
	(void)state;
	log_open("test", LOG_TO_STDERR, LOG_MAIL, LOG_EMERG);
	buf_adds(&key, "a key");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(secret_file, sizeof(secret_file), "%s/api-key", folder);
	snprintf(record_file, sizeof(record_file), "%s/circuit.json", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	char *command = xasprintf("rm -rf %s", folder);
	int status = system(command);

	(void)state;
	buf_free(&key);
	free(command);
	return status;
}

static int
begin(void **state)
{
	(void)state;
	(void)unlink(record_file);
	account.auth = AUTH_ATOMICMAIL;
	set_secret("first");
	return 0;
}

static void
note(const char *family, const char *condition, unsigned retry_after, bool *open)
{
	struct outcome o =
	    strcmp(family, "ok") == 0 ? outcome_ok() : outcome_make(family, condition, NULL);

	o.retry_after = retry_after;
	circuit_note(&circuit, &o, open);
}

static struct outcome
check(bool *open)
{
	return circuit_check(&circuit, open);
}

static bool
goes_on(void)
{
	bool open;
	struct outcome o = check(&open);

	return outcome_is_ok(&o);
}

/* Let the record's time pass; what interval it has. */
static int64_t
let_time_pass(void)
{
	json_t *record = json_load_file(record_file, 0, NULL);
	int64_t interval = (int64_t)json_integer_value(json_object_get(record, "interval"));

	assert_non_null(record);
	json_object_set_new(record, "until", json_integer((json_int_t)clock_wall() - 1));
	assert_int_equal(json_dump_file(record, record_file, 0), 0);
	json_decref(record);
	return interval;
}

static void
nothing_is_in_the_way_as_a_rule(void **state)
{
	bool open = true;
	struct outcome o = check(&open);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_false(open);
	note("ok", "", 0, &open);
	note("set", "overQuota", 0, &open);
	note("net", "connect", 0, &open);
	assert_true(goes_on());
}

static void
a_refused_key_defers_everything_at_once(void **state)
{
	struct outcome o;
	bool open = false;

	(void)state;
	note("auth", "refused", 0, &open);
	assert_true(open);
	open = false;
	o = check(&open);
	assert_true(open);
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	assert_string_equal(o.dsn, "4.7.8");
	assert_in_range(o.retry_after, 1, 60);
	assert_false(o.alarm); /* it was raised once */
}

static void
one_is_let_through_after_growing_intervals(void **state)
{
	static const int64_t intervals[] = {60, 120, 240, 480, 900, 900};
	bool open = false;

	(void)state;
	note("auth", "refused", 0, &open);
	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		assert_int_equal(let_time_pass(), intervals[i]);
		assert_true(goes_on());
		assert_false(goes_on()); /* not the next */
		note("auth", "refused", 0, &open);
		assert_false(goes_on());
	}
}

static void
those_that_are_refused_together_count_as_one(void **state)
{
	bool open = false;

	(void)state;
	for (int i = 0; i < 20; i++)
		note("auth", "refused", 0, &open);
	assert_int_equal(let_time_pass(), 60);
	assert_true(goes_on());
	for (int i = 0; i < 20; i++)
		note("auth", "refused", 0, &open);
	assert_int_equal(let_time_pass(), 120);
}

static void
a_success_closes_it(void **state)
{
	bool open = false;

	(void)state;
	note("auth", "refused", 0, &open);
	(void)let_time_pass();
	(void)check(&open);
	note("ok", "", 0, &open);
	assert_false(open);
	assert_true(goes_on());
	assert_true(goes_on());
}

static void
trouble_of_another_kind_does_not_close_it(void **state)
{
	bool open = false;

	(void)state;
	note("auth", "refused", 0, &open);
	(void)let_time_pass();
	(void)check(&open);
	note("net", "connect", 0, &open);
	assert_true(open);
	assert_false(goes_on());
}

static void
another_key_closes_it(void **state)
{
	bool open = false;

	(void)state;
	note("auth", "refused", 0, &open);
	set_secret("second");
	assert_true(goes_on());
	assert_true(goes_on());
	note("auth", "refused", 0, &open);
	assert_false(goes_on());
	assert_int_equal(let_time_pass(), 60); /* it starts anew */
}

static void
a_password_that_is_refused_is_no_different(void **state)
{
	bool open = false;

	(void)state;
	note("auth", "expired", 0, &open); /* a token's end: it is renewed */
	assert_true(goes_on());
	account.auth = AUTH_BASIC;
	note("auth", "expired", 0, &open);
	assert_false(goes_on());
}

static void
a_limited_rate_is_heeded_for_as_long_as_was_asked(void **state)
{
	struct outcome o;
	bool open = false;

	(void)state;
	note("http", "429", 300, &open);
	o = check(&open);
	assert_false(open);
	assert_string_equal(o.dsn, "4.7.0");
	assert_in_range(o.retry_after, 290, 300);
	(void)let_time_pass();
	assert_true(goes_on());
	assert_true(goes_on());
}

static void
nobody_is_closed_out_for_longer_than_an_hour(void **state)
{
	struct outcome o;
	bool open = false;

	(void)state;
	note("http", "429", 1000000, &open);
	o = check(&open);
	assert_in_range(o.retry_after, 3000, 3600);
}

static void
a_record_that_cannot_be_read_is_none(void **state)
{
	(void)state;
	assert_true(outcome_is_ok(&(struct outcome){
	    .class = file_write_atomic(AT_FDCWD, record_file, "{", 1, 0600).class}));
	assert_true(goes_on());
}

static void
the_record_does_not_tell_the_key(void **state)
{
	struct buf text = BUF_INIT;
	bool open = false;

	(void)state;
	note("auth", "refused", 0, &open);
	(void)file_read(AT_FDCWD, record_file, 4096, &text);
	assert_non_null(strstr(text.data, "secret"));
	assert_null(strstr(text.data, "first"));
	buf_free(&text);
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup(test, begin)
	const struct CMUnitTest tests[] = {
	    TEST(nothing_is_in_the_way_as_a_rule),
	    TEST(a_refused_key_defers_everything_at_once),
	    TEST(one_is_let_through_after_growing_intervals),
	    TEST(those_that_are_refused_together_count_as_one),
	    TEST(a_success_closes_it),
	    TEST(trouble_of_another_kind_does_not_close_it),
	    TEST(another_key_closes_it),
	    TEST(a_password_that_is_refused_is_no_different),
	    TEST(a_limited_rate_is_heeded_for_as_long_as_was_asked),
	    TEST(nobody_is_closed_out_for_longer_than_an_hour),
	    TEST(a_record_that_cannot_be_read_is_none),
	    TEST(the_record_does_not_tell_the_key),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
