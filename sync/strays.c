/*
 * Whose message a file is, from the surest sign to the weakest:
 *
 *	its name	J= says it: one of our files that somebody moved or copied
 *	its inode	a hard link of a file that is there, as Dovecot makes them
 *	its base name	the same as that of a file we know elsewhere, and the size
 *	blob		what an upload that was cut short was called by the service
 *	Message-ID	and the size on the wire (also without the fields that programs add when
 *			they copy), of messages that went missing in this round,
 *			or that we have not downloaded yet: a reader that moves by copying, an
 *			upload whose answer never came, a Maildir that another program filled;
 *			and of those whose file had the inode, and is not where it was.
 *			Without a Message-ID the inode of a file that went missing must do;
 *			alone it proves nothing, because inodes are given again.
 *
 * Only the last asks the service, and only when a size fits.  What none of this finds is new.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "sync/limits.h"
#include "sync/outgoing.h"
#include "sync/remote.h"
#include "sync/strays.h"

#define CHUNK 500 /* strays in a transaction */

struct stray {
	int64_t n, mailbox, inode, size, vsize;
	char *base, *place, *id;
	int64_t wire; /* -1 until it was read */
	bool gone;    /* what it was is destroyed */
};

static void
stray_free(struct stray *s)
{
	free(s->base);
	free(s->place);
	free(s->id);
	*s = (struct stray){0};
}

/* The next one that nothing is known of. */
static bool
next_stray(struct mirror *m, int64_t after, struct stray *s)
{
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT n, mailbox, inode, size, vsize, base, place, id, coalesce(wire, -1), gone"
	    " FROM stray WHERE n > ? AND twin IS NULL AND refused IS NULL"
	    " AND (mailbox IN (SELECT n FROM mailbox WHERE two_way) OR (? AND id IS NULL))"
	    " ORDER BY n LIMIT 1",
	    "ii", after, (int64_t)m->adopts);

	if (!store_row(m->store, q))
		return false;
	*s = (struct stray){
	    .n = sqlite3_column_int64(q, 0),
	    .mailbox = sqlite3_column_int64(q, 1),
	    .inode = sqlite3_column_int64(q, 2),
	    .size = sqlite3_column_int64(q, 3),
	    .vsize = sqlite3_column_int64(q, 4),
	    .base = store_copy(q, 5),
	    .place = store_copy(q, 6),
	    .id = store_copy(q, 7),
	    .wire = sqlite3_column_int64(q, 8),
	    .gone = sqlite3_column_int(q, 9) != 0,
	};
	store_done(q);
	return true;
}

char *
strays_file(struct mirror *m, int64_t mailbox, const char *base, const char *place)
{
	const struct mailbox *mb = mailboxes_by_n(&m->mailboxes, mailbox);
	struct buf file = BUF_INIT;

	if (mb == NULL || mb->path == NULL)
		return NULL;
	if (*mb->path != '\0')
		buf_addf(&file, "%s/", mb->path);
	maildir_place_file(base, place, &file);
	return buf_steal(&file);
}

void
strays_join(struct mirror *m, int64_t stray, int64_t email)
{
	int64_t place = -1, missing = 0;
	/* Where nothing is told, a file that is taken over is agreed on as it is. */
	bool two_way = store_number(m->store, 0,
	                   "SELECT two_way FROM mailbox JOIN stray ON mailbox.n = stray.mailbox"
	                   " WHERE stray.n = ?",
	                   "i", stray) != 0;
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT place.n, missing FROM place JOIN stray ON stray.mailbox = place.mailbox"
	    " WHERE stray.n = ? AND place.email = ?",
	    "ii", stray, email);

	if (store_row(m->store, q)) {
		place = sqlite3_column_int64(q, 0);
		missing = sqlite3_column_int64(q, 1);
		store_done(q);
	}
	if (place >= 0 && missing == 0) {
		store_run(
		    m->store, "UPDATE stray SET twin = ? WHERE n = ?", "ii", email, stray);
		return;
	}
	if (place >= 0)
		store_run(m->store,
		    "UPDATE place SET (base, place, inode, missing) ="
		    " (SELECT base, place, inode, 0 FROM stray WHERE n = ?) WHERE n = ?",
		    "ii", stray, place);
	else
		store_run(m->store,
		    "INSERT INTO place(email, mailbox, base, place, inode, agreed)"
		    " SELECT ?, mailbox, base, place, inode, ? FROM stray WHERE n = ?",
		    "iii", email, (int64_t)!two_way, stray);
	store_run(m->store, "DELETE FROM stray WHERE n = ?", "i", stray);
	limits_set_aside(m, email, false);
	if (two_way)
		store_run(m->store, "UPDATE email SET near = 1 WHERE n = ?", "i", email);
	if (place < 0 && m->adopts)
		m->report->adopted++;
}

