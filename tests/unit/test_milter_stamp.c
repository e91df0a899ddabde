/* The mark on a message that the filter has made over. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/xalloc.h"
#include "milter/stamp.h"
#include "tests/unit/unit.h"

#define NOW 1795698284

static char key_bytes[] = "key";
static const struct buf key = {key_bytes, 3, 4};

static char a[] = "a@x.example", b[] = "B@x.example", c[] = "c@x.example";
static char b_too[] = "<b@X.example>";
static const char *const both[] = {a, b};
static const struct alias_stamp_envelope envelope = {"me@own.example", both, 2};

static void
make(struct buf *value)
{
	buf_reset(value);
	alias_stamp_make(&key, &envelope, NOW, value);
}

static void
a_stamp_is_a_keyed_hash_of_time_and_envelope(void **state)
{
	struct buf value = BUF_INIT;

	(void)state;
	make(&value);
	/* printf 'stamp v1\0001795698284\0me@own.example\0a@x.example\0b@x.example\0' |
	 *     openssl dgst -sha256 -hmac key */
	assert_string_equal(value.data,
	    "v1 t=1795698284 "
	    "h=a3e9c1a0f777993fa4a584b552ef9553a418ce9dd7718831fd496e3f22a0a392");
	buf_free(&value);
}

static void
it_holds_for_the_same_envelope_however_it_is_written(void **state)
{
	const char *const turned[] = {b_too, a, a};
	const struct alias_stamp_envelope same = {"<Me@OWN.example>", turned, 3};
	struct buf value = BUF_INIT;

	(void)state;
	make(&value);
	assert_true(alias_stamp_holds(&key, &envelope, NOW, value.data));
	assert_true(alias_stamp_holds(&key, &same, NOW, value.data));
	/* An MTA folds it. */
	*strchr(value.data, ' ') = '\n';
	assert_true(alias_stamp_holds(&key, &envelope, NOW, value.data));
	buf_adds(&value, "\r\n");
	assert_true(alias_stamp_holds(&key, &envelope, NOW, value.data));
	buf_free(&value);
}

static void
it_holds_for_no_other_envelope_and_no_other_key(void **state)
{
	static char other_bytes[] = "kez";
	static const struct buf other_key = {other_bytes, 3, 4};
	const char *const fewer[] = {a};
	const char *const more[] = {a, b, c};
	const char *const others[] = {a, c};
	const struct alias_stamp_envelope wrong[] = {
	    {"me@own.example", fewer, 1},
	    {"me@own.example", more, 3},
	    {"me@own.example", others, 2},
	    {"me@own.example", NULL, 0},
	    {"you@own.example", both, 2},
	    {"", both, 2},
	};
	struct buf value = BUF_INIT;

	(void)state;
	make(&value);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(alias_stamp_holds(&key, &wrong[i], NOW, value.data));
	assert_false(alias_stamp_holds(&other_key, &envelope, NOW, value.data));
	buf_free(&value);
}

/* Nor does one that ends where another begins count as the other. */
static void
recipients_do_not_run_into_one_another(void **state)
{
	char one[] = "ab@x", two[] = "c@x", three[] = "a@x", four[] = "bc@x";
	const char *const first[] = {one, two}, *const second[] = {three, four};
	const struct alias_stamp_envelope e1 = {"s@x", first, 2}, e2 = {"s@x", second, 2};
	struct buf value = BUF_INIT;

	(void)state;
	alias_stamp_make(&key, &e1, NOW, &value);
	assert_true(alias_stamp_holds(&key, &e1, NOW, value.data));
	assert_false(alias_stamp_holds(&key, &e2, NOW, value.data));
	buf_free(&value);
}

static void
it_holds_for_a_week_and_for_clocks_an_hour_apart(void **state)
{
	static const struct {
		int64_t age;
		bool holds;
	} cases[] = {
	    {0, true},
	    {ALIAS_STAMP_LIFETIME, true},
	    {ALIAS_STAMP_LIFETIME + 1, false},
	    {-ALIAS_STAMP_SKEW, true},
	    {-ALIAS_STAMP_SKEW - 1, false},
	};
	struct buf value = BUF_INIT;

	(void)state;
	make(&value);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    alias_stamp_holds(&key, &envelope, NOW + cases[i].age, value.data),
		    cases[i].holds);
	buf_free(&value);
}

