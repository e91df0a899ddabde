/*
 * Logging in: from an account to the Authorization header its requests need.
 *
 * Atomic Mail's way has three steps: a challenge and its proof of work give a session token
 * (an hour), which gives capability tokens (two minutes), which requests carry.  Each is
 * looked for on disk first.  Whoever finds none takes the account's lock and looks again, so
 * that of a hundred processes one logs in.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/service/auth.h"
#include "common/service/problem.h"
#include "common/wire/json.h"
#include "common/wire/jwt.h"

#define SESSION_MARGIN    60 /* seconds before its end that a token is renewed; the service's */
#define CAPABILITY_MARGIN 20 /* own clients do the same */
#define MEMORY_MS         1000 /* a token is taken from memory for so long */
#define ANSWER_MAX        (64u << 10)
#define CHALLENGES_MAX    3 /* that may expire while they are worked on */

#define USERNAME_MIN 5
#define USERNAME_MAX 21

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

struct auth *
auth_new(const struct account *account, struct credentials *credentials, struct http *http)
{
	struct auth *auth = xcalloc(1, sizeof(*auth));

	auth->account = account;
	auth->credentials = credentials;
	auth->http = http;
	return auth;
}

void
auth_free(struct auth **auth)
{
	if (*auth == NULL)
		return;
	buf_wipe(&(*auth)->value);
	free((*auth)->address);
	pow_free(&(*auth)->pow);
	free(*auth);
	*auth = NULL;
}

void
auth_on_progress(
    struct auth *auth, void (*progress)(const struct pow_progress *, void *), void *arg)
{
	auth->progress = progress;
	auth->progress_arg = arg;
}

/* Talking to the authentication service */

/* The token of an "Authorization: Bearer TOKEN" answer header; auth/token if it has none. */
static struct outcome
read_token(const struct http_answer *answer, struct buf *token)
{
	const char *value = answer->authorization;
	size_t length;

	if (value == NULL || strncasecmp(value, "Bearer ", 7) != 0)
		return outcome_make("auth", "token", "no Bearer token in the answer");
	value += 7 + strspn(value + 7, " ");
	length = strcspn(value, " \t");
	if (length == 0 || length > JWT_MAX ||
	    value[length + strspn(value + length, " \t")] != '\0')
		return outcome_make("auth", "token", "not one token in the answer");
	for (size_t i = 0; i < length; i++)
		if (value[i] <= ' ' || value[i] > '~')
			return outcome_make("auth", "token", "not a token in the answer");
	buf_reset(token);
	buf_add(token, value, length);
	return outcome_ok();
}

/*
 * POST to the service with a token (or NULL) and a body (or NULL).  The outcome is that of
 * the transfer: the caller reads the status.  The answer is to be freed.
 */
static struct outcome
post(struct auth *auth, const char *path, const char *token, const json_t *body,
    struct deadline d, struct http_answer *answer)
{
	struct buf text = BUF_INIT, authorization = BUF_INIT;
	char *url = xasprintf("%s%s", auth->account->auth_url, path);
	struct http_request request = {
	    .method = "POST",
	    .url = url,
	    .accept = "application/json",
	    .answer_max = ANSWER_MAX,
	    .idempotent = body == NULL,
	    .deadline = d,
	};
	struct outcome o;

	if (token != NULL) {
		buf_addf(&authorization, "Bearer %s", token);
		request.authorization = authorization.data;
	}
	if (body != NULL) {
		json_write(body, &text);
		request.content_type = "application/json";
		request.body = text.data;
		request.body_length = text.len;
	}
	o = http_perform(auth->http, &request, answer);
	buf_wipe(&authorization);
	buf_wipe(&text);
	free(url);
	return o;
}

struct challenge {
	struct buf token;
	json_t *claims;
	const char *text; /* of claims */
	int difficulty;
	int64_t expires; /* clock_ms() */
};

static void
challenge_clear(struct challenge *challenge)
{
	buf_wipe(&challenge->token);
	json_decref(challenge->claims);
	*challenge = (struct challenge){0};
}

