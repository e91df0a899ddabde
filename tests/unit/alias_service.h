/*
 * alias_service - an alias account whose service is a scripted server, inside a test
 */
#ifndef FERRY_TESTS_ALIAS_SERVICE_H
#define FERRY_TESTS_ALIAS_SERVICE_H

#include "common/service/simplelogin.h"
#include "tests/unit/http_server.h"

#define ALIAS_KEY "test-alias-key"

/* An answer: to requests whose line starts with this ("GET /api/stats"), or to any (NULL). */
struct alias_step {
	const char *line;
	int status; /* 0: the connection is cut after the request */
	const char *body;
};

struct alias_service {
	struct http_server *server;
	char folder[48];
	struct alias_account account; /* with ALIAS_KEY in its file, limits not kept */
	struct simplelogin *sl;
	const struct alias_step *steps; /* each is used once, in order */
	size_t count, requests;
	struct buf lines; /* of all requests, one a line: "GET /api/stats {body}" */
	struct buf head;  /* of the last */
};

/* cmocka fixtures: *state is a struct alias_service. */
int alias_service_setup(void **state);
int alias_service_teardown(void **state);
#define WITH_ALIASES(test) \
	cmocka_unit_test_setup_teardown(test, alias_service_setup, alias_service_teardown)

/* What the service does from now on; it fails the test if more, or others, are asked for. */
#define alias_play(service, ...)                                            \
	alias_play_steps(service, (const struct alias_step[]){__VA_ARGS__}, \
	    sizeof((const struct alias_step[]){__VA_ARGS__}) / sizeof(struct alias_step))
void
alias_play_steps(struct alias_service *service, const struct alias_step *steps, size_t count);

/* Every step was asked for, and nothing else. */
void alias_played(struct alias_service *service);

/* A path in the service's folder, until the next call. */
const char *alias_file(struct alias_service *service, const char *name);

/* Call an endpoint with the parameters in JSON (or NULL), within ten seconds. */
struct outcome alias_call(struct alias_service *service, const char *words,
    const char *parameters, json_t **answer_r);

#endif
