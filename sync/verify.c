/*
 * Verifying.  Messages come from the state a page at a time; where blob ids are no digests
 * and the service has digests of blobs (RFC 9404), those of a page are one request.  Files of
 * one message that are one file are read once.
 *
 * A file that is not where it was is looked for, by a scan of its folder; if it is not there,
 * somebody deleted it, and that is no damage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "sync/content.h"
#include "sync/remote.h"
#include "sync/repair.h"
#include "sync/scan.h"
#include "sync/verify.h"

#define PAGE_MAX 250 /* digests to ask for at once */

struct message {
	int64_t n, received;
	char *id, *blob;
	bool raw;
	struct content content;
};

struct verify {
	struct mirror *m;
	enum content_digest digest; /* what the service can tell of any blob */
	struct message page[PAGE_MAX];
	size_t count;
	/* what was found */
	int64_t messages, files, undigested, damaged, repaired;
};

/* A page of messages */

static void
release(struct verify *v)
{
	for (size_t i = 0; i < v->count; i++) {
		free(v->page[i].id);
		free(v->page[i].blob);
	}
	v->count = 0;
}

static void
load(struct verify *v, int64_t *after)
{
	struct mirror *m = v->m;
	size_t most = m->page < PAGE_MAX ? m->page : PAGE_MAX;
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT n, id, blob, size, received, raw FROM email"
	    " WHERE n > ? AND keywords IS NOT NULL ORDER BY n LIMIT ?",
	    "ii", *after, (int64_t)most);

	while (v->count < most && store_row(m->store, q)) {
		struct message *msg = &v->page[v->count++];

		*msg = (struct message){
		    .n = sqlite3_column_int64(q, 0),
		    .id = store_copy(q, 1),
		    .blob = store_copy(q, 2),
		    .content.size = sqlite3_column_int64(q, 3),
		    .received = sqlite3_column_int64(q, 4),
		    .raw = sqlite3_column_int(q, 5) != 0,
		};
		content_of_blob_id(&msg->content, msg->blob);
		*after = msg->n;
	}
	store_done(q);
}

static const char *
digest_name(enum content_digest kind)
{
	return kind == DIGEST_SHA256 ? "digest:sha-256" : "digest:sha";
}

/* The best digest that the service has of blobs. */
static enum content_digest
known_digest(struct mirror *m)
{
	const struct jmap_session *session;
	struct outcome o = jmap_session(m->jmap, deadline_in_ms(30000), &session);
	enum content_digest best = DIGEST_NONE;
	const json_t *capability;
	json_t *name;
	size_t i;

	if (!outcome_is_ok(&o) || !session->has_blob)
		return DIGEST_NONE;
	capability = json_get_object(
	    json_get_object(json_get_object(json_get_object(session->document, "accounts"),
	                        session->account_id),
	        "accountCapabilities"),
	    JMAP_BLOB);
	json_array_foreach (json_get_array(capability, "supportedDigestAlgorithms"), i, name) {
		if (!json_is_string(name))
			continue;
		if (strcmp(json_string_value(name), "sha-256") == 0)
			best = DIGEST_SHA256;
		else if (strcmp(json_string_value(name), "sha") == 0 && best == DIGEST_NONE)
			best = DIGEST_SHA1;
	}
	return best;
}

static void
take_digests(struct verify *v, const json_t *list)
{
	json_t *blob;
	size_t i;

	json_array_foreach (list, i, blob) {
		const char *id = json_get_id(blob, "id");
		const char *digest = json_get_string(blob, digest_name(v->digest));

		for (size_t j = 0; j < v->count && id != NULL; j++)
			if (v->page[j].content.digest == DIGEST_NONE &&
			    strcmp(v->page[j].blob, id) == 0)
				content_from_base64(&v->page[j].content, v->digest, digest);
	}
}

static struct outcome
ask_digests(struct verify *v)
{
	struct jmap_request *request;
	struct jmap_response *response = NULL;
	json_t *ids = json_array(), *result;
	const char *call;
	struct outcome o;

	for (size_t i = 0; i < v->count && v->digest != DIGEST_NONE; i++)
		if (v->page[i].content.digest == DIGEST_NONE)
			json_array_append_new(ids, json_string(v->page[i].blob));
	if (json_array_size(ids) == 0) {
		json_decref(ids);
		return outcome_ok();
	}
	request = jmap_request_new(JMAP_USING_BLOB);
	call = jmap_call(request, "Blob/get",
	    json_pack("{s:o, s:[s]}", "ids", ids, "properties", digest_name(v->digest)));
	o = remote_send(v->m, request, &response);
	if (outcome_is_ok(&o))
		o = jmap_result(response, call, NULL, &result);
	if (outcome_is_ok(&o))
		take_digests(v, json_get_array(result, "list"));
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/* Files of one message */

struct checked {
	struct repair_file file;
	ino_t inode;
	dev_t device;
	enum content_verdict verdict;
	bool there;
};

struct files {
	struct checked *v;
	size_t count;
};

static void
free_files(struct files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free((char *)(uintptr_t)files->v[i].file.base);
		free(files->v[i].file.file);
	}
	free(files->v);
	*files = (struct files){0};
}

