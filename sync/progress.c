/*
 * Samples in a ring, arithmetic on them, one line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sync/progress.h"

#define SAMPLE_MS   1000
#define ENOUGH_MS   2000 /* of work before a speed is told */
#define TERMINAL_MS 200
#define LINES_MS    5000
#define EVENTS_MS   1000
#define COLUMNS     80 /* of a terminal that does not say */

static const struct progress_sample *
newest(const struct progress *p)
{
	return &p->samples[(p->oldest + p->count - 1) % PROGRESS_SAMPLES];
}

void
progress_note(struct progress *p, int64_t now_ms, const struct progress_work *work)
{
	struct progress_sample *sample;

	if (p->count != 0 && now_ms - newest(p)->ms < SAMPLE_MS)
		return;
	if (p->count == PROGRESS_SAMPLES)
		p->oldest = (p->oldest + 1) % PROGRESS_SAMPLES;
	else
		p->count++;
	sample = &p->samples[(p->oldest + p->count - 1) % PROGRESS_SAMPLES];
	*sample = (struct progress_sample){now_ms, work->done, work->done_bytes};
}

/* Milliseconds that the rest takes at this pace; -1 if it does not move. */
static int64_t
time_for(int64_t rest, int64_t done, int64_t ms)
{
	if (rest <= 0)
		return 0;
	return done > 0 ? (int64_t)((double)rest / (double)done * (double)ms) : -1;
}

struct progress_speed
progress_speed(const struct progress *p, int64_t now_ms, const struct progress_work *work)
{
	const struct progress_sample *from = &p->samples[p->oldest];
	struct progress_speed speed = {-1, -1, -1};
	int64_t ms = p->count != 0 ? now_ms - from->ms : 0;
	int64_t messages, bytes, by_messages, by_bytes;

	if (ms < ENOUGH_MS)
		return speed;
	messages = work->done - from->messages;
	bytes = work->done_bytes - from->bytes;
	speed.messages = messages * 1000 / ms;
	speed.bytes = bytes * 1000 / ms;
	by_messages = time_for(work->messages - work->done, messages, ms);
	by_bytes = time_for(work->bytes - work->done_bytes, bytes, ms);
	if (work->open || by_messages < 0 || by_bytes < 0)
		return speed;
	speed.left_s = ((by_messages > by_bytes ? by_messages : by_bytes) + 999) / 1000;
	return speed;
}

bool
progress_is_due(struct progress *p, int64_t now_ms)
{
	static const int64_t pause_ms[] = {
	    [PROGRESS_TERMINAL] = TERMINAL_MS,
	    [PROGRESS_LINES] = LINES_MS,
	    [PROGRESS_EVENTS] = EVENTS_MS,
	};

	if (p->way == PROGRESS_NONE || now_ms - p->shown_ms < pause_ms[p->way])
		return false;
	p->shown_ms = now_ms;
	return true;
}

void
progress_add_bytes(struct buf *text, int64_t bytes)
{
	if (bytes < 1000000)
		buf_addf(text, "%.1f kB", (double)bytes / 1e3);
	else if (bytes < 1000000000)
		buf_addf(text, "%.1f MB", (double)bytes / 1e6);
	else
		buf_addf(text, "%.2f GB", (double)bytes / 1e9);
}

static void
add_time(struct buf *text, int64_t seconds)
{
	if (seconds < 100)
		buf_addf(text, "%" PRId64 " s", seconds);
	else if (seconds < 100 * 60)
		buf_addf(text, "%" PRId64 " min", (seconds + 59) / 60);
	else
		buf_addf(text, "%" PRId64 " h %02" PRId64 " min", seconds / 3600,
		    seconds % 3600 / 60);
}

void
progress_words(const char *name, const struct progress_work *work,
    const struct progress_speed *speed, struct buf *words)
{
	buf_addf(words, "%s: %" PRId64 " of %" PRId64 "%s messages, ", name, work->done,
	    work->messages, work->open ? "+" : "");
	progress_add_bytes(words, work->done_bytes);
	buf_adds(words, " of ");
	progress_add_bytes(words, work->bytes);
	if (speed->bytes >= 0) {
		buf_adds(words, ", ");
		progress_add_bytes(words, speed->bytes);
		buf_addf(words, "/s, %" PRId64 "/s", speed->messages);
	}
	if (speed->left_s >= 0) {
		buf_adds(words, ", ");
		add_time(words, speed->left_s);
		buf_adds(words, " left");
	}
}

/* A line that is longer than the terminal is wide could not be taken away again. */
static int
columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 2)
		return COLUMNS - 1;
	return size.ws_col - 1;
}

void
progress_show(struct progress *p, const char *words)
{
	if (p->way == PROGRESS_TERMINAL)
		fprintf(stderr, "\r%.*s\033[K", columns(), words);
	else
		fprintf(stderr, "%s\n", words);
	fflush(stderr);
	p->line_open = p->way == PROGRESS_TERMINAL;
}

void
progress_clear(struct progress *p)
{
	if (p->line_open)
		fputs("\r\033[K", stderr);
	fflush(stderr);
	p->line_open = false;
}
