/*
 * http - one request, one reply, and the server that brings them together
 */
#ifndef SANDBOX_HTTP_H
#define SANDBOX_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"
#include "sandbox/sandbox.h"

struct MHD_Connection;
struct alias_call;

struct request {
	struct sandbox *sandbox;
	struct MHD_Connection *connection;
	const char *method;
	const char *path; /* decoded, without the query */
	const char *uri;  /* as it was sent, with the query */
	const char *body; /* all of it */
	size_t body_length;
	struct alias_call *alias; /* the call to the alias service that it is, or NULL */
	int64_t difficulty;       /* of a challenge, if the request is for one */
	bool muted;               /* the stream of events it opens is to say nothing */
};

/* A header (any case) or a query argument; NULL if there is none. */
const char *request_header(const struct request *r, const char *name);
const char *request_argument(const struct request *r, const char *name);

/* Append the start of our own URL as the client knows it: "http://HOST:PORT". */
void request_origin(const struct request *r, struct buf *out);

#define REPLY_HEADERS 24

/* A body that comes from elsewhere: read gives up to max bytes, 0 at the end, -1 if cut, or
 * REPLY_LATER: it has suspended the connection until there is more. */
#define REPLY_LATER (-2)
struct reply_stream {
	void *state; /* NULL: there is none */
	ssize_t (*read)(void *state, char *to, size_t max);
	void (*free)(void *state);
	bool endless; /* cannot be collected */
};

struct reply {
	int status;
	struct buf body;
	int fd; /* or, if not -1, these bytes of a file (a descriptor of our own) */
	int64_t position;
	struct reply_stream stream; /* or this */
	int64_t size;               /* of file or stream; -1 if not known */
	bool compressible;
	struct {
		char *name, *value;
	} headers[REPLY_HEADERS];
	size_t header_count;
};

#define REPLY_INIT ((struct reply){.status = 200, .fd = -1})

void reply_free(struct reply *r);

/* Add a header; one more than fit is left out. */
void reply_header(struct reply *r, const char *name, const char *value);

/* Answer with JSON, which is taken. */
void reply_json(struct reply *r, int status, json_t *value);

/* The error of the auth service, and of JMAP for refused tokens:
 * {"error": {"message", "hint", "docs_url"}}. */
void reply_error(struct reply *r, int status, const char *message, const char *hint);

/* A problem (RFC 7807) of JMAP (RFC 8620 §3.6.1): type without its URN prefix; limit, if not
 * NULL, names the limit. */
void reply_problem(
    struct reply *r, int status, const char *type, const char *limit, const char *detail);

/* Read a stream into memory; false if it was cut or is larger than 64 MiB. */
bool reply_collect(struct reply *r);

/* Keep the first half of the body only. */
void reply_halve(struct reply *r);

/* Forget what was said and start again. */
void reply_reset(struct reply *r);

struct server;

/* Listen and serve.  NULL with *o set if the address cannot be had; *url_r is the URL to
 * reach it by, which the caller free()s. */
struct server *server_start(struct sandbox *s, char **url_r, struct outcome *o);

/* Finish the requests that are being answered, and stop. */
void server_stop(struct server **server);

#endif
