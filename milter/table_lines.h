/*
 * table_lines - the logical lines of a table, as Postfix's tables and parameter files have them
 *
 * A line that begins with a blank goes on with the one before.  Blank lines, and lines whose
 * first character but blanks is '#', are passed over, between the two as well.
 */
#ifndef FERRY_TABLE_LINES_H
#define FERRY_TABLE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

#define TABLE_LINE_MAX 4096 /* bytes of a logical line */

struct table_lines {
	const char *at, *end;
	unsigned long next;   /* the number of the line that begins at at */
	struct buf line;      /* the logical line, without blanks at its end */
	unsigned long number; /* of its first line */
	const char *fault;    /* what is wrong in line number, or NULL */
};

/* The bytes must stay until table_lines_free(). */
void table_lines_init(struct table_lines *lines, const char *bytes, size_t length);
void table_lines_free(struct table_lines *lines);

/*
 * Take the next logical line.  False at the end, and if there is a fault: a NUL, a line that is
 * too long, one that goes on with nothing, or a last one without a line end, which tells of a
 * file that was cut short.
 */
bool table_lines_next(struct table_lines *lines);

#endif
