/*
 * URI templates (RFC 6570 level 1), which JMAP uses for upload and download URLs.
 */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/service/jmap.h"

/* The value of a variable among name, value pairs; "" if it is not there. */
static const char *
lookup(va_list args, const char *name, size_t length)
{
	const char *key, *value;

	while ((key = va_arg(args, const char *)) != NULL) {
		value = va_arg(args, const char *);
		if (strlen(key) == length && memcmp(key, name, length) == 0)
			return value;
	}
	return "";
}

static void
add_encoded(struct buf *url, const char *value)
{
	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
		if (isalnum(*p) || strchr("-._~", *p) != NULL)
			buf_addc(url, (char)*p);
		else
			buf_addf(url, "%%%02X", *p);
	}
}

/* The length of a variable's name up to its brace, or 0 if it is none. */
static size_t
name_length(const char *name)
{
	size_t length =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.%");

	return name[length] == '}' ? length : 0;
}

char *
jmap_fill_template(const char *template, ...)
{
	struct buf url = BUF_INIT;
	const char *p = template;

	while (*p != '\0') {
		size_t length = strcspn(p, "{}");
		va_list args;

		buf_add(&url, p, length);
		p += length;
		if (*p == '\0')
			break;
		length = *p == '{' ? name_length(p + 1) : 0;
		if (length == 0) {
			buf_free(&url);
			return NULL;
		}
		va_start(args, template);
		add_encoded(&url, lookup(args, p + 1, length));
		va_end(args);
		p += length + 2;
	}
	return buf_steal(&url);
}
