/*
 * Bytes up and down (RFC 8620 §6).
 *
 * Downloads run side by side.  Starting one may need a token, and a token may need a whole
 * login: so jmap_download_start() only queues, and jmap_run() starts what there is room for
 * before it drives the transfers, never from inside one of their callbacks.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_parts.h"
#include "common/wire/json.h"

#define BLOB_TYPE "message/rfc822"
#define BLOB_NAME "message.eml"

struct jmap_download {
	struct jmap *jmap;
	char *blob_id;
	struct http_sink sink;
	struct deadline deadline;
	void (*done)(void *arg, struct outcome outcome);
	void *arg;
	struct buf authorization; /* that the transfer was started with */
	bool renewed;
	struct jmap_download *next;
};

static struct outcome
read_upload(const struct http_answer *answer, int64_t sent, char **blob_id_r)
{
	json_t *document;
	struct outcome o = json_parse(buf_str(&answer->body), answer->body.len, &document);
	int64_t kept;

	if (!outcome_is_ok(&o))
		return o;
	kept = json_get_count(document, "size", -1);
	if (json_get_id(document, "blobId") == NULL)
		o = outcome_make("answer", "missing", "blobId");
	else if (sent >= 0 && kept >= 0 && kept != sent)
		o = outcome_make(
		    "answer", "upload", "%lld bytes of %lld", (long long)kept, (long long)sent);
	else
		*blob_id_r = xstrdup(json_get_id(document, "blobId"));
	json_decref(document);
	return o;
}

struct outcome
jmap_upload(struct jmap *jmap, const struct http_source *source, const char *type,
    struct deadline d, char **blob_id_r)
{
	struct http_request request = {
	    .method = "POST",
	    .accept = "application/json",
	    .content_type = type,
	    .source = source,
	    .idempotent = true,
	    .deadline = d,
	};
	const struct jmap_session *session;
	struct http_answer answer;
	struct outcome o;
	char *url;

	*blob_id_r = NULL;
	o = jmap_session(jmap, d, &session);
	if (!outcome_is_ok(&o))
		return o;
	if (source->size > session->max_size_upload)
		return outcome_make("local", "too-large", "%lld bytes, limit %lld",
		    (long long)source->size, (long long)session->max_size_upload);
	url = jmap_fill_template(session->upload_url, "accountId", session->account_id, NULL);
	if (url == NULL)
		return outcome_make("answer", "session", "uploadUrl is no template");
	request.url = url;
	o = jmap_perform(jmap, &request, &answer);
	if (outcome_is_ok(&o))
		o = jmap_answer_outcome(&answer);
	if (outcome_is_ok(&o))
		o = read_upload(&answer, source->size, blob_id_r);
	if (answer.status == 404)
		jmap_session_forget(jmap);
	http_answer_free(&answer);
	free(url);
	return o;
}

static struct outcome
download_url(struct jmap *jmap, const char *blob_id, struct deadline d, char **url_r)
{
	const struct jmap_session *session;
	struct outcome o = jmap_session(jmap, d, &session);

	*url_r = NULL;
	if (!outcome_is_ok(&o))
		return o;
	*url_r = jmap_fill_template(session->download_url, "accountId", session->account_id,
	    "blobId", blob_id, "name", BLOB_NAME, "type", BLOB_TYPE, NULL);
	if (*url_r == NULL)
		return outcome_make("answer", "session", "downloadUrl is no template");
	return o;
}

/* Give the download's outcome to who asked for it, and forget the download. */
static void
finish(struct jmap_download *download, struct outcome o)
{
	void (*done)(void *, struct outcome) = download->done;
	void *arg = download->arg;

	download->jmap->downloads--;
	buf_wipe(&download->authorization);
	free(download->blob_id);
	free(download);
	done(arg, o);
}

static void
enqueue(struct jmap_download *download)
{
	struct jmap *jmap = download->jmap;

	download->next = NULL;
	*jmap->queue_end = download;
	jmap->queue_end = &download->next;
}

