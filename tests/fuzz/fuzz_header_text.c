/* A header's text for people: always UTF-8, short, and without control characters. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/mime.h"
#include "sync/header_text.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = xstrndup((const char *)bytes, length);
	struct buf decoded = BUF_INIT, clean = BUF_INIT;

	header_text_decode(text, &decoded);
	header_text_clean(buf_str(&decoded), &clean);
	if (clean.len > HEADER_TEXT_MAX || !mime_is_utf8(clean.data, clean.len))
		abort();
	for (size_t i = 0; i < clean.len; i++)
		if ((unsigned char)clean.data[i] < ' ' || clean.data[i] == 0x7f)
			abort();
	buf_free(&clean);
	buf_free(&decoded);
	free(text);
	return 0;
}
