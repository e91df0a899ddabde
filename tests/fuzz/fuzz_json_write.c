/* What is written of a value is what jansson writes of it; and any text reads back the same. */
#include <stdlib.h>
#include <string.h>

#include "common/base/json_write.h"
#include "common/wire/json_text.h"
#include "tests/fuzz/fuzz.h"

#define MOST 1000

static void
write_value(const char *bytes, size_t length)
{
	json_t *value = json_loadb(
	    bytes, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	char *mine = json_write_text(value);
	char *other = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (value != NULL && strcmp(mine, other) != 0)
		abort();
	free(mine);
	free(other);
	json_decref(value);
}

/* As an only member, behind another that is to stay what it was. */
static void
write_bytes(const char *bytes, size_t length)
{
	struct buf text = BUF_INIT;
	json_t *value, *string = json_stringn(bytes, length);
	bool fits;

	json_text_open(&text, NULL, '{');
	json_text_bool(&text, "first", true);
	fits = json_text_bytes(&text, "bytes", bytes, length, MOST);
	json_text_close(&text, '}');
	value = json_loadb(buf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_true(json_object_get(value, "first")))
		abort();
	if (fits ? !json_equal(json_object_get(value, "bytes"), string)
	         : json_object_size(value) != 1)
		abort();
	if (fits && text.len > strlen("{\"first\":true,\"bytes\":}") + MOST)
		abort();
	json_decref(value);
	json_decref(string);
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	write_value((const char *)data, size);
	write_bytes((const char *)data, size);
	return 0;
}
