/*
 * jmap - a JMAP client (RFC 8620, RFC 8621) for one account: session, requests, blobs
 *
 * The session is discovered at API-URL/.well-known/jmap, kept in the account's directory and
 * fetched again when an answer's sessionState differs or after a 404 or 401.  Its URLs may
 * be relative: they are resolved against the URL that answered.  Limits are obeyed; unknown
 * keys are ignored everywhere.  A 401 renews the token once and tries once more.
 *
 * A struct jmap belongs to one thread.
 */
#ifndef FERRY_JMAP_H
#define FERRY_JMAP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/base/outcome.h"
#include "common/service/account.h"
#include "common/service/auth.h"
#include "common/wire/http.h"

#define JMAP_CORE       "urn:ietf:params:jmap:core"
#define JMAP_MAIL       "urn:ietf:params:jmap:mail"
#define JMAP_SUBMISSION "urn:ietf:params:jmap:submission"
#define JMAP_BLOB       "urn:ietf:params:jmap:blob"

struct jmap;

/*
 * Everything for one account: opens credentials, makes http and auth.  options may be NULL.
 * No request is made yet.
 */
struct outcome jmap_open(
    const struct account *account, const struct http_options *options, struct jmap **jmap_r);
void jmap_close(struct jmap **jmap);

/* The parts, for those who need them; they stay the jmap's. */
const struct account *jmap_account(struct jmap *jmap);
struct auth *jmap_auth(struct jmap *jmap);
struct http *jmap_http(struct jmap *jmap);
struct credentials *jmap_credentials(struct jmap *jmap);

/* jmap_session.c: who we are and what the server offers */

struct jmap_session {
	char *account_id;    /* primary account for mail */
	char *submission_id; /* primary account for submission, or NULL: cannot send */
	char *username;      /* or NULL */
	char *state;
	char *api_url, *upload_url, *download_url; /* absolute; the last two are templates */
	char *event_source_url;                    /* absolute template, or NULL */
	int64_t max_calls_in_request; /* the limits of RFC 8620 §2, with sane floors for */
	int64_t max_objects_in_get;   /* servers that leave them out */
	int64_t max_objects_in_set;
	int64_t max_size_request;
	int64_t max_size_upload;
	int64_t max_concurrent_requests;
	int64_t max_concurrent_upload;
	bool has_blob;    /* RFC 9404 for the mail account */
	json_t *document; /* the whole session object */
};

/*
 * The session, from memory, disk or the server.  *session_r stays the jmap's, valid until
 * the next call that may refresh it.  answer/session if it cannot be used: which key is
 * missing or wrong is in the text.
 */
struct outcome
jmap_session(struct jmap *jmap, struct deadline d, const struct jmap_session **session_r);

/*
 * From now on a session of another account is answer/session: what was begun with one is not
 * gone on with in another.
 */
void jmap_keep_account(struct jmap *jmap);

/* Forget the session, in memory and on disk: the next use fetches it. */
void jmap_session_forget(struct jmap *jmap);

/* Does the session offer this capability to the mail account? */
bool jmap_session_has(const struct jmap_session *session, const char *capability);

/* jmap_request.c: method calls and their answers */

struct jmap_request;
struct jmap_response;

/* using: core and mail are always named; the flags add what else the calls need. */
#define JMAP_USING_SUBMISSION 1u
#define JMAP_USING_BLOB       2u

struct jmap_request *jmap_request_new(unsigned using);
void jmap_request_free(struct jmap_request **request);

/*
 * Add a call; args (the reference is taken) gets "accountId" from the session when it is
 * sent, unless it has one or the method is of Core.  Returns the call's id ("c0", "c1", ...),
 * which lives as long as the request.
 */
const char *jmap_call(struct jmap_request *request, const char *method, json_t *args);

/*
 * The same, with arguments that are text already: the members of an object without its braces
 * (json_text.h), "accountId" not among them.  The buffer becomes the request's, and args empty.
 */
const char *jmap_call_text(struct jmap_request *request, const char *method, struct buf *args);

/* Make args[key] a back-reference ("#key", RFC 8620 §3.7) to an earlier call's result. */
void jmap_refer(
    json_t *args, const char *key, const char *call_id, const char *method, const char *path);

