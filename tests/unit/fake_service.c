/*
 * A mail service inside a test: tokens, JMAP endpoints, faults and counters.
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "common/wire/jwt.h"
#include "tests/unit/fake_service.h"

/* Append base64url without padding. */
static void
add_base64url(struct buf *out, const char *text)
{
	size_t length = strlen(text), start = out->len;
	char *end = buf_reserve(out, length / 3 * 4 + 5);

	out->len += (size_t)EVP_EncodeBlock(
	    (unsigned char *)end, (const unsigned char *)text, (int)length);
	for (char *p = out->data + start; *p != '\0'; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	buf_truncate(out, start + strcspn(out->data + start, "="));
}

/* An unsigned token of a kind, like no other; made and end, in milliseconds, and number are for
 * ourselves. */
static void
add_token(struct fake_service *fake, struct buf *token, const char *kind, int64_t life)
{
	json_t *claims = json_pack("{s:s, s:s, s:i, s:I, s:I, s:I, s:I, s:I}", "kind", kind,
	    "jti", "challenge-text", "difficulty", fake->difficulty, "iat",
	    (json_int_t)clock_wall(), "exp", (json_int_t)(clock_wall() + life), "made",
	    (json_int_t)clock_wall_ms(), "end", (json_int_t)(clock_wall_ms() + life * 1000),
	    "number", (json_int_t)++fake->tokens);
	struct buf text = BUF_INIT;

	if (fake->inbox_id != NULL)
		json_object_set_new(claims, "inboxId", json_string(fake->inbox_id));
	json_write(claims, &text);
	buf_adds(token, "e30.");
	add_base64url(token, text.data);
	buf_adds(token, ".x");
	json_decref(claims);
	buf_free(&text);
}

static bool
bears(struct fake_service *fake, const struct server_request *request, const char *kind)
{
	const char *value = server_header(request, "Authorization"), *its;
	json_t *claims = NULL;
	bool good;

	if (fake->account.auth == AUTH_BASIC)
		return value != NULL && strcmp(value, "Basic bWU6cGFzc3dvcmQ=") == 0;
	if (value == NULL || strncmp(value, "Bearer ", 7) != 0)
		return false;
	if (fake->account.auth == AUTH_BEARER)
		return strcmp(value + 7, "good-token") == 0;
	jwt_claims(value + 7, &claims);
	its = json_get_string(claims, "kind");
	good = its != NULL && strcmp(its, kind) == 0 &&
	       json_get_count(claims, "end", 0) > clock_wall_ms() &&
	       json_get_count(claims, "made", 0) >= fake->refuse_before;
	json_decref(claims);
	return good;
}

static void
give_token(struct fake_service *fake, struct server_reply *reply, const char *kind,
    int64_t life, const char *body)
{
	struct buf header = BUF_INIT;

	buf_adds(&header, "authorization: bearer ");
	add_token(fake, &header, kind, life);
	buf_adds(&header, "\r\nContent-Type: application/json\r\n");
	server_answer(reply, 200, header.data, body);
	buf_free(&header);
}

static void
refuse(struct fake_service *fake, struct server_reply *reply)
{
	fake->unauthorized++;
	server_answer(reply, 401, "Content-Type: application/json\r\n",
	    "{\"error\":{\"message\":\"not you\",\"hint\":\"log in\",\"docs_url\":\"u\"}}");
}

static void
remember(struct fake_service *fake, const struct server_request *request)
{
	buf_reset(&fake->last_head);
	buf_adds(&fake->last_head, request->head);
	buf_reset(&fake->last_body);
	buf_add(&fake->last_body, request->body, request->body_length);
}

static void
on_challenge(
    struct fake_service *fake, const struct server_request *request, struct server_reply *reply)
{
	(void)request;
	fake->challenges++;
	give_token(fake, reply, "challenge", 600, "{}");
}

static void
on_session(
    struct fake_service *fake, const struct server_request *request, struct server_reply *reply)
{
	json_t *body = NULL;
	const char *key;

	fake->sessions_asked++;
	remember(fake, request);
	json_parse(request->body, request->body_length, &body);
	key = json_get_string(body, "apiKey");
	if (!bears(fake, request, "challenge")) {
		refuse(fake, reply);
	} else if (json_get_string(body, "username") != NULL) {
		fake->registrations++;
		give_token(fake, reply, "session", fake->session_life, fake->signup_body);
	} else if (key == NULL || strcmp(key, FAKE_KEY) != 0) {
		refuse(fake, reply);
	} else {
		fake->sessions++;
		give_token(fake, reply, "session", fake->session_life, "{}");
	}
	json_decref(body);
}

static void
on_capability(
    struct fake_service *fake, const struct server_request *request, struct server_reply *reply)
{
	if (!bears(fake, request, "session")) {
		refuse(fake, reply);
		return;
	}
	fake->capabilities++;
	give_token(fake, reply, "capability", fake->capability_life, "{}");
}

/* What the API answers now. */
static const char *
api_answer(struct fake_service *fake)
{
	const char *body = fake->api_body;

	if (fake->api_bodies != NULL) {
		body = *fake->api_bodies;
		if (fake->api_bodies[1] != NULL)
			fake->api_bodies++;
	}
	return body != NULL ? body : "{\"methodResponses\":[],\"sessionState\":\"s1\"}";
}

static void
answer_api(
    struct fake_service *fake, const struct server_request *request, struct server_reply *reply)
{
	static const char json[] = "Content-Type: application/json\r\n";
	char *answer;

	buf_add(&fake->api_log, request->body, request->body_length);
	buf_addc(&fake->api_log, '\n');
	if (fake->api_answer == NULL) {
		server_answer(reply, 200, json, api_answer(fake));
		return;
	}
	answer = fake->api_answer(fake->arg, request->body, request->body_length);
	if (answer != NULL)
		server_answer(reply, 200, json, answer);
	else
		reply->close = true;
	free(answer);
}

/* A stream of events, without an end that was told. */
static void
answer_events(struct fake_service *fake, struct server_reply *reply)
{
	fake->streams++;
	buf_addf(&reply->bytes, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n%s",
	    fake->event_type != NULL ? fake->event_type : "text/event-stream;charset=utf-8",
	    fake->events);
	reply->close = fake->events_end;
}

/* The JMAP endpoints have in common that they want a capability. */
static void
on_jmap(
    struct fake_service *fake, const struct server_request *request, struct server_reply *reply)
{
	static const char json[] = "Content-Type: application/json\r\n";
	char body[100];

	remember(fake, request);
	if (!bears(fake, request, "capability")) {
		refuse(fake, reply);
	} else if (strncmp(request->path, "/.well-known/jmap", 17) == 0) {
		fake->discoveries++;
		server_answer(reply, 200, json, fake->session_body);
	} else if (strncmp(request->path, "/jmap", 5) == 0) {
		fake->api++;
		answer_api(fake, request, reply);
	} else if (strncmp(request->path, "/upload/", 8) == 0) {
		fake->uploads++;
		snprintf(body, sizeof(body), "{\"blobId\":\"G%u\",\"size\":%zu}", fake->uploads,
		    request->body_length);
		server_answer(reply, 201, json, body);
	} else if (strncmp(request->path, "/download/", 10) == 0) {
		fake->downloads++;
		server_answer(reply, 200, "", request->path);
	} else if (strncmp(request->path, "/events", 7) == 0 && fake->events != NULL) {
		answer_events(fake, reply);
	} else {
		server_answer(reply, 404, "", "");
	}
}

static const struct {
	const char *path;
	void (*answer)(
	    struct fake_service *, const struct server_request *, struct server_reply *);
} endpoints[] = {
    {"/api/v1/challenge", on_challenge},
    {"/api/v1/session", on_session},
    {"/api/v1/capability", on_capability},
    {"/", on_jmap},
};

static bool
apply_fault(struct fake_service *fake, const char *path, struct server_reply *reply)
{
	for (size_t i = 0; i < sizeof(fake->faults) / sizeof(fake->faults[0]); i++) {
		struct fake_fault *fault = &fake->faults[i];

		if (fault->count == 0 || strncmp(path, fault->path, strlen(fault->path)) != 0)
			continue;
		if (fault->skip != 0) {
			fault->skip--;
			continue;
		}
		fault->count--;
		reply->close = fault->status == 0;
		if (fault->status != 0)
			server_answer(reply, fault->status,
			    fault->headers != NULL ? fault->headers : "",
			    fault->body != NULL ? fault->body : "");
		return true;
	}
	return false;
}

static void
handle(void *arg, const struct server_request *request, struct server_reply *reply)
{
	struct fake_service *fake = arg;

	if (apply_fault(fake, request->path, reply))
		return;
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		if (strncmp(request->path, endpoints[i].path, strlen(endpoints[i].path)) == 0) {
			endpoints[i].answer(fake, request, reply);
			return;
		}
}

int
fake_service_setup(void **state)
{
	struct fake_service *fake = xcalloc(1, sizeof(*fake));
	struct account *account = &fake->account;
	struct outcome o;

	strcpy(fake->folder, "/tmp/ferry-test-service.XXXXXX");
	if (mkdtemp(fake->folder) == NULL)
		return -1;
	fake->session_life = 3600;
	fake->capability_life = 120;
	fake->difficulty = 1;
	fake->signup_body = "{\"apiKey\":\"new-key\",\"inbox\":\"agent@lab.example\"}";
	fake->session_body = FAKE_SESSION;
	fake->server = http_server_start(handle, fake);
	*account = (struct account){
	    .name = xstrdup("agent"),
	    .auth = AUTH_ATOMICMAIL,
	    .auth_url = xstrdup(http_server_url(fake->server)),
	    .api_url = xstrdup(http_server_url(fake->server)),
	    .default_domain = xstrdup("lab.example"),
	    .directory = xasprintf("%s/agent", fake->folder),
	    .secret_file = xasprintf("%s/agent/api-key", fake->folder),
	    .pow_salt = xstrdup("salt"),
	    .pow_threads = 1,
	};
	*state = fake;
	o = file_make_dirs(account->directory, 0700);
	if (outcome_is_ok(&o))
		o = file_write_atomic(
		    AT_FDCWD, account->secret_file, FAKE_KEY, strlen(FAKE_KEY), 0600);
	return !outcome_is_ok(&o);
}

int
fake_service_teardown(void **state)
{
	struct fake_service *fake = *state;
	char *command = xasprintf("rm -rf %s", fake->folder);
	int failed = system(command);

	http_server_stop(&fake->server);
	free(command);
	free(fake->account.name);
	free(fake->account.auth_url);
	free(fake->account.api_url);
	free(fake->account.address);
	free(fake->account.default_domain);
	free(fake->account.directory);
	free(fake->account.secret_file);
	free(fake->account.user);
	free(fake->account.pow_salt);
	buf_free(&fake->last_head);
	buf_free(&fake->last_body);
	buf_free(&fake->api_log);
	free(fake);
	return failed;
}

void
fake_service_forget_key(struct fake_service *fake)
{
	unlink(fake->account.secret_file);
}

struct jmap *
fake_service_open(struct fake_service *fake)
{
	struct jmap *jmap;
	struct outcome o = jmap_open(&fake->account, NULL, &jmap);

	if (!outcome_is_ok(&o)) {
		fprintf(stderr, "fake_service: %s\n", o.text);
		abort();
	}
	return jmap;
}
