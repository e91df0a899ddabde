/*
 * JSON as text.
 */
#include <stdio.h>
#include <string.h>

#include "common/wire/json.h"
#include "common/wire/json_text.h"
#include "common/wire/mime.h"

/* What comes behind a backslash for this byte of a string; 'u': its number; 0: it needs none. */
static char
escape_for(char c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	}
	return (unsigned char)c < ' ' ? 'u' : '\0';
}

static bool
stands_for_itself(char c)
{
	return (unsigned char)c >= ' ' && c != '"' && c != '\\';
}

static void
put_escaped(struct buf *text, char c)
{
	char escape = escape_for(c);

	if (escape == 'u') {
		buf_addf(text, "\\u%04X", (unsigned)(unsigned char)c);
	} else {
		buf_addc(text, '\\');
		buf_addc(text, escape);
	}
}

static void
put_string(struct buf *text, const char *bytes, size_t length)
{
	buf_addc(text, '"');
	for (size_t at = 0; at < length;) {
		size_t run = at;

		while (run < length && stands_for_itself(bytes[run]))
			run++;
		buf_add(text, bytes + at, run - at);
		if (run < length)
			put_escaped(text, bytes[run++]);
		at = run;
	}
	buf_addc(text, '"');
}

/* What comes before a value. */
static void
begin(struct buf *text, const char *key)
{
	if (text->len != 0 && strchr("{[:", text->data[text->len - 1]) == NULL)
		buf_addc(text, ',');
	if (key == NULL)
		return;
	put_string(text, key, strlen(key));
	buf_addc(text, ':');
}

void
json_text_open(struct buf *text, const char *key, char bracket)
{
	begin(text, key);
	buf_addc(text, bracket);
}

void
json_text_close(struct buf *text, char bracket)
{
	buf_addc(text, bracket);
}

void
json_text_string(struct buf *text, const char *key, const char *value)
{
	begin(text, key);
	put_string(text, value, strlen(value));
}

void
json_text_bool(struct buf *text, const char *key, bool value)
{
	begin(text, key);
	buf_adds(text, value ? "true" : "false");
}

void
json_text_null(struct buf *text, const char *key)
{
	begin(text, key);
	buf_adds(text, "null");
}

bool
json_text_bytes(
    struct buf *text, const char *key, const char *bytes, size_t length, size_t most)
{
	size_t before = text->len, start;

	if (memchr(bytes, '\0', length) != NULL || !mime_is_utf8(bytes, length))
		return false;
	begin(text, key);
	start = text->len;
	put_string(text, bytes, length);
	if (text->len - start <= most)
		return true;
	buf_truncate(text, before);
	return false;
}

void
json_text_value(struct buf *text, const char *key, const json_t *value)
{
	begin(text, key);
	json_write(value, text);
}
