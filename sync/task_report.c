/*
 * What a run tells of a message: one event, whatever happened to how many files.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sync/keywords.h"
#include "sync/news.h"
#include "sync/task.h"

/* Names of the mailboxes of copies with an action, as JSON and in words. */
static json_t *
mailboxes_with(const struct task *t, enum copy_action action, struct buf *words)
{
	json_t *names = json_array();

	buf_adds(words, "");
	for (size_t i = 0; i < t->count; i++) {
		const struct copy *copy = &t->copies[i];

		if (copy->action != action)
			continue;
		json_array_append_new(names, json_string(copy->mailbox->display));
		buf_addf(words, "%s%s", words->len == 0 ? "" : ", ", copy->mailbox->display);
	}
	return names;
}

static json_t *
paths(const struct mirror *m, const struct task *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->count; i++) {
		char *file, *path;

		if (t->copies[i].action == COPY_REMOVE || t->copies[i].missing ||
		    t->copies[i].base == NULL)
			continue;
		file = copy_file(&t->copies[i], true);
		path = xasprintf("%s/%s", m->root.path, file);
		/* NULL for a path that is not UTF-8: then it is left out. */
		json_array_append_new(list, json_string(path));
		free(file);
		free(path);
	}
	return list;
}

static void
report_moved(struct mirror *m, const struct task *t, size_t added, size_t removed)
{
	struct buf to = BUF_INIT, from = BUF_INIT;
	json_t *to_names = mailboxes_with(t, COPY_ADD, &to);
	json_t *from_names = mailboxes_with(t, COPY_REMOVE, &from);

	m->report->moved++;
	report_event(m->report, "moved",
	    json_pack("{s:s, s:o, s:o, s:o}", "id", t->id, "from", from_names, "to", to_names,
	        "paths", paths(m, t)),
	    "%s:%s%s%s%s", t->id, removed != 0 ? " out of " : "", from.data,
	    added != 0 ? " into " : "", to.data);
	buf_free(&to);
	buf_free(&from);
}

static void
add_news(struct mirror *m, const struct task *t)
{
	struct keywords keywords;
	bool unseen;

	keywords_parse(t->want_keywords, &keywords);
	unseen = !keywords_has(&keywords, "$seen") && !keywords_has(&keywords, "$draft");
	keywords_free(&keywords);
	for (size_t i = 0; i < t->count; i++) {
		char *file, *path;

		if (t->copies[i].action != COPY_ADD || t->copies[i].base == NULL)
			continue;
		file = copy_file(&t->copies[i], true);
		path = xasprintf("%s/%s", m->root.path, file);
		news_add(
		    m->options.news, t->copies[i].mailbox->display, path, t->received, unseen);
		free(file);
		free(path);
	}
}

static void
report_new(struct mirror *m, const struct task *t)
{
	struct buf words = BUF_INIT;
	json_t *names = mailboxes_with(t, COPY_ADD, &words);

	m->report->added++;
	if (m->options.news != NULL && m->config->on_new != NULL)
		add_news(m, t);
	report_event(m->report, "new",
	    json_pack("{s:s, s:I, s:I, s:o, s:o}", "id", t->id, "size", (json_int_t)t->size,
	        "received", (json_int_t)t->received, "mailboxes", names, "paths", paths(m, t)),
	    "%s in %s (%lld bytes)", t->id, words.data, (long long)t->size);
	buf_free(&words);
}

void
task_report(struct mirror *m, const struct task *t)
{
	size_t counts[4] = {0};

	for (size_t i = 0; i < t->count; i++)
		if (t->copies[i].action != COPY_REMOVE || !t->copies[i].missing)
			counts[t->copies[i].action]++;
	if (*t->want_mailboxes == '\0') {
		m->report->deleted++;
		report_event(
		    m->report, "deleted", json_pack("{s:s}", "id", t->id), "%s", t->id);
	} else if (t->keywords == NULL && counts[COPY_ADD] == t->count) {
		report_new(m, t);
	} else if (counts[COPY_ADD] + counts[COPY_REMOVE] != 0) {
		report_moved(m, t, counts[COPY_ADD], counts[COPY_REMOVE]);
	} else if (counts[COPY_CHANGE] != 0) {
		m->report->flags++;
		report_event(m->report, "flags",
		    json_pack("{s:s, s:s, s:o}", "id", t->id, "keywords", t->want_keywords,
		        "paths", paths(m, t)),
		    "%s: %s", t->id, t->want_keywords);
	}
	if (t->adopted)
		m->report->adopted++;
}
