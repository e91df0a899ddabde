/*
 * report - what a run tells: progress, events, a summary
 *
 * On a terminal a progress line on stderr; with --json one object a line on stdout for each
 * event, documented in ferry-sync(1); otherwise words for the eye, events only with -v or
 * for a dry run, and one summary line.  Errors always go to stderr as one line, too.
 */
#ifndef FERRY_SYNC_REPORT_H
#define FERRY_SYNC_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/outcome.h"

struct report_style {
	bool json, quiet, verbose, dry_run;
};

struct report {
	struct report_style style;
	const char *name; /* of the sync section */
	bool progress;    /* stderr is a terminal and nobody asked for silence */
	bool line_open;   /* a progress line is on the terminal */
	int64_t started_ms, shown_ms;
	int64_t first_download_ms;
	/* to do */
	int64_t wanted, wanted_bytes;
	/* done */
	int64_t added, adopted, flags, moved, deleted, folders, errors;
	int64_t uploaded, told;   /* messages: new at the service, changed there */
	int64_t done, done_bytes; /* of wanted */
	int64_t bytes, bytes_up;  /* downloaded, uploaded */
	int64_t requests;
};

void report_begin(struct report *report, const char *name, const struct report_style *style);

/*
 * An event: its name and members (the reference is taken).  words is the same for people.
 */
void report_event(struct report *report, const char *event, json_t *members, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

/* Likewise, but for people it is printed in any case, on stderr. */
void report_notice(struct report *report, const char *event, json_t *members,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Something could not be done; subject (a mailbox, an email id) may be NULL. */
void report_error(struct report *report, const char *subject, const struct outcome *outcome);

/* Draw the progress line, at most five times a second. */
void report_progress(struct report *report);

/* The summary; exit_status is what the section ends with. */
void report_end(struct report *report, const struct outcome *outcome, int exit_status);

#endif
