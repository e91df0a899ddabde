/*
 * A command for each line of standard input.
 *
 * One line that fails does not keep the next from being tried, unless what failed would fail
 * for all of them: the key, the network, the quota.  What is done is written down, if a file
 * is named for it, before the next line is begun, so that an interrupted run of thousands
 * goes on where it was.  The file starts with what was being done: lines that had another
 * mailbox, say, are not skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "ctl/aliases.h"

#define JOURNAL_MAX (64u << 20)
#define FAILED_MAX  20 /* lines named again in the summary */

struct bulk {
	struct aliases *a;
	const char *what;
	json_t *done; /* an object whose keys are the lines of the journal */
	int journal;  /* -1: none */
	long good, failed, skipped;
	struct buf failures; /* the first of the lines */
	int status;          /* of the first failure */
};

/* What fails for every line alike. */
static bool
ends_all(const struct outcome *o)
{
	static const char *const starts[] = {"net/", "alias/key", "alias/no-key",
	    "alias/disabled", "alias/rate", "alias/quota", "alias/sudo", "auth/",
	    "local/cancelled", "local/permission", "local/disk-full"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(o->condition, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* The lines of a journal that was begun for the same. */
static struct outcome
read_journal(struct bulk *b, const char *path)
{
	struct buf text = BUF_INIT;
	struct outcome o = file_read_fd(b->journal, path, JOURNAL_MAX, &text);
	char *head = xasprintf("# %s", b->what), *line, *rest;

	rest = text.len != 0 ? text.data : NULL;
	line = outcome_is_ok(&o) ? strsep(&rest, "\n") : NULL;
	if (line != NULL && strcmp(line, head) != 0) {
		o = outcome_make("local", "usage", "%s was begun for: %s", path, line);
		outcome_hint(&o, "name another file, or remove this one");
	}
	/* A line without its end was not written whole: it is done once more. */
	while (outcome_is_ok(&o) && rest != NULL && strchr(rest, '\n') != NULL) {
		line = strsep(&rest, "\n");
		json_object_set_new(b->done, line, json_true());
	}
	if (outcome_is_ok(&o) && text.len == 0 &&
	    (file_write_full(b->journal, head, strlen(head)) < 0 ||
	        file_write_full(b->journal, "\n", 1) < 0))
		o = file_error("cannot write", path);
	free(head);
	buf_free(&text);
	return o;
}

static struct outcome
open_journal(struct bulk *b)
{
	const char *path = ctl_option(b->a->ctl, "resume");

	b->journal = -1;
	if (path == NULL)
		return outcome_ok();
	b->journal = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return b->journal < 0 ? file_error("cannot open", path) : read_journal(b, path);
}

static struct outcome
write_journal(struct bulk *b, const char *line)
{
	char *text;
	struct outcome o = outcome_ok();

	if (b->journal < 0)
		return o;
	text = xasprintf("%s\n", line);
	if (file_write_full(b->journal, text, strlen(text)) < 0)
		o = file_error("cannot write", ctl_option(b->a->ctl, "resume"));
	free(text);
	return o;
}

static void
print_result(const struct bulk *b, const char *line, const struct outcome *o, json_t *result)
{
	json_t *object;

	if (b->a->ctl->json) {
		object =
		    json_pack("{s:s, s:b, s:s*, s:O*}", "input", line, "ok", outcome_is_ok(o),
		        "error", outcome_is_ok(o) ? NULL : o->text, "result", result);
		aliases_progress_end();
		print_object(PRINT_JSON, object);
		json_decref(object);
	} else if (json_is_string(result)) {
		aliases_progress_end();
		printf("%s\t%s\n", line, json_string_value(result));
	}
	fflush(stdout);
}

static void
note_failure(struct bulk *b, const char *line, const struct outcome *o)
{
	struct buf clean = BUF_INIT;
	int status;

	aliases_progress_end();
	print_clean(line, 0, &clean);
	fprintf(stderr, "%s: ", buf_str(&clean));
	status = ctl_fail(o);
	if (b->failed++ == 0)
		b->status = status;
	if (b->failed <= FAILED_MAX)
		buf_addf(&b->failures, "  %s\n", buf_str(&clean));
	buf_free(&clean);
}

/* False if there is no point in going on. */
static bool
do_line(struct bulk *b, const char *line, aliases_one *one, void *arg)
{
	json_t *result = NULL;
	struct outcome o, kept;

	if (json_object_get(b->done, line) != NULL) {
		b->skipped++;
		return true;
	}
	aliases_begin(b->a);
	o = one(b->a, line, arg, &result);
	print_result(b, line, &o, result);
	json_decref(result);
	if (!outcome_is_ok(&o)) {
		note_failure(b, line, &o);
		return !ends_all(&o);
	}
	b->good++;
	kept = write_journal(b, line);
	aliases_progress(
	    "%s: %ld done, %ld failed", b->a->ctl->command->name, b->good, b->failed);
	if (outcome_is_ok(&kept))
		return true;
	b->status = ctl_fail(&kept);
	return false;
}

static bool
is_work(char *line)
{
	size_t length = strlen(line);

	while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL)
		line[--length] = '\0';
	return length != 0 && *line != '#';
}

static bool
do_lines(struct bulk *b, aliases_one *one, void *arg)
{
	char *line = NULL, *start;
	bool go_on = true;
	size_t size = 0;

	while (go_on && getline(&line, &size, stdin) > 0) {
		start = line + strspn(line, " \t");
		if (is_work(start))
			go_on = do_line(b, start, one, arg);
		go_on = go_on && !cancel_requested();
	}
	free(line);
	return go_on && !cancel_requested();
}

int
aliases_bulk(struct aliases *a, const char *what, aliases_one *one, void *arg)
{
	struct bulk b = {.a = a, .what = what, .done = json_object()};
	struct outcome o = open_journal(&b);
	bool all = false;

	if (!outcome_is_ok(&o))
		b.status = ctl_fail(&o);
	else
		all = do_lines(&b, one, arg);
	aliases_progress_end();
	if (outcome_is_ok(&o)) {
		fprintf(stderr, "%s: %ld done, %ld failed, %ld skipped%s\n",
		    a->ctl->command->name, b.good, b.failed, b.skipped,
		    all ? "" : "; the rest was not tried");
		if (b.failed > 1)
			fprintf(stderr, "failed:\n%s%s", buf_str(&b.failures),
			    b.failed > FAILED_MAX ? "  and others\n" : "");
	}
	if (b.journal >= 0)
		close(b.journal);
	json_decref(b.done);
	buf_free(&b.failures);
	return b.status == EX_OK && cancel_requested() ? 128 + cancel_signal() : b.status;
}
