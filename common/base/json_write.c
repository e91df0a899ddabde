/*
 * One function for each kind of value.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json_plain.h"
#include "common/base/json_write.h"

/* Append a character as JSON escapes it. */
static void
write_escape(unsigned char c, struct buf *out)
{
	static const char letters[] = "btn\0fr"; /* of 8 to 13 */
	bool lettered = c >= '\b' && c <= '\r' && letters[c - '\b'] != '\0';

	if (c < ' ' && !lettered) {
		buf_addf(out, "\\u%04X", c);
		return;
	}
	buf_addc(out, '\\');
	buf_addc(out, lettered ? letters[c - '\b'] : (char)c);
}

/* The first character from p on that is to be escaped, or end. */
static const char *
literal_end(const char *p, const char *end)
{
	while ((p = json_plain_end(p, end)) < end && (unsigned char)*p >= 0x80)
		while (p < end && (unsigned char)*p >= 0x80)
			p++;
	return p;
}

void
json_write_string(const char *text, size_t length, struct buf *out)
{
	const char *end = text + length, *stop;

	buf_addc(out, '"');
	while ((stop = literal_end(text, end)) < end) {
		buf_add(out, text, (size_t)(stop - text));
		write_escape((unsigned char)*stop, out);
		text = stop + 1;
	}
	buf_add(out, text, (size_t)(end - text));
	buf_addc(out, '"');
}

static void
write_real(const json_t *value, struct buf *out)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);

	buf_adds(out, text);
	free(text);
}

static void
write_array(const json_t *array, struct buf *out)
{
	size_t i;
	const json_t *item;

	buf_addc(out, '[');
	json_array_foreach (array, i, item) {
		if (i > 0)
			buf_addc(out, ',');
		json_write(item, out);
	}
	buf_addc(out, ']');
}

static void
write_object(const json_t *object, struct buf *out)
{
	json_t *walked = (json_t *)(uintptr_t)object;
	char separator = '{';

	if (json_object_size(object) == 0)
		buf_addc(out, separator);
	for (void *i = json_object_iter(walked); i != NULL;
	     i = json_object_iter_next(walked, i)) {
		buf_addc(out, separator);
		json_write_string(json_object_iter_key(i), json_object_iter_key_len(i), out);
		buf_addc(out, ':');
		json_write(json_object_iter_value(i), out);
		separator = ',';
	}
	buf_addc(out, '}');
}

void
json_write(const json_t *value, struct buf *out)
{
	if (value == NULL)
		return;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(value, out);
		break;
	case JSON_ARRAY:
		write_array(value, out);
		break;
	case JSON_STRING:
		json_write_string(json_string_value(value), json_string_length(value), out);
		break;
	case JSON_INTEGER:
		buf_addi(out, json_integer_value(value));
		break;
	case JSON_REAL:
		write_real(value, out);
		break;
	case JSON_TRUE:
		buf_adds(out, "true");
		break;
	case JSON_FALSE:
		buf_adds(out, "false");
		break;
	case JSON_NULL:
		buf_adds(out, "null");
		break;
	}
}

char *
json_write_text(const json_t *value)
{
	struct buf text = BUF_INIT;

	json_write(value, &text);
	return buf_steal(&text);
}
