/*
 * Mailbox names to folders: one pass over the characters of a level, each of which is
 * written as it is, escaped byte by byte, or (Maildir++, not ASCII) gathered into a run of
 * modified base64.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"
#include "sync/digest.h"
#include "sync/mailbox_path.h"

#define COMPONENT_MAX 240 /* of the 255 bytes of NAME_MAX: room for \+HASH */
#define READABLE_MAX  120 /* what is left readable of a longer one */
#define HASH_LENGTH   32
#define DISTINCT_HASH 10

/* Names that mean something else on disk, in any case. */
struct reserved {
	enum maildir_layout layout;
	bool top;    /* only without a parent */
	bool prefix; /* and all that start so */
	const char *name;
};
static const struct reserved reserved[] = {
    {LAYOUT_FS, false, false, "cur"},
    {LAYOUT_FS, false, false, "new"},
    {LAYOUT_FS, false, false, "tmp"},
    {LAYOUT_FS, false, true, "dovecot"},
    {LAYOUT_FS, false, false, "maildirfolder"},
    {LAYOUT_FS, false, false, "subscriptions"},
    {LAYOUT_FS, true, false, "INBOX"},
    {LAYOUT_MAILDIRPP, true, false, "INBOX"},
    {LAYOUT_MAILDIRPP, true, true, "ferry-sync"},
};

/* The level being written. */
struct encoder {
	enum maildir_layout layout;
	struct buf *out;
	bool in_base64;
	uint32_t bits;
	unsigned bit_count;
};

static bool
is_reserved(enum maildir_layout layout, bool top, const char *name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		const struct reserved *r = &reserved[i];

		if (r->layout == layout && (top || !r->top) &&
		    (r->prefix ? strncasecmp(name, r->name, strlen(r->name))
		               : strcasecmp(name, r->name)) == 0)
			return true;
	}
	return false;
}

/* The bytes of the UTF-8 character at s, and its code point; 0 if it is none. */
static size_t
utf8_length(const char *s, uint32_t *code_r)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)*s;
	size_t length = first < 0x80             ? 1
	                : (first & 0xe0) == 0xc0 ? 2
	                : (first & 0xf0) == 0xe0 ? 3
	                : (first & 0xf8) == 0xf0 ? 4
	                                         : 0;
	uint32_t code = length == 1 ? first : first & (0x7fu >> length);

	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (length == 0 || code < smallest[length] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	*code_r = code;
	return length;
}

/* Six bits at a time, of what is gathered; the last ones padded with zeros. */
static void
put_base64(struct encoder *e, bool last)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

	while (e->bit_count >= 6) {
		e->bit_count -= 6;
		buf_addc(e->out, alphabet[e->bits >> e->bit_count & 63]);
	}
	if (last && e->bit_count > 0)
		buf_addc(e->out, alphabet[e->bits << (6 - e->bit_count) & 63]);
}

static void
put_utf16_unit(struct encoder *e, uint32_t unit)
{
	e->bits = e->bits << 16 | unit;
	e->bit_count += 16;
	put_base64(e, false);
}

static void
leave_base64(struct encoder *e)
{
	if (!e->in_base64)
		return;
	put_base64(e, true);
	buf_addc(e->out, '-');
	e->in_base64 = false;
}

static void
put_wide(struct encoder *e, uint32_t code)
{
	if (!e->in_base64) {
		buf_addc(e->out, '&');
		e->in_base64 = true;
		e->bits = e->bit_count = 0;
	}
	if (code >= 0x10000) {
		put_utf16_unit(e, 0xd800 + ((code - 0x10000) >> 10));
		code = 0xdc00 + ((code - 0x10000) & 0x3ff);
	}
	put_utf16_unit(e, code);
}

static void
put_escaped(struct encoder *e, const char *bytes, size_t length)
{
	leave_base64(e);
	for (size_t i = 0; i < length; i++)
		buf_addf(e->out, "\\%02x", (unsigned char)bytes[i]);
}

/* Can this character not stand for itself? */
static bool
must_escape(const struct encoder *e, uint32_t code, bool first)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == '\\' || code == '/')
		return true;
	if (first && (code == '.' || code == '~'))
		return true;
	return e->layout == LAYOUT_MAILDIRPP && code == '.';
}

/* Append the first length bytes of a level's name. */
static void
put_level(struct encoder *e, const char *name, size_t length, bool escape_first)
{
	size_t step;

	if (length == 0)
		buf_adds(e->out, "\\_");
	for (size_t i = 0; i < length; i += step) {
		uint32_t code = 0;

		step = utf8_length(name + i, &code);
		if (step == 0 || i + step > length) {
			step = 1;
			put_escaped(e, name + i, 1);
		} else if ((i == 0 && escape_first) || must_escape(e, code, i == 0)) {
			put_escaped(e, name + i, step);
		} else if (code >= 0x80 && e->layout == LAYOUT_MAILDIRPP) {
			put_wide(e, code);
		} else {
			leave_base64(e);
			buf_add(e->out, name + i, step);
			if (code == '&' && e->layout == LAYOUT_MAILDIRPP)
				buf_addc(e->out, '-');
		}
	}
	leave_base64(e);
}

/* The longest start of the name that fits when encoded, and a hash that tells it apart. */
static void
put_shortened(
    struct encoder *e, const char *parent, const char *name, size_t length, bool escape_first)
{
	char hash[HASH_LENGTH + 1];
	size_t start = e->out->len;
	size_t keep = length < READABLE_MAX ? length : READABLE_MAX;

