/*
 * A From field made the account's own.
 *
 * What other programs wrote is kept byte for byte wherever it is what it should be; what is
 * not is put into a form that it can have: "Foo, Inc. <a@b>" is no list of mailboxes, but
 * everybody knows what it means.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "transport/from_rewrite.h"

#define LINE_BYTES 76 /* beyond which a line is folded before the address */

/* A run of bytes. */
struct slice {
	const char *at;
	size_t length;
};

static struct slice
trim(const char *text, size_t length)
{
	while (length != 0 && strchr(" \t\r\n", text[length - 1]) != NULL &&
	       text[length - 1] != '\0')
		length--;
	while (length != 0 && strchr(" \t\r\n", *text) != NULL && *text != '\0')
		text++, length--;
	return (struct slice){text, length};
}

/* The last "<...>" of a broken field, from '<' to behind '>'; length 0 if there is none. */
static struct slice
last_angle(const char *value, size_t length)
{
	const char *open = memrchr(value, '<', length);
	const char *close =
	    open != NULL ? memchr(open, '>', length - (size_t)(open - value)) : NULL;

	if (close == NULL)
		return (struct slice){value, 0};
	return (struct slice){open, (size_t)(close - open) + 1};
}

/* The one mailbox of what is no list. */
static void
parse_broken(const char *value, size_t length, struct address_list *list)
{
	struct slice angle = last_angle(value, length);
	size_t at = (size_t)(angle.at - value);

	if (!address_list_parse(angle.at, angle.length, 1, list) || list->count == 0)
		return;
	list->mailboxes[0].name = 0;
	list->mailboxes[0].name_end = at;
	list->mailboxes[0].name_plain = false;
	list->mailboxes[0].comment = list->mailboxes[0].comment_end = 0;
}

static bool
has_domain(const char *address)
{
	return strchr(address, '@') != NULL;
}

/* Read a list of mailboxes.  One of several that is a word alone is the half of a name with a
 * comma in it. */
static bool
parse_whole(const char *value, size_t length, struct address_list *list_r)
{
	bool good = address_list_parse(value, length, FROM_MAILBOXES_MAX, list_r);

	for (size_t i = 0; good && list_r->count > 1 && i < list_r->count; i++)
		good = has_domain(list_r->mailboxes[i].address);
	if (!good)
		address_list_free(list_r);
	return good;
}

void
from_parse(const char *value, size_t length, struct address_list *list_r)
{
	if (!parse_whole(value, length, list_r))
		parse_broken(value, length, list_r);
}

/* A name that was in quotes or a comment, without the backslashes that protected it there. */
static void
add_unescaped(struct slice text, struct buf *out)
{
	struct buf plain = BUF_INIT;
	bool quoted = text.length >= 2 && *text.at == '"' && text.at[text.length - 1] == '"';

	for (size_t i = quoted; i < text.length - quoted; i++) {
		if (text.at[i] == '\\' && i + 1 < text.length - quoted)
			i++;
		buf_addc(&plain, text.at[i]);
	}
	address_phrase(buf_str(&plain), plain.len, out);
	buf_free(&plain);
}

/* The words of a comment with encoded words are a name as they are. */
static bool
is_encoded(struct slice text)
{
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] > '~' ||
		    strchr("()<>[]:;@\\,.\"", text.at[i]) != NULL)
			return false;
	return memmem(text.at, text.length, "=?", 2) != NULL;
}

/* The display name of a mailbox; whole tells that it was read as the rules have it. */
static void
add_name(const char *value, const struct mailbox *mailbox, bool whole, struct buf *out)
{
	struct slice name = trim(value + mailbox->name, mailbox->name_end - mailbox->name);
	struct slice comment =
	    trim(value + mailbox->comment, mailbox->comment_end - mailbox->comment);

	/* In quotes an encoded word would not be read as one. */
	if (name.length != 0 &&
	    (mailbox->name_plain || (whole && memmem(name.at, name.length, "=?", 2) != NULL)))
		buf_add(out, name.at, name.length);
	else if (name.length != 0)
		add_unescaped(name, out);
	else if (comment.length != 0 && is_encoded(comment))
		buf_add(out, comment.at, comment.length);
	else if (comment.length != 0)
		add_unescaped(comment, out);
	else
		address_phrase(mailbox->address, strlen(mailbox->address), out);
}

/* Append an address behind a name that starts at the given place, folded if the line is long. */
static void
add_address(size_t name, const char *address, struct buf *out)
{
	const char *line = memrchr(buf_str(out) + name, '\n', out->len - name);
	size_t before = line != NULL ? (size_t)(out->data + out->len - line) : out->len - name;

	if (out->len == name)
		buf_adds(out, address);
	else
		buf_addf(out, "%s<%s>",
		    before + strlen(address) + 9 > LINE_BYTES ? "\r\n " : " ", address);
}

void
from_make(const char *value, size_t length, const char *address, struct buf *out)
{
	struct slice all = trim(value, length);
	struct address_list list;
	bool whole = parse_whole(value, length, &list);
	size_t start = out->len;

	if (!whole)
		parse_broken(value, length, &list);
	if (list.count != 0)
		add_name(value, &list.mailboxes[0], whole, out);
	else
		address_phrase(all.at, all.length, out);
	add_address(start, address, out);
	address_list_free(&list);
}

bool
from_reply_to(const char *value, size_t length, struct buf *out)
{
	struct slice all = trim(value, length);
	struct address_list list;
	bool whole = parse_whole(value, length, &list), good;

	if (!whole)
		parse_broken(value, length, &list);
	good = list.count != 0 && has_domain(list.mailboxes[0].address);
	if (good && whole)
		buf_add(out, all.at, all.length);
	else if (good)
		buf_adds(out, list.mailboxes[0].address);
	address_list_free(&list);
	return good;
}

bool
from_complete(const char *value, size_t length, const char *domain, struct buf *out)
{
	struct address_list list;
	size_t start = out->len;
	bool incomplete = parse_whole(value, length, &list) && list.count == 1 &&
	                  !has_domain(list.mailboxes[0].address);

	if (incomplete) {
		struct mailbox *mailbox = &list.mailboxes[0];
		char *address = xasprintf("%s@%s", mailbox->address, domain);

		if (mailbox->name != mailbox->name_end ||
		    mailbox->comment != mailbox->comment_end)
			add_name(value, mailbox, true, out);
		add_address(start, address, out);
		free(address);
	}
	address_list_free(&list);
	return incomplete;
}
