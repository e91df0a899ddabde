/* Recipients of a header: addresses are clean, and a name made of anything stands before one. */
#include <stdlib.h>
#include <string.h>

#include "common/wire/address_list.h"
#include "tests/fuzz/fuzz.h"

static void
check_mailbox(const struct mailbox *m, size_t length)
{
	if (m->name > m->name_end || m->name_end > length || m->comment > m->comment_end ||
	    m->comment_end > length || *m->address == '\0')
		abort();
	for (const char *p = m->address; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' ? *p != '\t' : *p == 0x7f)
			abort();
	/* Blanks and brackets are in quotes or not at all. */
	if (strpbrk(m->address, "\"[") == NULL && strpbrk(m->address, " \t<>,;:()\\") != NULL)
		abort();
}

/* An address read once more is the same. */
static void
check_again(const struct mailbox *m)
{
	struct address_list list;

	if (!address_list_parse(m->address, strlen(m->address), 1, &list) || list.count != 1 ||
	    strcmp(list.mailboxes[0].address, m->address) != 0)
		abort();
	address_list_free(&list);
}

/* The bytes as a display name leave the address alone. */
static void
check_phrase(const char *text, size_t length)
{
	struct address_list list;
	struct buf field = BUF_INIT;

	address_phrase(text, length, &field);
	buf_adds(&field, " <a@x.example>");
	if (!address_list_parse(field.data, field.len, 1, &list) || list.count != 1 ||
	    strcmp(list.mailboxes[0].address, "a@x.example") != 0)
		abort();
	address_list_free(&list);
	buf_free(&field);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *text = (const char *)bytes;
	struct address_list list;

	if (address_list_parse(text, length, 1000, &list))
		for (size_t i = 0; i < list.count; i++) {
			check_mailbox(&list.mailboxes[i], length);
			check_again(&list.mailboxes[i]);
		}
	address_list_free(&list);
	check_phrase(text, length);
	return 0;
}
