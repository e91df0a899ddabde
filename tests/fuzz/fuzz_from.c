/* A From made the account's own: whatever was there, one mailbox is, and it is the account's. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "transport/from_rewrite.h"
#include "transport/rewrite.h"

#define OWN "agent@own.example"

/* The message as it leaves; what came of it in *o. */
static void
rewrite(const char *bytes, size_t length, size_t piece, struct outcome *o, struct buf *out)
{
	char *senders[] = {NULL};
	const struct account account = {.senders = senders, .rewrite_from = REWRITE_MISMATCH};
	struct http_source source;
	struct message m;
	ssize_t got;

	message_init(&m, "/nonexistent");
	header_filter_feed(&m.filter, bytes, length, out);
	header_filter_end(&m.filter, out);
	*o = spool_add(&m.spool, buf_str(out), out->len);
	if (outcome_is_ok(o))
		*o = rewrite_message(&m, &account, OWN);
	buf_reset(out);
	source = message_source(&m);
	while ((got = source.read(source.arg, buf_reserve(out, piece), piece)) > 0)
		out->len += (size_t)got;
	buf_reserve(out, 0);
	out->data[out->len] = '\0';
	if ((int64_t)out->len != source.size)
		abort();
	message_free(&m);
}

/* Every mailbox of the From is the account's, and there is one at least. */
static void
check_from(const struct header_filter *f)
{
	const struct header_field *from = header_filter_noted(f, HEADER_FROM, NULL);
	struct address_list list;

	if (from == NULL || header_filter_noted(f, HEADER_FROM, from) != NULL)
		abort();
	from_parse(buf_str(&from->value), from->value.len, &list);
	if (list.count == 0)
		abort();
	for (size_t i = 0; i < list.count; i++)
		if (strcasecmp(list.mailboxes[i].address, OWN) != 0)
			abort();
	address_list_free(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buf one = BUF_INIT, other = BUF_INIT, again = BUF_INIT;
	struct header_filter f;
	struct outcome o;

	if (length > 60000)
		return 0; /* more would want a file */
	rewrite((const char *)bytes, length, 4096, &o, &one);
	rewrite((const char *)bytes, length, 7, &o, &other);
	if (one.len != other.len || memcmp(one.data, other.data, one.len) != 0)
		abort();
	header_filter_init(&f);
	header_filter_feed(&f, one.data, one.len, &again);
	header_filter_end(&f, &again);
	if (outcome_is_ok(&o))
		check_from(&f);
	header_filter_free(&f);
	buf_free(&one);
	buf_free(&other);
	buf_free(&again);
	return 0;
}
