/* The front: what a server's replies mean to pipe(8), and when the server is not asked. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"
#include "tests/unit/unit.h"
#include "transport/front.h"
#include "transport/front_reply.h"

static void
a_reply_becomes_a_code_a_status_and_a_text(void **state)
{
	static const struct {
		const char *reply, *line;
		int exit;
	} cases[] = {
	    {"250 2.0.0 accepted as Email 1", "2.0.0 accepted as Email 1\n", 0},
	    {"250 2.1.5", "2.1.5 \n", 0},
	    {"250", "2.0.0 \n", 0},
	    {"250 ok", "2.0.0 ok\n", 0},
	    {"451 4.4.1 cannot connect", "4.4.1 cannot connect\n", 75},
	    {"452 full", "4.0.0 full\n", 75},
	    {"451 5.1.1 text", "4.0.0 5.1.1 text\n", 75},
	    {"550 5.1.1 who", "5.1.1 who\n", 67},
	    {"553 5.1.3 what", "5.1.3 what\n", 65},
	    {"552 5.3.4 large", "5.3.4 large\n", 65},
	    {"554 5.6.0 mime", "5.6.0 mime\n", 65},
	    {"550 5.7.1 no", "5.7.1 no\n", 77},
	    {"550 5.4.1 no", "5.4.1 no\n", 69},
	    {"550 5.1.1234 x", "5.0.0 5.1.1234 x\n", 69},
	    {"550 5.1 x", "5.0.0 5.1 x\n", 69},
	    {"550 5.1.1x", "5.0.0 5.1.1x\n", 69},
	};
	struct buf line = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o = front_outcome(cases[i].reply);

		buf_reset(&line);
		outcome_pipe_line(&o, &line);
		assert_string_equal(line.data, cases[i].line);
		assert_int_equal(o.exit, cases[i].exit);
	}
	buf_free(&line);
}

static void
what_is_no_reply_is_temporary(void **state)
{
	static const char *const cases[] = {
	    "", "x", "2", "25", "250-a", "350 go", "2x0 a", "250a"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o = front_outcome(cases[i]);

		assert_int_equal(o.exit, 75);
		assert_int_equal(o.dsn[0], '4');
	}
}

static void
several_recipients_have_one_result(void **state)
{
	static const struct {
		const char *replies[3], *dsn;
		int exit;
	} cases[] = {
	    {{"250 2.0.0 a", "250 2.0.1 b", "250 2.0.2 c"}, "2.0.0", 0},
	    {{"250 2.0.0 a", "451 4.1.1 b", "550 5.1.1 c"}, "4.1.1", 75},
	    {{"550 5.1.1 a", "451 4.1.1 b", "452 4.1.2 c"}, "4.1.1", 75},
	    {{"550 5.1.1 a", "550 5.7.1 b", "550 5.1.1 c"}, "5.1.1", 67},
	    {{"250 2.0.0 a", "550 5.7.1 b", "550 5.1.1 c"}, "4.3.0", 75},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct front_recipient recipients[3];
		struct outcome o;

		for (int j = 0; j < 3; j++)
			recipients[j] =
			    (struct front_recipient){"a@x", front_outcome(cases[i].replies[j])};
		o = front_common(recipients, 3);
		assert_string_equal(o.dsn, cases[i].dsn);
		assert_int_equal(o.exit, cases[i].exit);
	}
}

/* --- a server that says what it is told to, piece by piece, and hears */

#define ENVELOPE                                                             \
	"220 x LMTP\r\n250-x\r\n250 ENHANCEDSTATUSCODES\r\n250 2.0.0 ok\r\n" \
	"250 2.1.0 ok\r\n250 2.1.5 ok\r\n550 5.1.1 no\r\n354 go\r\n"

static struct {
	char *path;
	int listener;
	const char *first, *last; /* said before and behind the message; last NULL: it ends */
	bool hangs_up;            /* behind what it says first */
	struct buf heard;
} server;

static void *
serve(void *arg)
{
	int fd = accept(server.listener, NULL, NULL);
	char bytes[4096];
	ssize_t got;

	assert_true(write(fd, server.first, strlen(server.first)) > 0);
	if (server.hangs_up)
		shutdown(fd, SHUT_WR);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
		buf_add(&server.heard, bytes, (size_t)got);
		if (strstr(server.heard.data, "\r\n.\r\n") == NULL)
			continue;
		if (server.last != NULL)
			assert_true(write(fd, server.last, strlen(server.last)) > 0);
		break;
	}
	close(fd);
	return arg;
}

/* Deliver the message to a@x and b@x; false if the server was not of use. */
static bool
deliver(
    const char *first, const char *last, const char *message, pid_t parent, struct outcome *o)
{
	static char a[] = "a@x", b[] = "b@x";
	char *recipients[] = {a, b};
	const struct arguments args = {
	    .sender = "s@x", .queue_id = "Q1", .recipients = recipients, .recipient_count = 2};
	pthread_t thread;
	int ends[2];
	bool done;

	server.first = first;
	server.last = last;
	buf_reset(&server.heard);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], message, strlen(message)), strlen(message));
	close(ends[1]);
	assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
	done = front_deliver(&args, server.path, ends[0], parent, o);
	pthread_join(thread, NULL);
	close(ends[0]);
	return done;
}