/* How many calls, and bytes when encoded (an upper bound), it has by now. */
size_t jmap_request_calls(const struct jmap_request *request);

/*
 * Send it.  OK means that there is a response; each call's result is read with
 * jmap_result().  idempotent says whether it may be sent again after a cut connection.
 * Request-level errors are family "request" or "http".  A response whose sessionState
 * differs from ours makes the session be fetched before the next request.
 */
struct outcome jmap_send(struct jmap *jmap, struct jmap_request *request, bool idempotent,
    struct deadline d, struct jmap_response **response_r);
void jmap_response_free(struct jmap_response **response);

/*
 * jmap_ahead.c: the same in two halves, for what is idempotent.  Once begun it is under way
 * while the caller does other things and other transfers go on; finishing waits for it.  If
 * it has not been answered well by then, finishing sends it once more, by jmap_send().  The
 * request must stay until it is finished or dropped.
 */
struct jmap_ahead;

struct jmap_ahead *
jmap_ahead_begin(struct jmap *jmap, struct jmap_request *request, struct deadline d);
bool jmap_ahead_is_over(const struct jmap_ahead *ahead); /* finishing it waits for nothing */
struct outcome jmap_ahead_finish(struct jmap_ahead **ahead, struct jmap_response **response_r);
void jmap_ahead_drop(struct jmap_ahead **ahead);

/*
 * The arguments of the answer to a call: *args_r is borrowed from the response.  A method
 * error becomes its outcome (family "method"); no answer is answer/missing.  method tells
 * the answers of one call apart (an implicit Email/set beside EmailSubmission/set); NULL
 * takes the first.
 */
struct outcome jmap_result(const struct jmap_response *response, const char *call_id,
    const char *method, json_t **args_r);

/*
 * What came of one creation, update or destruction in a /set or /import result: OK, and
 * *object_r (may be NULL) the server's object, borrowed; or the SetError's outcome, and *object_r the
 * SetError object.  answer/missing if the server says neither.
 */
struct outcome jmap_created(const json_t *result, const char *creation_id, json_t **object_r);
struct outcome jmap_updated(const json_t *result, const char *id);
struct outcome jmap_destroyed(const json_t *result, const char *id);

/* The whole response, for printing. */
const json_t *jmap_response_document(const struct jmap_response *response);

/* Send a request document as it is (ferryctl jmap); *answer_r is a new reference. */
struct outcome
jmap_send_raw(struct jmap *jmap, const json_t *document, struct deadline d, json_t **answer_r);

/* jmap_blob.c: bytes up and down */

/*
 * Upload from source (rewindable) as type.  The blob id goes to *blob_id_r, which the
 * caller free()s.  Over maxSizeUpload is local/too-large before anything is sent; a server that answers
 * another size than was sent is answer/upload.
 */
struct outcome jmap_upload(struct jmap *jmap, const struct http_source *source,
    const char *type, struct deadline d, char **blob_id_r);

/* Download one blob into sink. */
struct outcome jmap_download(
    struct jmap *jmap, const char *blob_id, const struct http_sink *sink, struct deadline d);

/*
 * Start a download and return; jmap_run() drives all of them and calls done for each.  A
 * 401 is renewed inside.  done's outcome: OK only if the whole blob was given to the sink;
 * http/404 if it is gone.  A 429 is not tried again, because whoever starts many at once has
 * to start fewer: http/429, with retry_after.  done may start further downloads, and must not call any other
 * function of this jmap: it may run in the middle of a login.
 */
void jmap_download_start(struct jmap *jmap, const char *blob_id, const struct http_sink *sink,
    struct deadline d, void (*done)(void *arg, struct outcome outcome), void *arg);
size_t jmap_run(struct jmap *jmap, int64_t wait_ms);
void jmap_abandon(struct jmap *jmap);

/* Fill a URI template (RFC 6570 level 1): variables as name, value pairs, NULL ends.  An
 * unknown variable becomes empty; values are percent-encoded.  NULL if the template is
 * malformed.  The caller free()s. */
char *jmap_fill_template(const char *template, ...) __attribute__((sentinel));

#endif
