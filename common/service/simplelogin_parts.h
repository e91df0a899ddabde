/*
 * simplelogin_parts - what the files of the SimpleLogin client share
 *
 *	simplelogin.c		open, close, the key
 *	simplelogin_endpoints.c	the table
 *	simplelogin_request.c	parameters checked, and made path, query and body
 *	simplelogin_call.c	one call: pace, lock, send, read
 *	simplelogin_refusal.c	what an answer that is no success means
 *	simplelogin_rate.c	the service's windows, remembered on disk
 *	simplelogin_lost.c	what a request made whose answer did not come
 *	simplelogin_pages.c	lists
 *	simplelogin_objects.c	aliases, contacts, options
 *	simplelogin_create.c	an alias with a chosen prefix
 *	simplelogin_find.c	the alias for a hostname
 */
#ifndef FERRY_SIMPLELOGIN_PARTS_H
#define FERRY_SIMPLELOGIN_PARTS_H

#include "common/service/simplelogin.h"

struct simplelogin {
	const struct alias_account *account;
	struct http *http;
	int dir;           /* of the account */
	struct buf key;    /* "" until it is needed */
	unsigned requests; /* that were sent */
	bool was_refused;  /* what pace last saw: the endpoint's last answer was a 429 */
	void (*wait)(void *arg, unsigned seconds, const char *words);
	void *wait_arg;
};

/* simplelogin.c: the API key, read at first use. */
struct outcome simplelogin_key(struct simplelogin *sl, const char **key_r);

/* simplelogin_request.c */

struct simplelogin_request {
	const char *method;
	struct buf path; /* with its query */
	struct buf body; /* JSON; empty if there is none */
};

struct outcome simplelogin_request_make(const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, struct simplelogin_request *request);
void simplelogin_request_free(struct simplelogin_request *request);

/* Add a parameter to a path's query, percent-encoded. */
void simplelogin_query_add(struct buf *path, const char *name, const char *value);

/* simplelogin_call.c: one request and its answer, without looking for what was lost. */
struct outcome simplelogin_send(struct simplelogin *sl,
    const struct simplelogin_endpoint *endpoint, const struct simplelogin_request *request,
    const struct http_sink *sink, struct deadline d, struct buf *body_r);

/* simplelogin_refusal.c: the outcome of an answer to an endpoint; OK for 2xx. */
struct outcome simplelogin_refusal(const struct alias_account *account,
    const struct simplelogin_endpoint *endpoint, const struct http_answer *answer);

/* simplelogin_rate.c */

/* Wait until the endpoint may be asked and count the request; alias/rate if the deadline is
 * earlier than that. */
struct outcome simplelogin_pace(
    struct simplelogin *sl, const struct simplelogin_endpoint *endpoint, struct deadline d);

/* The service answered: refused says whether by 429. */
void simplelogin_paced(
    struct simplelogin *sl, const struct simplelogin_endpoint *endpoint, bool refused);

/* simplelogin_lost.c */

/* What is to be known before a request that makes something, for finding it afterwards. */
struct simplelogin_before {
	int64_t newest; /* the newest alias's id */
};

/* Ask for it, where the endpoint is such a one. */
struct outcome
simplelogin_before(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, struct deadline d, struct simplelogin_before *before);

/* The answer o was no answer: find what the request made.  OK with *answer_r if it is found;
 * alias/lost if nobody knows; o if it surely did not happen. */
struct outcome
simplelogin_recover(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, const struct simplelogin_before *before, struct outcome o,
    struct deadline d, json_t **answer_r);

/* simplelogin_objects.c: the alias object of an address, in any case; NULL if not listed. */
struct outcome simplelogin_object_find(
    struct simplelogin *sl, const char *address, struct deadline d, json_t **object_r);

#endif
