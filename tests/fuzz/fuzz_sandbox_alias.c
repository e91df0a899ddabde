/* What clients and senders write to the sandbox's alias service: names, addresses, suffixes. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_limit.h"
#include "sandbox/alias_name.h"
#include "sandbox/alias_suffix.h"
#include "tests/fuzz/fuzz.h"

static void
try_names(const char *text)
{
	struct buf out = BUF_INIT;
	char *plain;

	alias_name_rewrite(text, &out);
	if (out.len > 64)
		abort();
	buf_reset(&out);
	alias_name_suggest(text, &out);
	if (out.len > 64 || strpbrk(buf_str(&out), "@/ ") != NULL)
		abort();
	buf_reset(&out);
	alias_reverse_local(text, &out);
	if (out.len > 45 + 1 + 10)
		abort();
	buf_free(&out);
	plain = alias_canonical_mailbox(text);
	free(plain);
}

static void
try_contact(const char *text)
{
	struct buf out = BUF_INIT;
	char *name, *email;

	if (!alias_contact_read(text, &name, &email))
		return;
	if (!alias_email_valid(email) || strpbrk(email, " <>\"\r\n") != NULL)
		abort();
	alias_reverse_display(name, email, "r@s", "AT", &out);
	if (strpbrk(out.data, "\r\n") != NULL)
		abort();
	buf_free(&out);
	free(name);
	free(email);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const unsigned char secret[] = "secret";
	char *text = xstrndup((const char *)bytes, length);
	char *suffix = alias_suffix_check(secret, sizeof(secret), text, 1594444000, 600);

	free(suffix);
	try_names(text);
	try_contact(text);
	(void)alias_limits_valid(text);
	free(text);
	return 0;
}
