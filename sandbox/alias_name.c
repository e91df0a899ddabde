/*
 * Prefixes and suggestions.
 */
#include <ctype.h>
#include <iconv.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include <libpsl.h>

#include "common/base/utf8.h"
#include "common/base/xalloc.h"
#include "sandbox/alias_name.h"
#include "sandbox/codec.h"

#define REWRITTEN_MAX 64

/* Is the UTF-8 character of CJK's unified ideographs? */
static bool
is_han(const char *p, size_t length)
{
	const unsigned char *u = (const unsigned char *)p;
	uint32_t code;

	if (length == 4)
		return u[0] == 0xf0 && u[1] >= 0xa0 && u[1] < 0xb0;
	if (length != 3)
		return false;
	code = (uint32_t)(u[0] & 0x0f) << 12 | (uint32_t)(u[1] & 0x3f) << 6 | (u[2] & 0x3f);
	return (code >= 0x3400 && code < 0xa000) || (code >= 0xf900 && code < 0xfb00);
}

/* Transliterate one character by the rules of a locale; false if they have none. */
static bool
transliterate_by(const char *locale_name, const char *p, size_t length, struct buf *out)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, locale_name, (locale_t)0);
	locale_t old = locale == (locale_t)0 ? (locale_t)0 : uselocale(locale);
	iconv_t convert = iconv_open("ASCII//TRANSLIT", "UTF-8");
	char *in = (char *)(uintptr_t)p;
	char text[32], *to = text;
	size_t left = sizeof(text);
	bool good;

	good = convert != (iconv_t)-1 && iconv(convert, &in, &length, &to, &left) != (size_t)-1;
	if (convert != (iconv_t)-1)
		iconv_close(convert);
	if (locale != (locale_t)0) {
		uselocale(old);
		freelocale(locale);
	}
	if (!good || memchr(text, '?', (size_t)(to - text)) != NULL)
		return false;
	buf_add(out, text, (size_t)(to - text));
	return true;
}

/* Append the character as UTF-8; more than two bytes are none of those that have a case. */
static void
add_short(wint_t c, struct buf *out)
{
	if (c < 0x80) {
		buf_addc(out, (char)c);
	} else {
		buf_addc(out, (char)(0xc0 | c >> 6));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* Append the text in lower case, as far as letters of two bytes go: Latin, Greek, Cyrillic. */
static void
lower(const char *text, struct buf *out)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	for (const char *p = text, *end = text + strlen(text); p < end;) {
		size_t length = utf8_length(p, (size_t)(end - p));
		const unsigned char *u = (const unsigned char *)p;
		wint_t code = length == 2 ? (wint_t)(u[0] & 0x1f) << 6 | (u[1] & 0x3f) : u[0];
		wint_t small = locale == (locale_t)0 ? code : towlower_l(code, locale);

		if (length == 1 || (length == 2 && small < 0x800))
			add_short(small, out);
		else
			buf_add(out, p, length == 0 ? 1 : length);
		p += length == 0 ? 1 : length;
	}
	if (locale != (locale_t)0)
		freelocale(locale);
}

static bool
blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Append in ASCII without blanks, until it is longer than any name. */
static void
transliterate(const char *text, struct buf *out)
{
	for (const char *p = text, *end = text + strlen(text); p < end;) {
		size_t length = utf8_length(p, (size_t)(end - p));

		if (out->len > REWRITTEN_MAX)
			return;
		if (length == 1 && !blank(*p))
			buf_addc(out, *p);
		else if (length > 1 && is_han(p, length))
			buf_addc(out, 'H');
		else if (length == 0 ||
		         (length > 1 && !transliterate_by("C.UTF-8", p, length, out) &&
		             !transliterate_by("C", p, length, out)))
			buf_addc(out, '_');
		p += length == 0 ? 1 : length;
	}
}

void
alias_name_rewrite(const char *text, struct buf *out)
{
	struct buf small = BUF_INIT, plain = BUF_INIT;
	size_t count = 0;

	lower(text, &small);
	transliterate(buf_str(&small), &plain);
	for (const char *p = buf_str(&plain); *p != '\0' && count < REWRITTEN_MAX; p++) {
		if (blank(*p))
			continue;
		buf_addc(
		    out, isalnum((unsigned char)*p) || strchr("_.-", *p) != NULL ? *p : '_');
		count++;
	}
	buf_free(&small);
	buf_free(&plain);
}

bool
alias_prefix_valid(const char *prefix)
{
	size_t length = strlen(prefix);

	return length >= 1 && length <= ALIAS_PREFIX_MAX &&
	       strspn(prefix, "0123456789abcdefghijklmnopqrstuvwxyz-_.") == length;
}

/* The host of what may be a URL: without scheme, user, port, path and the last dot. */
static char *
host_of(const char *text)
{
	const char *scheme = strstr(text, "://");
	const char *at, *start = text;
	size_t length;

	if (scheme != NULL)
		start = scheme + 3;
	else if (strncmp(text, "//", 2) == 0)
		start = text + 2;
	length = strcspn(start, "/?#");
	at = memrchr(start, '@', length);
	if (at != NULL) {
		length -= (size_t)(at + 1 - start);
		start = at + 1;
	}
	if (memchr(start, ':', length) != NULL)
		length = strcspn(start, ":");
	while (length > 0 && isspace((unsigned char)*start)) {
		start++;
		length--;
	}
	while (length > 0 &&
	       (isspace((unsigned char)start[length - 1]) || start[length - 1] == '.'))
		length--;
	return xstrndup(start, length);
}

static bool
is_ipv4(const char *host)
{
	unsigned parts = 0;

	for (const char *p = host;; p++) {
		size_t digits = strspn(p, "0123456789");

		if (digits < 1 || digits > 3 || strtol(p, NULL, 10) > 255)
			return false;
		parts++;
		p += digits;
		if (*p == '\0')
			return parts == 4;
		if (*p != '.')
			return false;
	}
}

/* The label before the longest public suffix, which is lower case and UTF-8. */
static char *
label_before_suffix(const char *host)
{
	const psl_ctx_t *list = psl_builtin();
	const char *previous = NULL, *label = host;

	while (list != NULL &&
	       !psl_is_public_suffix2(list, label, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE)) {
		const char *dot = strchr(label, '.');

		previous = label;
		if (dot == NULL)
			break;
		label = dot + 1;
	}
	return previous == NULL ? xstrdup("") : xstrndup(previous, strcspn(previous, "."));
}

void
alias_name_suggest(const char *hostname, struct buf *out)
{
	char *host = host_of(hostname);
	char *small = NULL, *label;

	if (is_ipv4(host)) {
		alias_name_rewrite(host, out);
		free(host);
		return;
	}
	if (psl_str_to_utf8lower(host, NULL, NULL, &small) != PSL_SUCCESS)
		small = NULL;
	label = label_before_suffix(small != NULL ? small : host);
	alias_name_rewrite(label, out);
	psl_free_string(small);
	free(label);
	free(host);
}