static struct outcome
read_challenge(struct challenge *challenge)
{
	struct outcome o = jwt_claims(challenge->token.data, &challenge->claims);
	int64_t difficulty, expiry;
	json_t *issued;

	if (!outcome_is_ok(&o))
		return o;
	challenge->text = json_get_string(challenge->claims, "jti");
	difficulty = json_get_count(challenge->claims, "difficulty", -1);
	if (challenge->text == NULL || difficulty < 0)
		return outcome_make("auth", "token", "the challenge has no %s",
		    challenge->text == NULL ? "jti" : "difficulty");
	challenge->difficulty =
	    difficulty > POW_DIFFICULTY_MAX ? POW_DIFFICULTY_MAX + 1 : (int)difficulty;
	expiry = jwt_expiry(challenge->claims);
	issued = json_object_get(challenge->claims, "iat");
	challenge->expires = INT64_MAX;
	if (expiry != 0 && json_is_integer(issued) && json_integer_value(issued) <= expiry)
		challenge->expires =
		    clock_ms() + (expiry - (int64_t)json_integer_value(issued)) * 1000;
	return o;
}

static struct outcome
get_challenge(struct auth *auth, struct deadline d, struct challenge *challenge)
{
	struct http_answer answer;
	struct outcome o = post(auth, "/api/v1/challenge", NULL, NULL, d, &answer);

	*challenge = (struct challenge){0};
	if (outcome_is_ok(&o))
		o = problem_outcome(&answer);
	if (outcome_is_ok(&o))
		o = read_token(&answer, &challenge->token);
	if (outcome_is_ok(&o))
		o = read_challenge(challenge);
	http_answer_free(&answer);
	if (!outcome_is_ok(&o))
		challenge_clear(challenge);
	return o;
}

static struct outcome
solve(struct auth *auth, const struct challenge *challenge, struct deadline d,
    struct pow_solution *solution)
{
	const struct account *account = auth->account;
	struct pow_task task = {
	    .challenge = challenge->text,
	    .salt = account->pow_salt,
	    .difficulty = challenge->difficulty,
	    .max_difficulty = account->pow_max_difficulty,
	    .threads = account->pow_threads,
	    .memory = account->pow_memory,
	    .deadline = d,
	    .progress = auth->progress,
	    .arg = auth->progress_arg,
	};

	if (auth->pow == NULL)
		auth->pow = pow_new();
	return pow_solve_with(auth->pow, &task, solution);
}

/*
 * Challenge, proof, session: key is "apiKey" or "username", value its value.  OK means that
 * the service answered the session request; its status is the caller's to read.  A challenge
 * that expired while it was worked on is replaced by another.
 */
static struct outcome
open_session(struct auth *auth, const char *key, const char *value, struct deadline d,
    struct http_answer *answer)
{
	struct outcome o;

	*answer = (struct http_answer){0};
	for (int attempt = 1;; attempt++) {
		struct challenge challenge;
		struct pow_solution solution;
		char nonce[24];
		bool expired;
		json_t *body;

		o = get_challenge(auth, d, &challenge);
		if (!outcome_is_ok(&o))
			return o;
		o = solve(auth, &challenge, d, &solution);
		if (outcome_is_ok(&o)) {
			snprintf(
			    nonce, sizeof(nonce), "%llu", (unsigned long long)solution.nonce);
			body = json_pack("{s:s, s:s, s:s}", "powHex", solution.hex, "nonce",
			    nonce, key, value);
			o = post(
			    auth, "/api/v1/session", challenge.token.data, body, d, answer);
			json_decref(body);
		}
		expired = clock_ms() >= challenge.expires;
		challenge_clear(&challenge);
		if (!outcome_is_ok(&o) || answer->status < 400 || !expired ||
		    attempt == CHALLENGES_MAX)
			return o;
		http_answer_free(answer);
		*answer = (struct http_answer){0};
	}
}

/* Session and capability tokens */

/* What the service says when it refuses a key it should know. */
static struct outcome
login_outcome(const struct http_answer *answer)
{
	struct outcome o = problem_outcome(answer), refused;

	if (answer->status != 400 && answer->status != 401 && answer->status != 403 &&
	    answer->status != 404)
		return o;
	refused = outcome_make("auth", "refused", "%s", o.text);
	if (o.hint[0] != '\0')
		outcome_hint(&refused, "%s", o.hint);
	else
		outcome_hint(&refused, "is the API key right?");
	return refused;
}

