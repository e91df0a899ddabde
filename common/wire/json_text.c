/*
 * JSON as text.
 */
#include <string.h>

#include "common/base/json_write.h"
#include "common/wire/json_text.h"
#include "common/wire/mime.h"

/* What comes before a value. */
static void
begin(struct buf *text, const char *key)
{
	if (text->len != 0 && strchr("{[:", text->data[text->len - 1]) == NULL)
		buf_addc(text, ',');
	if (key == NULL)
		return;
	json_write_string(key, strlen(key), text);
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
	json_write_string(value, strlen(value), text);
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
	json_write_string(bytes, length, text);
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