static char *
file_of(const struct mailbox *mb, const char *base, const char *place)
{
	struct buf path = BUF_INIT;

	if (*mb->path != '\0')
		buf_addf(&path, "%s/", mb->path);
	maildir_place_file(base, place, &path);
	return buf_steal(&path);
}

/* Those that both sides agree on, in mailboxes that this is about. */
static void
load_files(struct verify *v, int64_t email, struct files *files)
{
	struct mirror *m = v->m;
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT n, mailbox, base, place FROM place"
	    " WHERE email = ? AND missing = 0 AND agreed = 1 ORDER BY mailbox",
	    "i", email);

	while (store_row(m->store, q)) {
		struct mailbox *mb = mailboxes_by_n(&m->mailboxes, sqlite3_column_int64(q, 1));
		struct checked *one;

		if (mb == NULL || mb->path == NULL || !mb->selected || mb->gone ||
		    !mirror_chooses(m, mb))
			continue;
		files->v = xreallocarray(files->v, files->count + 1, sizeof(files->v[0]));
		one = &files->v[files->count++];
		*one = (struct checked){.file = {
		                            .n = sqlite3_column_int64(q, 0),
		                            .mailbox = mb,
		                            .base = store_copy(q, 2),
		                        }};
		one->file.file =
		    file_of(mb, one->file.base, (const char *)sqlite3_column_text(q, 3));
	}
}

/* Is each file where the state says?  If not, its folder is scanned, once a run. */
static struct outcome
find_files(struct verify *v, int64_t email, struct files *files)
{
	struct mirror *m = v->m;
	struct outcome o = outcome_ok();
	bool again = true;

	while (again && outcome_is_ok(&o)) {
		again = false;
		free_files(files);
		load_files(v, email, files);
		for (size_t i = 0; i < files->count && !again && outcome_is_ok(&o); i++) {
			struct checked *one = &files->v[i];
			struct mailbox *mb =
			    mailboxes_by_n(&m->mailboxes, one->file.mailbox->n);
			enum scan_result result;
			struct stat st = {0};

			one->there =
			    fstatat(m->root.fd, one->file.file, &st, AT_SYMLINK_NOFOLLOW) == 0;
			one->inode = st.st_ino;
			one->device = st.st_dev;
			if (!one->there && mb->scans == 0) {
				o = scan_folder(m, mb, false, &result);
				again = true;
			}
		}
	}
	return o;
}

/* A hard link of one that was looked at already, or NULL. */
static const struct checked *
same_file(const struct files *files, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (files->v[j].there && files->v[j].inode == files->v[i].inode &&
		    files->v[j].device == files->v[i].device)
			return &files->v[j];
	return NULL;
}

static struct outcome
compare_all(struct verify *v, const struct message *msg, struct files *files)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < files->count && outcome_is_ok(&o); i++) {
		struct checked *one = &files->v[i];
		const struct checked *twin;

		if (!one->there)
			continue;
		v->files++;
		twin = same_file(files, i);
		if (twin != NULL)
			one->verdict = twin->verdict;
		else
			o = content_compare(
			    &msg->content, v->m->root.fd, one->file.file, &one->verdict);
		if (!outcome_is_ok(&o) && errno == ENOENT) {
			/* Renamed since a moment ago: not damaged, at any rate. */
			one->there = false;
			o = outcome_ok();
		}
	}
	return o;
}

static bool
is_bad(const struct checked *one)
{
	return one->there &&
	       (one->verdict == CONTENT_OTHER_SIZE || one->verdict == CONTENT_OTHER);
}

static void
report_damage(struct verify *v, const struct message *msg, const struct checked *one)
{
	struct mirror *m = v->m;
	const char *what = one->verdict == CONTENT_OTHER ? "digest" : "size";
	char *path = xasprintf("%s/%s", m->root.path, one->file.file);

	v->damaged++;
	report_notice(m->report, "damaged",
	    json_pack("{s:s, s:s, s:s*, s:s}", "id", msg->id, "mailbox",
	        one->file.mailbox->display, "path", path, "differs", what),
	    "%s: differs from what the service has, in %s", path, what);
	free(path);
}

static struct outcome
repair(struct verify *v, const struct message *msg, const struct files *files, size_t bad)
{
	struct repair_file *list = xcalloc(bad, sizeof(list[0]));
	struct repair r = {
	    .n = msg->n,
	    .id = msg->id,
	    .blob = msg->blob,
	    .size = msg->content.size,
	    .received = msg->received,
	    .raw = msg->raw,
	};
	struct outcome o;
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (is_bad(&files->v[i]))
			list[count++] = files->v[i].file;
		else if (files->v[i].there && files->v[i].verdict == CONTENT_SAME)
			r.good = files->v[i].file.file;
	}
	o = repair_files(v->m, &r, list, count);
	free(list);
	if (!outcome_is_ok(&o))
		return o;
	v->repaired += (int64_t)bad;
	report_event(v->m->report, "repaired",
	    json_pack("{s:s, s:I}", "id", msg->id, "files", (json_int_t)bad), "%s, %zu files",
	    msg->id, bad);
	return o;
}

