/*
 * The logical lines of a table.
 */
#include <string.h>

#include "milter/table_lines.h"

void
table_lines_init(struct table_lines *lines, const char *bytes, size_t length)
{
	*lines = (struct table_lines){.at = bytes, .end = bytes + length, .next = 1};
}

void
table_lines_free(struct table_lines *lines)
{
	buf_free(&lines->line);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Say what is wrong in the line at which we are. */
static bool
refuse(struct table_lines *lines, const char *fault)
{
	lines->fault = fault;
	lines->number = lines->next;
	return false;
}

/* Does the line say nothing? */
static bool
is_idle(const char *line, size_t length)
{
	while (length > 0 && is_blank(*line))
		line++, length--;
	return length == 0 || *line == '#';
}

/* Take the physical line of that length, which has been looked at. */
static void
advance(struct table_lines *lines, size_t length)
{
	lines->at += length + 1;
	lines->next++;
}

/* The length of the next line; false if it is none of a table. */
static bool
measure(struct table_lines *lines, size_t *length_r)
{
	size_t left = (size_t)(lines->end - lines->at);
	const char *newline = memchr(lines->at, '\n', left);

	*length_r = newline != NULL ? (size_t)(newline - lines->at) : left;
	if (memchr(lines->at, '\0', *length_r) != NULL)
		return refuse(lines, "there is a NUL in it");
	if (*length_r > TABLE_LINE_MAX)
		return refuse(lines, "the line is too long");
	if (newline == NULL)
		return refuse(lines, "the last line has no end");
	return true;
}

bool
table_lines_next(struct table_lines *lines)
{
	size_t length;

	buf_reset(&lines->line);
	while (lines->fault == NULL && lines->at < lines->end) {
		if (!measure(lines, &length))
			return false;
		if (!is_idle(lines->at, length)) {
			if (is_blank(*lines->at) ? lines->line.len == 0 : lines->line.len != 0)
				break;
			if (lines->line.len == 0)
				lines->number = lines->next;
			if (lines->line.len + length > TABLE_LINE_MAX)
				return refuse(lines, "the line is too long");
			buf_add(&lines->line, lines->at, length);
		}
		advance(lines, length);
	}
	if (lines->fault == NULL && lines->line.len == 0 && lines->at < lines->end)
		return refuse(lines, "it goes on with a line that is not there");
	while (lines->line.len > 0 && is_blank(lines->line.data[lines->line.len - 1]))
		buf_truncate(&lines->line, lines->line.len - 1);
	return lines->fault == NULL && lines->line.len > 0;
}
