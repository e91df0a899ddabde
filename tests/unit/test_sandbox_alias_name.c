/* What the sandbox's alias service makes of names and addresses. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/alias_account.h"
#include "sandbox/alias_message.h"
#include "sandbox/alias_name.h"
#include "tests/unit/unit.h"

struct pair {
	const char *given;
	const char *made;
};

static void
expect(void (*make)(const char *, struct buf *), const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf made = BUF_INIT;

		make(pairs[i].given, &made);
		if (strcmp(buf_str(&made), pairs[i].made) != 0)
			fail_msg("%s gives %s, not %s", pairs[i].given, buf_str(&made),
			    pairs[i].made);
		buf_free(&made);
	}
}

static void
a_prefix_is_rewritten(void **state)
{
	static const struct pair pairs[] = {
	    {"plain", "plain"},
	    {"a+b", "a_b"},
	    {"H\xc3\xa9llo", "hello"},
	    {"\xc3\x84\xc3\x96\xc3\x9c", "aou"},
	    {"Stra\xc3\x9f"
	     "e",
	        "strasse"},
	    {"\xc5\x81\xc3\xb3"
	     "d\xc5\xba \xc5\x82",
	        "lodzl"},
	    {"\xc4\xb0", "i"}, /* a capital whose small letter is another alphabet's */
	    {" two words\t", "twowords"},
	    {"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", "privet"},
	    {"\xe4\xb8\xad\xe5\x9b\xbd", "HH"},
	    {"a.b-c_d", "a.b-c_d"},
	    {"", ""},
	    {"\xff\xfe", "__"},
	    {"a@b", "a_b"},
	};
	char long_text[101];
	struct buf made = BUF_INIT;

	(void)state;
	expect(alias_name_rewrite, pairs, sizeof(pairs) / sizeof(pairs[0]));
	memset(long_text, 'x', 100);
	long_text[100] = '\0';
	alias_name_rewrite(long_text, &made);
	assert_int_equal(made.len, 64);
	buf_free(&made);
}

