/*
 * buf - a growable run of bytes
 *
 * A struct buf is a plain value its owner declares (BUF_INIT, or all zeros) and frees with
 * buf_free().  data is NULL until something is stored; from then on data[len] is a NUL that
 * len does not count, so text can be passed on as a C string.  The bytes may hold NULs.
 * Memory is never short: xalloc ends the process.  Not thread-safe.
 */
#ifndef FERRY_BUF_H
#define FERRY_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;
	size_t len;
	size_t cap; /* bytes allocated, the NUL among them */
};

#define BUF_INIT           \
	{                  \
		NULL, 0, 0 \
	}

void buf_free(struct buf *b);

/* Forget the contents, keep the memory. */
void buf_reset(struct buf *b);

/* As buf_free, but the bytes are overwritten first: for secrets. */
void buf_wipe(struct buf *b);

/* Make room for extra more bytes and the NUL; returns where they go (data + len). */
char *buf_reserve(struct buf *b, size_t extra);

void buf_add(struct buf *b, const void *bytes, size_t length);
void buf_adds(struct buf *b, const char *text);

/* Texts are often put together by the character, so most of it is here. */
static inline void
buf_addc(struct buf *b, char c)
{
	if (b->cap - b->len < 2)
		buf_reserve(b, 1);
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

/* Append a number in decimal. */
void buf_addi(struct buf *b, int64_t number);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void
buf_addv(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Shorten to length bytes, which must be at most len. */
void buf_truncate(struct buf *b, size_t length);

/* The contents as a string: data, or "" while it is NULL. */
const char *buf_str(const struct buf *b);

/* Hand the allocated string to the caller, who free()s it; b is empty afterwards. */
char *buf_steal(struct buf *b);

#endif
