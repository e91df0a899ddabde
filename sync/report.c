/*
 * Progress, events, summary.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "sync/report.h"

#define PROGRESS_MS 200

void
report_begin(struct report *r, const char *name, const struct report_style *style)
{
	*r = (struct report){.style = *style, .name = name, .started_ms = clock_ms()};
	r->progress = !style->quiet && !style->json && isatty(STDERR_FILENO);
}

static void
clear_line(struct report *r)
{
	if (r->line_open)
		fputs("\r\033[K", stderr);
	r->line_open = false;
}

static void
print_object(const struct report *r, const char *event, json_t *members)
{
	json_t *object = json_pack("{s:s, s:s}", "event", event, "sync", r->name);

	if (r->style.dry_run)
		json_object_set_new(object, "dry-run", json_true());
	if (members != NULL)
		json_object_update(object, members);
	flockfile(stdout); /* sections that are watched are printed side by side */
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
	json_decref(object);
}

/* Print text that may come from a server, without what a terminal would obey. */
static void
print_plain(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		putc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

void
report_event(struct report *r, const char *event, json_t *members, const char *format, ...)
{
	struct buf words = BUF_INIT;
	va_list args;

	if (r->style.json) {
		print_object(r, event, members);
	} else if ((r->style.verbose || r->style.dry_run) && !r->style.quiet) {
		va_start(args, format);
		buf_addv(&words, format, args);
		va_end(args);
		clear_line(r);
		flockfile(stdout);
		printf("%s: %s%s ", r->name, r->style.dry_run ? "would: " : "", event);
		print_plain(stdout, buf_str(&words));
		putchar('\n');
		funlockfile(stdout);
		buf_free(&words);
	}
	json_decref(members);
}

void
report_notice(struct report *r, const char *event, json_t *members, const char *format, ...)
{
	struct buf words = BUF_INIT;
	va_list args;

	if (r->style.json)
		print_object(r, event, members);
	json_decref(members);
	va_start(args, format);
	buf_addv(&words, format, args);
	va_end(args);
	clear_line(r);
	fprintf(stderr, "ferry-sync: %s: ", r->name);
	print_plain(stderr, buf_str(&words));
	putc('\n', stderr);
	buf_free(&words);
}

void
report_error(struct report *r, const char *subject, const struct outcome *o)
{
	r->errors++;
	clear_line(r);
	fprintf(stderr, "ferry-sync: %s: ", r->name);
	if (subject != NULL) {
		print_plain(stderr, subject);
		fputs(": ", stderr);
	}
	fputs(o->text, stderr);
	if (*o->hint != '\0')
		fprintf(stderr, " (%s)", o->hint);
	putc('\n', stderr);
	if (r->style.json) {
		json_t *members = json_pack("{s:s*, s:s, s:s}", "subject", subject, "condition",
		    o->condition, "text", o->text);

		if (*o->hint != '\0')
			json_object_set_new(members, "hint", json_string(o->hint));
		print_object(r, "error", members);
		json_decref(members);
	}
}

/* "1234", "56.1 MB": a number of bytes for the eye. */
static void
add_bytes(struct buf *text, int64_t bytes)
{
	if (bytes < 1000000)
		buf_addf(text, "%.1f kB", (double)bytes / 1e3);
	else if (bytes < 1000000000)
		buf_addf(text, "%.1f MB", (double)bytes / 1e6);
	else
		buf_addf(text, "%.2f GB", (double)bytes / 1e9);
}

void
report_progress(struct report *r)
{
	int64_t now = clock_ms(), ms = now - r->first_download_ms;
	struct buf text = BUF_INIT;

	if (r->first_download_ms == 0) {
		r->first_download_ms = now;
		return;
	}
	if (!r->progress || r->wanted == 0 || now - r->shown_ms < PROGRESS_MS)
		return;
	r->shown_ms = now;
	buf_addf(&text, "%s: %" PRId64 "/%" PRId64 " messages, ", r->name, r->done, r->wanted);
	add_bytes(&text, r->done_bytes);
	buf_adds(&text, " of ");
	add_bytes(&text, r->wanted_bytes);
	if (ms > 0 && r->done > 0) {
		buf_addf(&text, ", %" PRId64 "/s", r->done * 1000 / ms);
		if (r->done_bytes > 0 && r->wanted_bytes >= r->done_bytes)
			buf_addf(&text, ", %.0f s left",
			    (double)(r->wanted_bytes - r->done_bytes) / (double)r->done_bytes *
			        (double)ms / 1e3);
	}
	fprintf(stderr, "\r%s\033[K", text.data);
	fflush(stderr);
	r->line_open = true;
	buf_free(&text);
}

/* The counts, by name: what the summary, its JSON and the log line say. */
struct count {
	const char *key, *words;
	int64_t value;
};
#define COUNTS 9

static void
list_counts(const struct report *r, struct count counts[COUNTS])
{
	const struct count all[COUNTS] = {
	    {"new", "new", r->added},
	    {"adopted", "adopted", r->adopted},
	    {"flags", "with other flags", r->flags},
	    {"moved", "moved", r->moved},
	    {"deleted", "deleted", r->deleted},
	    {"mailboxes", "folder changes", r->folders},
	    {"uploaded", "uploaded", r->uploaded},
	    {"told", "changed at the service", r->told},
	    {"errors", "errors", r->errors},
	};

	for (size_t i = 0; i < COUNTS; i++)
		counts[i] = all[i];
}

static void
print_summary(const struct report *r, const struct count *counts, int64_t ms)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < COUNTS; i++)
		if (counts[i].value != 0)
			buf_addf(&text, "%s%" PRId64 " %s", text.len == 0 ? "" : ", ",
			    counts[i].value, counts[i].words);
	if (r->bytes + r->bytes_up != 0) {
		buf_adds(&text, "; ");
		add_bytes(&text, r->bytes + r->bytes_up);
	}
	printf("%s: %s%s in %.2f s\n", r->name, r->style.dry_run ? "would be: " : "",
	    text.len == 0 ? "nothing new" : text.data, (double)ms / 1e3);
	buf_free(&text);
}

