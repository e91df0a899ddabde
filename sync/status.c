/*
 * Numbers out of the state, counted while rows stream by: memory does not grow with them.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "common/base/xalloc.h"
#include "sync/merge.h"
#include "sync/state.h"
#include "sync/status.h"

#define PLANNED                                                                             \
	"want_mailboxes IS NOT NULL AND aside = 0 AND want_mailboxes <> '' AND keywords IS" \
	" NULL"

/* Of one mailbox, or of all. */
struct tally {
	const struct mailbox *mailbox;
	int64_t messages; /* files that are here */
	int64_t missing;  /* that were, and somebody deleted them */
	int64_t fetch;    /* to be downloaded */
	int64_t upload, refused;
};

struct tallies {
	struct tally *v; /* as m->mailboxes */
	const struct mailboxes *mailboxes;
	struct tally none; /* for rows of mailboxes that are not there */
};

static struct tally *
find(struct tallies *t, int64_t n)
{
	for (size_t i = 0; i < t->mailboxes->count; i++)
		if (t->v[i].mailbox->n == n)
			return &t->v[i];
	return &t->none;
}

static void
count_files(struct mirror *m, struct tallies *t)
{
	sqlite3_stmt *q =
	    store_query(m->store, "SELECT mailbox, count(*) FROM place GROUP BY mailbox", "");

	while (store_row(m->store, q))
		find(t, sqlite3_column_int64(q, 0))->messages = sqlite3_column_int64(q, 1);
	q = store_query(m->store,
	    "SELECT mailbox, count(*) FROM place WHERE missing = 1 GROUP BY mailbox", "");
	while (store_row(m->store, q)) {
		struct tally *one = find(t, sqlite3_column_int64(q, 0));

		one->missing = sqlite3_column_int64(q, 1);
		one->messages -= one->missing;
	}
	q = store_query(m->store,
	    "SELECT mailbox, sum(refused IS NULL), sum(refused IS NOT NULL) FROM stray"
	    " WHERE twin IS NULL AND mailbox IN (SELECT n FROM mailbox WHERE two_way)"
	    " GROUP BY mailbox",
	    "");
	while (store_row(m->store, q)) {
		struct tally *one = find(t, sqlite3_column_int64(q, 0));

		one->upload = sqlite3_column_int64(q, 1);
		one->refused = sqlite3_column_int64(q, 2);
	}
}

static void
count_plans(struct mirror *m, struct tallies *t)
{
	sqlite3_stmt *q =
	    store_query(m->store, "SELECT want_mailboxes FROM email WHERE " PLANNED, "");

	while (store_row(m->store, q)) {
		struct numbers wanted;

		numbers_parse((const char *)sqlite3_column_text(q, 0), &wanted);
		for (size_t i = 0; i < wanted.count; i++)
			find(t, wanted.v[i])->fetch++;
		numbers_free(&wanted);
	}
}

/* Seconds since 1970 of the last run that was complete, by the date of the lock. */
static int64_t
last_complete(const struct mirror *m)
{
	struct stat st;

	return fstat(m->lock, &st) == 0 ? (int64_t)st.st_mtim.tv_sec : 0;
}

static const char *
direction_of(const struct mirror *m, const struct mailbox *mb)
{
	static const char *const names[] = {
	    [DIRECTION_PULL] = "pull", [DIRECTION_PUSH] = "push", [DIRECTION_BOTH] = "both"};

	return names[mailboxes_direction(m->config, mb->display)];
}

static void
add_count(struct buf *words, int64_t count, const char *what)
{
	if (count != 0)
		buf_addf(words, ", %lld %s", (long long)count, what);
}

static void
tell_mailbox(struct mirror *m, const struct tally *t)
{
	const struct mailbox *mb = t->mailbox;
	struct buf words = BUF_INIT;

	buf_addf(&words, "  %s: %lld messages", mb->display, (long long)t->messages);
	add_count(&words, t->missing, "deleted here");
	add_count(&words, t->fetch, "to download");
	add_count(&words, t->upload, "to upload");
	add_count(&words, t->refused, "that the service does not take");
	if (!mb->selected)
		buf_adds(&words, ", not selected any more");
	report_answer(m->report, "mailbox-status",
	    json_pack("{s:s, s:s*, s:b, s:s, s:I, s:I, s:I, s:I, s:I}", "mailbox", mb->display,
	        "path", mb->path, "selected", (int)mb->selected, "direction",
	        direction_of(m, mb), "messages", (json_int_t)t->messages, "missing",
	        (json_int_t)t->missing, "download", (json_int_t)t->fetch, "upload",
	        (json_int_t)t->upload, "refused", (json_int_t)t->refused),
	    "%s", words.data);
	buf_free(&words);
}

