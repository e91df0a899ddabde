/*
 * Text fit for a terminal: its width in columns, and nothing in it that moves the cursor or
 * its neighbours.
 *
 * The locale may be anything, JSON is UTF-8: characters are read by hand, and their width
 * asked of a locale that knows them.  Text from right to left stands between U+2068 and
 * U+2069 (first strong isolate), so that a terminal that reorders does so within the cell;
 * marks of that kind in the text itself are left out.
 */
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "ctl/print.h"

#define ISOLATE     "\xe2\x81\xa8"
#define END_ISOLATE "\xe2\x81\xa9"
#define ELLIPSIS    "\xe2\x80\xa6"

/* The character at *p, which moves on; U+FFFD for bytes that are none. */
static uint32_t
next_character(const unsigned char **p)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = **p;
	int length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	uint32_t c = length == 1 ? first : first & (0x7fu >> length);

	(*p)++;
	if (first >= 0x80 && (first < 0xc2 || first > 0xf4))
		return 0xfffd;
	for (int i = 1; i < length; i++, (*p)++) {
		if ((**p & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (**p & 0x3f);
	}
	return c < least[length] || c > 0x10ffff ? 0xfffd : c;
}

/* Marks that change the direction of what follows. */
static bool
is_direction(uint32_t c)
{
	return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static bool
is_right_to_left(uint32_t c)
{
	return (c >= 0x590 && c <= 0x8ff) || (c >= 0xfb1d && c <= 0xfdff) ||
	       (c >= 0xfe70 && c <= 0xfefc) || (c >= 0x10800 && c <= 0x10fff) ||
	       (c >= 0x1e800 && c <= 0x1efff);
}

/* Columns of a character; -1 if it is not to be printed as it is. */
static int
width_of(uint32_t c)
{
	static locale_t locale;
	locale_t before;
	int width;

	if (c < 0x80)
		return c >= ' ' && c != 0x7f ? 1 : -1;
	if (locale == (locale_t)0)
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (locale == (locale_t)0)
		return 1;
	before = uselocale(locale);
	width = wcwidth((wchar_t)c);
	uselocale(before);
	return width;
}

int
print_width(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	int columns = 0, width;

	while (*p != '\0') {
		uint32_t c = next_character(&p);

		width = is_direction(c) ? 0 : width_of(c);
		columns += width < 0 ? 1 : width;
	}
	return columns;
}

void
print_clean(const char *text, int width, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)text, *start;
	bool cut = width > 0 && print_width(text) > width, isolated = false;
	int columns = 0, its;

	for (start = p; *p != '\0';)
		isolated = is_right_to_left(next_character(&p)) || isolated;
	if (isolated)
		buf_adds(out, ISOLATE);
	for (p = start; *p != '\0';) {
		uint32_t c;

		start = p;
		c = next_character(&p);
		its = is_direction(c) ? 0 : width_of(c);
		if (cut && columns + (its < 0 ? 1 : its) > width - 1)
			break;
		columns += its < 0 ? 1 : its;
		if (its < 0 || (c == 0xfffd && start[0] != 0xef))
			buf_addc(out, '?');
		else if (!is_direction(c))
			buf_add(out, start, (size_t)(p - start));
	}
	if (isolated)
		buf_adds(out, END_ISOLATE);
	if (cut)
		buf_adds(out, ELLIPSIS);
}