/* By what is known here.  Each gives the row of the message, or -1. */

static int64_t
by_id(struct mirror *m, const struct stray *s)
{
	if (s->id == NULL || *s->id == '~')
		return -1;
	return store_number(m->store, -1,
	    "SELECT n FROM email WHERE id = ? AND (size = ? OR size = ? OR ? < 0)", "tiii",
	    s->id, s->size, s->vsize, s->size);
}

static int64_t
by_base(struct mirror *m, const struct stray *s)
{
	int64_t n = -1;

	for (size_t i = 0; i < m->mailboxes.count && n < 0; i++)
		n = store_number(m->store, -1,
		    "SELECT email.n FROM place JOIN email ON email.n = place.email"
		    " WHERE mailbox = ? AND base = ? AND size = ?",
		    "iti", m->mailboxes.v[i]->n, s->base, s->wire);
	return n;
}

/* Read the file, once.  One that is gone or cannot be read waits for the next run. */
static void
read_stray(struct mirror *m, struct stray *s)
{
	char *file = strays_file(m, s->mailbox, s->base, s->place);
	struct outgoing out = {.fd = -1};
	struct outcome o;

	if (file == NULL)
		return;
	o = outgoing_open(&out, m->root.fd, file);
	if (outcome_is_ok(&o)) {
		s->wire = out.size;
		store_run(m->store,
		    "UPDATE stray SET wire = ?, core = ?, message_id = ? WHERE n = ?", "iiti",
		    out.size, out.core, out.message_id, s->n);
	}
	outgoing_close(&out);
	free(file);
}

