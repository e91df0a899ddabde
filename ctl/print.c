/*
 * Lists and objects of JSON, for people and for programs.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "ctl/print.h"

#define COLUMNS_MAX 32
#define ROWS_MAX    500 /* kept before they are printed */
#define CELL_LEAST  8   /* what cutting leaves of the last column */

struct column {
	char *key;
	char *heading;
	int width;
	bool right; /* numbers */
};

struct print {
	enum print_form form;
	int width;
	struct column columns[COLUMNS_MAX];
	size_t column_count;
	char **cells; /* rows * column_count, as text */
	size_t rows;
	bool begun; /* the head is printed */
};

/* Members that are prose: of the last column, a part will do. */
static bool
is_prose(const char *key)
{
	static const char *const keys[] = {"note", "name", "message", "title", "body"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static bool
is_time(const char *key)
{
	size_t length = strlen(key);

	return strcmp(key, "timestamp") == 0 ||
	       (length > 10 && strcmp(key + length - 10, "_timestamp") == 0);
}

/* "nb_forward" is FORWARD, "last_email_sent_timestamp" LAST EMAIL SENT. */
static char *
heading_of(const char *key)
{
	size_t length = strlen(key);
	char *heading;

	if (strncmp(key, "nb_", 3) == 0 || strncmp(key, "is_", 3) == 0) {
		key += 3;
		length -= 3;
	}
	if (is_time(key) && length > 10)
		length -= 10;
	heading = xstrndup(key, length);
	for (char *p = heading; *p != '\0'; p++)
		*p = *p == '_' ? ' ' : (char)toupper((unsigned char)*p);
	return heading;
}

static void
add_column(struct print *print, const char *key, size_t length)
{
	struct column *column = &print->columns[print->column_count];

	if (print->column_count == COLUMNS_MAX || length == 0)
		return;
	print->column_count++;
	column->key = xstrndup(key, length);
	column->heading = heading_of(column->key);
	column->width = print_width(column->heading);
}

struct print *
print_new(enum print_form form, const char *columns, int width)
{
	struct print *print = xcalloc(1, sizeof(*print));

	print->form = form;
	print->width = width;
	for (; columns != NULL && *columns != '\0'; columns += strspn(columns, " ")) {
		size_t length = strcspn(columns, " ");

		add_column(print, columns, length);
		columns += length;
	}
	return print;
}

/* Cells. */

static void
add_time(const json_t *value, struct buf *text)
{
	time_t seconds = (time_t)json_integer_value(value);
	struct tm tm;
	char line[32];

	if (localtime_r(&seconds, &tm) != NULL &&
	    strftime(line, sizeof(line), "%Y-%m-%d %H:%M", &tm) != 0)
		buf_adds(text, line);
}

static void
add_value(enum print_form form, const char *key, const json_t *value, struct buf *text);

/* What an object within a cell is called: a mailbox by its address, a suffix by itself. */
static const json_t *
name_of(const json_t *object)
{
	static const char *const keys[] = {"email", "suffix", "alias"};
	const json_t *name = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && name == NULL; i++)
		name = json_object_get(object, keys[i]);
	return json_is_string(name) ? name : NULL;
}

static void
add_list(enum print_form form, const json_t *list, struct buf *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach ((json_t *)list, i, item) {
		if (i != 0)
			buf_addc(text, ',');
		add_value(form, "", item, text);
	}
}

static void
add_value(enum print_form form, const char *key, const json_t *value, struct buf *text)
{
	bool table = form == PRINT_TABLE;

	if (value == NULL || json_is_null(value))
		buf_adds(text, table ? "-" : "");
	else if (json_is_boolean(value))
		buf_adds(text, json_is_true(value) ? table ? "yes" : "true"
		               : table             ? "no"
		                                   : "false");
	else if (json_is_integer(value) && table && is_time(key))
		add_time(value, text);
	else if (json_is_string(value))
		buf_adds(text, json_string_value(value));
	else if (json_is_array(value))
		add_list(form, value, text);
	else if (name_of(value) != NULL)
		buf_adds(text, json_string_value(name_of(value)));
	else
		json_write(value, text);
}

/* Tables. */

static void
put_padding(int count)
{
	printf("%*s", count > 0 ? count : 0, "");
}

/* How wide the last column may be; 0 for as wide as it is. */
static int
last_width(const struct print *print)
{
	int used = 0, left;

	if (print->width == 0 || !is_prose(print->columns[print->column_count - 1].key))
		return 0;
	for (size_t i = 0; i + 1 < print->column_count; i++)
		used += print->columns[i].width + 2;
	left = print->width - used;
	return left < CELL_LEAST ? CELL_LEAST : left;
}

static void
put_cell(const struct print *print, size_t i, const char *text)
{
	const struct column *column = &print->columns[i];
	bool last = i + 1 == print->column_count;
	struct buf clean = BUF_INIT;
	int padding;

	print_clean(text, last ? last_width(print) : 0, &clean);
	padding = column->width - print_width(text);
	if (column->right)
		put_padding(padding);
	fputs(buf_str(&clean), stdout);
	if (!column->right && !last)
		put_padding(padding);
	fputs(last ? "\n" : "  ", stdout);
	buf_free(&clean);
}

static void
put_rows(struct print *print)
{
	if (print->column_count == 0)
		return;
	for (size_t i = 0; !print->begun && i < print->column_count; i++)
		put_cell(print, i, print->columns[i].heading);
	print->begun = true;
	for (size_t row = 0; row < print->rows; row++)
		for (size_t i = 0; i < print->column_count; i++) {
			char *cell = print->cells[row * print->column_count + i];

			put_cell(print, i, cell);
			free(cell);
		}
	print->rows = 0;
	fflush(stdout);
}

/* An item that is an array has its members in the order of the columns. */
static const json_t *
member(const struct print *print, const json_t *item, size_t column)
{
	if (json_is_array(item))
		return json_array_get(item, column);
	return json_object_get(item, print->columns[column].key);
}

static void
keep_row(struct print *print, const json_t *item)
{
	if (print->cells == NULL)
		print->cells = xcalloc(ROWS_MAX * print->column_count + 1, sizeof(char *));
	for (size_t i = 0; i < print->column_count; i++) {
		struct column *column = &print->columns[i];
		const json_t *value = member(print, item, i);
		struct buf text = BUF_INIT;
		int width;

		add_value(print->form, column->key, value, &text);
		width = print_width(buf_str(&text));
		column->width = width > column->width ? width : column->width;
		column->right =
		    column->right || (json_is_integer(value) && !is_time(column->key));
		print->cells[print->rows * print->column_count + i] = buf_steal(&text);
	}
	if (++print->rows == ROWS_MAX)
		put_rows(print);
}

/* CSV. */

static void
put_csv(const char *text, bool last)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, stdout);
	} else {
		putchar('"');
		for (; *text != '\0'; text++) {
			if (*text == '"')
				putchar('"');
			putchar(*text);
		}
		putchar('"');
	}
	fputs(last ? "\r\n" : ",", stdout);
}