static void
log_run(const struct report *r, const struct outcome *o, const struct count *counts, int64_t ms,
    int exit_status)
{
	struct log_line l;

	log_begin(&l, outcome_is_ok(o) ? LOG_INFO : LOG_ERR, r->name);
	log_event(&l, outcome_is_ok(o) ? "mirrored" : "failed");
	for (size_t i = 0; i < COUNTS; i++)
		log_num(&l, counts[i].key, counts[i].value);
	log_num(&l, "bytes", r->bytes);
	log_num(&l, "bytes-up", r->bytes_up);
	log_num(&l, "requests", r->requests);
	log_num(&l, "ms", ms);
	log_num(&l, "exit", exit_status);
	if (!outcome_is_ok(o))
		log_outcome(&l, o);
	log_end(&l);
}

void
report_end(struct report *r, const struct outcome *o, int exit_status)
{
	int64_t ms = clock_ms() - r->started_ms;
	struct count counts[COUNTS];

	clear_line(r);
	list_counts(r, counts);
	if (r->style.json) {
		json_t *members = json_object();

		for (size_t i = 0; i < COUNTS; i++)
			json_object_set_new(
			    members, counts[i].key, json_integer(counts[i].value));
		json_object_set_new(members, "bytes", json_integer(r->bytes));
		json_object_set_new(members, "bytes-up", json_integer(r->bytes_up));
		json_object_set_new(members, "requests", json_integer(r->requests));
		json_object_set_new(members, "ms", json_integer(ms));
		json_object_set_new(members, "exit", json_integer(exit_status));
		print_object(r, "summary", members);
		json_decref(members);
	} else if (!r->style.quiet && outcome_is_ok(o)) {
		print_summary(r, counts, ms);
	}
	fflush(stdout);
	if (!r->style.dry_run)
		log_run(r, o, counts, ms, exit_status);
}
