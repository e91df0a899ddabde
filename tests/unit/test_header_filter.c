/* What leaves of a message: line ends, and the fields that stay behind. */
#include <string.h>

#include "tests/unit/unit.h"
#include "transport/header_filter.h"

static const struct {
	const char *in, *out;
} cases[] = {
    /* Line ends. */
    {"A: b\n\nc\nd\n", "A: b\r\n\r\nc\r\nd\r\n"},
    {"A: b\r\n\r\nc\r\nd\r\n", "A: b\r\n\r\nc\r\nd\r\n"},
    {"A: b\n\r\nc\n", "A: b\r\n\r\nc\r\n"},
    {"A: b\n\nc\rd\r\re\n\r", "A: b\r\n\r\nc\rd\r\re\r\n\r"},
    {"A: b\n\nc\r\r\n", "A: b\r\n\r\nc\r\r\n"},
    {"A: b\rc: d\n\n", "A: b\rc: d\r\n\r\n"},
    {"A: b\n\nno end", "A: b\r\n\r\nno end"},
    {"A: b\n\n.\n..\n", "A: b\r\n\r\n.\r\n..\r\n"},

    /* Headers that end oddly. */
    {"", ""},
    {"\n", "\r\n"},
    {"\r\n", "\r\n"},
    {"\nA: b\nBcc: c\n", "\r\nA: b\r\nBcc: c\r\n"},
    {"A: b\n", "A: b\r\n"},
    {"A: b", "A: b\r\n"},
    {"A: b\r", "A: b\r\n"},
    {"Bcc: b", ""},
    {"A", "\r\nA"},
    {"A ", "\r\nA "},
    {"\r", "\r\n\r"},
    {"A: b\nno field\nBcc: c\n", "A: b\r\n\r\nno field\r\nBcc: c\r\n"},
    {"A: b\n: no name\n", "A: b\r\n\r\n: no name\r\n"},
    {"A: b\nno\x01: field\n", "A: b\r\n\r\nno\x01: field\r\n"},
    {"A: b\n\xc3\xbc: 8 bit\n", "A: b\r\n\r\n\xc3\xbc: 8 bit\r\n"},
    {"A: b\n\rC: d\n", "A: b\r\n\r\n\rC: d\r\n"},
    {" leading blank\nA: b\n", "\r\n leading blank\r\nA: b\r\n"},

    /* Fields as they come. */
    {"A:\nb :c\nC \t : d\n\n", "A:\r\nb :c\r\nC \t : d\r\n\r\n"},
    {"A: b\n\tc\n d\n \nE: f\n\n", "A: b\r\n\tc\r\n d\r\n \r\nE: f\r\n\r\n"},
    {"A: \xc3\xbc\n\n", "A: \xc3\xbc\r\n\r\n"},

    /* Fields that stay behind. */
    {"A: b\nBcc: c\nD: e\n\n", "A: b\r\nD: e\r\n\r\n"},
    {"BCC: c\nbcc:d\nBcc : e\nD: e\n\n", "D: e\r\n\r\n"},
    {"Bcc: b,\n c,\n\td\nD: e\n\n", "D: e\r\n\r\n"},
    {"Bcc: b\r\n c\r\nD: e\r\n\r\n", "D: e\r\n\r\n"},
    {"Resent-Bcc: b\nReturn-Path: <c>\nDelivered-To: d\nX-Original-To: e\nF: g\n\n",
        "F: g\r\n\r\n"},
    {"X-Ferry-Id: 0123\nA: b\n\n", "A: b\r\n\r\n"},
    {"X-Ferry-Alias: v1 0123\n 4567\nA: b\n\n", "A: b\r\n\r\n"},
    {"Bccx: c\nX-Bcc: d\nBc: e\n\n", "Bccx: c\r\nX-Bcc: d\r\nBc: e\r\n\r\n"},
    {"A: b\nBcc: c\n\nBcc: d\n", "A: b\r\n\r\nBcc: d\r\n"},
    {"A: Bcc: b\n Bcc: c\n\n", "A: Bcc: b\r\n Bcc: c\r\n\r\n"},

    /* The topmost Received. */
    {"Received: from a\n\tby b for <c>\nA: b\n\n", "A: b\r\n\r\n"},
    {"Received: one\nReceived: two\n\tmore\nA: b\n\n",
        "Received: two\r\n\tmore\r\nA: b\r\n\r\n"},
    {"Return-Path: <>\nreceived: one\nReceived: two\n\n", "Received: two\r\n\r\n"},

    /* The line that a mailbox file puts before a message. */
    {"From a@b Thu Jan  1 00:00:00 1970\nA: b\n\n", "A: b\r\n\r\n"},
    {"From a@b\r\nA: b\r\n\r\n", "A: b\r\n\r\n"},
    {"From a@b\n folded: no\n", "\r\n folded: no\r\n"},
    {"From: a@b\n\n", "From: a@b\r\n\r\n"},
    {"From : a@b\n\n", "From : a@b\r\n\r\n"},
    {"A: b\nFrom a@b\n\n", "A: b\r\n\r\nFrom a@b\r\n\r\n"},
    {"From a@b", ""},
};