static void
put_csv_head(struct print *print)
{
	for (size_t i = 0; i < print->column_count; i++)
		put_csv(print->columns[i].key, i + 1 == print->column_count);
	print->begun = true;
}

static void
put_csv_row(struct print *print, const json_t *item)
{
	if (!print->begun)
		put_csv_head(print);
	for (size_t i = 0; i < print->column_count; i++) {
		struct buf text = BUF_INIT;

		add_value(print->form, print->columns[i].key, member(print, item, i), &text);
		put_csv(buf_str(&text), i + 1 == print->column_count);
		buf_free(&text);
	}
}

/* Without columns given, the first item's members are those. */
static void
take_columns(struct print *print, const json_t *item)
{
	const char *key;
	json_t *value;
	char number[24];

	for (size_t i = 0; i < json_array_size(item); i++) {
		snprintf(number, sizeof(number), "%zu", i);
		add_column(print, number, strlen(number));
	}
	json_object_foreach ((json_t *)item, key, value)
		add_column(print, key, strlen(key));
}

void
print_item(struct print *print, const json_t *item)
{
	if (print->form == PRINT_JSON) {
		json_dumpf(item, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
		putchar('\n');
		return;
	}
	if (print->column_count == 0)
		take_columns(print, item);
	if (print->form == PRINT_CSV)
		put_csv_row(print, item);
	else if (print->column_count != 0)
		keep_row(print, item);
}

void
print_end(struct print **print)
{
	struct print *p = *print;

	if (p->form == PRINT_TABLE)
		put_rows(p);
	else if (p->form == PRINT_CSV && !p->begun)
		put_csv_head(p);
	for (size_t i = 0; i < p->column_count; i++) {
		free(p->columns[i].key);
		free(p->columns[i].heading);
	}
	free(p->cells);
	free(p);
	*print = NULL;
}

/* {"custom_domain": {...}} is the domain. */
static const json_t *
unwrap(const json_t *object)
{
	void *only = json_object_iter((json_t *)object);

	if (json_object_size(object) == 1 && json_is_object(json_object_iter_value(only)))
		return json_object_iter_value(only);
	return object;
}

void
print_object(enum print_form form, const json_t *object)
{
	struct buf text = BUF_INIT, clean = BUF_INIT;
	const char *key;
	json_t *value;
	int longest = 0;

	if (form == PRINT_JSON) {
		json_dumpf(object, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
		putchar('\n');
		return;
	}
	object = unwrap(object);
	json_object_foreach ((json_t *)object, key, value)
		longest = print_width(key) > longest ? print_width(key) : longest;
	json_object_foreach ((json_t *)object, key, value) {
		buf_reset(&text);
		buf_reset(&clean);
		print_clean(key, 0, &clean);
		printf("%s", buf_str(&clean));
		put_padding(longest - print_width(key) + 2);
		buf_reset(&clean);
		add_value(form, key, value, &text);
		print_clean(buf_str(&text), 0, &clean);
		printf("%s\n", buf_str(&clean));
	}
	buf_free(&text);
	buf_free(&clean);
}