/* Put something in place of a part of the value. */
static void
forge(struct buf *value, const char *old, const char *fresh)
{
	char *at;
	struct buf forged = BUF_INIT;

	make(value);
	at = strstr(value->data, old);
	assert_non_null(at);
	buf_add(&forged, value->data, (size_t)(at - value->data));
	buf_adds(&forged, fresh);
	buf_adds(&forged, at + strlen(old));
	buf_free(value);
	*value = forged;
}

static void
what_is_not_as_we_write_it_does_not_hold(void **state)
{
	static const struct {
		const char *old, *fresh;
	} cases[] = {
	    {"v1", "v2"},
	    {"v1", ""},
	    {"v1 ", "v1"},
	    {"t=1795698284", "t=1795698285"},
	    {"t=1795698284", "t=01795698284"},
	    {"t=1795698284", "t=-1795698284"},
	    {"t=1795698284", "t="},
	    {"t=1795698284", "t=99999999999999999999"},
	    {"t=1795698284", "x=1795698284"},
	    {"h=", "h"},
	    {"h=", "h= "},
	    {"h=", "h=0"},
	};
	static const char *const values[] = {"", " ", "v1", "v1 ", "v1 t=", "v1 t=1", "v1 t=1 ",
	    "v1 t=1 h=", "v1 t=1795698284 h=0123", "\xff\xfe"};
	struct buf value = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		forge(&value, cases[i].old, cases[i].fresh);
		if (alias_stamp_holds(&key, &envelope, NOW, value.data))
			fail_msg("%s", value.data);
	}
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_false(alias_stamp_holds(&key, &envelope, NOW, values[i]));
	make(&value);
	buf_addc(&value, 'a');
	assert_false(alias_stamp_holds(&key, &envelope, NOW, value.data));
	make(&value);
	for (size_t i = strlen("v1 t=1795698284 h="); i < value.len; i++) {
		value.data[i] ^= 1;
		assert_false(alias_stamp_holds(&key, &envelope, NOW, value.data));
		value.data[i] ^= 1;
	}
	assert_true(alias_stamp_holds(&key, &envelope, NOW, value.data));
	buf_free(&value);
}

static void
the_key_is_made_once_for_nobody_else_to_read(void **state)
{
	char folder[] = "/tmp/ferry-test-milter-stamp.XXXXXX";
	struct buf first = BUF_INIT, second = BUF_INIT;
	char *path, *command;
	struct outcome o;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/alias-stamp-key", folder);
	o = alias_stamp_key(folder, &first);
	assert_string_equal(o.condition, "ok");
	assert_int_equal(first.len, 64);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	o = alias_stamp_key(folder, &second);
	assert_string_equal(o.condition, "ok");
	assert_string_equal(first.data, second.data);
	assert_int_equal(chmod(path, 0640), 0);
	buf_reset(&second);
	o = alias_stamp_key(folder, &second);
	assert_true(outcome_is(&o, "auth/secret"));
	assert_int_equal(second.len, 0);
	command = xasprintf("rm -rf %s", folder);
	assert_int_equal(system(command), 0);
	free(command);
	free(path);
	buf_free(&first);
	buf_free(&second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stamp_is_a_keyed_hash_of_time_and_envelope),
	    cmocka_unit_test(it_holds_for_the_same_envelope_however_it_is_written),
	    cmocka_unit_test(it_holds_for_no_other_envelope_and_no_other_key),
	    cmocka_unit_test(recipients_do_not_run_into_one_another),
	    cmocka_unit_test(it_holds_for_a_week_and_for_clocks_an_hour_apart),
	    cmocka_unit_test(what_is_not_as_we_write_it_does_not_hold),
	    cmocka_unit_test(the_key_is_made_once_for_nobody_else_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
