/* Files as they go to the service. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "sync/outgoing.h"
#include "tests/unit/unit.h"

static char file[] = "/tmp/ferry-test-outgoing.XXXXXX";

static int
make_file(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

static void
put(const char *bytes, size_t length)
{
	int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
}

/* Read it as a request does, so many bytes at a time, and twice. */
static void
assert_sent(const char *stored, const char *sent, size_t step)
{
	struct outgoing out;
	struct http_source source;
	struct outcome o;

	put(stored, strlen(stored));
	o = outgoing_open(&out, AT_FDCWD, file);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(out.size, strlen(sent));
	source = outgoing_source(&out);
	assert_int_equal(source.size, strlen(sent));
	for (int i = 0; i < 2; i++) {
		struct buf got = BUF_INIT;
		ssize_t n;

		while ((n = source.read(source.arg, buf_reserve(&got, step), step)) > 0) {
			assert_in_range(n, 1, step);
			got.len += (size_t)n;
			got.data[got.len] = '\0';
		}
		assert_int_equal(n, 0);
		assert_string_equal(buf_str(&got), sent);
		buf_free(&got);
		assert_true(source.rewind(source.arg));
	}
	outgoing_close(&out);
}

static void
every_line_ends_in_crlf_whatever_the_size_of_the_reads(void **state)
{
	static const char *const rows[][2] = {
	    {"", ""},
	    {"a\nb\n", "a\r\nb\r\n"},
	    {"a\r\nb\r\n", "a\r\nb\r\n"},
	    {"a\nb\r\nc", "a\r\nb\r\nc"},
	    {"\n\n\n", "\r\n\r\n\r\n"},
	    {"a\rb\r\r\n\r", "a\rb\r\r\n\r"},
	    {"\r\n\n", "\r\n\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step < 9; step++)
			assert_sent(rows[i][0], rows[i][1], step);
}

static void
a_line_end_across_blocks_is_one(void **state)
{
	struct buf stored = BUF_INIT, sent = BUF_INIT;

	(void)state;
	for (int i = 0; i < 16383; i++)
		buf_addc(&stored, 'x');
	buf_adds(&stored, "\r\ny\n");
	buf_add(&sent, stored.data, 16383);
	buf_adds(&sent, "\r\ny\r\n");
	assert_sent(stored.data, sent.data, 4096);
	assert_sent(stored.data, sent.data, 65536);
	buf_free(&stored);
	buf_free(&sent);
}

static void
assert_id(const char *header, const char *expected)
{
	char *id = outgoing_message_id(header, strlen(header));

	if (expected == NULL)
		assert_null(id);
	else
		assert_string_equal(id, expected);
	free(id);
}

static void
the_message_id_is_found_in_the_header_alone(void **state)
{
	(void)state;
	assert_id("Subject: x\nMESSAGE-id:  <a@b>  \n\n", "a@b");
	assert_id("Message-ID:\r\n <a@b>\r\n\r\n", "a@b");
	assert_id("Message-ID: <a\n @b> <c@d>\n\n", "a@b");
	assert_id("Message-ID: a@b\n\n", NULL);
	assert_id("Message-ID: <>\n\n", NULL);
	assert_id("Message-ID: <a@b\nSubject: x>\n\n", NULL);
	assert_id("X: y\n\nMessage-ID: <a@b>\n", NULL);
	assert_id("X-Message-ID: <a@b>\nResent-Message-ID: <c@d>", NULL);
	assert_id("Message-ID: <a@b>", "a@b");
	assert_id("", NULL);
}

static void
what_other_programs_add_to_the_header_is_counted_apart(void **state)
{
	static const struct {
		const char *header;
		int64_t added;
	} rows[] = {
	    {"Subject: x\nContent-Length: 6\n\nbody", 19},
	    {"Status: RO\r\nX-Status: A\r\nLines: 3\r\n\r\n", 12 + 13 + 10},
	    {"X-TUID: abcdefghijkl\nSubject: x\nX-OfflineIMAP: 1-2\n\n", 22 + 20},
	    {"Lines:\n 3\nSubject: x\n\n", 12},
	    {"Subject: x\n\nLines: 3\n", 0},
	    {"X-Lines: 3\nLines-Of: 3\n\n", 0},
	    {"Lines: 3", 0},
	    {"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    outgoing_added(rows[i].header, strlen(rows[i].header)), rows[i].added);
}

static void
what_is_no_file_is_not_sent(void **state)
{
	struct outgoing out;
	struct outcome o = outgoing_open(&out, AT_FDCWD, "/tmp");

	(void)state;
	assert_true(outcome_is(&o, "local/io"));
	outgoing_close(&out);
	o = outgoing_open(&out, AT_FDCWD, "/nonexistent/ferry");
	assert_true(outcome_is(&o, "local/io"));
	outgoing_close(&out);
}

static void
a_file_that_is_written_to_is_not_the_same(void **state)
{
	struct outgoing out;
	struct outcome o;

	(void)state;
	put("one\n", 4);
	o = outgoing_open(&out, AT_FDCWD, file);
	assert_true(outcome_is_ok(&o));
	assert_true(outgoing_is_same(&out));
	put("other\n", 6);
	assert_false(outgoing_is_same(&out));
	outgoing_close(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_line_ends_in_crlf_whatever_the_size_of_the_reads),
	    cmocka_unit_test(a_line_end_across_blocks_is_one),
	    cmocka_unit_test(the_message_id_is_found_in_the_header_alone),
	    cmocka_unit_test(what_other_programs_add_to_the_header_is_counted_apart),
	    cmocka_unit_test(what_is_no_file_is_not_sent),
	    cmocka_unit_test(a_file_that_is_written_to_is_not_the_same),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
