/* The mailboxes of address fields, and display names. */
#include <string.h>

#include "common/wire/address_list.h"
#include "tests/unit/unit.h"

/* The list as "name|address|comment" items, separated by ", "; "broken" if it is none. */
static void
describe(const char *text, size_t max, struct buf *out)
{
	struct address_list list;

	buf_reset(out);
	if (!address_list_parse(text, strlen(text), max, &list)) {
		assert_int_equal(list.count, 0);
		buf_adds(out, "broken");
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		const struct mailbox *m = &list.mailboxes[i];

		buf_addf(out, "%s%.*s|%s|%.*s", i != 0 ? ", " : "",
		    (int)(m->name_end - m->name), text + m->name, m->address,
		    (int)(m->comment_end - m->comment), text + m->comment);
	}
	address_list_free(&list);
}

static void
is_read_as(const char *text, const char *expected)
{
	struct buf got = BUF_INIT;

	describe(text, 100, &got);
	if (strcmp(buf_str(&got), expected) != 0)
		fail_msg("%s\nwas read as\n%s\nnot\n%s", text, buf_str(&got), expected);
	buf_free(&got);
}

static void
addresses_stand_alone_or_behind_names(void **state)
{
	(void)state;
	is_read_as(" a@x.example\r\n", "|a@x.example|");
	is_read_as("<a@x>", "|a@x|");
	is_read_as("A B <a@x>, c@y", "A B|a@x|, |c@y|");
	is_read_as("John Q. Public <a@x>", "John Q. Public|a@x|");
	is_read_as("=?utf-8?Q?J=C3=BC?= <a@x>", "=?utf-8?Q?J=C3=BC?=|a@x|");
	is_read_as("\"A, B\" <a@x>", "\"A, B\"|a@x|");
	is_read_as(
	    "\xc3\xbc <\xc3\xbc@\xc3\xbc.example>", "\xc3\xbc|\xc3\xbc@\xc3\xbc.example|");
	is_read_as("me@x <me@x>", "me@x|me@x|");
}

static void
local_names_are_addresses_too(void **state)
{
	(void)state;
	is_read_as("root", "|root|");
	is_read_as("root (Cron Daemon)", "|root|Cron Daemon");
	is_read_as("root, Me <me>", "|root|, Me|me|");
}

static void
folds_and_comments_are_not_part_of_an_address(void **state)
{
	(void)state;
	is_read_as("A\r\n\tB\r\n <a @ (at)\r\n x . example>\r\n", "A\r\n\tB|a@x.example|at");
	is_read_as("a@x (one) (two (in two))", "|a@x|two (in two)");
	is_read_as("(a \\) b) a@x", "|a@x|a \\) b");
}

static void
quoted_local_parts_stay_quoted(void **state)
{
	(void)state;
	is_read_as("\"a b\"@x", "|\"a b\"@x|");
	is_read_as("<\"a\\\"@b\"@x>", "|\"a\\\"@b\"@x|");
	is_read_as("\"a\r\n b\"@x", "|\"a b\"@x|");
}

static void
groups_are_their_members(void **state)
{
	(void)state;
	is_read_as("undisclosed-recipients:;", "");
	is_read_as("Us: a@x, B <b@y>;, c@z", "|a@x|, B|b@y|, |c@z|");
	is_read_as("\"A: group\" : a@x ; ", "|a@x|");
	is_read_as("One: a@x;, Two:;", "|a@x|");
}

static void
obsolete_forms_are_still_met(void **state)
{
	(void)state;
	is_read_as("", "");
	is_read_as(" , a@x,, b@y,", "|a@x|, |b@y|");
	is_read_as("<@r.example,@s.example:a@x>", "|a@x|");
	is_read_as("a..b.@x", "|a..b.@x|");
	is_read_as("a@[192.0.2.1]", "|a@[192.0.2.1]|");
}

static void
what_is_no_list_is_none(void **state)
{
	static const char *const broken[] = {"a b", "a b@x", "a@x b", "a@", "@x", "a@x@y", "<>",
	    "<a@x", "a@x>", "Foo, Inc. <a@x>, b c", "\"a", "(a", "a: b: c@x;;", "a: b@x", ";",
	    "A <a@x> b", "a@\"x\"", "a@x;", ".a@x", "a@x.", "a\x01@x", "\"a\x7f\"@x", "[x]",
	    "<@r a@x>", "[JIRA]", "a\rb <a@x>", "a@x\r"};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		is_read_as(broken[i], "broken");
}

static void
a_list_is_not_longer_than_allowed(void **state)
{
	struct buf got = BUF_INIT;

	(void)state;
	describe("a@x, b@x", 2, &got);
	assert_string_equal(buf_str(&got), "|a@x|, |b@x|");
	describe("a@x, b@x, c@x", 2, &got);
	assert_string_equal(buf_str(&got), "broken");
	buf_free(&got);
}

static void
a_name_that_is_no_plain_one_is_told(void **state)
{
	static const struct {
		const char *text;
		bool plain;
	} cases[] = {{"A B. <a@x>", true}, {"\"A@B\" <a@x>", true}, {"a@b <a@x>", false},
	    {"[A] b <a@x>", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address_list list;

		assert_true(address_list_parse(cases[i].text, strlen(cases[i].text), 1, &list));
		assert_int_equal(list.mailboxes[0].name_plain, cases[i].plain);
		address_list_free(&list);
	}
}

static void
becomes(const char *text, const char *expected)
{
	struct buf got = BUF_INIT;

	address_phrase(text, strlen(text), &got);
	assert_string_equal(buf_str(&got), expected);
	buf_free(&got);
}

static void
a_name_is_quoted_or_encoded_as_it_needs(void **state)
{
	(void)state;
	becomes("Cron Daemon", "Cron Daemon");
	becomes("  A \r\n\t B  ", "A B");
	becomes("root@host", "\"root@host\"");
	becomes("A \"B\" \\C", "\"A \\\"B\\\" \\\\C\"");
	becomes("J\xc3\xbcrgen", "=?UTF-8?B?SsO8cmdlbg==?=");
	becomes("a\x01"
	        "b\xff",
	    "\"a?b?\"");
	becomes("", "");
}

static void
a_long_name_is_cut_at_a_character_and_folded(void **state)
{
	struct buf name = BUF_INIT, got = BUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_adds(&name, "\xe6\x9d\xb1");
	address_phrase(name.data, name.len, &got);
	assert_true(got.len < 512);
	assert_non_null(strstr(got.data, "?=\r\n =?UTF-8?B?"));
	buf_free(&name);
	buf_free(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_stand_alone_or_behind_names),
	    cmocka_unit_test(local_names_are_addresses_too),
	    cmocka_unit_test(folds_and_comments_are_not_part_of_an_address),
	    cmocka_unit_test(quoted_local_parts_stay_quoted),
	    cmocka_unit_test(groups_are_their_members),
	    cmocka_unit_test(obsolete_forms_are_still_met),
	    cmocka_unit_test(what_is_no_list_is_none),
	    cmocka_unit_test(a_list_is_not_longer_than_allowed),
	    cmocka_unit_test(a_name_that_is_no_plain_one_is_told),
	    cmocka_unit_test(a_name_is_quoted_or_encoded_as_it_needs),
	    cmocka_unit_test(a_long_name_is_cut_at_a_character_and_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
