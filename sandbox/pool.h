/*
 * pool - memory for small things that are made and dropped by the thousand
 *
 * The JSON of one request is thousands of values, all dropped at its end.  The C library keeps
 * a few of each size at hand for a thread and takes the others the long way; here each thread
 * keeps what one large request needs.
 *
 * What is taken here came from malloc(), so free() may have it as well, and what malloc() gave
 * may be given here.  Thread-safe; a thread that ends gives all back.
 */
#ifndef SANDBOX_POOL_H
#define SANDBOX_POOL_H

#include <stddef.h>

/* Where AddressSanitizer looks on, as gcc and clang say it. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_KEEPS_NOTHING
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define POOL_KEEPS_NOTHING
#endif

/* Memory for so many bytes, or NULL if there is none. */
void *pool_take(size_t size);

/* Give back what was taken, by any thread; NULL is nothing. */
void pool_give(void *memory);

/* Let jansson take its memory here.  Before the first thread. */
void pool_serve_json(void);

/* Let SQLite do so.  Before the first database is opened; later it does nothing. */
void pool_serve_sqlite(void);

#endif