/* Is a file that the state knows still there, as another name of this one? */
static bool
is_link(struct mirror *m, int64_t mailbox, const char *base, const char *place, ino_t inode)
{
	char *file = strays_file(m, mailbox, base, place);
	struct stat st;
	bool link = file != NULL && fstatat(m->root.fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	            S_ISREG(st.st_mode) && st.st_ino == inode;

	free(file);
	return link;
}

/* The inode of a file that somebody deleted meanwhile may be that of a new one by now: only
 * where both are there they are one file. */
static int64_t
by_inode(struct mirror *m, const struct stray *s)
{
	char *file = strays_file(m, s->mailbox, s->base, s->place);
	struct stat st;
	int64_t n = -1;
	sqlite3_stmt *q;

	if (file == NULL || fstatat(m->root.fd, file, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode) || st.st_nlink == 1) {
		free(file);
		return -1;
	}
	free(file);
	q = store_query(m->store,
	    "SELECT email, mailbox, base, place FROM place"
	    " WHERE inode = ? AND inode <> 0 AND missing = 0",
	    "i", (int64_t)st.st_ino);
	while (n < 0 && store_row(m->store, q))
		if (is_link(m, sqlite3_column_int64(q, 1),
		        (const char *)sqlite3_column_text(q, 2),
		        (const char *)sqlite3_column_text(q, 3), st.st_ino))
			n = sqlite3_column_int64(q, 0);
	store_done(q);
	return n;
}

static void
look_here(struct mirror *m, struct stray *s)
{
	int64_t email = s->gone ? -1 : by_id(m, s);

	if (email < 0 && !s->gone)
		email = by_inode(m, s);
	if (email < 0 && s->wire < 0)
		read_stray(m, s);
	if (email < 0 && s->wire >= 0 && !s->gone)
		email = by_base(m, s);
	if (email >= 0)
		strays_join(m, s->n, email);
}

static struct outcome
look_at_all(struct mirror *m)
{
	struct outcome o = store_error(m->store);
	struct stray s;
	int64_t after = 0;
	bool more = true;

	while (more && outcome_is_ok(&o)) {
		store_begin(m->store);
		for (int i = 0; i < CHUNK && (more = next_stray(m, after, &s)); i++) {
			after = s.n;
			look_here(m, &s);
			stray_free(&s);
		}
		o = store_commit(m->store);
	}
	return o;
}

/* By what the service knows */

/* Messages whose files are missing, or that have none yet, of the size of a stray. */
static bool
find_candidates(struct mirror *m)
{
#define UNSORTED " FROM stray WHERE twin IS NULL AND refused IS NULL AND wire IS NOT NULL"
	if (store_number(m->store, 0, "SELECT EXISTS(SELECT 1" UNSORTED ")", "") == 0)
		return false;
	store_run(m->store, "DELETE FROM temp.candidate", "");
	/* One by one these find their indices; together they would read every place. */
	store_run(m->store,
	    "INSERT OR IGNORE INTO temp.candidate(n, id, size)"
	    " SELECT email.n, id, size FROM place JOIN email ON email.n = place.email"
	    " WHERE place.missing = 1",
	    "");
	store_run(m->store,
	    "INSERT OR IGNORE INTO temp.candidate(n, id, size)"
	    " SELECT email.n, id, size FROM place JOIN email ON email.n = place.email"
	    " WHERE place.inode <> 0 AND place.inode IN (SELECT inode" UNSORTED ")",
	    "");
	store_run(m->store,
	    "INSERT OR IGNORE INTO temp.candidate(n, id, size) SELECT n, id, size FROM email"
	    " WHERE want_mailboxes IS NOT NULL AND aside = 0 AND want_mailboxes <> ''"
	    " AND keywords IS NULL",
	    "");
	store_run(m->store,
	    "INSERT OR IGNORE INTO temp.candidate(n, id, size) SELECT n, id, size FROM email"
	    " WHERE aside = 1 AND size IN (SELECT wire" UNSORTED " UNION SELECT core" UNSORTED
	    ")",
	    "");
	store_run(m->store,
	    "DELETE FROM temp.candidate WHERE NOT EXISTS (SELECT 1 FROM stray"
	    " WHERE candidate.size IN (wire, core) AND twin IS NULL AND refused IS NULL)",
	    "");
	return store_number(m->store, 0, "SELECT count(*) FROM temp.candidate", "") != 0;
}

static void
note_message_ids(struct mirror *m, const json_t *result)
{
	json_t *email;
	size_t i;

	json_array_foreach (json_get_array(result, "list"), i, email) {
		const char *id = json_get_id(email, "id");
		const char *said =
		    json_string_value(json_array_get(json_get_array(email, "messageId"), 0));

		if (id != NULL && said != NULL)
			store_run(m->store,
			    "UPDATE temp.candidate SET message_id = ? WHERE id = ?", "tt", said,
			    id);
	}
}

static json_t *
candidate_page(struct mirror *m, int64_t *after)
{
	json_t *ids = json_array();
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT n, id FROM temp.candidate WHERE n > ? ORDER BY n LIMIT ?", "ii", *after,
	    (int64_t)m->page);

	while (store_row(m->store, q)) {
		*after = sqlite3_column_int64(q, 0);
		json_array_append_new(
		    ids, json_string((const char *)sqlite3_column_text(q, 1)));
	}
	return ids;
}

static struct outcome
ask_message_ids(struct mirror *m)
{
	struct outcome o = store_error(m->store);
	int64_t after = 0;

	while (outcome_is_ok(&o)) {
		struct jmap_request *request;
		struct jmap_response *response = NULL;
		json_t *ids = candidate_page(m, &after), *result;
		const char *call;

		if (json_array_size(ids) == 0) {
			json_decref(ids);
			break;
		}
		request = jmap_request_new(0);
		call =
		    jmap_email_get_call(request, ids, json_pack("[s, s]", "id", "messageId"));
		o = remote_send(m, request, &response);
		if (outcome_is_ok(&o))
			o = jmap_result(response, call, NULL, &result);
		if (outcome_is_ok(&o))
			note_message_ids(m, result);
		jmap_response_free(&response);
		jmap_request_free(&request);
	}
	return outcome_is_ok(&o) ? store_error(m->store) : o;
}

