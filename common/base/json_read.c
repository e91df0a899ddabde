/*
 * A recursive descent over the grammar of RFC 8259.  Each function takes its part of the text
 * off the front of the reader, and gives NULL or false if it is not there.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ascii.h"
#include "common/base/buf.h"
#include "common/base/json_plain.h"
#include "common/base/json_read.h"
#include "common/base/utf8.h"

#define NUMBER_MAX 512 /* characters */

struct reader {
	const char *p, *end;
	unsigned depth;
	struct buf text; /* of a string with escapes */
};

static json_t *read_value(struct reader *r);

static void
skip_blanks(struct reader *r)
{
	while (
	    r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
		r->p++;
}

/* Take a character; false if another is there. */
static bool
take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool
take_word(struct reader *r, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(r->end - r->p) < length || memcmp(r->p, word, length) != 0)
		return false;
	r->p += length;
	return true;
}

/* Go to the end of the characters that stand for themselves; false if one is not UTF-8. */
static bool
skip_literal(struct reader *r)
{
	while (r->p < r->end) {
		size_t length;

		r->p = json_plain_end(r->p, r->end);
		if (r->p == r->end || (unsigned char)*r->p < 0x80)
			break;
		length = utf8_length(r->p, (size_t)(r->end - r->p));
		if (length == 0)
			return false;
		r->p += length;
	}
	return true;
}

/* The four hexadecimal digits of a \u; -1 if they are not there. */
static int32_t
take_unit(struct reader *r)
{
	int32_t unit = 0;

	if (r->end - r->p < 4)
		return -1;
	for (const char *end = r->p + 4; r->p < end; r->p++) {
		if (ascii_hex_value(*r->p) < 0)
			return -1;
		unit = unit << 4 | ascii_hex_value(*r->p);
	}
	return unit;
}

static void
add_utf8(struct buf *out, int32_t c)
{
	char bytes[4];
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const int first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = length; i-- > 1; c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(first[length] | c);
	buf_add(out, bytes, length);
}

/* What follows "\u". */
static bool
take_character(struct reader *r)
{
	int32_t c = take_unit(r), low;

	if (c <= 0 || (c >= 0xdc00 && c < 0xe000))
		return false;
	if (c >= 0xd800 && c < 0xdc00) {
		if (!take_word(r, "\\u"))
			return false;
		low = take_unit(r);
		if (low < 0xdc00 || low >= 0xe000)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	add_utf8(&r->text, c);
	return true;
}

/* What follows a backslash. */
static bool
take_escape(struct reader *r)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (take(r, 'u'))
		return take_character(r);
	found = r->p == r->end || *r->p == '\0' ? NULL : strchr(letters, *r->p);
	if (found == NULL)
		return false;
	r->p++;
	buf_addc(&r->text, meant[found - letters]);
	return true;
}

/*
 * The string after its opening quote: its start and length, in the input if it has no escapes,
 * else in r->text, where the next string with escapes overwrites it.
 */
static bool
read_text(struct reader *r, const char **start_r, size_t *length_r)
{
	const char *start = r->p;
	bool escapes = false;

	while (skip_literal(r)) {
		if (!escapes && take(r, '"')) {
			*start_r = start;
			*length_r = (size_t)(r->p - start) - 1;
			return true;
		}
		if (!escapes)
			buf_reset(&r->text);
		escapes = true;
		buf_add(&r->text, start, (size_t)(r->p - start));
		if (take(r, '"')) {
			*start_r = buf_str(&r->text);
			*length_r = r->text.len;
			return true;
		}
		if (!take(r, '\\') || !take_escape(r))
			return false;
		start = r->p;
	}
	return false;
}

static size_t
take_digits(struct reader *r)
{
	const char *start = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return (size_t)(r->p - start);
}

