/*
 * print - lists and objects of JSON, for people and for programs
 *
 * For people: a table with aligned columns, whatever the script: wide characters take two
 * columns, combining ones none, and text from right to left is kept from moving its
 * neighbours.  Control characters, which a service or a correspondent may have put there,
 * are shown as '?'.  Times are in the local time zone.  For programs: CSV (RFC 4180) with a
 * head, or one JSON object a line, as the service gave it.
 *
 * A list may be of any length: rows are kept for some hundred at most, and columns grow with
 * the rows.
 */
#ifndef FERRY_CTL_PRINT_H
#define FERRY_CTL_PRINT_H

#include <jansson.h>

#include "common/base/buf.h"

enum print_form { PRINT_TABLE, PRINT_CSV, PRINT_JSON };

struct print;

/*
 * columns: members of the items, separated by blanks; NULL takes those of the first item.
 * width: cut the last column, if it is prose, to fit so many; 0 cuts nothing.
 */
struct print *print_new(enum print_form form, const char *columns, int width);
void print_item(struct print *print, const json_t *item);

/* Print what is left; an empty table has its head alone. */
void print_end(struct print **print);

/* One object: a line for each member. */
void print_object(enum print_form form, const json_t *object);

/* The columns text takes when it is printed, and the text made fit for a terminal, cut to so
 * many columns (0: not at all).  For tests too. */
int print_width(const char *text);
void print_clean(const char *text, int width, struct buf *out);

#endif