	for (;; keep--) {
		while (keep > 0 && (name[keep] & 0xc0) == 0x80)
			keep--;
		if (keep == 0)
			break;
		put_level(e, name, keep, escape_first);
		if (e->out->len - start <= READABLE_MAX)
			break;
		buf_truncate(e->out, start);
	}
	digest_hex(parent, name, HASH_LENGTH, hash);
	buf_addf(e->out, "\\~%s", hash);
}

const char *
mailbox_path_inbox(enum maildir_layout layout)
{
	return layout == LAYOUT_FS ? "INBOX" : "";
}

const char *
mailbox_path_below_inbox(enum maildir_layout layout)
{
	return layout == LAYOUT_FS ? "INBOX" : ".INBOX";
}

char *
mailbox_path(enum maildir_layout layout, const char *parent, const char *name)
{
	struct buf path = BUF_INIT;
	struct encoder e = {.layout = layout, .out = &path};
	bool escape_first = is_reserved(layout, parent == NULL, name);
	size_t component;

	if (parent != NULL)
		buf_adds(&path, parent);
	if (layout == LAYOUT_MAILDIRPP)
		buf_addc(&path, '.');
	else if (parent != NULL)
		buf_addc(&path, '/');
	component = layout == LAYOUT_FS ? path.len : 0;
	put_level(&e, name, strlen(name), escape_first);
	if (path.len - component > COMPONENT_MAX) {
		buf_truncate(&path, component);
		if (layout == LAYOUT_MAILDIRPP)
			buf_addc(&path, '.');
		put_shortened(
		    &e, parent != NULL ? parent : "", name, strlen(name), escape_first);
	}
	return buf_steal(&path);
}

char *
mailbox_path_distinct(const char *path, const char *id)
{
	char hash[DISTINCT_HASH + 1];

	digest_hex("mailbox", id, DISTINCT_HASH, hash);
	return xasprintf("%s\\+%s", path, hash);
}

/* Reading paths */

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

static void
put_utf8(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_addc(out, (char)code);
	} else if (code < 0x800) {
		buf_addc(out, (char)(0xc0 | code >> 6));
		buf_addc(out, (char)(0x80 | (code & 63)));
	} else if (code < 0x10000) {
		buf_addc(out, (char)(0xe0 | code >> 12));
		buf_addc(out, (char)(0x80 | (code >> 6 & 63)));
		buf_addc(out, (char)(0x80 | (code & 63)));
	} else {
		buf_addc(out, (char)(0xf0 | code >> 18));
		buf_addc(out, (char)(0x80 | (code >> 12 & 63)));
		buf_addc(out, (char)(0x80 | (code >> 6 & 63)));
		buf_addc(out, (char)(0x80 | (code & 63)));
	}
}

/* A run of modified base64 behind '&'; what follows its '-', or NULL. */
static const char *
read_base64(const char *p, struct buf *out)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
	uint32_t bits = 0, high = 0;
	unsigned count = 0;

	for (; *p != '-'; p++) {
		const char *found = *p != '\0' ? strchr(alphabet, *p) : NULL;
		uint32_t unit;

		if (found == NULL)
			return NULL;
		bits = bits << 6 | (uint32_t)(found - alphabet);
		count += 6;
		if (count < 16)
			continue;
		count -= 16;
		unit = bits >> count & 0xffff;
		if (unit >= 0xd800 && unit < 0xdc00) {
			high = unit;
		} else if (unit >= 0xdc00 && unit < 0xe000) {
			put_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
			high = 0;
		} else {
			put_utf8(out, unit);
		}
	}
	return p + 1;
}

/* A level as it was before put_level(); what makes no sense is found by writing it again. */
static bool
read_level(enum maildir_layout layout, const char *p, struct buf *name)
{
	buf_adds(name, "");
	if (strcmp(p, "\\_") == 0)
		return true;
	while (*p != '\0') {
		if (*p == '\\') {
			int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);

			if (low < 0 || high + low == 0)
				return false;
			buf_addc(name, (char)(high << 4 | low));
			p += 3;
		} else if (*p == '&' && layout == LAYOUT_MAILDIRPP && p[1] != '-') {
			p = read_base64(p + 1, name);
			if (p == NULL)
				return false;
		} else {
			buf_addc(name, *p);
			p += *p == '&' && layout == LAYOUT_MAILDIRPP ? 2 : 1;
		}
	}
	return true;
}

bool
mailbox_path_parse(enum maildir_layout layout, const char *path, char **parent_r, char **name_r)
{
	const char *last = strrchr(path, layout == LAYOUT_FS ? '/' : '.');
	struct buf name = BUF_INIT;
	char *above, *again;
	bool same;

	*parent_r = *name_r = NULL;
	if (layout == LAYOUT_MAILDIRPP && last == NULL)
		return false;
	above = last != NULL && last != path ? xstrndup(path, (size_t)(last - path)) : NULL;
	if (!read_level(layout, last != NULL ? last + 1 : path, &name)) {
		buf_free(&name);
		free(above);
		return false;
	}
	again = mailbox_path(layout, above, buf_str(&name));
	same = strcmp(again, path) == 0;
	free(again);
	if (above != NULL && strcmp(above, mailbox_path_below_inbox(layout)) == 0) {
		free(above);
		above = xstrdup(mailbox_path_inbox(layout));
	}
	if (!same) {
		buf_free(&name);
		free(above);
		return false;
	}
	*parent_r = above;
	*name_r = buf_steal(&name);
	return true;
}
