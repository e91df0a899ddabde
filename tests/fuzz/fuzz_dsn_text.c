/* Values of ESMTP's parameters: what they stand for is no longer, and has no control characters. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "transport/address_check.h"
#include "transport/dsn_text.h"

/* Is the value good, and what it stands for as it should be?  It is left in *decoded. */
static bool
check(bool (*decode)(const char *text, struct buf *decoded), const char *text,
    struct buf *decoded)
{
	bool good;

	buf_reset(decoded);
	good = decode(text, decoded);
	if (good != decode(text, NULL))
		abort();
	if (!good)
		return false;
	if (decoded->len > strlen(text) || strlen(buf_str(decoded)) != decoded->len ||
	    text_has_control(buf_str(decoded)))
		abort();
	if (strpbrk(text, "+\\") == NULL && strcmp(text, buf_str(decoded)) != 0)
		abort();
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buf text = BUF_INIT, decoded = BUF_INIT;

	buf_add(&text, bytes, length);
	(void)check(dsn_xtext, buf_str(&text), &decoded);
	if (check(dsn_original_recipient, buf_str(&text), &decoded) &&
	    strncmp(buf_str(&text), "utf-8;", 6) == 0 && !text_is_utf8(buf_str(&decoded)))
		abort();
	buf_free(&text);
	buf_free(&decoded);
	return 0;
}