static void
a_prefix_has_one_to_forty_of_few_characters(void **state)
{
	(void)state;
	assert_true(alias_prefix_valid("a"));
	assert_true(alias_prefix_valid("0-9_a.z"));
	assert_true(alias_prefix_valid("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
	assert_false(alias_prefix_valid("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
	assert_false(alias_prefix_valid(""));
	assert_false(alias_prefix_valid("HH"));
}

static void
a_website_suggests_the_label_before_its_public_suffix(void **state)
{
	static const struct pair pairs[] = {
	    {"www.example.co.uk", "example"}, {"foo.github.io", "github"},
	    {"localhost", "localhost"}, {"127.0.0.1", "127.0.0.1"}, {"256.0.0.1", "1"},
	    {"https://www.example.com/a", "example"}, {"//example.com", "example"},
	    {"example.com:8080", "example"}, {"user:password@example.com", "example"},
	    {"example.com?q#f", "example"}, {" Example.COM. ", "example"}, {"com", ""},
	    {"co.uk", ""}, {"::1", ""}, {"", ""}, {"...", ""}, {"a.b.lan", "lan"},
	    {"www.b\xc3\xbc"
	     "cher.de",
	        "bucher"},
	    {"city.kawasaki.jp", "city"}, /* an exception of the list */
	    {"a.b.c.kawasaki.jp", "b"},   /* a wildcard of it */
	};

	(void)state;
	expect(alias_name_suggest, pairs, sizeof(pairs) / sizeof(pairs[0]));
}

static void
a_reverse_address_is_made_of_the_contacts(void **state)
{
	struct buf local = BUF_INIT;

	(void)state;
	for (int i = 0; i < 100; i++) {
		size_t letters;

		buf_reset(&local);
		alias_reverse_local("Bob.B+t@x.com", &local);
		assert_memory_equal(local.data, "bob_bt_at_x_com_", 16);
		letters = strspn(local.data + 16, "abcdefghijklmnopqrstuvwxyz");
		assert_in_range(letters, 5, 10);
		assert_int_equal(16 + letters, local.len);
		buf_reset(&local);
		alias_reverse_local(NULL, &local);
		assert_in_range(local.len, 20, 50);
		buf_reset(&local);
		alias_reverse_local(
		    "a-very-long-local-part-that-does-not-fit-at-all@example.com", &local);
		assert_in_range(local.len, 45 + 1 + 5, 45 + 1 + 10);
	}
	buf_free(&local);
}

static void
a_contact_is_a_name_and_one_address(void **state)
{
	static const struct {
		const char *text, *name, *email;
	} cases[] = {
	    {"a@x.com", NULL, "a@x.com"},
	    {"  a@x.com  ", NULL, "a@x.com"},
	    {"Bob <Bob@X.COM>", "Bob", "Bob@x.com"},
	    {"\"B, C\" <b@x.com>", "B, C", "b@x.com"},
	    {"\"q \\\" q\"<b@x.com>", "q \" q", "b@x.com"},
	    {"<b@x.com>", NULL, "b@x.com"},
	    {"a@b.com, c@d.com", "a@b.com,", "c@d.com"},
	    {"a b@c.com", "a", "b@c.com"},
	    {"", NULL, NULL},
	    {">", NULL, NULL},
	    {"<>", NULL, NULL},
	    {"b@x.com>", NULL, NULL},
	    {"a@x", NULL, NULL},
	    {"a@@x.com", NULL, NULL},
	    {"a@x..com", NULL, NULL},
	    {"a@-x.com", NULL, NULL},
	    {"a@x.test", NULL, NULL},
	    {"a@x.123", NULL, NULL},
	    {"a@x.\xff", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *name, *email;
		bool good = alias_contact_read(cases[i].text, &name, &email);

		if (good != (cases[i].email != NULL))
			fail_msg("'%s' is%s read", cases[i].text, good ? "" : " not");
		if (good)
			assert_string_equal(email, cases[i].email);
		assert_int_equal(name == NULL, cases[i].name == NULL);
		if (name != NULL)
			assert_string_equal(name, cases[i].name);
		free(name);
		free(email);
	}
}

static void
the_display_follows_the_format_and_holds_no_quotes(void **state)
{
	static const struct {
		const char *name, *format, *reverse, *sender;
	} cases[] = {
	    {"Bob", "AT", "\"Bob | b at x.com\" <r@s>", "\"Bob - b at x.com\" <r@s>"},
	    {"Bob", "A", "\"Bob | b(a)x.com\" <r@s>", "\"Bob - b(a)x.com\" <r@s>"},
	    {"Bob", "NAME_ONLY", "\"Bob | b@x.com\" <r@s>", "\"Bob\" <r@s>"},
	    {"Bob", "AT_ONLY", "\"Bob | b@x.com\" <r@s>", "\"b at x.com\" <r@s>"},
	    {"Bob", "NO_NAME", "\"Bob | b@x.com\" <r@s>", "r@s"},
	    {NULL, "AT", "\"b at x.com\" <r@s>", "\"b at x.com\" <r@s>"},
	    {NULL, "NAME_ONLY", "\"b@x.com\" <r@s>", "r@s"},
	    {"B\"\r\nX: y", "AT", "\"BX: y | b at x.com\" <r@s>",
	        "\"BX: y - b at x.com\" <r@s>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf text = BUF_INIT;

		alias_reverse_display(cases[i].name, "b@x.com", "r@s", cases[i].format, &text);
		assert_string_equal(text.data, cases[i].reverse);
		buf_reset(&text);
		alias_sender_display(cases[i].name, "b@x.com", "r@s", cases[i].format, &text);
		assert_string_equal(text.data, cases[i].sender);
		buf_free(&text);
	}
}

static void
some_providers_overlook_dots_and_tags(void **state)
{
	static const struct pair pairs[] = {
	    {"First.Last+Tag@Gmail.com", "firstlast@gmail.com"},
	    {"a.b@proton.me", "ab@proton.me"},
	    {"a.b+c@x.com", "a.b+c@x.com"},
	    {"nothing", "nothing"},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *made = alias_canonical_mailbox(pairs[i].given);

		assert_string_equal(made, pairs[i].made);
		free(made);
	}
}

/* RFC 6238, appendix B, the last six of its eight digits. */
static void
one_time_passwords_are_those_of_the_rfc(void **state)
{
	static const char secret[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
	static const struct {
		int64_t when;
		const char *password;
	} cases[] = {{59, "287082"}, {1111111109, "081804"}, {2000000000, "279037"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(alias_totp_fits(secret, cases[i].password, cases[i].when));
		assert_true(alias_totp_fits(secret, cases[i].password, cases[i].when + 60));
		assert_false(alias_totp_fits(secret, cases[i].password, cases[i].when + 120));
	}
	assert_false(alias_totp_fits("not base32!", "000000", 59));
}

static void
all_occurrences_of_a_text_are_replaced(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	alias_message_replace("a@b, a@b\0a@b", 12, "a@b", "long@er", &out);
	assert_int_equal(out.len, 24);
	assert_memory_equal(out.data, "long@er, long@er\0long@er", 24);
	buf_reset(&out);
	alias_message_replace("text", 4, "", "x", &out);
	assert_string_equal(out.data, "text");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_prefix_is_rewritten),
	    cmocka_unit_test(a_prefix_has_one_to_forty_of_few_characters),
	    cmocka_unit_test(a_website_suggests_the_label_before_its_public_suffix),
	    cmocka_unit_test(a_reverse_address_is_made_of_the_contacts),
	    cmocka_unit_test(a_contact_is_a_name_and_one_address),
	    cmocka_unit_test(the_display_follows_the_format_and_holds_no_quotes),
	    cmocka_unit_test(some_providers_overlook_dots_and_tags),
	    cmocka_unit_test(one_time_passwords_are_those_of_the_rfc),
	    cmocka_unit_test(all_occurrences_of_a_text_are_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
