/*
 * The session resource.
 */
#include "sandbox/session.h"
#include "common/base/clock.h"
#include "sandbox/auth.h"
#include "sandbox/extensions.h"
#include "sandbox/store.h"

static json_t *
core_capability(const struct limits *l)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:[s, s, s, s]}", "maxSizeUpload",
	    l->size_upload, "maxConcurrentUpload", l->concurrent_upload, "maxSizeRequest",
	    l->size_request, "maxConcurrentRequests", l->concurrent_requests,
	    "maxCallsInRequest", l->calls_in_request, "maxObjectsInGet", l->objects_in_get,
	    "maxObjectsInSet", l->objects_in_set, "collationAlgorithms", "i;octet",
	    "i;ascii-casemap", "i;ascii-numeric", "i;unicode-casemap");
}

static json_t *
account_capabilities(const struct options *o)
{
	const struct limits *l = &o->limits;

	return json_pack("{s:{}, s:{s:i, s:i, s:i, s:I, s:[s,s,s,s,s,s,s], s:b},"
	                 " s:{s:I, s:o}, s:{s:I, s:I, s:[s, s, s], s:[s, s]}}",
	    CAPABILITY_CORE, CAPABILITY_MAIL, "maxMailboxesPerEmail", MAIL_MAILBOXES_PER_EMAIL,
	    "maxMailboxDepth", MAIL_MAILBOX_DEPTH, "maxSizeMailboxName", MAIL_MAILBOX_NAME,
	    "maxSizeAttachmentsPerEmail", l->size_upload, "emailQuerySortOptions", "receivedAt",
	    "sentAt", "size", "from", "to", "subject", "hasKeyword", "mayCreateTopLevelMailbox",
	    1, CAPABILITY_SUBMISSION, "maxDelayedSend", o->max_delayed_send,
	    "submissionExtensions", extensions_json(o, clock_wall()), CAPABILITY_BLOB,
	    "maxSizeBlobSet", l->size_blob_set, "maxDataSources", l->data_sources,
	    "supportedTypeNames", "Mailbox", "Thread", "Email", "supportedDigestAlgorithms",
	    "sha", "sha-256");
}

static json_t *
url(const struct buf *base, const char *path)
{
	return json_sprintf("%s%s", buf_str(base), path);
}

/* Take a capability out of the three places where it is told. */
static void
drop_capability(json_t *session, const struct account *a, const char *capability)
{
	json_t *account = json_object_get(json_object_get(session, "accounts"), a->inbox);

	json_object_del(json_object_get(session, "capabilities"), capability);
	json_object_del(json_object_get(account, "accountCapabilities"), capability);
	json_object_del(json_object_get(session, "primaryAccounts"), capability);
}

static json_t *
session_json(const struct request *r, const struct account *a)
{
	const struct options *o = &r->sandbox->options;
	struct buf base = BUF_INIT;
	json_t *session;

	if (o->absolute_urls)
		request_origin(r, &base);
	session = json_pack("{s:{s:o, s:{}, s:{}, s:{}}, s:{s:{s:s, s:b, s:b, s:o}},"
	                    " s:{s:s, s:s, s:s, s:s}, s:s, s:s}",
	    "capabilities", CAPABILITY_CORE, core_capability(&o->limits), CAPABILITY_MAIL,
	    CAPABILITY_SUBMISSION, CAPABILITY_BLOB, "accounts", a->inbox, "name", a->inbox,
	    "isPersonal", 1, "isReadOnly", 0, "accountCapabilities", account_capabilities(o),
	    "primaryAccounts", CAPABILITY_CORE, a->inbox, CAPABILITY_MAIL, a->inbox,
	    CAPABILITY_SUBMISSION, a->inbox, CAPABILITY_BLOB, a->inbox, "username", a->inbox,
	    "state", SESSION_STATE);
	if (o->no_blob)
		drop_capability(session, a, CAPABILITY_BLOB);
	json_object_set_new(session, "apiUrl", url(&base, "/jmap/"));
	json_object_set_new(session, "uploadUrl", url(&base, "/jmap/upload/{accountId}/"));
	json_object_set_new(session, "downloadUrl",
	    url(&base, "/jmap/download/{accountId}/{blobId}/{name}?accept={type}"));
	json_object_set_new(session, "eventSourceUrl",
	    url(&base, "/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}"));
	buf_free(&base);
	return session;
}

void
session_get(const struct request *r, struct reply *reply)
{
	struct account a = {0};

	if (auth_account(r, &a, reply)) {
		count_one(r->sandbox->counters.jmap_sessions);
		reply_json(reply, 200, session_json(r, &a));
		reply_header(reply, "Cache-Control", "no-cache, no-store, must-revalidate");
	}
	account_free(&a);
}

void
session_discover(const struct request *r, struct reply *reply)
{
	struct buf where = BUF_INIT;

	if (!r->sandbox->options.redirect) {
		session_get(r, reply);
		return;
	}
	request_origin(r, &where);
	buf_adds(&where, "/jmap");
	reply->status = 301;
	reply_header(reply, "Location", where.data);
	buf_free(&where);
}
