/*
 * jmap_parts - what the jmap_*.c files share and nobody else sees
 */
#ifndef FERRY_JMAP_PARTS_H
#define FERRY_JMAP_PARTS_H

#include "common/service/jmap.h"
#include "common/service/jmap_mail.h"

#define JMAP_ANSWER_MAX (32u << 20) /* bytes of one API answer */

struct jmap_download;

struct jmap {
	const struct account *account;
	struct credentials *credentials;
	struct http *http;
	struct auth *auth;

	struct jmap_session session;
	bool have_session;
	bool session_is_new; /* fetched by this process, not read from disk */
	char *kept_account;  /* that every session has to be of, or NULL */

	json_t *sending; /* what jmap_sending() learnt, or NULL */

	struct jmap_download *queue, **queue_end; /* downloads not yet started */
	size_t downloads;                         /* queued and under way */
};

/*
 * Make session_r from a session document (RFC 8620 §2) that url answered.  On OK session_r
 * holds a reference to document and is freed by jmap_session_clear().
 */
struct outcome
jmap_session_parse(json_t *document, const char *url, struct jmap_session *session_r);
void jmap_session_clear(struct jmap_session *session);

/* Compare the sessionState of a response with ours. */
void jmap_session_check_state(struct jmap *jmap, const char *state);

/* Perform a request with our credentials; a 401 renews them once. */
struct outcome
jmap_perform(struct jmap *jmap, struct http_request *request, struct http_answer *answer);

/* The outcome of an answer that came back to an authenticated request. */
struct outcome jmap_answer_outcome(const struct http_answer *answer);

/* The outcome of a method error's arguments, and of a SetError object. */
struct outcome jmap_method_error(const json_t *args);
struct outcome jmap_set_error(const json_t *error);

/* Encode a request for the session it will be sent with, if that one's limits allow it. */
struct outcome jmap_encode(struct jmap *jmap, const struct jmap_request *request,
    struct deadline d, struct buf *text, const struct jmap_session **session_r);

/* The POST of an encoded request. */
struct http_request jmap_api_request(const struct jmap_session *session, const struct buf *text,
    bool idempotent, struct deadline d);

/* Take over the document that answered, and what it says of the session. */
struct outcome
jmap_take_response(struct jmap *jmap, json_t *document, struct jmap_response **response_r);

/* Take a response document apart: for jmap_send() and the fuzzer.  The reference is kept on
 * OK. */
struct outcome jmap_response_new(json_t *document, struct jmap_response **response_r);

#endif
