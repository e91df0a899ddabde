/*
 * http_server - a small HTTP/1.1 server inside a test
 *
 * It listens on a free port of 127.0.0.1 and runs in one thread of its own: handlers are
 * called one after the other, whatever the number of connections, and need no locks among
 * themselves.  What a test reads of its handler's state is settled once the answer to a
 * request has come, or the server has stopped.
 */
#ifndef FERRY_TESTS_HTTP_SERVER_H
#define FERRY_TESTS_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

struct http_server;

struct server_request {
	char *method, *path; /* path with its query */
	char *head;          /* request line and headers */
	const char *body;    /* without chunk framing only if it came with Content-Length */
	size_t body_length;
	unsigned connection; /* number of the connection, from 1 */
};

struct server_reply {
	struct buf bytes; /* written as they are */
	bool close;       /* then cut the connection */
	bool hold;        /* answer nothing, and keep the connection open */
};

typedef void
server_handler(void *arg, const struct server_request *request, struct server_reply *reply);

struct http_server *http_server_start(server_handler *handler, void *arg);
void http_server_stop(struct http_server **server);

/* "http://127.0.0.1:PORT", and that with the path behind it until the next call. */
const char *http_server_url(const struct http_server *server);
const char *http_server_at(struct http_server *server, const char *path);

/* Cut so many of the next connections as soon as a request's head is there. */
void http_server_cut_heads(struct http_server *server, unsigned count);

/* Append a whole answer; headers are lines with CRLF, or "". */
void
server_answer(struct server_reply *reply, int status, const char *headers, const char *body);

/* The value of a header of the request, or NULL; valid until the next call. */
const char *server_header(const struct server_request *request, const char *name);

#endif
