/*
 * Reading server-sent events, in pieces of any size.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/event_stream.h"
#include "tests/unit/unit.h"

/* What came out, as "type|data;" after one another; "?" for what was not whole. */
static struct buf heard;

static void
hear(void *arg, const struct event *event)
{
	assert_ptr_equal(arg, &heard);
	assert_int_equal(strlen(event->data), event->length);
	buf_addf(&heard, "%s|%s%s;", event->type, event->data, event->whole ? "" : "?");
}

static struct event_stream stream;

static int
set_up(void **state)
{
	(void)state;
	buf_reset(&heard);
	event_stream_init(&stream, hear, &heard);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	event_stream_free(&stream);
	buf_free(&heard);
	return 0;
}

static void
feed(const char *text)
{
	event_stream_feed(&stream, text, strlen(text));
}

#define assert_heard(text) assert_string_equal(buf_str(&heard), text)

static void
an_event_ends_with_an_empty_line(void **state)
{
	(void)state;
	feed("event: state\ndata: {}\n");
	assert_heard("");
	feed("\n");
	assert_heard("state|{};");
}

static void
lines_end_in_any_of_three_ways(void **state)
{
	(void)state;
	feed("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\r\n\ndata: e\n\r\n");
	assert_heard("message|a;message|b;message|c;message|d;message|e;");
}

static void
a_byte_order_mark_is_passed_over_at_the_start_alone(void **state)
{
	(void)state;
	feed("\xef\xbb\xbf"
	     "data: a\n\n\xef\xbb\xbf"
	     "data: b\n\n");
	assert_heard("message|a;");
}

static void
lines_of_data_are_put_together(void **state)
{
	(void)state;
	feed("data: a\ndata:b\ndata\ndata:  c\n\n");
	assert_heard("message|a\nb\n\n c;");
}

static void
comments_and_unknown_fields_say_nothing(void **state)
{
	(void)state;
	feed(": hello\n\ncolour: red\nevent: odd\n\n:\n\ndata: a\n\n");
	assert_heard("message|a;");
}

static void
an_id_counts_once_its_event_has_ended(void **state)
{
	(void)state;
	feed("id: 1\ndata: a\n\nid: 2\ndata: b\n");
	assert_string_equal(buf_str(&stream.last_id), "1");
	event_stream_restart(&stream);
	feed("data: c\n\n");
	assert_string_equal(buf_str(&stream.last_id), "1");
	assert_heard("message|a;message|c;");
	feed("id\n\n");
	assert_string_equal(buf_str(&stream.last_id), "");
}

static void
an_id_that_fits_no_header_is_ignored(void **state)
{
	char text[EVENT_ID_MAX + 20] = "id: ";

	(void)state;
	feed("id: good\n\nid: a\tb\n\n");
	event_stream_feed(&stream, "id: a\0b\n\n", 9);
	memset(text + 4, 'x', EVENT_ID_MAX + 1);
	feed(text);
	feed("\n\n");
	assert_string_equal(buf_str(&stream.last_id), "good");
}

static void
the_time_to_come_back_is_a_bounded_number(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
	    {"retry: 2500\n", 2500},
	    {"retry: soon\n", 2500},
	    {"retry\n", 2500},
	    {"retry: -1\n", 2500},
	    {"retry: 99999999999999999999999\n", EVENT_RETRY_MAX_MS},
	    {"retry: 0\n", 0},
	};

	(void)state;
	assert_int_equal(stream.retry_ms, -1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		feed(rows[i].text);
		assert_int_equal(stream.retry_ms, rows[i].ms);
	}
}

static void
what_is_too_long_is_left_out_and_told(void **state)
{
	size_t length = 2 * EVENT_DATA_MAX;
	char *bytes = xmalloc(length);

	(void)state;
	memset(bytes, 'x', length);
	feed("event: state\ndata: ");
	event_stream_feed(&stream, bytes, length);
	feed("\ndata: more\n\ndata: a\n\n");
	assert_heard("state|?;message|a;");
	assert_true(stream.line.len <= EVENT_LINE_MAX);
	buf_reset(&heard);
	for (size_t sent = 0; sent < length; sent += 1000) {
		feed("data: ");
		event_stream_feed(&stream, bytes, 1000);
		feed("\n");
		assert_true(stream.data.len <= EVENT_DATA_MAX);
	}
	feed("\n");
	assert_heard("message|?;");
	free(bytes);
}

static void
it_may_be_cut_anywhere(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
	                           ": hi\r\n\r\nid: 7\r\nevent: state\r\ndata: a\r\ndata: "
	                           "b\r\n\r\nretry: 5\revent:x\rdata: c\r\rdata: d\n\n";
	size_t length = sizeof(text) - 1;

	(void)state;
	for (size_t first = 0; first <= length; first++) {
		for (size_t second = first; second <= length; second++) {
			set_up(NULL);
			event_stream_feed(&stream, text, first);
			event_stream_feed(&stream, text + first, second - first);
			event_stream_feed(&stream, text + second, length - second);
			assert_heard("state|a\nb;x|c;message|d;");
			assert_string_equal(buf_str(&stream.last_id), "7");
			assert_int_equal(stream.retry_ms, 5);
			event_stream_free(&stream);
		}
	}
	set_up(NULL);
}

#define STREAM_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STREAM_TEST(an_event_ends_with_an_empty_line),
	    STREAM_TEST(lines_end_in_any_of_three_ways),
	    STREAM_TEST(a_byte_order_mark_is_passed_over_at_the_start_alone),
	    STREAM_TEST(lines_of_data_are_put_together),
	    STREAM_TEST(comments_and_unknown_fields_say_nothing),
	    STREAM_TEST(an_id_counts_once_its_event_has_ended),
	    STREAM_TEST(an_id_that_fits_no_header_is_ignored),
	    STREAM_TEST(the_time_to_come_back_is_a_bounded_number),
	    STREAM_TEST(what_is_too_long_is_left_out_and_told),
	    STREAM_TEST(it_may_be_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
