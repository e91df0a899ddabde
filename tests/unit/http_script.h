/*
 * http_script - a test server that answers by a list, and remembers what it was asked
 */
#ifndef FERRY_TESTS_HTTP_SCRIPT_H
#define FERRY_TESTS_HTTP_SCRIPT_H

#include "common/wire/http.h"
#include "tests/unit/http_server.h"

struct script_step {
	int status; /* of an answer with headers (CRLF after each, or NULL) and body (or NULL) */
	const char *headers, *body;
	const char *raw;  /* instead: these bytes */
	bool close, hold; /* see struct server_reply; status 0 answers nothing */
	bool cancel;      /* ask the whole process to stop */
};

struct script {
	struct http_server *server;
	struct http *http;
	const struct script_step
	    *steps; /* one a request; the last, with status or raw, stays */
	size_t count, requests;
	unsigned connections;  /* highest number of a connection */
	struct buf head, body; /* of the last request */
};

/* cmocka fixtures: *state is a struct script with server and client. */
int script_setup(void **state);
int script_teardown(void **state);
#define WITH_SCRIPT(test) cmocka_unit_test_setup_teardown(test, script_setup, script_teardown)

/* What the server does from now on: an array of steps. */
#define script_play(script, ...)                                      \
	script_set(script, (const struct script_step[]){__VA_ARGS__}, \
	    sizeof((const struct script_step[]){__VA_ARGS__}) / sizeof(struct script_step))
void script_set(struct script *script, const struct script_step *steps, size_t count);

/* A request for path with a deadline of ten seconds. */
struct http_request script_get(struct script *script, const char *path);
struct http_request script_post(struct script *script, const char *path, const char *body);

/* What comes of a request whose answer does not matter. */
struct outcome script_outcome(struct script *script, const struct http_request *request);

/* Is it in the head of the last request? */
bool script_asked_with(const struct script *script, const char *text);

#endif
