/* From fields made the account's own. */
#include <string.h>

#include "tests/unit/unit.h"
#include "transport/from_rewrite.h"

#define OWN "agent@own.example"

static const struct {
	const char *from, *made, *reply_to; /* NULL: nothing to answer to */
} cases[] = {
    /* The name stays as it is, whatever its form. */
    {" A B <a@x>\r\n", "A B <" OWN ">", "A B <a@x>"},
    {"\"B, A\" <a@x>", "\"B, A\" <" OWN ">", "\"B, A\" <a@x>"},
    {"=?utf-8?Q?J=C3=BC?= <a@x>", "=?utf-8?Q?J=C3=BC?= <" OWN ">", "=?utf-8?Q?J=C3=BC?= <a@x>"},
    {"=?utf-8?Q?[List]_a@b?= <a@x>", "=?utf-8?Q?[List]_a@b?= <" OWN ">",
        "=?utf-8?Q?[List]_a@b?= <a@x>"},
    {"[List] <a@x>", "\"[List]\" <" OWN ">", "[List] <a@x>"},
    {"J\xc3\xbc <a@x>", "J\xc3\xbc <" OWN ">", "J\xc3\xbc <a@x>"},
    {"A\r\n\tB (c)\r\n <a@x>\r\n", "A\r\n\tB <" OWN ">", "A\r\n\tB (c)\r\n <a@x>"},
    {"A (c) B <a@x>", "A (c) B <" OWN ">", "A (c) B <a@x>"},

    /* Without a name, the comment or the address is one. */
    {"root@host", "\"root@host\" <" OWN ">", "root@host"},
    {"root@host (Cron Daemon)", "Cron Daemon <" OWN ">", "root@host (Cron Daemon)"},
    {"MAILER-DAEMON@host (Mail \\(Delivery\\) System)", "\"Mail (Delivery) System\" <" OWN ">",
        "MAILER-DAEMON@host (Mail \\(Delivery\\) System)"},
    {"a@x (=?utf-8?Q?J=C3=BC?= B)", "=?utf-8?Q?J=C3=BC?= B <" OWN ">",
        "a@x (=?utf-8?Q?J=C3=BC?= B)"},
    {"a@x (J\xc3\xbc)", "=?UTF-8?B?SsO8?= <" OWN ">", "a@x (J\xc3\xbc)"},
    {"j\xc3\xbc@x", "=?UTF-8?B?asO8QHg=?= <" OWN ">", "j\xc3\xbc@x"},
    {"a@b <a@x>", "\"a@b\" <" OWN ">", "a@b <a@x>"},

    /* Of several, the first; all are answered to. */
    {"A <a@x>, B <b@y>", "A <" OWN ">", "A <a@x>, B <b@y>"},
    {"Us: A <a@x>, b@y;", "A <" OWN ">", "Us: A <a@x>, b@y;"},

    /* Nobody can be answered to. */
    {"root", "root <" OWN ">", NULL},
    {"Nobody:;", "\"Nobody:;\" <" OWN ">", NULL},
    {"", OWN, NULL},
    {"\r\n", OWN, NULL},

    /* What is broken but clear, and what is not. */
    {"Foo, Inc. <a@x>", "\"Foo, Inc.\" <" OWN ">", "a@x"},
    {"A <a@x>, root", "A <" OWN ">", "a@x"},
    {"a: b: <a@x>", "\"a: b:\" <" OWN ">", "a@x"},
    {"(A <a@x>", "\"(A\" <" OWN ">", "a@x"},
    {"A <a b@x>", "\"A <a b@x>\" <" OWN ">", NULL},
    {"<>", "\"<>\" <" OWN ">", NULL},
    {"a\x01@x", "\"a?@x\" <" OWN ">", NULL},
    {"(((((", "\"(((((\" <" OWN ">", NULL},
};

static void
each_from_becomes_the_accounts_own(void **state)
{
	struct buf got = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&got);
		from_make(cases[i].from, strlen(cases[i].from), OWN, &got);
		if (strcmp(buf_str(&got), cases[i].made) != 0)
			fail_msg("%s\nbecame\n%s\nnot\n%s", cases[i].from, buf_str(&got),
			    cases[i].made);
	}
	buf_free(&got);
}

static void
answers_go_to_who_wrote(void **state)
{
	struct buf got = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *expected = cases[i].reply_to != NULL ? cases[i].reply_to : "";
		bool is;

		buf_reset(&got);
		is = from_reply_to(cases[i].from, strlen(cases[i].from), &got);
		if (is != (cases[i].reply_to != NULL) || strcmp(buf_str(&got), expected) != 0)
			fail_msg("%s\nis answered to\n%s\nnot\n%s", cases[i].from,
			    buf_str(&got), expected);
	}
	buf_free(&got);
}

static void
a_long_line_is_folded_before_the_address(void **state)
{
	static const char from[] =
	    "\"A name that takes most of what there is of a line, and more\" <a@x>";
	struct buf got = BUF_INIT;

	(void)state;
	from_make(from, strlen(from), OWN, &got);
	assert_string_equal(got.data,
	    "\"A name that takes most of what there is of a line, and more\"\r\n <" OWN ">");
	buf_free(&got);
}

/* What a From is completed to with the domain; NULL: it is complete. */
static void
is_completed(const char *from, const char *expected)
{
	struct buf got = BUF_INIT;

	assert_int_equal(
	    from_complete(from, strlen(from), "host.example", &got), expected != NULL);
	assert_string_equal(buf_str(&got), expected != NULL ? expected : "");
	buf_free(&got);
}

static void
a_local_name_gets_a_domain(void **state)
{
	(void)state;
	is_completed("root (Cron Daemon)", "Cron Daemon <root@host.example>");
	is_completed("root", "root@host.example");
	is_completed("Me <me>", "Me <me@host.example>");
	is_completed("\"a b\"", "\"a b\"@host.example");
}

static void
a_complete_from_stays(void **state)
{
	(void)state;
	is_completed("Me <me@x>", NULL);
	is_completed("", NULL);
	is_completed("a b", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_from_becomes_the_accounts_own),
	    cmocka_unit_test(answers_go_to_who_wrote),
	    cmocka_unit_test(a_long_line_is_folded_before_the_address),
	    cmocka_unit_test(a_local_name_gets_a_domain),
	    cmocka_unit_test(a_complete_from_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