static void
check(const char *in, const char *out, const struct buf *got, size_t cut)
{
	if (strcmp(buf_str(got), out) != 0)
		fail_msg("cut at %zu:\n%s\nbecame\n%s\nnot\n%s", cut, in, buf_str(got), out);
}

static void
each_message_leaves_as_it_should(void **state)
{
	struct header_filter f;
	struct buf got = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		header_filter_init(&f);
		header_filter_feed(&f, cases[i].in, strlen(cases[i].in), &got);
		header_filter_end(&f, &got);
		check(cases[i].in, cases[i].out, &got, 0);
		header_filter_free(&f);
		buf_reset(&got);
	}
	buf_free(&got);
}

static void
it_does_not_matter_where_a_message_is_cut_in_two(void **state)
{
	struct header_filter f;
	struct buf got = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *in = cases[i].in;

		for (size_t cut = 1; cut < strlen(in); cut++) {
			header_filter_init(&f);
			header_filter_feed(&f, in, cut, &got);
			header_filter_feed(&f, in + cut, strlen(in) - cut, &got);
			header_filter_end(&f, &got);
			check(in, cases[i].out, &got, cut);
			header_filter_free(&f);
			buf_reset(&got);
		}
	}
	buf_free(&got);
}

static void
it_does_not_matter_if_a_message_comes_byte_by_byte(void **state)
{
	struct header_filter f;
	struct buf got = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		header_filter_init(&f);
		for (const char *p = cases[i].in; *p != '\0'; p++)
			header_filter_feed(&f, p, 1, &got);
		header_filter_end(&f, &got);
		check(cases[i].in, cases[i].out, &got, 1);
		header_filter_free(&f);
		buf_reset(&got);
	}
	buf_free(&got);
}

static void
nul_bytes_pass(void **state)
{
	static const char in[] = "A: b\0c\n\n\0d\n", out[] = "A: b\0c\r\n\r\n\0d\r\n";
	struct header_filter f;
	struct buf got = BUF_INIT;

	(void)state;
	header_filter_init(&f);
	header_filter_feed(&f, in, sizeof(in) - 1, &got);
	header_filter_end(&f, &got);
	assert_int_equal(got.len, sizeof(out) - 1);
	assert_memory_equal(got.data, out, got.len);
	header_filter_free(&f);
	buf_free(&got);
}

static void
a_name_without_end_is_the_body_and_takes_no_memory(void **state)
{
	struct header_filter f;
	struct buf got = BUF_INIT;

	(void)state;
	header_filter_init(&f);
	for (int i = 0; i < 100000; i++)
		header_filter_feed(&f, "n", 1, &got);
	assert_true(f.name.cap < 1024);
	header_filter_end(&f, &got);
	assert_int_equal(got.len, 100002);
	header_filter_free(&f);
	buf_free(&got);
}

/* What the filter says of the Message-ID of a message. */
static void
has_message_id(const char *in, bool has, const char *expected)
{
	struct header_filter f;
	struct buf got = BUF_INIT;

	header_filter_init(&f);
	header_filter_feed(&f, in, strlen(in), &got);
	header_filter_end(&f, &got);
	assert_int_equal(f.has_message_id, has);
	assert_string_equal(buf_str(&f.message_id), expected);
	header_filter_free(&f);
	buf_free(&got);
}

static void
the_message_id_is_found(void **state)
{
	(void)state;
	has_message_id("A: b\nMessage-ID: <1@x>\nC: d\n\n", true, "<1@x>");
	has_message_id("message-id:\n\t<1@x>\n\n", true, "<1@x>");
	has_message_id("Message-Id : <1@x>  \n\n", true, "<1@x>");
	has_message_id("Message-ID: <1@x>\nMessage-ID: <2@x>\n\n", true, "<1@x>");
	has_message_id("Message-ID:\n\n", true, "");
	has_message_id("X-Message-ID: <1@x>\n\nMessage-ID: <2@x>\n", false, "");
	has_message_id("", false, "");
}

