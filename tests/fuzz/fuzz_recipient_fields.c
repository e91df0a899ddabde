/* A field with other recipients: it names those that it should in their order, and no others. */
#include <stdlib.h>
#include <string.h>

#include "common/wire/address_list.h"
#include "common/wire/recipient_fields.h"
#include "tests/fuzz/fuzz.h"

#define REPLACEMENT "rev_x@sl.example"

/* Where an address goes depends on its bytes alone. */
static enum recipient_fate
fate_of(const char *address)
{
	unsigned sum = 0;

	while (*address != '\0')
		sum += (unsigned char)*address++;
	return (enum recipient_fate)(sum % 3);
}

static enum recipient_fate
decide(void *arg, const char *address, const char **replacement_r)
{
	size_t *asked = arg;

	++*asked;
	*replacement_r = REPLACEMENT;
	return fate_of(address);
}

static enum recipient_fate
keep(void *arg, const char *address, const char **replacement_r)
{
	(void)arg;
	(void)address;
	(void)replacement_r;
	return RECIPIENT_KEEP;
}

/* The new list is the old one with every fate carried out. */
static void
check_mailboxes(const struct address_list *old, const struct buf *value)
{
	struct address_list list;
	size_t at = 0;

	if (!address_list_parse(buf_str(value), value->len, RECIPIENT_FIELD_MAX, &list))
		abort();
	for (size_t i = 0; i < old->count; i++) {
		const char *address = old->mailboxes[i].address;
		enum recipient_fate fate = fate_of(address);

		if (fate == RECIPIENT_DROP)
			continue;
		if (at == list.count ||
		    strcmp(list.mailboxes[at].address,
		        fate == RECIPIENT_KEEP ? address : REPLACEMENT) != 0)
			abort();
		at++;
	}
	if (at != list.count)
		abort();
	for (size_t i = 0; i < list.group_count; i++)
		if (list.groups[i].count == 0)
			abort();
	address_list_free(&list);
}

static void
check_lines(const struct buf *value)
{
	size_t column = 4;

	for (size_t i = 0; i < value->len; i++) {
		char c = value->data[i];

		if (c == '\n' && (i == 0 || value->data[i - 1] != '\r' ||
		                     strchr(" \t", value->data[i + 1]) == NULL))
			abort();
		column = c == '\n' ? 0 : column + 1;
		if (column > 998)
			abort();
	}
}

/* What came out is as it should be already. */
static void
check_again(const struct buf *value, size_t left)
{
	struct buf again = BUF_INIT;
	struct recipient_field field;

	if (recipient_field_rewrite((struct mime_span){buf_str(value), value->len}, "\r\n",
	        keep, NULL, &again, &field) != NULL ||
	    field.changed || field.left != left || strcmp(buf_str(&again), buf_str(value)) != 0)
		abort();
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *text = (const char *)bytes;
	struct buf value = BUF_INIT;
	struct address_list list;
	struct recipient_field field;
	size_t asked = 0;
	const char *fault = recipient_field_rewrite(
	    (struct mime_span){text, length}, "\r\n", decide, &asked, &value, &field);

	if (fault != NULL && value.len != 0)
		abort();
	if (fault == NULL) {
		if (!address_list_parse(text, length, RECIPIENT_FIELD_MAX, &list) ||
		    asked != list.count)
			abort();
		check_mailboxes(&list, &value);
		check_lines(&value);
		check_again(&value, field.left);
		address_list_free(&list);
	}
	buf_free(&value);
	return 0;
}
