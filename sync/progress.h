/*
 * progress - how far a long run is, how fast it goes, and how long it will still take
 *
 * On a terminal one line that is drawn over; where standard error is something else and
 * progress was asked for, lines; for programs, what the caller makes an event of.  Speed is
 * that of the last seconds, not of the whole run, so a line that has become slow says so.
 * The time that is left is what the slower of the two, messages or bytes, still takes; it is
 * not told before there is something to tell it from, nor while nobody knows how much there
 * is to do.
 */
#ifndef FERRY_SYNC_PROGRESS_H
#define FERRY_SYNC_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

#define PROGRESS_SAMPLES 16 /* one a second: what the speed is taken from */

enum progress_way {
	PROGRESS_NONE,
	PROGRESS_TERMINAL, /* one line of standard error, drawn over */
	PROGRESS_LINES,    /* a line of standard error every few seconds */
	PROGRESS_EVENTS,   /* the caller's */
};

struct progress_sample {
	int64_t ms, messages, bytes;
};

struct progress {
	enum progress_way way;
	bool line_open; /* there is something on the terminal's line */
	int64_t shown_ms;
	struct progress_sample samples[PROGRESS_SAMPLES];
	size_t count, oldest;
};

/* What there is to do, and what of it is done. */
struct progress_work {
	int64_t messages, bytes;
	int64_t done, done_bytes;
	bool open; /* there may be more to do than is known by now */
};

struct progress_speed {
	int64_t messages, bytes; /* a second; -1 while nobody knows */
	int64_t left_s;          /* likewise */
};

/* Note where the work is now, at clock_ms(); cheap. */
void progress_note(struct progress *p, int64_t now_ms, const struct progress_work *work);

/* The speed of the last seconds. */
struct progress_speed
progress_speed(const struct progress *p, int64_t now_ms, const struct progress_work *work);

/* Is it time to show something? */
bool progress_is_due(struct progress *p, int64_t now_ms);

/* "name: 12 of 90 messages, 1.2 of 8.0 MB, 310.0 kB/s, 25 s left" */
void progress_words(const char *name, const struct progress_work *work,
    const struct progress_speed *speed, struct buf *words);

/* Put words on the terminal's line, or on one of their own; take the line away again. */
void progress_show(struct progress *p, const char *words);
void progress_clear(struct progress *p);

/* A number of bytes for the eye: "1.2 kB". */
void progress_add_bytes(struct buf *text, int64_t bytes);

#endif