/* Go over a number; false if it is none.  *real_r tells 1.0 and 1e0 from 1. */
static bool
skip_number(struct reader *r, bool *real_r)
{
	*real_r = false;
	(void)take(r, '-');
	if (!take(r, '0') && take_digits(r) == 0)
		return false;
	if (take(r, '.')) {
		*real_r = true;
		if (take_digits(r) == 0)
			return false;
	}
	if (take(r, 'e') || take(r, 'E')) {
		*real_r = true;
		if (!take(r, '+'))
			(void)take(r, '-');
		if (take_digits(r) == 0)
			return false;
	}
	return true;
}

static json_t *
read_number(struct reader *r)
{
	const char *start = r->p;
	char text[NUMBER_MAX];
	size_t length;
	bool real;
	double value;
	long long integer;

	if (!skip_number(r, &real))
		return NULL;
	length = (size_t)(r->p - start);
	if (length >= sizeof(text))
		return NULL;
	memcpy(text, start, length);
	text[length] = '\0';
	errno = 0;
	if (!real) {
		integer = strtoll(text, NULL, 10);
		return errno == 0 ? json_integer(integer) : NULL;
	}
	value = strtod(text, NULL);
	return isfinite(value) ? json_real(value) : NULL;
}

static json_t *
read_array(struct reader *r)
{
	json_t *array = json_array();

	skip_blanks(r);
	if (take(r, ']'))
		return array;
	do {
		json_t *value = read_value(r);

		if (value == NULL || json_array_append_new(array, value) < 0)
			break;
		if (take(r, ']'))
			return array;
	} while (take(r, ','));
	json_decref(array);
	return NULL;
}

/* One member; false also if the object has one of that name. */
static bool
read_member(struct reader *r, json_t *object)
{
	size_t before = json_object_size(object), length;
	const char *start;
	struct buf key = BUF_INIT;
	json_t *value = NULL;
	bool good = false;

	skip_blanks(r);
	if (!take(r, '"') || !read_text(r, &start, &length))
		return false;
	if (start == r->text.data) { /* which the value may need */
		key = r->text;
		r->text = (struct buf)BUF_INIT;
	}
	skip_blanks(r);
	if (take(r, ':'))
		value = read_value(r);
	if (value != NULL)
		good = json_object_setn_new_nocheck(object, start, length, value) == 0 &&
		       json_object_size(object) > before;
	buf_free(&key);
	return good;
}

static json_t *
read_object(struct reader *r)
{
	json_t *object = json_object();

	skip_blanks(r);
	if (take(r, '}'))
		return object;
	while (read_member(r, object)) {
		if (take(r, '}'))
			return object;
		if (!take(r, ','))
			break;
	}
	json_decref(object);
	return NULL;
}

/* An array or an object, one level deeper. */
static json_t *
read_nested(struct reader *r, json_t *(*read)(struct reader *))
{
	json_t *value = NULL;

	if (r->depth++ < JSON_READ_DEPTH)
		value = read(r);
	r->depth--;
	return value;
}

/* Any value, and the blanks around it. */
static json_t *
read_value(struct reader *r)
{
	const char *start;
	size_t length;
	json_t *value = NULL;

	skip_blanks(r);
	if (take(r, '"'))
		value =
		    read_text(r, &start, &length) ? json_stringn_nocheck(start, length) : NULL;
	else if (take(r, '{'))
		value = read_nested(r, read_object);
	else if (take(r, '['))
		value = read_nested(r, read_array);
	else if (take_word(r, "true"))
		value = json_true();
	else if (take_word(r, "false"))
		value = json_false();
	else if (take_word(r, "null"))
		value = json_null();
	else
		value = read_number(r);
	skip_blanks(r);
	return value;
}

json_t *
json_read(const char *bytes, size_t length)
{
	struct reader r = {bytes, bytes + length, 0, BUF_INIT};
	json_t *value = read_value(&r);

	if (value != NULL &&
	    (r.p != r.end || !(json_is_object(value) || json_is_array(value)))) {
		json_decref(value);
		value = NULL;
	}
	buf_free(&r.text);
	return value;
}
