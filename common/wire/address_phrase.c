/*
 * A display name, as it may stand in a header field.
 */
#include <openssl/evp.h>
#include <string.h>

#include "common/wire/address_list.h"

#define NAME_MAX_BYTES 256
#define WORD_MAX_BYTES 39 /* of text in an encoded word: with "From: " before it below 76 */

/* Length of the UTF-8 character at p, 0 if it is none or not printable. */
static size_t
character(const char *p, size_t length)
{
	unsigned char c = (unsigned char)*p;
	size_t size = c < 0x80                ? 1
	              : c >= 0xc2 && c < 0xe0 ? 2
	              : c >= 0xe0 && c < 0xf0 ? 3
	              : c >= 0xf0 && c < 0xf5 ? 4
	                                      : 0;

	if (size > length || (size == 1 && (c < ' ' || c == 0x7f)))
		return 0;
	for (size_t i = 1; i < size; i++)
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

/* The name, one line of printable UTF-8, without blanks at its ends. */
static void
clean(const char *text, size_t length, struct buf *name)
{
	size_t size;

	for (; length != 0; text += size, length -= size) {
		bool blank = strchr(" \t\r\n", *text) != NULL && *text != '\0';

		size = character(text, length);
		if (name->len + size > NAME_MAX_BYTES)
			break;
		if (blank && name->len != 0 && name->data[name->len - 1] != ' ')
			buf_addc(name, ' ');
		else if (!blank && size != 0)
			buf_add(name, text, size);
		else if (!blank)
			buf_addc(name, '?');
		size += size == 0;
	}
	if (name->len != 0 && name->data[name->len - 1] == ' ')
		buf_truncate(name, name->len - 1);
}

static bool
is_ascii(const struct buf *name)
{
	for (size_t i = 0; i < name->len; i++)
		if ((unsigned char)name->data[i] >= 0x80)
			return false;
	return true;
}

static void
add_quoted(const struct buf *name, struct buf *out)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < name->len; i++) {
		if (strchr("\"\\", name->data[i]) != NULL)
			buf_addc(out, '\\');
		buf_addc(out, name->data[i]);
	}
	buf_addc(out, '"');
}

static void
add_encoded(const struct buf *name, struct buf *out)
{
	unsigned char word[4 * (WORD_MAX_BYTES + 2) / 3 + 1];
	size_t run;

	for (size_t at = 0; at < name->len; at += run) {
		for (run = 0; at + run < name->len;) {
			size_t size = character(name->data + at + run, name->len - at - run);

			if (run + size > WORD_MAX_BYTES)
				break;
			run += size;
		}
		EVP_EncodeBlock(word, (const unsigned char *)name->data + at, (int)run);
		buf_addf(out, "%s=?UTF-8?B?%s?=", at != 0 ? "\r\n " : "", word);
	}
}

void
address_phrase(const char *text, size_t length, struct buf *out)
{
	static const char atoms[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "0123456789!#$%&'*+-/^_`{|}~ ";
	struct buf name = BUF_INIT;

	clean(text, length, &name);
	if (!is_ascii(&name))
		add_encoded(&name, out);
	else if (strspn(buf_str(&name), atoms) == name.len)
		buf_add(out, buf_str(&name), name.len);
	else
		add_quoted(&name, out);
	buf_free(&name);
}