/* Take all that is queued by now: what done() callbacks queue meanwhile is for later. */
static struct jmap_download *
take_queue(struct jmap *jmap)
{
	struct jmap_download *queued = jmap->queue;

	jmap->queue = NULL;
	jmap->queue_end = &jmap->queue;
	return queued;
}

static void
downloaded(void *arg, struct outcome o, struct http_answer *answer)
{
	struct jmap_download *download = arg;

	if (outcome_is_ok(&o) && answer->status == 401 && !download->renewed &&
	    auth_refused(download->jmap->auth, download->authorization.data)) {
		download->renewed = true;
		enqueue(download);
		return;
	}
	if (outcome_is_ok(&o))
		o = jmap_answer_outcome(answer);
	finish(download, o);
}

/* Start the transfer.  What keeps it from starting is given back: done() is not called. */
static struct outcome
start(struct jmap_download *download)
{
	struct http_request request = {
	    .method = "GET",
	    .accept = BLOB_TYPE ", */*;q=0.5",
	    .sink = &download->sink,
	    .idempotent = true,
	    .keeps_pace = true,
	    .deadline = download->deadline,
	};
	struct outcome o;
	char *url;

	o = download_url(download->jmap, download->blob_id, download->deadline, &url);
	buf_wipe(&download->authorization);
	if (outcome_is_ok(&o))
		o = auth_header(
		    download->jmap->auth, download->deadline, &download->authorization);
	if (outcome_is_ok(&o)) {
		request.url = url;
		request.authorization = download->authorization.data;
		http_start(download->jmap->http, &request, downloaded, download);
	}
	free(url);
	return o;
}

static void
finish_all(struct jmap_download *queued, struct outcome o)
{
	struct jmap_download *next;

	for (; queued != NULL; queued = next) {
		next = queued->next;
		finish(queued, o);
	}
}

/* Start what need not wait in line, where its token might come to its end.  A login that
 * fails fails all that is queued: it is not tried again for each. */
static void
start_queued(struct jmap *jmap)
{
	while (jmap->queue != NULL && http_room(jmap->http) != 0) {
		struct jmap_download *first = jmap->queue;
		struct outcome o = start(first);

		if (!outcome_is_ok(&o)) {
			finish_all(take_queue(jmap), o);
			return;
		}
		jmap->queue = first->next;
		if (jmap->queue == NULL)
			jmap->queue_end = &jmap->queue;
	}
}

void
jmap_download_start(struct jmap *jmap, const char *blob_id, const struct http_sink *sink,
    struct deadline d, void (*done)(void *arg, struct outcome outcome), void *arg)
{
	struct jmap_download *download = xcalloc(1, sizeof(*download));

	*download = (struct jmap_download){
	    .jmap = jmap,
	    .blob_id = xstrdup(blob_id),
	    .sink = *sink,
	    .deadline = d,
	    .done = done,
	    .arg = arg,
	};
	jmap->downloads++;
	enqueue(download);
}

size_t
jmap_run(struct jmap *jmap, int64_t wait_ms)
{
	start_queued(jmap);
	if (jmap->downloads != 0)
		http_run(jmap->http, wait_ms);
	return jmap->downloads;
}

void
jmap_abandon(struct jmap *jmap)
{
	finish_all(take_queue(jmap), outcome_make("local", "cancelled", NULL));
	if (jmap->downloads != 0)
		http_abandon(jmap->http);
}

struct outcome
jmap_download(
    struct jmap *jmap, const char *blob_id, const struct http_sink *sink, struct deadline d)
{
	struct http_request request = {
	    .method = "GET",
	    .accept = BLOB_TYPE ", */*;q=0.5",
	    .sink = sink,
	    .idempotent = true,
	    .deadline = d,
	};
	struct http_answer answer;
	struct outcome o;
	char *url;

	o = download_url(jmap, blob_id, d, &url);
	if (!outcome_is_ok(&o))
		return o;
	request.url = url;
	o = jmap_perform(jmap, &request, &answer);
	if (outcome_is_ok(&o))
		o = jmap_answer_outcome(&answer);
	http_answer_free(&answer);
	free(url);
	return o;
}
