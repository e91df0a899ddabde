/* To and Cc fields with other recipients in them. */
#include <stdlib.h>
#include <string.h>

#include "common/wire/address_list.h"
#include "common/wire/recipient_fields.h"
#include "tests/unit/unit.h"

/* Addresses at x are kept, those at y become those of a reverse alias, others go. */
static enum recipient_fate
decide(void *arg, const char *address, const char **replacement_r)
{
	const char *at = strchr(address, '@');

	(void)arg;
	if (at == NULL || strcmp(at, "@x") == 0)
		return RECIPIENT_KEEP;
	*replacement_r = "rev_Y@sl.example";
	return strcmp(at, "@y") == 0 ? RECIPIENT_REPLACE : RECIPIENT_DROP;
}

static void
check(const char *old, const char *expected, size_t left, bool changed)
{
	struct buf got = BUF_INIT;
	struct recipient_field field;
	const char *fault = recipient_field_rewrite(
	    (struct mime_span){old, strlen(old)}, "\r\n", decide, NULL, &got, &field);

	if (fault != NULL)
		fail_msg("%s\n%s", old, fault);
	if (strcmp(buf_str(&got), expected) != 0)
		fail_msg("%s\nbecame\n%s\nnot\n%s", old, buf_str(&got), expected);
	assert_int_equal(field.left, left);
	assert_int_equal(field.changed, changed);
	buf_free(&got);
}

static void
is_refused(const char *old, size_t length, recipient_decide *by)
{
	struct buf got = BUF_INIT;
	struct recipient_field field = {.left = 1};

	buf_adds(&got, "before");
	assert_non_null(recipient_field_rewrite(
	    (struct mime_span){old, length}, "\r\n", by, NULL, &got, &field));
	assert_string_equal(buf_str(&got), "before");
	assert_int_equal(field.left, 0);
	assert_false(field.changed);
	buf_free(&got);
}

static void
mailboxes_are_kept_replaced_and_dropped_in_order(void **state)
{
	(void)state;
	check(" a@x\r\n", "a@x", 1, false);
	check(" a@y\r\n", "rev_Y@sl.example", 1, true);
	check("a@z, b@x, c@y, d@z", "b@x, rev_Y@sl.example", 2, true);
	check("root,a@z", "root", 1, true);
}

static void
names_and_comments_stay(void **state)
{
	(void)state;
	check("\"B, C\" <c@y>", "\"B, C\" <rev_Y@sl.example>", 1, true);
	check("=?utf-8?Q?J=C3=BC?= <c@y>", "=?utf-8?Q?J=C3=BC?= <rev_Y@sl.example>", 1, true);
	check("c@y (C (of y))", "rev_Y@sl.example (C (of y))", 1, true);
	check("(one) C (two) <c@y> (three), a@z (gone)",
	    "(one) C (two) <rev_Y@sl.example> (three)", 1, true);
	check("A. B \"C\\\"\" <a@x> , (nobody)", "A. B \"C\\\"\" <a@x>", 1, true);
	check("A  B\r\n\t<a@x>\n", "A  B\t<a@x>", 1, false);
}

static void
what_is_inside_a_replaced_address_goes_with_it(void **state)
{
	(void)state;
	check("<@a,@b:c@y>", "<rev_Y@sl.example>", 1, true);
	check("C <c @ (at)\r\n y>", "C <rev_Y@sl.example>", 1, true);
	check("c (at) @ y (C)", "rev_Y@sl.example (C)", 1, true);
}

static void
groups_stay_as_long_as_they_have_members(void **state)
{
	(void)state;
	check("Us: a@x, b@z, c@y;", "Us: a@x, rev_Y@sl.example;", 2, true);
	check("a@x, One: b@z;, \"T: o\" (c) : b@x; (end), c@z",
	    "a@x, \"T: o\" (c) : b@x; (end)", 2, true);
	check("One:a@x;,Two:b@x;,Three:;", "One: a@x;, Two: b@x;", 2, true);
	check("One:;, a@x", "a@x", 1, true);
}

static void
nothing_is_left_of_a_field_that_names_nobody(void **state)
{
	(void)state;
	check("a@z", "", 0, true);
	check(" undisclosed-recipients:;", "", 0, true);
	check("Us: a@z;, b@z", "", 0, true);
	check("", "", 0, false);
}

static void
empty_entries_go(void **state)
{
	(void)state;
	check(" , a@x,, b@x,", "a@x, b@x", 2, true);
}

static void
names_that_others_take_for_addresses_get_quotes(void **state)
{
	(void)state;
	check("c@y <c@y>", "\"c@y\" <rev_Y@sl.example>", 1, true);
	check("(c) [A] b (d) <a@x>", "(c) \"[A] b\" (d) <a@x>", 1, true);
	check("\"a@x\" <a@x>", "\"a@x\" <a@x>", 1, false);
}

static void
long_lists_are_folded(void **state)
{
	(void)state;
	check("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x,\n bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@x, "
	      "\"c c\" <c@x>",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@x,\r\n"
	    " \"c c\" <c@x>",
	    3, false);
}