/* Each message is given once a mailbox, and first where the service has it. */
static void
join_by(struct mirror *m, const char *sql)
{
	struct stray s;

	for (int64_t after = 0; next_stray(m, after, &s);) {
		int64_t email = store_number(m->store, -1, sql, "i", s.n);

		after = s.n;
		if (email >= 0)
			strays_join(m, s.n, email);
		stray_free(&s);
	}
}

#define CANDIDATES_OF_STRAY                                                       \
	"SELECT email.n FROM stray"                                               \
	" JOIN temp.candidate ON candidate.size IN (wire, core)"                  \
	" JOIN email ON email.n = candidate.n WHERE stray.n = ? AND NOT EXISTS"   \
	" (SELECT 1 FROM place WHERE place.email = email.n AND place.missing = 0" \
	" AND place.mailbox = stray.mailbox)"
#define BEST_FIRST                                                           \
	" ORDER BY instr(' ' || coalesce(want_mailboxes, '') || ' ',"        \
	" ' ' || stray.mailbox || ' ') = 0, NOT EXISTS (SELECT 1 FROM place" \
	" WHERE place.email = email.n AND place.mailbox = stray.mailbox),"   \
	" email.n LIMIT 1"

/* Its file had the inode of the stray. */
#define SAME_INODE                                                                       \
	"SELECT candidate.n FROM stray"                                                  \
	" JOIN temp.candidate ON candidate.size IN (wire, core)"                         \
	" JOIN place ON place.email = candidate.n AND place.inode = stray.inode"         \
	" WHERE stray.n = ? AND place.inode <> 0"                                        \
	" AND (candidate.message_id = stray.message_id OR (candidate.message_id IS NULL" \
	" AND stray.message_id IS NULL AND place.missing = 1)) ORDER BY candidate.n LIMIT 1"

static struct outcome
match_candidates(struct mirror *m)
{
	struct outcome o;

	store_begin(m->store);
	join_by(m, CANDIDATES_OF_STRAY " AND email.blob = stray.blob" BEST_FIRST);
	store_run(m->store,
	    "DELETE FROM temp.candidate WHERE NOT EXISTS (SELECT 1 FROM stray"
	    " WHERE candidate.size IN (wire, core) AND twin IS NULL AND refused IS NULL)",
	    "");
	o = store_commit(m->store);
	if (outcome_is_ok(&o))
		o = ask_message_ids(m);
	if (!outcome_is_ok(&o))
		return o;
	store_begin(m->store);
	join_by(m, SAME_INODE);
	join_by(
	    m, CANDIDATES_OF_STRAY " AND candidate.message_id = stray.message_id" BEST_FIRST);
	return store_commit(m->store);
}

/* A twin whose message has no other file in the mailbox any more was put there by somebody. */
static void
join_left_twins(struct mirror *m)
{
	const char *sql = "SELECT n, twin FROM stray WHERE n > ? AND twin IS NOT NULL AND"
	                  " NOT EXISTS (SELECT 1 FROM place WHERE place.email = twin"
	                  " AND place.mailbox = stray.mailbox) ORDER BY n LIMIT 1";
	int64_t n = 0;
	sqlite3_stmt *q;

	while (q = store_query(m->store, sql, "i", n), store_row(m->store, q)) {
		int64_t twin = sqlite3_column_int64(q, 1);

		n = sqlite3_column_int64(q, 0);
		store_done(q);
		strays_join(m, n, twin);
	}
}

struct outcome
strays_sort_out(struct mirror *m)
{
	struct outcome o;

	/* A twin of a message that is gone is a message of its own. */
	store_run(m->store,
	    "UPDATE stray SET twin = NULL WHERE twin IS NOT NULL"
	    " AND twin NOT IN (SELECT n FROM email)",
	    "");
	join_left_twins(m);
	o = look_at_all(m);
	if (!outcome_is_ok(&o) || !find_candidates(m))
		return outcome_is_ok(&o) ? store_error(m->store) : o;
	return match_candidates(m);
}