static void
an_endless_message_id_is_cut(void **state)
{
	struct header_filter f;
	struct buf got = BUF_INIT;

	(void)state;
	header_filter_init(&f);
	header_filter_feed(&f, "Message-ID: ", 12, &got);
	for (int i = 0; i < 100000; i++)
		header_filter_feed(&f, "m", 1, &got);
	assert_true(f.message_id.len < 300);
	assert_int_equal(got.len, 100012);
	header_filter_free(&f);
	buf_free(&got);
}

/* What is left of a header when these fields are stripped too. */
static void
strips(char *const *list, const char *in, const char *out)
{
	struct header_filter f;
	struct buf got = BUF_INIT;

	header_filter_init(&f);
	header_filter_strip(&f, list);
	header_filter_feed(&f, in, strlen(in), &got);
	header_filter_end(&f, &got);
	check(in, out, &got, 0);
	header_filter_free(&f);
	buf_free(&got);
}

static void
listed_fields_stay_behind(void **state)
{
	char agent[] = "User-Agent", mailer[] = "x-mailer";
	char *const list[] = {agent, mailer, NULL};

	(void)state;
	strips(list, "user-agent: a\n b\nX-Mailer : c\nX-Mailer-2: d\nUser: e\n\nX-Mailer: f\n",
	    "X-Mailer-2: d\r\nUser: e\r\n\r\nX-Mailer: f\r\n");
}

static void
a_star_stands_for_any_rest_of_a_name(void **state)
{
	char envelope[] = "X-Envelope-*";
	char *const list[] = {envelope, NULL};

	(void)state;
	strips(list, "X-Envelope-To: a\nx-envelope-from: b\nX-Envelope: c\nX-Envelope-: d\n\n",
	    "X-Envelope: c\r\n\r\n");
}

static void
a_listed_received_takes_out_all_of_them(void **state)
{
	char received[] = "Received";
	char *const list[] = {received, NULL};

	(void)state;
	strips(list, "Received: a\nReceived: b\n\tc\nA: d\nReceived: e\n\n", "A: d\r\n\r\n");
}

/* Feed a message byte by byte, with all kinds of fields noted. */
static void
note_all(struct header_filter *f, const char *in, struct buf *out)
{
	header_filter_init(f);
	for (enum header_kind kind = 0; kind < HEADER_KINDS; kind++)
		header_filter_want(f, kind);
	for (; *in != '\0'; in++)
		header_filter_feed(f, in, 1, out);
	header_filter_end(f, out);
}

static void
fields_are_noted_with_their_place_and_value(void **state)
{
	struct header_filter f;
	struct buf out = BUF_INIT;
	const struct header_field *from, *to;

	(void)state;
	note_all(&f, "Bcc: x\nfrom : a\n\tb\nTo: c\nTo: d\n\nFrom: e\n", &out);
	from = header_filter_noted(&f, HEADER_FROM, NULL);
	assert_int_equal(from->at, 0);
	assert_int_equal(from->length, strlen("from : a\r\n\tb\r\n"));
	assert_string_equal(buf_str(&from->value), " a\r\n\tb\r\n");
	assert_null(header_filter_noted(&f, HEADER_FROM, from));
	to = header_filter_noted(&f, HEADER_TO, NULL);
	assert_int_equal(to->at, from->length);
	to = header_filter_noted(&f, HEADER_TO, to);
	assert_string_equal(buf_str(&to->value), " d\r\n");
	assert_memory_equal(out.data + to->at, "To: d\r\n", (size_t)to->length);
	header_filter_free(&f);
	buf_free(&out);
}

static void
a_field_that_does_not_leave_can_be_noted(void **state)
{
	struct header_filter f;
	struct buf out = BUF_INIT;
	const struct header_field *bcc;

	(void)state;
	note_all(&f, "Bcc: a,\n b\n\n", &out);
	bcc = header_filter_noted(&f, HEADER_BCC, NULL);
	assert_int_equal(bcc->length, 0);
	assert_string_equal(buf_str(&bcc->value), " a,\n b\n");
	assert_string_equal(buf_str(&out), "\r\n");
	header_filter_free(&f);
	buf_free(&out);
}