/* No blank that stands behind a backslash begins a line: the backslash would protect the CR. */
static void
a_protected_blank_is_not_folded_at(void **state)
{
	char old[200] = "\"", expected[200] = "\"";

	(void)state;
	memset(old + 1, 'a', 60);
	memset(expected + 1, 'a', 60);
	strcat(old, " b\\ cccccccccccccccccc\" <a@x>");
	strcat(expected, "\r\n b\\ cccccccccccccccccc\" <a@x>");
	check(old, expected, 1, false);
}

static void
a_line_that_cannot_be_folded_is_refused(void **state)
{
	char old[1100] = "";

	(void)state;
	memset(old, 'a', 991);
	memcpy(old + 991, "@x", 3);
	check(old, old, 1, false);
	memset(old, 'a', 992);
	memcpy(old + 992, "@x", 3);
	is_refused(old, strlen(old), decide);
}

static void
what_is_no_list_is_refused(void **state)
{
	static const char *const broken[] = {"a b", "a@x b@x", "a@x;", "Us: a@x", "<a@x",
	    "(a@x", "a@x,\nb@x", "a@x\rb@x", "a@x, \x01"};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		is_refused(broken[i], strlen(broken[i]), decide);
	is_refused("a@x\0, b@x", 9, decide);
}

static void
too_many_mailboxes_are_refused(void **state)
{
	struct buf old = BUF_INIT, got = BUF_INIT;
	struct recipient_field field;

	(void)state;
	for (size_t i = 0; i < RECIPIENT_FIELD_MAX; i++)
		buf_addf(&old, "%sa%zu@x", i != 0 ? ", " : "", i);
	assert_null(recipient_field_rewrite(
	    (struct mime_span){old.data, old.len}, "\n", decide, NULL, &got, &field));
	assert_int_equal(field.left, RECIPIENT_FIELD_MAX);
	buf_adds(&old, ", b@x");
	is_refused(old.data, old.len, decide);
	buf_free(&old);
	buf_free(&got);
}

/* Addresses come from a service: nothing but an address gets into the message. */
static enum recipient_fate
decide_badly(void *arg, const char *address, const char **replacement_r)
{
	static const char *const bad[] = {
	    "a@x, b@x", "a@x\r\nBcc: b@x", "A <a@x>", "root", "", "a@x (b)", "g:a@x;", " a@x"};

	(void)arg;
	*replacement_r = bad[*address - '0'];
	return RECIPIENT_REPLACE;
}

static void
a_replacement_that_is_no_address_is_refused(void **state)
{
	(void)state;
	for (char digit = '0'; digit < '8'; digit++) {
		const char old[] = {digit, '@', 'x'};

		is_refused(old, sizeof(old), decide_badly);
	}
}

static enum recipient_fate
decide_wholly(void *arg, const char *address, const char **replacement_r)
{
	(void)arg;
	*replacement_r = "alias@z";
	return strcmp(address, "me@x") == 0 ? RECIPIENT_REPLACE_WHOLLY : RECIPIENT_KEEP;
}

static void
a_mailbox_replaced_wholly_loses_its_name_and_comments(void **state)
{
	static const char old[] = "A <a@y>, (x) \"Real Name\" <me@x> (at home), "
	                          "us: Real Name <me@x>, B <b@y>;";
	struct recipient_field field;
	struct buf got = BUF_INIT;

	(void)state;
	assert_null(recipient_field_rewrite(
	    (struct mime_span){old, sizeof(old) - 1}, "\n", decide_wholly, NULL, &got, &field));
	assert_string_equal(got.data, "A <a@y>, alias@z, us: alias@z, B <b@y>;");
	assert_int_equal(field.left, 4);
	assert_true(field.changed);
	buf_free(&got);
}

static void
the_callers_line_end_is_used(void **state)
{
	struct buf old = BUF_INIT, got = BUF_INIT;
	struct recipient_field field;

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_addf(&old, "%sa%d@x", i != 0 ? ",\r\n\t" : "", i);
	assert_null(recipient_field_rewrite(
	    (struct mime_span){old.data, old.len}, "\n", decide, NULL, &got, &field));
	assert_null(strchr(got.data, '\r'));
	assert_non_null(strstr(got.data, ",\n a"));
	assert_false(field.changed);
	buf_free(&old);
	buf_free(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mailboxes_are_kept_replaced_and_dropped_in_order),
	    cmocka_unit_test(names_and_comments_stay),
	    cmocka_unit_test(what_is_inside_a_replaced_address_goes_with_it),
	    cmocka_unit_test(groups_stay_as_long_as_they_have_members),
	    cmocka_unit_test(nothing_is_left_of_a_field_that_names_nobody),
	    cmocka_unit_test(empty_entries_go),
	    cmocka_unit_test(names_that_others_take_for_addresses_get_quotes),
	    cmocka_unit_test(long_lists_are_folded),
	    cmocka_unit_test(a_protected_blank_is_not_folded_at),
	    cmocka_unit_test(a_line_that_cannot_be_folded_is_refused),
	    cmocka_unit_test(what_is_no_list_is_refused),
	    cmocka_unit_test(too_many_mailboxes_are_refused),
	    cmocka_unit_test(a_replacement_that_is_no_address_is_refused),
	    cmocka_unit_test(a_mailbox_replaced_wholly_loses_its_name_and_comments),
	    cmocka_unit_test(the_callers_line_end_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
