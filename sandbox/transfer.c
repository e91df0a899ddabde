/*
 * Upload and download.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "sandbox/auth.h"
#include "sandbox/blobs.h"
#include "sandbox/json.h"
#include "sandbox/transfer.h"

#define UPLOAD_PREFIX   "/jmap/upload/"
#define DOWNLOAD_PREFIX "/jmap/download/"
#define SENDFILE_FROM   65536 /* bytes; less goes out with the header in one packet */

/* Is the path segment at p, of this length, the account's id? */
static bool
names_account(const char *p, size_t length, const struct account *a)
{
	return strlen(a->inbox) == length && strncmp(p, a->inbox, length) == 0;
}

static void
no_account(struct reply *reply)
{
	reply_problem(reply, 404, "accountNotFound", NULL, "there is no such account for you");
}

static void
upload(const struct request *r, const struct account *a, struct reply *reply)
{
	struct store *store = r->sandbox->store;
	struct db *d;
	const char *type = request_header(r, "Content-Type");
	const char *segment = r->path + strlen(UPLOAD_PREFIX);
	unsigned char hash[BLOB_HASH];
	struct buf id = BUF_INIT;
	bool stored;

	if (!names_account(segment, strcspn(segment, "/"), a)) {
		no_account(reply);
		return;
	}
	d = store_begin_write(store);
	stored = blob_store(store_blobs(store), d, a->id, r->body, r->body_length, hash, NULL);
	if (!store_commit(store, d, NULL) || !stored) {
		reply_error(reply, 507, "the sandbox's disk is full", "make room");
		return;
	}
	count_one(r->sandbox->counters.uploads);
	blob_id(hash, &id);
	reply_json(reply, 201,
	    json_pack("{s:s, s:s, s:o, s:I}", "accountId", a->inbox, "blobId", id.data, "type",
	        json_cleans(type != NULL ? type : "application/octet-stream"), "size",
	        (json_int_t)r->body_length));
	buf_free(&id);
}

/* Answer with the blob: from the file if it lies there and is large, else from memory. */
static bool
put_blob(const struct request *r, struct db *d, const struct account *a, const char *id,
    struct reply *reply)
{
	struct blobs *blobs = store_blobs(r->sandbox->store);
	struct blob blob = {0};
	bool found;

	if (blob_locate(blobs, d, a->id, id, &reply->fd, &reply->position, &reply->size) &&
	    reply->size >= SENDFILE_FROM) {
		reply->fd = dup(reply->fd);
		return reply->fd >= 0;
	}
	reply->fd = -1;
	found = blob_by_id(blobs, d, a->id, id, &blob);
	if (found)
		buf_add(&reply->body, blob.bytes, blob.length);
	blob_release(&blob);
	return found;
}

/* A value fit for a header line: what is not printable ASCII becomes '_'. */
static char *
header_safe(const char *text)
{
	char *copy = xstrdup(text);

	for (char *p = copy; *p != '\0'; p++)
		if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\')
			*p = '_';
	return copy;
}

static void
download(const struct request *r, const struct account *a, struct reply *reply)
{
	struct store *store = r->sandbox->store;
	struct db *d;
	const char *account = r->path + strlen(DOWNLOAD_PREFIX);
	size_t account_length = strcspn(account, "/");
	const char *blob = account + account_length + (account[account_length] == '/');
	char *id = xstrndup(blob, strcspn(blob, "/"));
	const char *name = blob + strlen(id) + (blob[strlen(id)] == '/');
	const char *type = request_argument(r, "accept");
	bool found = false;

	if (!names_account(account, account_length, a)) {
		no_account(reply);
		free(id);
		return;
	}
	d = store_take(store);
	if (d == NULL) {
		reply_error(reply, 503, "the sandbox cannot use its database", "see its log");
		free(id);
		return;
	}
	store_begin_read(store, d);
	found = put_blob(r, d, a, id, reply);
	store_rollback(store, d);
	store_give(store, d);
	if (!found) {
		reply_problem(reply, 404, "blobNotFound", NULL, "there is no such blob");
	} else {
		char *safe_type = header_safe(type != NULL ? type : "application/octet-stream");
		char *safe_name = header_safe(*name != '\0' ? name : "blob");
		char *how = xasprintf("attachment; filename=\"%s\"", safe_name);

		count_one(r->sandbox->counters.downloads);
		reply_header(reply, "Content-Type", safe_type);
		reply_header(reply, "Content-Disposition", how);
		reply_header(reply, "Cache-Control", "private, immutable, max-age=31536000");
		free(how);
		free(safe_name);
		free(safe_type);
	}
	free(id);
}

static void
with_account(const struct request *r, struct reply *reply,
    void (*act)(const struct request *, const struct account *, struct reply *))
{
	struct account a = {0};

	if (auth_account(r, &a, reply))
		act(r, &a, reply);
	account_free(&a);
}

void
transfer_upload(const struct request *r, struct reply *reply)
{
	with_account(r, reply, upload);
}

void
transfer_download(const struct request *r, struct reply *reply)
{
	with_account(r, reply, download);
}