/* A new session token, by the API key.  The lock is held. */
static struct outcome
log_in(struct auth *auth, struct deadline d, struct buf *session)
{
	struct buf key = BUF_INIT;
	struct http_answer answer = {0};
	struct outcome o = credentials_secret(auth->credentials, &key);

	if (outcome_is_ok(&o))
		o = open_session(auth, "apiKey", key.data, d, &answer);
	buf_wipe(&key);
	if (outcome_is_ok(&o))
		o = login_outcome(&answer);
	if (outcome_is_ok(&o))
		o = read_token(&answer, session);
	if (outcome_is_ok(&o))
		o = credentials_store(auth->credentials, CREDENTIAL_SESSION, session->data);
	http_answer_free(&answer);
	return o;
}

/* Learn the inbox's address from a capability's claims, unless it is known. */
static void
learn_address(struct auth *auth, const char *capability)
{
	struct buf known = BUF_INIT;
	json_t *claims = NULL;
	const char *inbox;
	struct outcome o;

	if (auth->account->address != NULL ||
	    credentials_load_address(auth->credentials, &known)) {
		buf_free(&known);
		return;
	}
	buf_free(&known);
	o = jwt_claims(capability, &claims);
	inbox = outcome_is_ok(&o) ? json_get_id(claims, "inboxId") : NULL;
	if (inbox != NULL)
		(void)credentials_store_address(auth->credentials, inbox);
	json_decref(claims);
}

/* A capability token for a session; *refused_r says that the session is no good. */
static struct outcome
ask_capability(struct auth *auth, const char *session, struct deadline d,
    struct buf *capability, bool *refused_r)
{
	struct http_answer answer;
	struct outcome o = post(auth, "/api/v1/capability", session, NULL, d, &answer);

	*refused_r = outcome_is_ok(&o) && (answer.status == 401 || answer.status == 403);
	if (outcome_is_ok(&o))
		o = problem_outcome(&answer);
	if (outcome_is_ok(&o))
		o = read_token(&answer, capability);
	if (outcome_is_ok(&o))
		o = credentials_store(
		    auth->credentials, CREDENTIAL_CAPABILITY, capability->data);
	if (outcome_is_ok(&o))
		learn_address(auth, capability->data);
	http_answer_free(&answer);
	return o;
}

/* A new capability token, logging in if need be.  The lock is held. */
static struct outcome
renew(struct auth *auth, struct deadline d, struct buf *capability)
{
	struct buf session = BUF_INIT;
	struct outcome o = outcome_ok();
	bool refused = false;

	if (credentials_load(auth->credentials, CREDENTIAL_SESSION, SESSION_MARGIN, &session)) {
		o = ask_capability(auth, session.data, d, capability, &refused);
		if (!refused) {
			buf_wipe(&session);
			return o;
		}
		credentials_drop(auth->credentials, CREDENTIAL_SESSION, session.data);
	}
	o = log_in(auth, d, &session);
	if (outcome_is_ok(&o))
		o = ask_capability(auth, session.data, d, capability, &refused);
	buf_wipe(&session);
	return o;
}

/* A good capability token: from disk, or renewed by whoever gets the lock first. */
static struct outcome
get_capability(struct auth *auth, struct deadline d, struct buf *capability)
{
	struct credentials *c = auth->credentials;
	struct outcome o;

	if (credentials_load(c, CREDENTIAL_CAPABILITY, CAPABILITY_MARGIN, capability))
		return outcome_ok();
	o = credentials_lock(c, d);
	if (!outcome_is_ok(&o))
		return o;
	if (!credentials_load(c, CREDENTIAL_CAPABILITY, CAPABILITY_MARGIN, capability))
		o = renew(auth, d, capability);
	credentials_unlock(c);
	return o;
}

/* The three providers */

