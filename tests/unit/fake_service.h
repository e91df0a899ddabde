/*
 * fake_service - the parts of a mail service that logging in and JMAP need, inside a test
 *
 * It hands out tokens as Atomic Mail does (challenge, session, capability), refuses those
 * that have expired or that it did not issue, and counts.  What the JMAP side answers is
 * given by the test.  Proofs of work are asked for with difficulty 1 and not checked: that
 * is the sandbox's trade.
 */
#ifndef FERRY_TESTS_FAKE_SERVICE_H
#define FERRY_TESTS_FAKE_SERVICE_H

#include "common/service/account.h"
#include "common/service/auth.h"
#include "common/service/jmap.h"
#include "tests/unit/http_server.h"

#define FAKE_KEY "test-api-key"
#define FAKE_SESSION                                                                  \
	"{\"capabilities\":{\"urn:ietf:params:jmap:core\":{\"maxCallsInRequest\":4,"  \
	"\"maxSizeRequest\":20000,\"maxSizeUpload\":1000}},"                          \
	"\"accounts\":{\"a1\":{\"accountCapabilities\":{"                             \
	"\"urn:ietf:params:jmap:mail\":{},\"urn:ietf:params:jmap:submission\":{}}}}," \
	"\"primaryAccounts\":{\"urn:ietf:params:jmap:mail\":\"a1\","                  \
	"\"urn:ietf:params:jmap:submission\":\"a1\"},\"username\":\"me\","            \
	"\"apiUrl\":\"/jmap\",\"uploadUrl\":\"/upload/{accountId}\","                 \
	"\"downloadUrl\":\"/download/{accountId}/{blobId}/{name}?type={type}\","      \
	"\"eventSourceUrl\":\"/events\",\"state\":\"s1\"}"

/* Answer the next count requests (after skip) whose path starts with path like this. */
struct fake_fault {
	const char *path;
	int status; /* 0: cut the connection */
	const char *headers, *body;
	unsigned skip, count;
};

struct fake_service {
	struct http_server *server;
	char folder[40];        /* state of the clients */
	struct account account; /* that logs in here */

	int64_t session_life, capability_life; /* seconds; 3600 and 120 */
	int difficulty;
	const char *signup_body;       /* of a successful sign-up */
	const char *inbox_id;          /* claim of capabilities, or NULL */
	const char *session_body;      /* JMAP session; FAKE_SESSION */
	const char *api_body;          /* of an answer of the API; NULL: echoes no calls */
	const char *const *api_bodies; /* instead, one after the other; NULL ends them, and the
	                                * last stays */
	/* Instead: what the API answers to a request, to be free()d; NULL cuts the connection. */
	char *(*api_answer)(void *arg, const char *body, size_t length);
	void *arg;
	const char *events;     /* what a stream of events says; NULL: there is none (404) */
	bool events_end;        /* and then it is cut, instead of staying open */
	const char *event_type; /* its Content-Type, if not that of events */
	struct fake_fault faults[4];

	int64_t refuse_before; /* ms: tokens issued before are refused */
	unsigned challenges, sessions, registrations, capabilities; /* given */
	unsigned tokens; /* of all kinds: each has a number */
	unsigned sessions_asked, discoveries, api, uploads, downloads; /* of good ones */
	unsigned streams;
	unsigned unauthorized;
	struct buf last_head, last_body; /* of the last request to session, API or upload */
	struct buf api_log;              /* bodies of all requests to the API, a line each */
};

/* cmocka fixtures: *state is a struct fake_service whose account is AUTH_ATOMICMAIL and has
 * FAKE_KEY in its api-key file. */
int fake_service_setup(void **state);
int fake_service_teardown(void **state);
#define WITH_SERVICE(test) \
	cmocka_unit_test_setup_teardown(test, fake_service_setup, fake_service_teardown)

/* A JMAP client of it, as another process would have. */
struct jmap *fake_service_open(struct fake_service *fake);

/* Take the API key away, as before signing up. */
void fake_service_forget_key(struct fake_service *fake);

#endif
