/*
 * line_ends - store a message with the line ends of this system, if that can be undone
 *
 * On the wire lines end in CRLF; in a Maildir they end in LF.  The change is made only when
 * every line end is a CRLF, with no CR or LF on its own: then the original comes back byte
 * for byte, which checking a file against the service, or giving it back, needs.  Anything
 * else is stored as it came.  That is known only at the end, so bytes are written changed
 * until something forbids it; then what was written is turned back, in place.
 */
#ifndef FERRY_LINE_ENDS_H
#define FERRY_LINE_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_ends {
	int fd;
	bool raw;         /* stored as it came */
	bool pending_cr;  /* the last byte was a CR, not yet written */
	int64_t received; /* bytes taken in */
	int64_t written;  /* bytes in the file, and held for it: S= */
	int64_t bare_lf;  /* raw: LFs without CR */
	char *held;       /* not yet in the file */
	size_t held_length;
};

/* Start on an empty file, open for reading and writing.  Either line_ends_finish() or
 * line_ends_drop() ends it. */
void line_ends_begin(struct line_ends *l, int fd);

/* False, with errno, when the file cannot be written.  It is whole after the latter. */
bool line_ends_write(struct line_ends *l, const char *bytes, size_t length);
bool line_ends_finish(struct line_ends *l);

/* Give up, if it has begun: the file is left as it is. */
void line_ends_drop(struct line_ends *l);

/* The size with CRLF line ends: W=. */
int64_t line_ends_vsize(const struct line_ends *l);

#endif
