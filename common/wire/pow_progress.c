/*
 * Showing how a proof of work gets on: to a person as one line that is redrawn, to a log as
 * a line now and then.  The work has no memory: however long it has taken, the expected time
 * still to come is that of all the hashes expected at the start.
 */
#include <stdio.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/wire/pow.h"

#define LOG_EVERY_NS   (10 * INT64_C(1000000000))
#define SHOWN_AFTER_NS (300 * INT64_C(1000000)) /* shorter work shows nothing */
#define ERASE_LINE     "\r\033[K"

void
pow_time_text(double seconds, char text[POW_TIME_TEXT])
{
	static const struct {
		double below;
		double unit;
		int decimals;
		const char *name;
	} scales[] = {
	    {1, 1, 2, "s"},
	    {10, 1, 1, "s"},
	    {120, 1, 0, "s"},
	    {2 * 3600.0, 60, 0, "min"},
	    {2 * 86400.0, 3600, 0, "h"},
	    {2 * 365 * 86400.0, 86400, 0, "days"},
	};

	for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++)
		if (seconds < scales[i].below) {
			snprintf(text, POW_TIME_TEXT, "%.*f %s", scales[i].decimals,
			    seconds / scales[i].unit, scales[i].name);
			return;
		}
	snprintf(text, POW_TIME_TEXT, "%.3g years", seconds / (365 * 86400.0));
}

void
pow_progress_terminal(const struct pow_progress *progress, void *arg)
{
	char expected[POW_TIME_TEXT], passed[POW_TIME_TEXT];

	(void)arg;
	if (!isatty(STDERR_FILENO))
		return;
	if (progress->done) {
		if (progress->last_ns >= SHOWN_AFTER_NS)
			fputs(ERASE_LINE, stderr);
		return;
	}
	if (progress->ns < SHOWN_AFTER_NS || progress->rate <= 0)
		return;
	pow_time_text(progress->expected / progress->rate, expected);
	pow_time_text((double)progress->ns / 1e9, passed);
	fprintf(stderr,
	    ERASE_LINE
	    "proof of work: difficulty %d, %.0f hashes/s, about %s expected, %s passed",
	    progress->difficulty, progress->rate, expected, passed);
}

void
pow_progress_log(const struct pow_progress *progress, void *arg)
{
	struct log_line line;

	if (progress->done || progress->ns / LOG_EVERY_NS == progress->last_ns / LOG_EVERY_NS)
		return;
	log_begin(&line, LOG_INFO, arg);
	log_event(&line, "proof of work");
	log_num(&line, "difficulty", progress->difficulty);
	log_num(&line, "hashes", (int64_t)progress->hashes);
	log_num(&line, "rate", (int64_t)progress->rate);
	if (progress->rate > 0 && progress->expected / progress->rate < 1e12)
		log_num(
		    &line, "expected_s", (int64_t)(progress->expected / progress->rate + 0.5));
	log_num(&line, "s", progress->ns / 1000000000);
	log_end(&line);
}