static struct outcome
atomicmail_value(struct auth *auth, struct deadline d)
{
	struct buf capability = BUF_INIT;
	struct outcome o = get_capability(auth, d, &capability);
	int64_t left;

	if (outcome_is_ok(&o)) {
		buf_addf(&auth->value, "Bearer %s", capability.data);
		left = credentials_left_ms(auth->credentials, CREDENTIAL_CAPABILITY) / 2;
		auth->value_until = clock_ms() + (left < MEMORY_MS ? left : MEMORY_MS);
	}
	buf_wipe(&capability);
	return o;
}

static struct outcome
bearer_value(struct auth *auth, struct deadline d)
{
	struct buf secret = BUF_INIT;
	struct outcome o = credentials_secret(auth->credentials, &secret);

	(void)d;
	if (outcome_is_ok(&o))
		buf_addf(&auth->value, "Bearer %s", secret.data);
	auth->value_until = INT64_MAX;
	buf_wipe(&secret);
	return o;
}

static struct outcome
basic_value(struct auth *auth, struct deadline d)
{
	struct buf secret = BUF_INIT, pair = BUF_INIT;
	struct outcome o = credentials_secret(auth->credentials, &secret);

	(void)d;
	if (outcome_is_ok(&o)) {
		buf_addf(&pair, "%s:%s", auth->account->user, secret.data);
		buf_adds(&auth->value, "Basic ");
		auth->value.len += (size_t)EVP_EncodeBlock(
		    (unsigned char *)buf_reserve(&auth->value, pair.len / 3 * 4 + 5),
		    (const unsigned char *)pair.data, (int)pair.len);
	}
	auth->value_until = INT64_MAX;
	buf_wipe(&pair);
	buf_wipe(&secret);
	return o;
}

static struct outcome (*const providers[])(struct auth *, struct deadline) = {
    [AUTH_ATOMICMAIL] = atomicmail_value,
    [AUTH_BEARER] = bearer_value,
    [AUTH_BASIC] = basic_value,
};

struct outcome
auth_header(struct auth *auth, struct deadline d, struct buf *value)
{
	struct outcome o = outcome_ok();

	if (auth->value.len == 0 || clock_ms() >= auth->value_until) {
		buf_wipe(&auth->value);
		o = providers[auth->account->auth](auth, d);
	}
	if (outcome_is_ok(&o))
		buf_add(value, auth->value.data, auth->value.len);
	return o;
}

/* Ask the file or command again: was the refused value an old one? */
static bool
secret_changed(struct auth *auth, const char *refused)
{
	struct outcome o;

	buf_wipe(&auth->value);
	o = providers[auth->account->auth](auth, DEADLINE_NEVER);
	return outcome_is_ok(&o) && strcmp(auth->value.data, refused) != 0;
}

bool
auth_refused(struct auth *auth, const char *value)
{
	if (auth->account->auth != AUTH_ATOMICMAIL) {
		/* Another transfer may have asked again already. */
		if (auth->value.len != 0 && strcmp(auth->value.data, value) != 0)
			return true;
		return secret_changed(auth, value);
	}
	if (auth->value.len != 0 && strcmp(auth->value.data, value) == 0)
		buf_wipe(&auth->value);
	credentials_drop(auth->credentials, CREDENTIAL_CAPABILITY, value + strlen("Bearer "));
	return true;
}

struct outcome
auth_login(struct auth *auth, struct deadline d)
{
	struct credentials *c = auth->credentials;
	struct buf token = BUF_INIT;
	struct outcome o;
	bool refused;

	buf_wipe(&auth->value);
	if (auth->account->auth != AUTH_ATOMICMAIL) {
		o = auth_header(auth, d, &token);
		buf_wipe(&token);
		return o;
	}
	o = credentials_lock(c, d);
	if (!outcome_is_ok(&o))
		return o;
	o = log_in(auth, d, &token);
	if (outcome_is_ok(&o)) {
		struct buf capability = BUF_INIT;

		o = ask_capability(auth, token.data, d, &capability, &refused);
		buf_wipe(&capability);
	}
	credentials_unlock(c);
	buf_wipe(&token);
	return o;
}

/* Signing up */