static void
a_message_is_handed_over_with_its_envelope(void **state)
{
	struct outcome o;

	(void)state;
	assert_true(deliver(ENVELOPE, "451 4.4.1 later\r\n", ".a\n\nb", getppid(), &o));
	assert_string_equal(buf_str(&server.heard),
	    "LHLO ferry-transport\r\nXFORWARD IDENT=Q1\r\nMAIL FROM:<s@x>\r\n"
	    "RCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n..a\r\n\r\nb\r\n.\r\n");
	assert_string_equal(o.dsn, "4.4.1");
}

static void
a_message_cut_short_is_not_completed(void **state)
{
	struct outcome o;

	(void)state;
	assert_true(deliver(ENVELOPE, "250 2.0.0 ok\r\n", "a\n", getppid() + 1, &o));
	assert_string_equal(o.condition, "local/truncated");
	assert_null(strstr(server.heard.data, "\r\n.\r\n"));
	assert_true(deliver(ENVELOPE, "250 2.0.0 ok\r\n", "", getppid(), &o));
	assert_string_equal(o.condition, "local/truncated");
	assert_null(strstr(server.heard.data, "\r\n.\r\n"));
}

static void
a_server_that_ends_before_it_answers_is_temporary(void **state)
{
	struct outcome o;

	(void)state;
	assert_true(deliver(ENVELOPE, NULL, "a\n", getppid(), &o));
	assert_int_equal(o.exit, 75);
	assert_true(o.ambiguous);
}

static void
an_envelope_that_is_refused_needs_no_message(void **state)
{
	struct outcome o;

	(void)state;
	assert_true(deliver("220 x\r\n250 x\r\n250 ok\r\n550 5.7.1 no\r\n503 a\r\n503 b\r\n"
	                    "503 c\r\n",
	    NULL, "a\n", getppid(), &o));
	assert_string_equal(o.dsn, "5.7.1");
	assert_true(
	    deliver("220 x\r\n250 x\r\n250 ok\r\n250 ok\r\n550 5.1.1 a\r\n553 5.1.3 b\r\n"
	            "503 c\r\n",
	        NULL, "a\n", getppid(), &o));
	assert_string_equal(o.dsn, "5.1.1");
}

static void
a_server_that_has_no_time_leaves_the_message_to_others(void **state)
{
	static const char *const cases[] = {"421 4.3.2 too many connections\r\n", "220 x\r\n",
	    "220 x\r\n500 what\r\n", "220 x\r\n250 x\r\n500 no XFORWARD\r\n",
	    "220 x\r\n250 x\r\n250 ok\r\n421 4.3.2 the server stops\r\n",
	    "220 x\r\n250 x\r\n250 ok\r\n250 ok\r\n250 ok\r\n421 bye\r\n"};
	struct outcome o;

	(void)state;
	server.hangs_up = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (deliver(cases[i], NULL, "a\n", getppid(), &o))
			fail_msg("%s was taken for an answer", cases[i]);
	server.hangs_up = false;
}

static void
what_lmtp_cannot_say_is_left_to_others(void **state)
{
	static const char *const cases[] = {"a b@x", "a>@x", "a@x> SIZE=1", "@y:a@x", "<a@x>"};
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *address = xstrdup(cases[i]);
		const struct arguments args = {
		    .sender = "", .recipients = &address, .recipient_count = 1};

		assert_false(front_deliver(&args, server.path, -1, getppid(), &o));
		free(address);
	}
}

static void
a_server_that_is_not_there_is_not_waited_for(void **state)
{
	static char a[] = "a@x";
	char *recipients[] = {a};
	const struct arguments args = {
	    .sender = "", .recipients = recipients, .recipient_count = 1};
	struct outcome o;

	(void)state;
	assert_false(front_deliver(&args, "/nonexistent/sock", -1, getppid(), &o));
}

static int
open_server(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)state;
	server.path = xasprintf("/tmp/ferry-test-front.%ld", (long)getpid());
	strcpy(address.sun_path, server.path);
	server.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	return bind(server.listener, (struct sockaddr *)&address, sizeof(address)) == 0
	           ? listen(server.listener, 5)
	           : -1;
}

static int
close_server(void **state)
{
	(void)state;
	close(server.listener);
	unlink(server.path);
	free(server.path);
	buf_free(&server.heard);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_reply_becomes_a_code_a_status_and_a_text),
	    cmocka_unit_test(what_is_no_reply_is_temporary),
	    cmocka_unit_test(several_recipients_have_one_result),
	    cmocka_unit_test(a_message_is_handed_over_with_its_envelope),
	    cmocka_unit_test(a_message_cut_short_is_not_completed),
	    cmocka_unit_test(a_server_that_ends_before_it_answers_is_temporary),
	    cmocka_unit_test(an_envelope_that_is_refused_needs_no_message),
	    cmocka_unit_test(a_server_that_has_no_time_leaves_the_message_to_others),
	    cmocka_unit_test(what_lmtp_cannot_say_is_left_to_others),
	    cmocka_unit_test(a_server_that_is_not_there_is_not_waited_for),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, open_server, close_server);
}
