/*
 * A growable run of bytes.  It doubles, so that n appends cost O(n).
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"

#define FORMATTED_MIN 32 /* room for what is formatted; more is found out by trying */

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT;
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void
buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}

char *
buf_reserve(struct buf *b, size_t extra)
{
	size_t need, cap;

	if (__builtin_add_overflow(b->len, extra, &need) ||
	    __builtin_add_overflow(need, 1, &need))
		need = (size_t)-1; /* xrealloc refuses it */
	if (need > b->cap) {
		cap = b->cap < 64 ? 64 : b->cap;
		while (cap < need && cap <= (size_t)-1 / 2)
			cap *= 2;
		b->data = xrealloc(b->data, cap < need ? need : cap);
		b->cap = cap < need ? need : cap;
		b->data[b->len] = '\0';
	}
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *bytes, size_t length)
{
	char *end = buf_reserve(b, length);

	if (length != 0)
		memcpy(end, bytes, length);
	b->len += length;
	b->data[b->len] = '\0';
}

void
buf_adds(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void
buf_addc(struct buf *b, char c)
{
	char *end = buf_reserve(b, 1);

	end[0] = c;
	end[1] = '\0';
	b->len++;
}

void
buf_addv(struct buf *b, const char *format, va_list args)
{
	char *end = buf_reserve(b, FORMATTED_MIN);
	size_t room = b->cap - b->len;
	va_list again;
	int length;

	va_copy(again, args);
	length = vsnprintf(end, room, format, again);
	va_end(again);
	assert(length >= 0);
	if ((size_t)length >= room)
		vsnprintf(buf_reserve(b, (size_t)length), (size_t)length + 1, format, args);
	b->len += (size_t)length;
}

void
buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_addv(b, format, args);
	va_end(args);
}

void
buf_truncate(struct buf *b, size_t length)
{
	assert(length <= b->len);
	b->len = length;
	if (b->data != NULL)
		b->data[length] = '\0';
}

const char *
buf_str(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

char *
buf_steal(struct buf *b)
{
	char *text;

	buf_reserve(b, 0);
	text = b->data;
	*b = (struct buf)BUF_INIT;
	return text;
}
