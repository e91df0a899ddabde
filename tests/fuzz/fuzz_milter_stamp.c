/* Stamps that somebody else wrote: only what we write ourselves holds. */
#include <stdlib.h>
#include <string.h>

#include "milter/stamp.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1795698284

/* Is it, but for blanks, what we write for that envelope at the time that it says? */
static bool
is_ours(const struct buf *key, const struct alias_stamp_envelope *envelope, const char *text)
{
	const char *time = strstr(text, "t=");
	struct buf value = BUF_INIT, plain = BUF_INIT;
	bool same;

	alias_stamp_make(key, envelope, time != NULL ? strtoll(time + 2, NULL, 10) : 0, &value);
	text += strspn(text, " \t\r\n");
	for (bool blank = false; *text != '\0'; text++) {
		if (strchr(" \t\r\n", *text) != NULL) {
			blank = true;
			continue;
		}
		if (blank)
			buf_addc(&plain, ' ');
		buf_addc(&plain, *text);
		blank = false;
	}
	same = strcmp(buf_str(&plain), value.data) == 0;
	buf_free(&plain);
	buf_free(&value);
	return same;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char key_bytes[] = "key", a[] = "a@x.example", b[] = "b@x.example";
	const struct buf key = {key_bytes, 3, 4};
	const char *const recipients[] = {a, b};
	const struct alias_stamp_envelope envelope = {"me@own.example", recipients, 2};
	struct buf text = BUF_INIT;

	buf_add(&text, bytes, length);
	if (alias_stamp_holds(&key, &envelope, NOW, buf_str(&text)) &&
	    !is_ours(&key, &envelope, buf_str(&text)))
		abort();
	buf_free(&text);
	return 0;
}
