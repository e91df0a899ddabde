/* The message that is uploaded: spooled, stamped, and the same each time. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"
#include "transport/message.h"

static int
count_files(const char *directory)
{
	DIR *dir = opendir(directory);
	int count = 0;

	if (dir == NULL)
		return 0;
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}

/* A descriptor from which text can be read. */
static int
from_text(const char *text, size_t length)
{
	char *name = xasprintf("%s/in.XXXXXX", folder);
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	free(name);
	assert_int_equal(file_write_full(fd, text, length), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void
receive(struct message *m, const char *spool, const char *text, size_t length)
{
	int fd = from_text(text, length);
	struct outcome o;

	message_init(m, spool);
	o = message_receive(m, fd, DEADLINE_NEVER);
	close(fd);
	assert_string_equal(o.condition, "ok");
}

/* All that the source gives, in pieces of size bytes. */
static void
read_all(const struct http_source *source, size_t size, struct buf *out)
{
	ssize_t got;

	do {
		got = source->read(source->arg, buf_reserve(out, size), size);
		assert_true(got >= 0);
		out->len += (size_t)got;
	} while (got > 0);
	buf_reserve(out, 0);
	out->data[out->len] = '\0';
}

static void
the_stamp_stands_before_the_message(void **state)
{
	const struct stamp stamp = {"0123456789abcdef0123456789abcdef"};
	const struct stamp message = {"fedcba9876543210fedcba9876543210"};
	struct http_source source;
	struct buf got = BUF_INIT;
	struct message m;

	(void)state;
	receive(&m, folder, "Message-ID: <1@x>\n\nhi\n", 22);
	message_stamp(&m, &stamp, &message, "a@b.example");
	source = message_source(&m);
	read_all(&source, 7, &got);
	assert_string_equal(got.data, "X-Ferry-Id: 0123456789abcdef0123456789abcdef\r\n"
	                              "Message-ID: <1@x>\r\n\r\nhi\r\n");
	assert_int_equal(source.size, got.len);
	assert_string_equal(message_id(&m), "<1@x>");
	message_free(&m);
	buf_free(&got);
}

/* The message-id that a message without one gets from this sender. */
static void
makes_message_id(const char *sender, const char *expected)
{
	const struct stamp stamp = {"0123456789abcdef0123456789abcdef"};
	const struct stamp message = {"fedcba9876543210fedcba9876543210"};
	struct message m;

	receive(&m, folder, "A: b\n\n", 6);
	message_stamp(&m, &stamp, &message, sender);
	assert_string_equal(message_id(&m), expected);
	assert_non_null(strstr(m.fields.data, expected));
	message_free(&m);
}

static void
a_message_without_message_id_gets_the_same_one_in_all_its_deliveries(void **state)
{
	(void)state;
	makes_message_id("a@b.example", "<fedcba9876543210fedcba9876543210@b.example>");
	makes_message_id("", "<fedcba9876543210fedcba9876543210@localhost.invalid>");
	makes_message_id("a@b c", "<fedcba9876543210fedcba9876543210@localhost.invalid>");
	makes_message_id("a@", "<fedcba9876543210fedcba9876543210@localhost.invalid>");
}

static void
a_source_can_be_rewound(void **state)
{
	const struct stamp stamp = {"0123456789abcdef0123456789abcdef"};
	const struct stamp message = {"fedcba9876543210fedcba9876543210"};
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct http_source source;
	struct message m;

	(void)state;
	receive(&m, folder, "A: b\n\nhi\n", 9);
	message_stamp(&m, &stamp, &message, "a@b");
	source = message_source(&m);
	read_all(&source, 100, &first);
	assert_true(source.rewind(source.arg));
	read_all(&source, 3, &second);
	assert_string_equal(first.data, second.data);
	message_free(&m);
	buf_free(&first);
	buf_free(&second);
}

/* A message whose body is this long arrives whole; where it is kept is not seen. */
static void
keeps(size_t length)
{
	char *spool = xasprintf("%s/spool/deep", folder);
	char *text = xmalloc(length + 6);
	struct http_source source;
	struct buf got = BUF_INIT;
	struct message m;

	memcpy(text, "A: b\n\n", 6);
	for (size_t i = 0; i < length; i++)
		text[6 + i] = (char)('a' + i % 26);
	receive(&m, spool, text, length + 6);
	source = message_source(&m);
	read_all(&source, 10000, &got);
	assert_int_equal(got.len, length + 8);
	assert_memory_equal(got.data + 8, text + 6, length);
	assert_int_equal(count_files(spool), 0);
	message_free(&m);
	buf_free(&got);
	free(text);
	free(spool);
}

static void
a_small_message_is_kept_in_memory(void **state)
{
	char *spool = xasprintf("%s/spool", folder);

	(void)state;
	keeps(SPOOL_MEMORY - 8);
	assert_int_equal(access(spool, F_OK), -1);
	free(spool);
}

static void
a_large_message_is_kept_in_a_file_without_a_name(void **state)
{
	char *spool = xasprintf("%s/spool/deep", folder);
	struct stat st;

	(void)state;
	keeps(SPOOL_MEMORY - 7);
	keeps(5 * SPOOL_MEMORY + 1);
	assert_int_equal(stat(spool, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	free(spool);
}

static void
a_large_message_that_cannot_be_kept_is_a_temporary_trouble(void **state)
{
	struct buf text = BUF_INIT;
	struct outcome o;
	struct message m;
	int fd;

	(void)state;
	buf_adds(&text, "A: b\n\n");
	memset(buf_reserve(&text, SPOOL_MEMORY), 'x', SPOOL_MEMORY);
	text.len += SPOOL_MEMORY;
	fd = from_text(text.data, text.len);
	message_init(&m, "/dev/null/spool");
	o = message_receive(&m, fd, DEADLINE_NEVER);
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	assert_non_null(strstr(o.text, "/dev/null/spool"));
	close(fd);
	message_free(&m);
	buf_free(&text);
}

static void
nothing_at_all_is_no_message(void **state)
{
	struct outcome o;
	struct message m;
	int fd = from_text("", 0);

	(void)state;
	message_init(&m, folder);
	o = message_receive(&m, fd, DEADLINE_NEVER);
	assert_true(outcome_is(&o, "local/truncated"));
	close(fd);
	message_free(&m);
}

static void
a_message_that_never_ends_runs_into_the_deadline(void **state)
{
	struct outcome o;
	struct message m;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	message_init(&m, folder);
	o = message_receive(&m, fds[0], deadline_in_ms(20));
	assert_true(outcome_is(&o, "local/deadline"));
	close(fds[0]);
	close(fds[1]);
	message_free(&m);
}

static void
a_signal_ends_the_reading(void **state)
{
	struct outcome o;
	struct message m;
	int fd = from_text("A: b\n\n", 6);

	(void)state;
	message_init(&m, folder);
	cancel_set(15);
	o = message_receive(&m, fd, DEADLINE_NEVER);
	cancel_set(0);
	assert_true(outcome_is(&o, "local/cancelled"));
	close(fd);
	message_free(&m);
}

/* A part of a message that came with a Cc and without a Message-ID: its text, cut and stamped. */
static void
check_part(const struct message *whole, const char *cc, char digit, const char *expected)
{
	const struct stamp message = {"fedcba9876543210fedcba9876543210"};
	struct buf got = BUF_INIT;
	struct http_source source;
	struct stamp stamp = {""};
	struct message part;

	memset(stamp.text, digit, STAMP_LENGTH);
	message_share(whole, &part);
	message_cut(&part, HEADER_CC);
	message_put_fields(&part, cc, strlen(cc));
	message_stamp(&part, &stamp, &message, "a@b.example");
	source = message_source(&part);
	read_all(&source, 5, &got);
	assert_string_equal(strstr(got.data, "Message-ID"), expected);
	assert_int_equal(source.size, got.len);
	assert_memory_equal(got.data + strlen("X-Ferry-Id: "), stamp.text, STAMP_LENGTH);
	message_free(&part);
	buf_free(&got);
}

static void
parts_of_a_message_are_changed_apart(void **state)
{
	struct message m;

	(void)state;
	message_init(&m, folder);
	header_filter_want(&m.filter, HEADER_CC);
	assert_int_equal(message_add(&m, "Cc: c, d\nA: b\n\nhi\n", 18).class, OUTCOME_OK);
	assert_int_equal(message_end(&m).class, OUTCOME_OK);
	check_part(&m, "Cc: c\r\n", '1',
	    "Message-ID: <fedcba9876543210fedcba9876543210@b.example>\r\n"
	    "Cc: c\r\nA: b\r\n\r\nhi\r\n");
	check_part(&m, "Cc: d\r\n", '2',
	    "Message-ID: <fedcba9876543210fedcba9876543210@b.example>\r\n"
	    "Cc: d\r\nA: b\r\n\r\nhi\r\n");
	assert_string_equal(message_id(&m), "");
	assert_int_equal(message_size(&m), strlen("Cc: c, d\r\nA: b\r\n\r\nhi\r\n"));
	message_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_stamp_stands_before_the_message),
	    cmocka_unit_test(
	        a_message_without_message_id_gets_the_same_one_in_all_its_deliveries),
	    cmocka_unit_test(a_source_can_be_rewound),
	    cmocka_unit_test(parts_of_a_message_are_changed_apart),
	    cmocka_unit_test(a_small_message_is_kept_in_memory),
	    cmocka_unit_test(a_large_message_is_kept_in_a_file_without_a_name),
	    cmocka_unit_test(a_large_message_that_cannot_be_kept_is_a_temporary_trouble),
	    cmocka_unit_test(nothing_at_all_is_no_message),
	    cmocka_unit_test(a_message_that_never_ends_runs_into_the_deadline),
	    cmocka_unit_test(a_signal_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
