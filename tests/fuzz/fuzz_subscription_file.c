/* Dovecot's file of subscriptions: any bytes; what is set is there, and nothing else changes. */
#include <stdlib.h>
#include <string.h>

#include "sync/subscription_file.h"
#include "tests/fuzz/fuzz.h"

static void
check(enum maildir_layout layout, const char *path, const char *text, size_t length)
{
	struct subscription_file file, again;
	struct buf printed = BUF_INIT;
	bool had;

	subscription_file_parse(&file, text, length);
	had = subscription_file_has(&file, layout, path);
	subscription_file_set(&file, layout, path, !had);
	if (subscription_file_has(&file, layout, path) == had)
		abort();
	subscription_file_free(&file);
	subscription_file_parse(&file, text, length);
	subscription_file_set(&file, layout, path, true);
	subscription_file_print(&file, &printed);
	/* What was written is read again as it was. */
	subscription_file_parse(&again, buf_str(&printed), printed.len);
	if (!subscription_file_has(&again, layout, path) || again.version2 != file.version2 ||
	    again.text.len != file.text.len ||
	    memcmp(again.text.data, file.text.data, file.text.len) != 0)
		abort();
	subscription_file_free(&again);
	subscription_file_free(&file);
	buf_free(&printed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	check(LAYOUT_MAILDIRPP, ".A.B", (const char *)bytes, length);
	check(LAYOUT_MAILDIRPP, "", (const char *)bytes, length);
	check(LAYOUT_FS, "A/B", (const char *)bytes, length);
	return 0;
}
