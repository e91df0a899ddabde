/* Hostnames, as people write them and as they come in addresses. */
#include <stdlib.h>
#include <string.h>

#include "common/wire/hostname.h"
#include "tests/fuzz/fuzz.h"

/* What was accepted can stand in a query, and is its own normal form. */
static void
check(const struct buf *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	struct buf again = BUF_INIT;
	struct outcome o;

	if (name->len == 0 || name->len > 253 || strspn(name->data, letters) != name->len)
		abort();
	o = hostname_normalise(name->data, &again);
	if (!outcome_is_ok(&o) || strcmp(again.data, name->data) != 0)
		abort();
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buf text = BUF_INIT, name = BUF_INIT;
	struct outcome o;

	buf_add(&text, bytes, length);
	o = hostname_normalise(text.data, &name);
	if (outcome_is_ok(&o))
		check(&name);
	else if (name.len != 0)
		abort();
	buf_free(&text);
	buf_free(&name);
	return 0;
}