static void
the_last_field_is_noted_though_it_has_no_end(void **state)
{
	struct header_filter f;
	struct buf out = BUF_INIT;
	const struct header_field *from;

	(void)state;
	note_all(&f, "From: a", &out);
	from = header_filter_noted(&f, HEADER_FROM, NULL);
	assert_string_equal(buf_str(&from->value), " a\r\n");
	assert_int_equal(from->length, out.len);
	header_filter_free(&f);
	buf_free(&out);
}

static void
of_resent_fields_the_topmost_are_noted(void **state)
{
	struct header_filter f;
	struct buf out = BUF_INIT;
	const struct header_field *to;

	(void)state;
	note_all(&f,
	    "Resent-From: a\nResent-To: b\nReceived: c\nReceived: d\n"
	    "Resent-To: e\nResent-Bcc: f\n\n",
	    &out);
	to = header_filter_noted(&f, HEADER_RESENT_TO, NULL);
	assert_string_equal(buf_str(&to->value), " b\r\n");
	assert_null(header_filter_noted(&f, HEADER_RESENT_TO, to));
	assert_null(header_filter_noted(&f, HEADER_RESENT_BCC, NULL));
	header_filter_free(&f);
	buf_free(&out);
}

static void
what_is_noted_has_a_bound(void **state)
{
	struct header_filter f;
	struct buf out = BUF_INIT;

	(void)state;
	header_filter_init(&f);
	for (int i = 0; i <= HEADER_NOTED_MAX; i++) {
		assert_false(f.overflow);
		header_filter_feed(&f, "From: a\n", 8, &out);
	}
	assert_true(f.overflow);
	header_filter_free(&f);
	header_filter_init(&f);
	header_filter_feed(&f, "From: ", 6, &out);
	for (unsigned i = 0; i <= HEADER_VALUE_BYTES; i++)
		header_filter_feed(&f, "a", 1, &out);
	assert_true(f.overflow);
	assert_true(f.noted[0].value.len <= HEADER_VALUE_BYTES);
	header_filter_free(&f);
	buf_free(&out);
}

/* What the filter keeps of the Received that it drops. */
static void
keeps_received(const char *in, const char *expected)
{
	struct header_filter f;
	struct buf got = BUF_INIT;

	header_filter_init(&f);
	header_filter_feed(&f, in, strlen(in), &got);
	header_filter_end(&f, &got);
	assert_string_equal(buf_str(&f.received), expected);
	header_filter_free(&f);
	buf_free(&got);
}

static void
the_received_on_top_is_kept_for_telling_messages_apart(void **state)
{
	(void)state;
	keeps_received("Received: from a\n\tby b\nA: b\n\n", " from a\tby b");
	keeps_received("Received: from a\r\n\tby b\r\nBcc: b\r\n\r\n", " from a\tby b");
	keeps_received("Received: one\nReceived: two\n\n", " one");
	keeps_received("A: b\n\nReceived: one\n", "");
}

static void
an_endless_received_is_cut(void **state)
{
	struct header_filter f;
	struct buf got = BUF_INIT;

	(void)state;
	header_filter_init(&f);
	header_filter_feed(&f, "Received: ", 10, &got);
	for (int i = 0; i < 100000; i++)
		header_filter_feed(&f, "r", 1, &got);
	assert_true(f.received.len <= 2048);
	header_filter_free(&f);
	buf_free(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_message_leaves_as_it_should),
	    cmocka_unit_test(it_does_not_matter_where_a_message_is_cut_in_two),
	    cmocka_unit_test(it_does_not_matter_if_a_message_comes_byte_by_byte),
	    cmocka_unit_test(nul_bytes_pass),
	    cmocka_unit_test(a_name_without_end_is_the_body_and_takes_no_memory),
	    cmocka_unit_test(the_message_id_is_found),
	    cmocka_unit_test(an_endless_message_id_is_cut),
	    cmocka_unit_test(listed_fields_stay_behind),
	    cmocka_unit_test(a_star_stands_for_any_rest_of_a_name),
	    cmocka_unit_test(a_listed_received_takes_out_all_of_them),
	    cmocka_unit_test(fields_are_noted_with_their_place_and_value),
	    cmocka_unit_test(a_field_that_does_not_leave_can_be_noted),
	    cmocka_unit_test(the_last_field_is_noted_though_it_has_no_end),
	    cmocka_unit_test(of_resent_fields_the_topmost_are_noted),
	    cmocka_unit_test(what_is_noted_has_a_bound),
	    cmocka_unit_test(the_received_on_top_is_kept_for_telling_messages_apart),
	    cmocka_unit_test(an_endless_received_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
