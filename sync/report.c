/*
 * Events, summary, and what the progress is made of.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/wire/json_text.h"
#include "sync/report.h"

void
report_begin(struct report *r, const char *name, const struct report_style *style)
{
	bool terminal = isatty(STDERR_FILENO) != 0;

	*r = (struct report){.style = *style, .name = name, .started_ms = clock_ms()};
	if (style->json)
		r->progress.way = style->progress ? PROGRESS_EVENTS : PROGRESS_NONE;
	else if (terminal && (style->progress || !style->quiet))
		r->progress.way = PROGRESS_TERMINAL;
	else
		r->progress.way = style->progress ? PROGRESS_LINES : PROGRESS_NONE;
}

static void
print_object(const struct report *r, const char *event, json_t *members)
{
	struct buf line = BUF_INIT;
	const char *key;
	json_t *value;

	json_text_open(&line, NULL, '{');
	json_text_string(&line, "event", event);
	json_text_string(&line, "sync", r->name);
	if (r->style.dry_run)
		json_text_bool(&line, "dry-run", true);
	json_object_foreach (members, key, value)
		json_text_value(&line, key, value);
	json_text_close(&line, '}');
	buf_addc(&line, '\n');
	flockfile(stdout); /* sections that are watched are printed side by side */
	fwrite(line.data, 1, line.len, stdout);
	if (!r->together)
		fflush(stdout);
	funlockfile(stdout);
	buf_free(&line);
}

/* Print text that may come from a server, without what a terminal would obey. */
static void
print_plain(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		putc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

void
report_together(struct report *r, bool together)
{
	r->together = together;
	if (!together)
		fflush(stdout);
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
		progress_clear(&r->progress);
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
	progress_clear(&r->progress);
	fprintf(stderr, "ferry-sync: %s: ", r->name);
	print_plain(stderr, buf_str(&words));
	putc('\n', stderr);
	buf_free(&words);
}

void
report_error(struct report *r, const char *subject, const struct outcome *o)
{
	r->errors++;
	progress_clear(&r->progress);
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

void
report_answer(struct report *r, const char *event, json_t *members, const char *format, ...)
{
	struct buf words = BUF_INIT;
	va_list args;

	if (r->style.json) {
		print_object(r, event, members);
	} else {
		va_start(args, format);
		buf_addv(&words, format, args);
		va_end(args);
		progress_clear(&r->progress);
		print_plain(stdout, buf_str(&words));
		putchar('\n');
		buf_free(&words);
	}
	json_decref(members);
}

void
report_result(struct report *r, json_t *members, const char *format, ...)
{
	struct buf words = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_addv(&words, format, args);
	va_end(args);
	json_decref(r->result);
	free(r->result_words);
	r->result = members;
	r->result_words = buf_steal(&words);
}

void
report_done(struct report *r, int64_t bytes)
{
	r->done++;
	r->done_bytes += bytes;
}

static void
print_progress_event(const struct report *r, const struct progress_work *work,
    const struct progress_speed *speed)
{
	json_t *members = json_pack("{s:I, s:I, s:I, s:I, s:b}", "done", (json_int_t)work->done,
	    "messages", (json_int_t)work->messages, "done-bytes", (json_int_t)work->done_bytes,
	    "bytes", (json_int_t)work->bytes, "counting", (int)work->open);

	if (speed->bytes >= 0)
		json_object_set_new(members, "bytes-per-second", json_integer(speed->bytes));
	if (speed->left_s >= 0)
		json_object_set_new(members, "seconds-left", json_integer(speed->left_s));
	print_object(r, "progress", members);
	json_decref(members);
}

void
report_progress(struct report *r)
{
	const struct progress_work work = {
	    .messages = r->wanted,
	    .bytes = r->wanted_bytes,
	    .done = r->done,
	    .done_bytes = r->done_bytes,
	    .open = r->counting,
	};
	int64_t now = clock_ms();
	struct progress_speed speed;
	struct buf words = BUF_INIT;

	if (r->wanted == 0)
		return;
	progress_note(&r->progress, now, &work);
	if (!progress_is_due(&r->progress, now))
		return;
	speed = progress_speed(&r->progress, now, &work);
	if (r->progress.way == PROGRESS_EVENTS) {
		print_progress_event(r, &work, &speed);
		return;
	}
	progress_words(r->name, &work, &speed, &words);
	progress_show(&r->progress, words.data);
	buf_free(&words);
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
		progress_add_bytes(&text, r->bytes + r->bytes_up);
	}
	printf("%s: %s%s in %.2f s\n", r->name, r->style.dry_run ? "would be: " : "",
	    text.len == 0 ? "nothing new" : text.data, (double)ms / 1e3);
	buf_free(&text);
}

static void
log_result(struct log_line *l, const json_t *result)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)result, key, value)
		if (json_is_integer(value))
			log_num(l, key, json_integer_value(value));
}

static void
log_run(const struct report *r, const struct outcome *o, const struct count *counts, int64_t ms,
    int exit_status)
{
	struct log_line l;

	log_begin(&l, outcome_is_ok(o) ? LOG_INFO : LOG_ERR, r->name);
	log_event(&l, outcome_is_ok(o) ? r->style.deed : "failed");
	for (size_t i = 0; i < COUNTS && r->result == NULL; i++)
		log_num(&l, counts[i].key, counts[i].value);
	log_result(&l, r->result);
	log_num(&l, "bytes", r->bytes);
	log_num(&l, "bytes-up", r->bytes_up);
	log_num(&l, "requests", r->requests);
	log_num(&l, "ms", ms);
	log_num(&l, "exit", exit_status);
	if (!outcome_is_ok(o))
		log_outcome(&l, o);
	log_end(&l);
}

bool
report_has_changes(const struct report *r)
{
	struct count counts[COUNTS];
	int64_t changes = 0;

	list_counts(r, counts);
	for (size_t i = 0; i < COUNTS; i++)
		changes += counts[i].value;
	return changes != r->errors;
}

static void
print_summary_event(
    const struct report *r, const struct count *counts, int64_t ms, int exit_status)
{
	json_t *members = json_object();

	for (size_t i = 0; i < COUNTS && r->result == NULL; i++)
		json_object_set_new(members, counts[i].key, json_integer(counts[i].value));
	if (r->result == NULL) {
		json_object_set_new(members, "bytes", json_integer(r->bytes));
		json_object_set_new(members, "bytes-up", json_integer(r->bytes_up));
	} else {
		json_object_update(members, r->result);
	}
	json_object_set_new(members, "requests", json_integer(r->requests));
	json_object_set_new(members, "ms", json_integer(ms));
	json_object_set_new(members, "exit", json_integer(exit_status));
	print_object(r, "summary", members);
	json_decref(members);
}

void
report_end(struct report *r, const struct outcome *o, int exit_status)
{
	int64_t ms = clock_ms() - r->started_ms;
	struct count counts[COUNTS];

	progress_clear(&r->progress);
	list_counts(r, counts);
	if (r->style.json)
		print_summary_event(r, counts, ms, exit_status);
	else if (!r->style.quiet && outcome_is_ok(o) && r->result_words == NULL)
		print_summary(r, counts, ms);
	else if (!r->style.quiet && outcome_is_ok(o) && *r->result_words != '\0')
		printf("%s: %s\n", r->name, r->result_words);
	fflush(stdout);
	if (!r->style.dry_run && r->style.deed != NULL)
		log_run(r, o, counts, ms, exit_status);
	json_decref(r->result);
	free(r->result_words);
	r->result = NULL;
	r->result_words = NULL;
}