/* Trouble with one message is told, and the others are looked at all the same. */
static struct outcome
judge(struct verify *v, const struct message *msg, struct outcome o)
{
	bool of_message = o.reach <= REACH_MESSAGE || outcome_is(&o, "local/io") ||
	                  outcome_is(&o, "http/404");

	if (outcome_is_ok(&o) || !of_message)
		return o;
	report_error(v->m->report, msg->id, &o);
	return outcome_ok();
}

static struct outcome
check(struct verify *v, const struct message *msg)
{
	struct mirror *m = v->m;
	struct files files = {0};
	struct outcome o = find_files(v, msg->n, &files);
	size_t bad = 0;

	if (outcome_is_ok(&o) && files.count != 0) {
		v->messages++;
		v->undigested += msg->content.digest == DIGEST_NONE ? 1 : 0;
		o = compare_all(v, msg, &files);
	}
	for (size_t i = 0; i < files.count && outcome_is_ok(&o); i++) {
		if (!is_bad(&files.v[i]))
			continue;
		report_damage(v, msg, &files.v[i]);
		bad++;
	}
	if (outcome_is_ok(&o) && bad != 0 && m->options.repair && !m->options.dry_run)
		o = repair(v, msg, &files, bad);
	free_files(&files);
	report_done(m->report, msg->content.size);
	report_progress(m->report);
	return judge(v, msg, o);
}

static struct outcome
check_all(struct verify *v)
{
	struct mirror *m = v->m;
	struct outcome o = outcome_ok();
	int64_t after = 0;

	m->report->wanted = store_number(
	    m->store, 0, "SELECT count(*) FROM email WHERE keywords IS NOT NULL", "");
	m->report->wanted_bytes = store_number(
	    m->store, 0, "SELECT sum(size) FROM email WHERE keywords IS NOT NULL", "");
	do {
		release(v);
		load(v, &after);
		o = ask_digests(v);
		for (size_t i = 0; i < v->count && outcome_is_ok(&o); i++)
			o = cancel_requested() ? outcome_make("local", "cancelled", NULL)
			                       : check(v, &v->page[i]);
	} while (v->count != 0 && outcome_is_ok(&o));
	release(v);
	return outcome_is_ok(&o) ? store_error(m->store) : o;
}

static void
tell_result(const struct verify *v)
{
	int64_t missing = v->m->store == NULL
	                      ? 0
	                      : store_number(v->m->store, 0,
	                            "SELECT count(*) FROM place WHERE missing = 1", "");
	struct buf words = BUF_INIT;

	buf_addf(
	    &words, "%lld messages, %lld files: ", (long long)v->messages, (long long)v->files);
	if (v->damaged == 0)
		buf_adds(&words, "all as the service has them");
	else
		buf_addf(&words, "%lld differ, %lld of them repaired", (long long)v->damaged,
		    (long long)v->repaired);
	if (v->undigested != 0)
		buf_addf(&words, "; of %lld only the size is known", (long long)v->undigested);
	if (missing != 0)
		buf_addf(&words, "; %lld deleted here", (long long)missing);
	report_result(v->m->report,
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "messages", (json_int_t)v->messages,
	        "files", (json_int_t)v->files, "damaged", (json_int_t)v->damaged, "repaired",
	        (json_int_t)v->repaired, "size-only", (json_int_t)v->undigested, "missing",
	        (json_int_t)missing),
	    "%s", words.data);
	v->m->report->errors += v->damaged - v->repaired;
	buf_free(&words);
}

static struct outcome
verify_opened(struct mirror *m)
{
	struct verify *v = xcalloc(1, sizeof(*v));
	struct outcome o;

	v->m = m;
	/* Looking for files that were renamed writes down where they are. */
	if (m->options.dry_run)
		store_rehearse(m->store);
	o = mirror_know_mailboxes(m);
	if (outcome_is_ok(&o) && m->root.fd >= 0) {
		v->digest = known_digest(m);
		o = check_all(v);
	}
	tell_result(v);
	free(v);
	return o;
}

struct outcome
verify_run(const struct sync_config *config, const struct mirror_options *options,
    struct report *report)
{
	struct mirror m = {.config = config, .options = *options, .report = report};
	struct outcome o;

	m.options.verify = true;
	m.root.fd = m.lock = -1;
	if (access(config->database, F_OK) < 0 && errno == ENOENT) {
		report_result(report, json_object(), "nothing is known to verify");
		return outcome_ok();
	}
	o = mirror_open(&m);
	if (outcome_is_ok(&o))
		o = verify_opened(&m);
	return outcome_worse(o, mirror_close(&m));
}
