/*
 * xalloc - allocation that ends the process instead of failing
 *
 * Out of memory is the one error no caller can handle better than by stopping: Postfix, or
 * the next run, does the work again.  Each function is its libc namesake and never returns
 * NULL; on failure one line goes to stderr and the process exits with EX_TEMPFAIL (75), so
 * that mail in hand is deferred, not bounced.  The caller free()s what it gets.
 */
#ifndef FERRY_XALLOC_H
#define FERRY_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);

/* Like xrealloc for count items of size bytes each; an overflowing product is out of memory. */
void *xreallocarray(void *old, size_t count, size_t size);

/* NULL gives NULL, so that optional strings copy as they are. */
char *xstrdup(const char *text);

/* Copies at most length bytes, and ends them with a NUL. */
char *xstrndup(const char *text, size_t length);

char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
