/*
 * auth_parts - what the auth*.c files share and nobody else sees
 */
#ifndef FERRY_AUTH_PARTS_H
#define FERRY_AUTH_PARTS_H

#include <jansson.h>

#include "common/service/auth.h"

struct auth {
	const struct account *account;
	struct credentials *credentials;
	struct http *http;
	struct pow *pow; /* made at the first proof of work */
	void (*progress)(const struct pow_progress *, void *);
	void *progress_arg;

	struct buf value;    /* the header's value in use; empty if none */
	int64_t value_until; /* clock_ms() until which it is used unasked */
	char *address;
};

/*
 * POST to the service with a token (or NULL) and a body (or NULL).  The outcome is that of
 * the transfer: the caller reads the status.  The answer is to be freed.
 */
struct outcome auth_post(struct auth *auth, const char *path, const char *token,
    const json_t *body, struct deadline d, struct http_answer *answer);

/* The token of an "Authorization: Bearer TOKEN" answer header; auth/token if it has none. */
struct outcome auth_read_token(const struct http_answer *answer, struct buf *token);

/*
 * Challenge, proof, session: key is "apiKey" or "username", value its value.  OK means that
 * the service answered the session request; its status is the caller's to read.  A challenge
 * that expired while it was worked on is replaced by another.
 */
struct outcome auth_open_session(struct auth *auth, const char *key, const char *value,
    struct deadline d, struct http_answer *answer);

/* A good capability token: from disk, or renewed by whoever gets the lock first. */
struct outcome
auth_get_capability(struct auth *auth, struct deadline d, struct buf *capability);

/* Renew them ahead of their end. */
struct outcome auth_renew_early(struct auth *auth, struct deadline d);

/* New session and capability tokens, whatever the cache holds. */
struct outcome auth_log_in(struct auth *auth, struct deadline d);

#endif
