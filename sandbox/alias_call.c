/*
 * What endpoints say, and how they read what they are told.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <microhttpd.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_call.h"
#include "sandbox/codec.h"

void
alias_say(struct alias_call *c, int status, json_t *answer)
{
	json_decref(c->answer);
	c->answer = answer;
	c->status = status;
}

void
alias_error(struct alias_call *c, int status, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	alias_say(c, status, json_pack("{s:o}", "error", json_cleans(text)));
	free(text);
}

void
alias_forbid(struct alias_call *c)
{
	alias_error(c, 403, "Forbidden");
}

void
alias_break(struct alias_call *c)
{
	alias_error(c, 500, "Internal error");
}

/* application/json or application/ANYTHING+json, with or without parameters. */
static bool
says_json(const char *type)
{
	size_t length;

	if (type == NULL)
		return false;
	length = strcspn(type, "; \t");
	if (length == strlen("application/json") &&
	    strncasecmp(type, "application/json", length) == 0)
		return true;
	return length > strlen("application/+json") &&
	       strncasecmp(type, "application/", 12) == 0 &&
	       strncasecmp(type + length - 5, "+json", 5) == 0;
}

/* Is the value one that Python takes for false? */
static bool
is_nothing(const json_t *value)
{
	return value == NULL || json_is_null(value) || json_is_false(value) ||
	       (json_is_object(value) && json_object_size(value) == 0) ||
	       (json_is_array(value) && json_array_size(value) == 0) ||
	       (json_is_string(value) && json_string_length(value) == 0) ||
	       (json_is_number(value) && !(json_number_value(value) < 0) &&
	           !(json_number_value(value) > 0));
}

/* Put the value into c->body, NULL for nothing; false if it is malformed. */
static bool
read_value(struct alias_call *c)
{
	const struct request *r = c->request;
	json_t *value;

	if (!says_json(request_header(r, "Content-Type")))
		return true;
	value = json_loadb(r->body, r->body_length, JSON_DECODE_ANY, NULL);
	if (value == NULL)
		return false;
	if (is_nothing(value))
		json_decref(value);
	else
		c->body = value;
	return true;
}

static bool
have_value(struct alias_call *c)
{
	if (read_value(c))
		return true;
	alias_error(c, 400, "Bad Request");
	return false;
}

bool
alias_have_body(struct alias_call *c)
{
	if (!have_value(c))
		return false;
	if (c->body == NULL || json_is_object(c->body))
		return true;
	alias_break(c);
	return false;
}

bool
alias_need_value(struct alias_call *c)
{
	if (!have_value(c))
		return false;
	if (c->body != NULL)
		return true;
	alias_error(c, 400, "request body cannot be empty");
	return false;
}

bool
alias_need_body(struct alias_call *c)
{
	if (!alias_need_value(c))
		return false;
	if (json_is_object(c->body))
		return true;
	alias_break(c);
	return false;
}

void
alias_take_body(struct alias_call *c)
{
	if (!read_value(c) || !json_is_object(c->body)) {
		json_decref(c->body);
		c->body = NULL;
	}
}

bool
alias_text(struct alias_call *c, const char *key, const char **text_r)
{
	const json_t *value = json_object_get(c->body, key);

	*text_r = json_string_value(value);
	if (value == NULL || json_is_null(value) || json_is_string(value))
		return true;
	alias_break(c);
	return false;
}

/* What Python's int() takes: blanks around, a sign, digits. */
static bool
read_integer(const char *text, int64_t *number_r)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	if (!isdigit((unsigned char)text[*text == '-' || *text == '+']))
		return false;
	*number_r = strtoll(text, &end, 10);
	while (isspace((unsigned char)*end))
		end++;
	return *end == '\0';
}

bool
alias_page(struct alias_call *c, const char *argument, int64_t *page_r)
{
	const char *text = alias_argument(c, argument);

	if (text == NULL || !read_integer(text, page_r)) {
		alias_error(c, 400, "%s must be provided in request query", argument);
		return false;
	}
	/* PostgreSQL refuses a negative offset, and one that is no bigint. */
	if (*page_r < 0 || *page_r > INT64_MAX / ALIAS_PAGE) {
		alias_break(c);
		return false;
	}
	return true;
}

const char *
alias_argument(const struct alias_call *c, const char *name)
{
	return request_argument(c->request, name);
}

bool
alias_has_argument(const struct alias_call *c, const char *name)
{
	return MHD_lookup_connection_value_n(c->request->connection, MHD_GET_ARGUMENT_KIND,
	           name, strlen(name), NULL, NULL) == MHD_YES;
}

json_t *
alias_date(int64_t seconds)
{
	time_t when = (time_t)seconds;
	char text[40];
	struct tm tm;

	if (seconds == 0 || gmtime_r(&when, &tm) == NULL)
		return json_null();
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S+00:00", &tm);
	return json_string(text);
}

json_t *
alias_time(int64_t seconds)
{
	return seconds == 0 ? json_null() : json_integer(seconds);
}

const char *
alias_column_text(sqlite3_stmt *row, int column)
{
	return (const char *)sqlite3_column_text(row, column);
}

json_t *
alias_column(sqlite3_stmt *row, int column)
{
	return json_cleans(alias_column_text(row, column));
}

static void
random_of(const char *alphabet, size_t count, struct buf *out)
{
	size_t size = strlen(alphabet);

	while (count > 0) {
		unsigned char byte;

		random_bytes(&byte, 1);
		if (byte < 256 / size * size) {
			buf_addc(out, alphabet[byte % size]);
			count--;
		}
	}
}

void
alias_letters(size_t count, struct buf *out)
{
	random_of("abcdefghijklmnopqrstuvwxyz", count, out);
}

void
alias_digits(size_t count, struct buf *out)
{
	random_of("0123456789", count, out);
}

void
alias_letter(struct db *d, int64_t now, const char *to, const char *subject, const char *code)
{
	db_run(d, "INSERT INTO letter (recipient, subject, code, created) VALUES (?, ?, ?, ?)",
	    "ttti", to, subject, code, now);
}
