/*
 * http_internal - what the files of the HTTP client share
 *
 *	http.c		transfers: started, retried, redirected, driven, done
 *	http_attempt.c	one attempt of a transfer: a libcurl handle
 *	http_stream.c	what passes meanwhile: body up, headers and body down
 *	http_policy.c	what to do after an attempt, as pure decisions
 *	http_url.c	where a URL leads
 */
#ifndef FERRY_HTTP_INTERNAL_H
#define FERRY_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "common/wire/http.h"

/* http_url.c */

struct http_origin {
	CURLU *url; /* the whole, taken apart */
	char *host;
	long port;
	bool https, loopback;
};

/* False if url is not http(s), cannot be parsed, or names a user; then there is nothing to free. */
bool http_origin_read(const char *url, struct http_origin *origin);
void http_origin_free(struct http_origin *origin);
bool http_origin_same(const struct http_origin *a, const struct http_origin *b);
bool http_origin_same_host(const struct http_origin *a, const struct http_origin *b);

/* http_attempt.c */

/* libcurl's handles of attempts that ended, to be used again: making one and freeing it is
 * half as much work as a small answer. */
#define HTTP_SPARES_MAX 32
struct http_spares {
	CURL *handles[HTTP_SPARES_MAX];
	size_t count;
};
void http_spares_free(struct http_spares *spares);

struct http_transfer {
	struct http_transfer *next, *previous;
	struct http_request request; /* with copies of everything that is not the caller's */
	struct http_source source;
	struct http_sink sink;
	void (*done)(void *arg, struct outcome outcome, struct http_answer *answer);
	void *arg;

	struct http_answer answer;
	char *location; /* of the answer, resolved; or NULL */
	unsigned redirects;
	bool foreign;          /* redirected to where our credentials do not belong */
	int64_t began_ms;      /* CLOCK_MONOTONIC: the first attempt */
	int64_t not_before_ms; /* CLOCK_MONOTONIC: when the next attempt may begin */
	bool multiplexed;      /* the answer came by HTTP/2 */

	/* The attempt under way. */
	CURL *easy;                /* NULL between attempts */
	struct http_origin origin; /* where it goes */
	struct curl_slist *headers;
	int64_t body_given; /* bytes of the body handed to libcurl */
	bool body_whole;    /* all of it: from now on the service may act */
	bool sink_begun;
	int64_t sunk;
	size_t header_bytes;
	const char *stop; /* name in family net or local of why a callback stopped it */
	bool enough;      /* a callback stopped it because the rest does not matter */
	char error[CURL_ERROR_SIZE];
};

/*
 * Prepare t->easy for another attempt; all that is left of the one before goes.  On OK the
 * caller gives the handle to a multi handle.
 */
struct outcome http_attempt_begin(
    struct http_transfer *t, const struct http_options *options, struct http_spares *spares);

/* The attempt ended with result: fill in the answer and say what became of it.  OK means
 * that an answer came.  The handle is spare then, or freed. */
struct outcome
http_attempt_end(struct http_transfer *t, CURLcode result, struct http_spares *spares);

/* Free the handle of an attempt that is given up; true if the service may have acted. */
bool http_attempt_drop(struct http_transfer *t);

/* http_stream.c */

bool http_has_body(const struct http_request *request);
int64_t http_body_size(const struct http_request *request); /* -1 if not known */
bool http_succeeded(int status);
int http_status(CURL *easy); /* of the answer so far */

/* Let t->easy call us with what passes. */
void http_stream_attach(struct http_transfer *t);

/* Forget what passed in the attempt before. */
void http_stream_reset(struct http_transfer *t);

/* All has passed: a sink that got nothing begins, so that an empty file is made.  False if
 * it refuses. */
bool http_stream_end(struct http_transfer *t);

/* http_policy.c */

#define HTTP_REDIRECTS_MAX 5
#define HTTP_ATTEMPTS_MAX  12

/* May the URL be asked at all, and how?  net/insecure or local/config if not. */
struct outcome http_may_ask(const char *url, struct http_origin *origin_r);

/* What of Content-Encoding to ask for; NULL: nothing is said, and nothing is decoded.  Where no
 * byte leaves the machine, compressing is nothing but work for both ends. */
const char *http_encoding(const struct http_request *request, const struct http_origin *origin);

/* Is it worth another attempt, after this outcome and answer? */
bool http_may_retry(const struct http_transfer *t, const struct outcome *o);

/* Milliseconds to wait before it. */
int64_t http_retry_wait_ms(const struct http_transfer *t);

/* Is there time for an attempt that begins after so many more? */
bool http_in_time(
    const struct http_transfer *t, const struct http_options *options, int64_t wait_ms);

/* Is the answer a redirect that this request follows? */
bool http_is_redirect(const struct http_transfer *t);

/* May it be followed?  *foreign_r: only without credentials.  net/redirect if not. */
struct outcome http_may_follow(const struct http_transfer *t, bool *foreign_r);

#endif
