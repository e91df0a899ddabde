/*
 * Allocation that ends the process instead of failing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/xalloc.h"

#define SMALL 1024 /* bytes */

static void out_of_memory(void) __attribute__((noreturn));

/* Postfix's pipe(8) reads the code at the start of the line: keep it first. */
static void
out_of_memory(void)
{
	static const char line[] = "4.3.0 out of memory\n";

	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0) {
		/* There is nobody left to tell. */
	}
	_exit(EX_TEMPFAIL);
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size != 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xcalloc(size_t count, size_t size)
{
	size_t total;
	void *p;

	/* glibc's calloc(3) passes by what the thread has at hand of small memory. */
	if (!__builtin_mul_overflow(count, size, &total) && total <= SMALL)
		return memset(xmalloc(total), 0, total);
	p = calloc(count, size);
	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size != 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xreallocarray(void *old, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		out_of_memory();
	return xrealloc(old, total);
}

char *
xstrdup(const char *text)
{
	return text == NULL ? NULL : xstrndup(text, strlen(text));
}

char *
xstrndup(const char *text, size_t length)
{
	size_t n = strnlen(text, length);
	char *copy = xmalloc(n + 1);

	memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

char *
xvasprintf(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		out_of_memory();
	return text;
}

char *
xasprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	return text;
}
