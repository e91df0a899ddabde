/* Line ends: changed only if the change can be undone. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "sync/line_ends.h"
#include "tests/unit/unit.h"

struct row {
	const char *sent, *stored;
	int64_t vsize;
};

static const struct row rows[] = {
    {"", "", 0},
    {"a\r\nb\r\n", "a\nb\n", 6},
    {"a\r\nno end", "a\nno end", 9},
    {"\r\n\r\n", "\n\n", 4},
    {"no line", "no line", 7},
    {"a\r\nb\n", "a\r\nb\n", 6},
    {"a\nb\n", "a\nb\n", 6},
    {"a\r\nb\rc\r\n", "a\r\nb\rc\r\n", 8},
    {"a\r\nb\r\r\n", "a\r\nb\r\r\n", 7},
    {"a\r\nb\r", "a\r\nb\r", 5},
    {"\r", "\r", 1},
    {"\n", "\n", 2},
    {"a\r\n\nb\r\n", "a\r\n\nb\r\n", 8},
};

static void
check(const char *sent, size_t length, const char *stored, size_t stored_length, int64_t vsize,
    size_t step)
{
	int fd = memfd_create("mail", 0);
	char *found = malloc(stored_length + 1);
	struct line_ends l;

	line_ends_begin(&l, fd);
	for (size_t i = 0; i < length; i += step)
		assert_true(
		    line_ends_write(&l, sent + i, length - i < step ? length - i : step));
	assert_true(line_ends_finish(&l));
	assert_int_equal(l.received, length);
	assert_int_equal(l.written, stored_length);
	assert_int_equal(line_ends_vsize(&l), vsize);
	assert_int_equal(lseek(fd, 0, SEEK_END), stored_length);
	assert_int_equal(pread(fd, found, stored_length + 1, 0), stored_length);
	assert_memory_equal(found, stored, stored_length);
	free(found);
	close(fd);
}

static void
pure_crlf_becomes_lf_and_anything_else_stays_as_it_came(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step <= 10; step++)
			check(rows[i].sent, strlen(rows[i].sent), rows[i].stored,
			    strlen(rows[i].stored), rows[i].vsize, step);
}

static void
nul_bytes_are_bytes(void **state)
{
	(void)state;
	check("a\0\r\n\0", 5, "a\0\n\0", 4, 5, 5);
}

static void
a_late_bare_line_end_turns_a_large_message_back(void **state)
{
	struct buf sent = BUF_INIT;

	(void)state;
	for (int i = 0; i < 30000; i++)
		buf_addf(&sent, "%.*s\r\n", i % 7, "abcdefgh");
	buf_adds(&sent, "end\n");
	check(sent.data, sent.len, sent.data, sent.len, (int64_t)sent.len + 1, 16384);
	check(sent.data, sent.len, sent.data, sent.len, (int64_t)sent.len + 1, 1371);
	buf_free(&sent);
}

static void
a_large_message_is_changed_to_its_last_byte(void **state)
{
	static const size_t steps[] = {1000, 4096, 32768, 1 << 20};
	struct buf sent = BUF_INIT, stored = BUF_INIT;

	(void)state;
	for (int i = 0; i < 30000; i++) {
		buf_addf(&sent, "%.*s\r\n", i % 7, "abcdefgh");
		buf_addf(&stored, "%.*s\n", i % 7, "abcdefgh");
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		check(
		    sent.data, sent.len, stored.data, stored.len, (int64_t)sent.len, steps[i]);
	buf_free(&sent);
	buf_free(&stored);
}

static void
what_is_given_up_can_begin_again(void **state)
{
	int fd = memfd_create("mail", 0);
	struct line_ends l;

	(void)state;
	line_ends_begin(&l, fd);
	assert_true(line_ends_write(&l, "half", 4));
	line_ends_drop(&l);
	line_ends_drop(&l);
	line_ends_begin(&l, fd);
	assert_true(line_ends_write(&l, "whole\r\n", 7));
	assert_true(line_ends_finish(&l));
	assert_int_equal(lseek(fd, 0, SEEK_END), 6);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pure_crlf_becomes_lf_and_anything_else_stays_as_it_came),
	    cmocka_unit_test(nul_bytes_are_bytes),
	    cmocka_unit_test(a_late_bare_line_end_turns_a_large_message_back),
	    cmocka_unit_test(a_large_message_is_changed_to_its_last_byte),
	    cmocka_unit_test(what_is_given_up_can_begin_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
