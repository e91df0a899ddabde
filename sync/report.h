/*
 * report - what a run tells: progress, events, a summary
 *
 * On a terminal (or where it is asked for) progress on stderr; with --json one object a line
 * on stdout for each event, documented in ferry-sync(1); otherwise words for the eye, events
 * only with -v or for a dry run, and one summary line.  Errors always go to stderr as one
 * line, too.
 */
#ifndef FERRY_SYNC_REPORT_H
#define FERRY_SYNC_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/outcome.h"
#include "sync/progress.h"

struct report_style {
	bool json, quiet, verbose, dry_run;
	bool progress;    /* also where stderr is no terminal */
	const char *deed; /* what the log says was done; NULL: nothing to log */
};

struct report {
	struct report_style style;
	const char *name; /* of the sync section */
	struct progress progress;
	int64_t started_ms;
	bool together; /* see report_together() */
	/* to do */
	int64_t wanted, wanted_bytes;
	bool counting; /* there may be more than is known by now */
	/* done */
	int64_t added, adopted, flags, moved, deleted, folders, errors;
	int64_t uploaded, told;   /* messages: new at the service, changed there */
	int64_t done, done_bytes; /* of wanted */
	int64_t bytes, bytes_up;  /* downloaded, uploaded */
	int64_t requests;
	/* of what is no synchronisation: the summary, instead of the counts above */
	json_t *result;
	char *result_words;
};

void report_begin(struct report *report, const char *name, const struct report_style *style);

/*
 * An event: its name and members (the reference is taken).  words is the same for people.
 */
void report_event(struct report *report, const char *event, json_t *members, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

/* The events until it is said that they are not together any more may be printed at once. */
void report_together(struct report *report, bool together);

/* An event that for people is printed in any case, on stderr. */
void report_notice(struct report *report, const char *event, json_t *members,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Something could not be done; subject (a mailbox, an email id) may be NULL. */
void report_error(struct report *report, const char *subject, const struct outcome *outcome);

/* One more message is done, of so many bytes. */
void report_done(struct report *report, int64_t bytes);

/* Show the progress, if it is time to. */
void report_progress(struct report *report);

/* What is not a report of events but the answer to a question: an event, and its words on
 * stdout as they are, whatever the style. */
void report_answer(struct report *report, const char *event, json_t *members,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Members (the reference is taken) and words of the summary, for what has its own. */
void report_result(struct report *report, json_t *members, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Did the run change anything, on either side? */
bool report_has_changes(const struct report *report);

/* The summary; exit_status is what the section ends with. */
void report_end(struct report *report, const struct outcome *outcome, int exit_status);

#endif