/* What concerns the section as a whole. */
struct totals {
	int64_t messages, bytes; /* here; one in several mailboxes counts once */
	int64_t download, download_bytes, aside, apply, tell;
	int64_t complete;
	bool interrupted;
};

static void
count_totals(struct mirror *m, struct totals *t)
{
	struct store *s = m->store;

	*t = (struct totals){
	    .messages =
	        store_number(s, 0, "SELECT count(*) FROM email WHERE keywords IS NOT NULL", ""),
	    .bytes = store_number(
	        s, 0, "SELECT sum(size) FROM email WHERE keywords IS NOT NULL", ""),
	    .download = store_number(s, 0, "SELECT count(*) FROM email WHERE " PLANNED, ""),
	    .download_bytes =
	        store_number(s, 0, "SELECT sum(size) FROM email WHERE " PLANNED, ""),
	    .aside = store_number(s, 0, "SELECT count(*) FROM email WHERE aside = 1", ""),
	    .apply = store_number(s, 0,
	        "SELECT count(*) FROM email WHERE want_mailboxes IS NOT NULL"
	        " AND aside = 0 AND keywords IS NOT NULL",
	        ""),
	    .tell = store_number(s, 0, "SELECT count(*) FROM email WHERE near = 1", ""),
	    .complete = last_complete(m),
	    .interrupted = state_get_number(s, STATE_RUNNING, 0) != 0,
	};
}

static void
tell_section(struct mirror *m, const struct totals *t)
{
	char *service = state_get(m->store, STATE_SERVICE);
	char *account = state_get(m->store, STATE_ACCOUNT);
	time_t when = (time_t)t->complete;
	char date[32] = "";
	struct buf words = BUF_INIT;
	struct tm tm;

	if (gmtime_r(&when, &tm) != NULL)
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm);
	buf_addf(&words, "%s: %s, %s at %s, %lld messages, ", m->report->name,
	    m->config->maildir, account != NULL ? account : "nobody",
	    service != NULL ? service : "no service", (long long)t->messages);
	progress_add_bytes(&words, t->bytes);
	add_count(&words, t->download, "to download");
	add_count(&words, t->aside, "too old or large");
	add_count(&words, t->apply, "to change here");
	add_count(&words, t->tell, "to tell");
	buf_addf(
	    &words, t->interrupted ? "; the last run was cut short" : "; complete at %s", date);
	report_answer(m->report, "status",
	    json_pack("{s:s, s:s*, s:s*, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
	        "maildir", m->config->maildir, "service", service, "account", account,
	        "messages", (json_int_t)t->messages, "bytes", (json_int_t)t->bytes, "download",
	        (json_int_t)t->download, "download-bytes", (json_int_t)t->download_bytes,
	        "aside", (json_int_t)t->aside, "apply", (json_int_t)t->apply, "tell",
	        (json_int_t)t->tell, "complete", (json_int_t)t->complete, "interrupted",
	        (int)t->interrupted),
	    "%s", words.data);
	buf_free(&words);
	free(service);
	free(account);
}

static struct outcome
tell_all(struct mirror *m)
{
	struct tallies t = {.mailboxes = &m->mailboxes};
	struct totals totals;

	t.v = xcalloc(m->mailboxes.count + 1, sizeof(t.v[0]));
	for (size_t i = 0; i < m->mailboxes.count; i++)
		t.v[i].mailbox = m->mailboxes.v[i];
	count_files(m, &t);
	count_plans(m, &t);
	count_totals(m, &totals);
	tell_section(m, &totals);
	for (size_t i = 0; i < m->mailboxes.count; i++)
		if (mirror_chooses(m, t.v[i].mailbox) &&
		    (t.v[i].mailbox->selected || t.v[i].mailbox->path != NULL))
			tell_mailbox(m, &t.v[i]);
	free(t.v);
	return store_error(m->store);
}

struct outcome
status_run(const struct sync_config *config, const struct mirror_options *options,
    struct report *report)
{
	struct mirror m = {.config = config, .options = *options, .report = report};
	struct outcome o = mirror_peek(&m);

	report_result(report, json_object(), "%s", "");
	if (outcome_is_ok(&o) && m.store == NULL)
		report_answer(report, "status",
		    json_pack(
		        "{s:s, s:I}", "maildir", config->maildir, "complete", (json_int_t)0),
		    "%s: %s, not synchronised yet", config->name, config->maildir);
	else if (outcome_is_ok(&o))
		o = tell_all(&m);
	return outcome_worse(o, mirror_close(&m));
}
