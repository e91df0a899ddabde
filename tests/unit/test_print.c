/* Text fit for a terminal: its width, and what is done to what would move the cursor. */
#include <stdlib.h>
#include <string.h>

#include "ctl/print.h"
#include "tests/unit/unit.h"

static void
width_is_what_a_terminal_gives(void **state)
{
	static const struct {
		const char *text;
		int width;
	} cases[] = {
	    {"", 0}, {"plain", 5}, {"\xe6\x97\xa5\xe6\x9c\xac", 4}, /* two wide characters */
	    {"e\xcc\x81", 1},        /* with a combining accent */
	    {"\xd7\xa9\xd7\x9c", 2}, /* right to left */
	    {"\xf0\x9f\x98\x80", 2}, /* beyond the first plane */
	    {"a\x1b[31mb", 7},       /* an escape is one '?' */
	    {"a\xff\xfe", 3},        /* bytes that are no UTF-8 */
	    {"a\xe6\x97", 2},        /* half a character */
	    {"\xe2\x80\xae"
	     "abc",
	        3}, /* a mark of direction */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(print_width(cases[i].text), cases[i].width);
}

static void
what_is_printed_moves_neither_cursor_nor_neighbours(void **state)
{
	static const struct {
		const char *text, *clean;
	} cases[] = {
	    {"plain", "plain"},
	    {"a\x1b[31mb\n\t\x7f", "a?[31mb???"},
	    {"a\xff"
	     "b",
	        "a?b"},
	    {"\xc2\x9b"
	     "31m",
	        "?31m"},
	    {"a\xe2\x80\xae"
	     "bc\xe2\x81\xa6",
	        "abc"},
	    {"\xd7\xa9\xd7\x9c", "\xe2\x81\xa8\xd7\xa9\xd7\x9c\xe2\x81\xa9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT;

		print_clean(cases[i].text, 0, &out);
		assert_string_equal(buf_str(&out), cases[i].clean);
		buf_free(&out);
	}
}

static void
what_is_cut_fits_and_says_so(void **state)
{
	static const struct {
		const char *text;
		int width;
		const char *cut;
	} cases[] = {
	    {"abcdef", 6, "abcdef"},
	    {"abcdefg", 6, "abcde\xe2\x80\xa6"},
	    {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5, "\xe6\x97\xa5\xe6\x9c\xac\xe2\x80\xa6"},
	    {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 4, "\xe6\x97\xa5\xe2\x80\xa6"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT;

		print_clean(cases[i].text, cases[i].width, &out);
		assert_string_equal(buf_str(&out), cases[i].cut);
		assert_true(print_width(buf_str(&out)) <= cases[i].width);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(width_is_what_a_terminal_gives),
	    cmocka_unit_test(what_is_printed_moves_neither_cursor_nor_neighbours),
	    cmocka_unit_test(what_is_cut_fits_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
