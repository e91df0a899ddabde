/*
 * Writing JSON compactly.
 *
 * jansson would do the same, a character at a time through a callback; what is written here
 * is mostly the text of messages, of which the runs between two characters to be escaped are
 * copied whole.  Strings of a json_t are valid UTF-8, so no more is to be looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "common/wire/json.h"

/* What stands behind the backslash for each byte: 0 it needs none, 'u' four digits follow. */
static const char escapes[256] = {
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'b',
    't',
    'n',
    'u',
    'f',
    'r',
    'u',
    'u', /* 0 */
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u',
    'u', /* 1 */
    ['"'] = '"',
    ['\\'] = '\\',
};

static void
write_escape(unsigned char c, struct buf *text)
{
	if (escapes[c] == 'u') {
		buf_addf(text, "\\u%04X", c);
	} else {
		char pair[] = {'\\', escapes[c]};

		buf_add(text, pair, sizeof(pair));
	}
}

static void
write_string(const char *bytes, size_t length, struct buf *text)
{
	const char *end = bytes + length;

	buf_reserve(text, length + length / 16 + 2); /* for lines of usual length */
	buf_addc(text, '"');
	while (bytes < end) {
		const char *p = bytes;

		while (p < end && escapes[(unsigned char)*p] == 0)
			p++;
		buf_add(text, bytes, (size_t)(p - bytes));
		if (p < end)
			write_escape((unsigned char)*p++, text);
		bytes = p;
	}
	buf_addc(text, '"');
}

static void
write_array(const json_t *array, struct buf *text)
{
	json_t *item;
	size_t i;

	buf_addc(text, '[');
	json_array_foreach (array, i, item) {
		if (i != 0)
			buf_addc(text, ',');
		json_write(item, text);
	}
	buf_addc(text, ']');
}

static void
write_object(const json_t *object, struct buf *text)
{
	json_t *members = (json_t *)(uintptr_t)object; /* which is not changed by reading it */
	bool first = true;

	buf_addc(text, '{');
	for (void *i = json_object_iter(members); i != NULL;
	     i = json_object_iter_next(members, i)) {
		if (!first)
			buf_addc(text, ',');
		first = false;
		write_string(json_object_iter_key(i), json_object_iter_key_len(i), text);
		buf_addc(text, ':');
		json_write(json_object_iter_value(i), text);
	}
	buf_addc(text, '}');
}

static void
write_number(const json_t *number, struct buf *text)
{
	char *digits;

	if (json_is_integer(number)) {
		buf_addf(text, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
		return;
	}
	digits = json_dumps(number, JSON_ENCODE_ANY);
	buf_adds(text, digits);
	free(digits);
}

void
json_write(const json_t *value, struct buf *text)
{
	if (value == NULL) /* what could not be made of bytes that are no text */
		return;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(value, text);
		break;
	case JSON_ARRAY:
		write_array(value, text);
		break;
	case JSON_STRING:
		write_string(json_string_value(value), json_string_length(value), text);
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		write_number(value, text);
		break;
	case JSON_TRUE:
		buf_adds(text, "true");
		break;
	case JSON_FALSE:
		buf_adds(text, "false");
		break;
	case JSON_NULL:
		buf_adds(text, "null");
		break;
	}
}
