/* Messages made ones that their account may send. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "tests/unit/unit.h"
#include "transport/rewrite.h"

#define OWN "agent@own.example"

static char listed[] = "me@x.example";
static char *senders[] = {listed, NULL};
static const struct account never = {.senders = senders, .rewrite_from = REWRITE_NEVER};
static const struct account mismatch = {.senders = senders, .rewrite_from = REWRITE_MISMATCH};
static const struct account always = {.senders = senders, .rewrite_from = REWRITE_ALWAYS};

static void
receive(struct message *m, const char *text)
{
	int fds[2];
	struct outcome o;

	message_init(m, "/nonexistent");
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(file_write_full(fds[1], text, strlen(text)), 0);
	close(fds[1]);
	o = message_receive(m, fds[0], DEADLINE_NEVER);
	close(fds[0]);
	assert_string_equal(o.condition, "ok");
}

/* All that is uploaded of it, read in pieces of this size. */
static void
read_all(struct message *m, size_t piece, struct buf *out)
{
	struct http_source source = message_source(m);
	ssize_t got;

	buf_reset(out);
	do {
		got = source.read(source.arg, buf_reserve(out, piece), piece);
		assert_true(got >= 0);
		out->len += (size_t)got;
	} while (got > 0);
	buf_reserve(out, 0);
	out->data[out->len] = '\0';
	assert_int_equal(out->len, source.size);
}

/* The message leaves the account so, however it is read. */
static void
leaves(const struct account *account, const char *in, const char *expected)
{
	struct buf got = BUF_INIT;
	struct message m;
	struct outcome o;

	receive(&m, in);
	o = rewrite_message(&m, account, OWN);
	assert_string_equal(o.condition, "ok");
	for (size_t piece = 1; piece < 200; piece += 33) {
		read_all(&m, piece, &got);
		if (strcmp(buf_str(&got), expected) != 0)
			fail_msg("%s\nleft as\n%s\nnot\n%s", in, buf_str(&got), expected);
	}
	message_free(&m);
	buf_free(&got);
}

static void
without_rewriting_every_message_stays(void **state)
{
	(void)state;
	leaves(
	    &never, "Sender: s@y\nFrom: a@y\n\nhi\n", "Sender: s@y\r\nFrom: a@y\r\n\r\nhi\r\n");
	leaves(&never, "To: b@z\n\nhi\n", "To: b@z\r\n\r\nhi\r\n");
}

static void
a_from_of_others_becomes_the_accounts(void **state)
{
	(void)state;
	leaves(&mismatch, "To: b@z\nFrom: A <a@y>\nDate: d\n\nhi\n",
	    "Reply-To: A <a@y>\r\nFrom: A <" OWN ">\r\nTo: b@z\r\nDate: d\r\n\r\nhi\r\n");
}

static void
a_from_of_the_accounts_stays(void **state)
{
	(void)state;
	leaves(&mismatch, "From: Agent@OWN.example\n\n", "From: Agent@OWN.example\r\n\r\n");
	leaves(&mismatch, "From: Me <me@x.example>\nSender: s@y\n\n",
	    "From: Me <me@x.example>\r\nSender: s@y\r\n\r\n");
	leaves(&mismatch, "From: me@x.example, " OWN "\n\n",
	    "From: me@x.example, " OWN "\r\n\r\n");
}

static void
one_foreign_mailbox_of_several_is_enough(void **state)
{
	(void)state;
	leaves(&mismatch, "From: Me <me@x.example>, A <a@y>\n\n",
	    "Reply-To: Me <me@x.example>, A <a@y>\r\nFrom: Me <" OWN ">\r\n\r\n");
}

static void
always_makes_even_a_listed_address_the_accounts_own(void **state)
{
	(void)state;
	leaves(&always, "From: Me <me@x.example>\n\n",
	    "Reply-To: Me <me@x.example>\r\nFrom: Me <" OWN ">\r\n\r\n");
	leaves(&always, "From: Me <" OWN ">\n\n", "From: Me <" OWN ">\r\n\r\n");
}

static void
a_reply_to_that_is_there_stays(void **state)
{
	(void)state;
	leaves(&mismatch, "From: a@y\nReply-To: b@z\n\n",
	    "From: \"a@y\" <" OWN ">\r\nReply-To: b@z\r\n\r\n");
}

static void
the_sender_goes_with_the_from(void **state)
{
	(void)state;
	leaves(&mismatch, "Sender: s@y\n (fold)\nFrom: root@y (Cron)\nSender: t@y\nTo: b@z\n\n",
	    "Reply-To: root@y (Cron)\r\nFrom: Cron <" OWN ">\r\nTo: b@z\r\n\r\n");
}

static void
of_two_from_fields_one_is_made(void **state)
{
	(void)state;
	leaves(&mismatch, "From: Me <me@x.example>\nA: b\nFrom: A <a@y>\n\nFrom: c\n",
	    "Reply-To: Me <me@x.example>\r\nFrom: Me <" OWN ">\r\nA: b\r\n\r\nFrom: c\r\n");
}

static void
a_message_without_from_gets_one(void **state)
{
	(void)state;
	leaves(&mismatch, "To: b@z\n\n", "From: " OWN "\r\nTo: b@z\r\n\r\n");
	leaves(&mismatch, "\nbody\n", "From: " OWN "\r\n\r\nbody\r\n");
}

static void
a_header_beyond_all_bounds_is_refused(void **state)
{
	struct buf text = BUF_INIT;
	struct message m;
	struct outcome o;

	(void)state;
	for (int i = 0; i <= HEADER_NOTED_MAX; i++)
		buf_adds(&text, "From: a@y\n");
	receive(&m, text.data);
	o = rewrite_message(&m, &mismatch, OWN);
	assert_true(outcome_is(&o, "local/header"));
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	o = rewrite_message(&m, &never, OWN);
	assert_true(outcome_is_ok(&o));
	message_free(&m);
	buf_free(&text);
}

static void
the_envelope_is_judged_by_itself(void **state)
{
	(void)state;
	assert_true(rewrite_wants_sender(&mismatch, OWN, "root@host"));
	assert_false(rewrite_wants_sender(&mismatch, OWN, "me@x.example"));
	assert_false(rewrite_wants_sender(&mismatch, OWN, OWN));
	assert_true(rewrite_wants_sender(&always, OWN, "me@x.example"));
	assert_false(rewrite_wants_sender(&never, OWN, "root@host"));
}

static void
the_null_sender_stays(void **state)
{
	(void)state;
	assert_false(rewrite_wants_sender(&mismatch, OWN, ""));
	assert_false(rewrite_wants_sender(&always, OWN, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_rewriting_every_message_stays),
	    cmocka_unit_test(a_from_of_others_becomes_the_accounts),
	    cmocka_unit_test(a_from_of_the_accounts_stays),
	    cmocka_unit_test(one_foreign_mailbox_of_several_is_enough),
	    cmocka_unit_test(always_makes_even_a_listed_address_the_accounts_own),
	    cmocka_unit_test(a_reply_to_that_is_there_stays),
	    cmocka_unit_test(the_sender_goes_with_the_from),
	    cmocka_unit_test(of_two_from_fields_one_is_made),
	    cmocka_unit_test(a_message_without_from_gets_one),
	    cmocka_unit_test(a_header_beyond_all_bounds_is_refused),
	    cmocka_unit_test(the_envelope_is_judged_by_itself),
	    cmocka_unit_test(the_null_sender_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
