/*
 * The one spelling of a hostname.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>
#include <libpsl.h>

#include "common/base/xalloc.h"
#include "common/wire/hostname.h"

#define NAME_MAX_BYTES 253
#define TEXT_MAX       4096

static struct outcome
no_hostname(const char *text, const char *why)
{
	return outcome_make("local", "address", "\"%.100s\" is no hostname: %s", text, why);
}

/* The part of the text that is the host: after scheme and user, before port and path. */
static char *
host_part(const char *text)
{
	const char *start = text + strspn(text, " \t\r\n"), *scheme, *end, *colon;
	char *host, *at;
	size_t length;

	scheme = strstr(start, "://");
	if (scheme != NULL && strcspn(start, "/?#") == (size_t)(scheme + 1 - start))
		start = scheme + 3;
	end = start + strcspn(start, "/?#");
	while (end > start && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	host = xstrndup(start, (size_t)(end - start));
	at = strrchr(host, '@');
	if (at != NULL)
		memmove(host, at + 1, strlen(at + 1) + 1);
	colon = strchr(host, ':');
	if (colon != NULL && colon[1 + strspn(colon + 1, "0123456789")] == '\0')
		host[colon - host] = '\0';
	length = strlen(host);
	if (length > 1 && host[length - 1] == '.')
		host[length - 1] = '\0';
	return host;
}

/* What is wrong with a name of A-labels, or NULL. */
static const char *
fault(const char *name)
{
	const char *label = name, *last = strrchr(name, '.');
	size_t size;

	if (strlen(name) > NAME_MAX_BYTES)
		return "it is too long";
	for (;; label += size + 1) {
		size = strcspn(label, ".");
		if (size == 0 || size > 63)
			return size == 0 ? "a part is empty" : "a part is too long";
		if (label[0] == '-' || label[size - 1] == '-')
			return "a part starts or ends with '-'";
		for (size_t i = 0; i < size; i++)
			if (!islower((unsigned char)label[i]) &&
			    !isdigit((unsigned char)label[i]) && label[i] != '-' &&
			    label[i] != '_')
				return "it has characters that no hostname has";
		if (label[size] == '\0')
			break;
	}
	last = last != NULL ? last + 1 : name;
	if (last[strspn(last, "0123456789")] == '\0')
		return "it is an IP address";
	return NULL;
}

static bool
is_public(const char *name)
{
	const psl_ctx_t *list = psl_builtin();

	return list != NULL &&
	       psl_is_public_suffix2(list, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

/* Is it a name of which IDNA changes no more than the case?  Then it is in lower case now. */
static bool
lower_plain(char *host)
{
	for (const char *p = host; *p != '\0'; p++)
		if (!is_plain(*p) || (p[0] == '-' && p[1] == '-'))
			return false;
	for (char *p = host; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return true;
}

/* In A-labels: *ascii_r is to be free()d.  What is wrong with it, or NULL. */
static const char *
to_ascii(const char *text, char **ascii_r)
{
	char *host = host_part(text), *ascii = NULL;
	int result;

	*ascii_r = host;
	if (lower_plain(host))
		return NULL;
	result = idn2_to_ascii_8z(host, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	free(host);
	*ascii_r = result == IDN2_OK ? xstrdup(ascii) : NULL;
	idn2_free(ascii);
	return result == IDN2_OK ? NULL : idn2_strerror(result);
}

struct outcome
hostname_normalise(const char *text, struct buf *name)
{
	struct outcome o = outcome_ok();
	const char *wrong, *rest;
	char *ascii;

	if (strlen(text) > TEXT_MAX)
		return no_hostname(text, "it is too long");
	wrong = to_ascii(text, &ascii);
	if (wrong != NULL)
		return no_hostname(text, wrong);
	wrong = *ascii == '\0' ? "it is empty" : fault(ascii);
	if (wrong == NULL && is_public(ascii))
		wrong = "it is a public suffix, which has no owner";
	rest = ascii;
	while (wrong == NULL && strncmp(rest, "www.", 4) == 0 &&
	       strchr(rest + 4, '.') != NULL && !is_public(rest + 4))
		rest += 4;
	if (wrong != NULL)
		o = no_hostname(text, wrong);
	else
		buf_adds(name, rest);
	free(ascii);
	return o;
}
