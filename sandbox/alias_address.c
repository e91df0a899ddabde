/*
 * Addresses of contacts, and the reverse addresses made for them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_call.h"
#include "sandbox/alias_name.h"
#include "sandbox/codec.h"

#define LOCAL_MAX    64
#define ADDRESS_MAX  254
#define LABEL_MAX    63
#define REVERSE_HEAD 45

static const char *const special_domains[] = {
    "arpa", "invalid", "local", "localhost", "onion", "test", NULL};

/* ASCII that may stand in an atom (RFC 5322 §3.2.3). */
static bool
atom(unsigned char c)
{
	return isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* A dot-atom of at most so many characters? */
static bool
dot_atom(const char *p, size_t length, size_t max)
{
	if (length == 0 || length > max)
		return false;
	for (size_t i = 0; i < length; i++)
		if (p[i] == '.' ? i == 0 || i + 1 == length || p[i + 1] == '.'
		                : !atom((unsigned char)p[i]))
			return false;
	return true;
}

static bool
label_valid(const char *p, size_t length)
{
	if (length == 0 || length > LABEL_MAX || p[0] == '-' || p[length - 1] == '-')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)p[i]) && p[i] != '-' && (unsigned char)p[i] < 0x80)
			return false;
	return true;
}

/* A domain with a dot, whose last label is no number and not reserved. */
static bool
domain_valid(const char *domain)
{
	const char *last = strrchr(domain, '.');
	const char *p = domain;

	if (last == NULL || !utf8_valid(domain, strlen(domain)))
		return false;
	for (;;) {
		size_t length = strcspn(p, ".");

		if (!label_valid(p, length))
			return false;
		if (p[length] == '\0')
			break;
		p += length + 1;
	}
	return !isdigit((unsigned char)last[strlen(last) - 1]) &&
	       !text_among(last + 1, special_domains);
}

bool
alias_email_valid(const char *email)
{
	const char *at = strrchr(email, '@');

	return at != NULL && strlen(email) <= ADDRESS_MAX &&
	       dot_atom(email, (size_t)(at - email), LOCAL_MAX) && domain_valid(at + 1);
}

bool
alias_address_valid(const char *email)
{
	const char *at = strrchr(email, '@');

	return at != NULL && dot_atom(email, (size_t)(at - email), LOCAL_MAX) &&
	       strchr(at, '.') != NULL;
}

/* A copy without blanks around it and, if it is quoted, without its quotes. */
static char *
plain_name(const char *text, size_t length)
{
	struct buf name = BUF_INIT;

	while (length > 0 && isspace((unsigned char)*text)) {
		text++;
		length--;
	}
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		length--;
	if (length > 1 && text[0] == '"' && text[length - 1] == '"') {
		text++;
		length -= 2;
		for (size_t i = 0; i < length; i++) {
			if (text[i] == '\\' && i + 1 < length)
				i++;
			buf_addc(&name, text[i]);
		}
	} else {
		buf_add(&name, text, length);
	}
	if (name.len == 0)
		buf_free(&name);
	return name.len == 0 ? NULL : buf_steal(&name);
}

void
alias_lower_domain(char *email)
{
	for (char *p = strrchr(email, '@'); p != NULL && *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
}

bool
alias_contact_read(const char *text, char **name_r, char **email_r)
{
	size_t length = strlen(text), start;

	while (length > 0 && isspace((unsigned char)text[length - 1]))
		length--;
	if (length > 0 && text[length - 1] == '>') {
		const char *open = memrchr(text, '<', length);

		start = open == NULL ? length : (size_t)(open - text);
		*email_r = open == NULL
		               ? xstrdup("")
		               : xstrndup(open + 1, (size_t)(text + length - open - 2));
	} else {
		start = length;
		while (start > 0 && !isspace((unsigned char)text[start - 1]))
			start--;
		*email_r = xstrndup(text + start, length - start);
	}
	*name_r = plain_name(text, start);
	alias_lower_domain(*email_r);
	if (alias_email_valid(*email_r))
		return true;
	free(*name_r);
	free(*email_r);
	*name_r = *email_r = NULL;
	return false;
}

void
alias_reverse_local(const char *email, struct buf *out)
{
	size_t start = out->len;
	unsigned char byte;

	random_bytes(&byte, 1);
	if (email == NULL) {
		alias_letters(20 + byte % 31, out);
		return;
	}
	for (; *email != '\0' && out->len - start < REVERSE_HEAD; email++) {
		if (*email == '@')
			buf_adds(out, "_at_");
		else if (*email == '.')
			buf_addc(out, '_');
		else if (isalnum((unsigned char)*email) || *email == '_')
			buf_addc(out, (char)tolower((unsigned char)*email));
	}
	if (out->len - start > REVERSE_HEAD)
		buf_truncate(out, start + REVERSE_HEAD);
	buf_addc(out, '_');
	alias_letters(5 + byte % 6, out);
}

/* Append an address with its '@' written as the format wants. */
static void
spell_out(const char *email, const char *format, struct buf *out)
{
	const char *at = strrchr(email, '@');

	if (strcmp(format, "AT") == 0 && at != NULL)
		buf_addf(out, "%.*s at %s", (int)(at - email), email, at + 1);
	else if (strcmp(format, "A") == 0 && at != NULL)
		buf_addf(out, "%.*s(a)%s", (int)(at - email), email, at + 1);
	else
		buf_adds(out, email);
}

static void
add_unquoted(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++)
		if (*text != '"' && *text != '\r' && *text != '\n')
			buf_addc(out, *text);
}

void
alias_reverse_display(
    const char *name, const char *email, const char *reply, const char *format, struct buf *out)
{
	buf_addc(out, '"');
	if (name != NULL) {
		add_unquoted(name, out);
		buf_adds(out, " | ");
	}
	spell_out(email, format, out);
	buf_addf(out, "\" <%s>", reply);
}

void
alias_sender_display(
    const char *name, const char *email, const char *reply, const char *format, struct buf *out)
{
	if (strcmp(format, "NO_NAME") == 0 ||
	    (strcmp(format, "NAME_ONLY") == 0 && name == NULL)) {
		buf_adds(out, reply);
		return;
	}
	buf_addc(out, '"');
	if (name != NULL && strcmp(format, "AT_ONLY") != 0)
		add_unquoted(name, out);
	if (name != NULL && (strcmp(format, "AT") == 0 || strcmp(format, "A") == 0))
		buf_adds(out, " - ");
	if (strcmp(format, "NAME_ONLY") != 0)
		spell_out(email, strcmp(format, "AT_ONLY") == 0 ? "AT" : format, out);
	buf_addf(out, "\" <%s>", reply);
}

char *
alias_canonical(const char *email)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "");
	for (; *email != '\0'; email++)
		if (!isspace((unsigned char)*email))
			buf_addc(&b, (char)tolower((unsigned char)*email));
	return buf_steal(&b);
}

char *
alias_canonical_mailbox(const char *email)
{
	static const char *const loose[] = {
	    "gmail.com", "googlemail.com", "proton.me", "protonmail.com", "pm.me", NULL};
	char *plain = alias_canonical(email);
	const char *at = strrchr(plain, '@');
	struct buf b = BUF_INIT;

	if (at == NULL || !text_among(at + 1, loose))
		return plain;
	for (const char *p = plain; p < at && *p != '+'; p++)
		if (*p != '.')
			buf_addc(&b, *p);
	buf_adds(&b, at);
	free(plain);
	return buf_steal(&b);
}