static struct outcome
check_username(const char *username)
{
	size_t length = strlen(username);

	if (length < USERNAME_MIN || length > USERNAME_MAX)
		return outcome_make("auth", "username", "it must have %d to %d characters",
		    USERNAME_MIN, USERNAME_MAX);
	for (const char *p = username; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == '@')
			return outcome_make(
			    "auth", "username", "it must be a local part of letters");
	return outcome_ok();
}

static struct outcome
signup_outcome(const struct http_answer *answer)
{
	struct outcome o = problem_outcome(answer), refused;

	if (answer->status != 400 && answer->status != 409 && answer->status != 422)
		return o;
	refused = outcome_make("auth", "username", "%s", o.text);
	if (o.hint[0] != '\0')
		outcome_hint(&refused, "%s", o.hint);
	return refused;
}

/* Keep what sign-up gave: the key before all else. */
static struct outcome
keep_signup(struct auth *auth, const struct http_answer *answer)
{
	json_t *body = NULL;
	struct outcome o = json_parse(buf_str(&answer->body), answer->body.len, &body), later;
	const char *key = json_get_string(body, "apiKey");
	const char *inbox = json_get_string(body, "inbox");
	struct buf session = BUF_INIT;

	if (outcome_is_ok(&o) && (key == NULL || *key == '\0' || strpbrk(key, "\r\n") != NULL))
		o = outcome_make("answer", "missing", "apiKey");
	if (outcome_is_ok(&o))
		o = credentials_store_api_key(auth->credentials, key);
	if (outcome_is_ok(&o) && inbox != NULL && *inbox != '\0')
		o = credentials_store_address(auth->credentials, inbox);
	if (outcome_is_ok(&o)) {
		later = read_token(answer, &session);
		if (outcome_is_ok(&later))
			(void)credentials_store(
			    auth->credentials, CREDENTIAL_SESSION, session.data);
	}
	buf_wipe(&session);
	json_decref(body);
	return o;
}

struct outcome
auth_register(struct auth *auth, const char *username, struct deadline d, char **address_r)
{
	struct credentials *c = auth->credentials;
	struct http_answer answer = {0};
	struct outcome o = check_username(username);

	*address_r = NULL;
	if (outcome_is_ok(&o))
		o = credentials_lock(c, d);
	if (!outcome_is_ok(&o))
		return o;
	o = credentials_reserve_api_key(c);
	if (outcome_is_ok(&o)) {
		o = open_session(auth, "username", username, d, &answer);
		if (outcome_is_ok(&o))
			o = signup_outcome(&answer);
		if (outcome_is_ok(&o))
			o = keep_signup(auth, &answer);
		else
			credentials_release_api_key(c);
	}
	http_answer_free(&answer);
	credentials_unlock(c);
	if (outcome_is_ok(&o))
		*address_r = xstrdup(auth_address(auth));
	return o;
}

const char *
auth_address(struct auth *auth)
{
	const struct account *account = auth->account;
	struct buf inbox = BUF_INIT;

	if (account->address != NULL)
		return account->address;
	if (credentials_load_address(auth->credentials, &inbox)) {
		if (strchr(inbox.data, '@') == NULL)
			buf_addf(&inbox, "@%s", account->default_domain);
		free(auth->address);
		auth->address = buf_steal(&inbox);
	}
	buf_free(&inbox);
	if (auth->address == NULL && account->auth == AUTH_BASIC &&
	    strchr(account->user, '@') != NULL)
		return account->user;
	return auth->address;
}

void
auth_confirm_address(struct auth *auth, const char *account_id)
{
	struct buf inbox = BUF_INIT;
	const char *at = strchr(account_id, '@');

	if (auth->account->address == NULL && at != NULL &&
	    credentials_load_address(auth->credentials, &inbox) &&
	    strlen(inbox.data) == (size_t)(at - account_id) &&
	    strncasecmp(inbox.data, account_id, inbox.len) == 0)
		(void)credentials_store_address(auth->credentials, account_id);
	buf_free(&inbox);
}

void
auth_status(struct auth *auth, int64_t *session_r, int64_t *capability_r)
{
	*session_r = credentials_left_ms(auth->credentials, CREDENTIAL_SESSION) / 1000;
	*capability_r = credentials_left_ms(auth->credentials, CREDENTIAL_CAPABILITY) / 1000;
}
