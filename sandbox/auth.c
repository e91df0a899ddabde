/*
 * The three endpoints of the login, and the check of its result.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sandbox/auth.h"
#include "sandbox/codec.h"
#include "sandbox/json.h"
#include "sandbox/jwt.h"
#include "sandbox/proof.h"
#include "sandbox/proxy.h"

#define JTI_BYTES    16
#define USERNAME_MIN 5
#define USERNAME_MAX 21

/* A refusal: one row a reason. */
struct refusal {
	int status;
	const char *message;
	const char *hint;
};

static const struct refusal bad_json = {400, "the body is not a JSON object",
    "send {\"powHex\": ..., \"nonce\": ..., and \"username\" or \"apiKey\"}"};
static const struct refusal no_hex = {
    400, "powHex is missing or not a string", "send the 64 bytes of the hash in hexadecimal"};
static const struct refusal no_nonce = {400, "nonce is missing or not a string",
    "send the nonce as a decimal string, not as a number"};
static const struct refusal no_who = {400, "neither username nor apiKey is given, or both",
    "give username to sign up, or apiKey to log in"};
static const struct refusal bad_username = {400, "the username cannot be used",
    "5 to 21 characters: lower-case letters, digits, and . _ - inside"};
static const struct refusal taken = {
    409, "the username is taken", "choose another, or log in with its apiKey"};
static const struct refusal not_listed = {403, "the username is not one of this service's",
    "sign up as one of the users of the upstream server"};
static const struct refusal unknown_key = {
    401, "the apiKey is not known", "use the one that sign-up returned"};
static const struct refusal used = {
    401, "the challenge was used before", "get a new one from POST /api/v1/challenge"};
static const struct refusal no_account = {
    401, "the account is gone", "sign up again with POST /api/v1/session"};
static const struct refusal trouble = {
    503, "the sandbox cannot use its database", "see its log"};

static void
refuse(const struct request *r, struct reply *reply, const struct refusal *why)
{
	count_one(r->sandbox->counters.refused_logins);
	reply_error(reply, why->status, why->message, why->hint);
}

/* Put a token of these claims, which are taken, in the reply's header. */
static void
give_token(const struct request *r, struct reply *reply, json_t *claims)
{
	struct buf value = BUF_INIT;

	buf_adds(&value, "Bearer ");
	jwt_sign(store_key(r->sandbox->store), claims, &value);
	reply_header(reply, "Authorization", value.data);
	buf_wipe(&value);
	json_decref(claims);
}

/* The claims of the request's token, or NULL with the reply filled in. */
static json_t *
bearer_claims(const struct request *r, const char *use, const char *hint, struct reply *reply)
{
	const char *value = request_header(r, "Authorization");
	enum jwt_verdict verdict;
	json_t *claims;
	size_t length;

	if (value == NULL || strncasecmp(value, "Bearer ", 7) != 0) {
		reply_error(reply, 401, "the request has no Authorization: Bearer", hint);
		return NULL;
	}
	value += 7 + strspn(value + 7, " ");
	length = strcspn(value, " \t");
	verdict =
	    jwt_check(store_key(r->sandbox->store), value, length, use, clock_wall(), &claims);
	if (claims == NULL)
		reply_error(reply, 401, jwt_verdict_text(verdict), hint);
	return claims;
}

static json_t *
next_step(const char *what)
{
	return json_pack("{s:[{s:s}]}", "_next", "step", what);
}

void
auth_challenge(const struct request *r, struct reply *reply)
{
	const struct options *o = &r->sandbox->options;
	unsigned char random[JTI_BYTES];
	struct buf jti = BUF_INIT;

	count_one(r->sandbox->counters.challenges);
	random_bytes(random, sizeof(random));
	hex_encode(random, sizeof(random), &jti);
	reply_json(reply, 200, next_step("solve it, then POST /api/v1/session"));
	give_token(r, reply,
	    json_pack("{s:s, s:s, s:I, s:I}", "use", "challenge", "jti", jti.data, "difficulty",
	        r->difficulty, "exp", clock_wall() + o->challenge_ttl));
	buf_free(&jti);
}

static bool
username_valid(const char *name)
{
	size_t length = strlen(name);

	if (length < USERNAME_MIN || length > USERNAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool edge = i == 0 || i + 1 == length;

		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    (edge || strchr("._-", name[i]) == NULL))
			return false;
	}
	return true;
}

/* What is wrong with the body, or NULL. */
static const struct refusal *
check_body(const json_t *body)
{
	const json_t *username = json_object_get(body, "username");
	const json_t *key = json_object_get(body, "apiKey");

	if (!json_is_object(body))
		return &bad_json;
	if (json_text(body, "powHex") == NULL)
		return &no_hex;
	if (json_text(body, "nonce") == NULL)
		return &no_nonce;
	if (json_is_string(username) == json_is_string(key))
		return &no_who;
	if (username != NULL && !username_valid(json_string_value(username)))
		return &bad_username;
	return NULL;
}

/* Make the account; NULL, or why it cannot be. */
static const struct refusal *
sign_up(const struct request *r, struct db *d, const char *username, struct account *a,
    json_t *answer)
{
	struct sandbox *s = r->sandbox;
	struct buf inbox = BUF_INIT, key = BUF_INIT;
	bool made;

	if (s->proxy == NULL) {
		buf_addf(&inbox, "%s@%s", username, s->options.domain);
	} else if (!proxy_inbox(s->proxy, username, &inbox)) {
		buf_free(&inbox);
		return &not_listed;
	}
	made = account_create(d, username, inbox.data, s->proxy == NULL, a, &key);
	if (made) {
		json_object_set_new(answer, "apiKey", json_string(key.data));
		json_object_set_new(answer, "inbox", json_string(inbox.data));
		count_one(s->counters.registrations);
	}
	buf_free(&inbox);
	buf_wipe(&key);
	return made ? NULL : &taken;
}

/* Use the challenge and find or make the account, in one transaction. */
static const struct refusal *
enter(const struct request *r, const json_t *challenge, const json_t *body, struct account *a,
    json_t *answer)
{
	struct store *store = r->sandbox->store;
	struct db *d = store_begin_write(store);
	const struct refusal *why = NULL;
	const char *key = json_text(body, "apiKey");

	if (!challenge_use(
	        d, json_text(challenge, "jti"), json_number(challenge, "exp", 0), clock_wall()))
		why = &used;
	else if (key == NULL)
		why = sign_up(r, d, json_text(body, "username"), a, answer);
	else if (!account_by_key(d, key, a))
		why = &unknown_key;
	if (!store_commit(store, d, NULL))
		why = &trouble;
	return why;
}

/* What is wrong with the proof, or NULL; room is for the refusal. */
static const struct refusal *
check_proof(
    const struct request *r, const json_t *challenge, const json_t *body, struct refusal *room)
{
	enum proof_verdict verdict = proof_check(json_text(challenge, "jti"),
	    json_text(body, "nonce"), json_text(body, "powHex"), r->sandbox->options.salt,
	    (unsigned)json_number(challenge, "difficulty", 0));

	if (verdict == PROOF_GOOD)
		return NULL;
	*room = (struct refusal){verdict == PROOF_NO_MEMORY ? 503 : 400,
	    proof_verdict_text(verdict),
	    "hash \"<jti>:<nonce>\" with scrypt N=16384 r=8 p=1, 64 bytes, and the service's "
	    "salt as text"};
	return room;
}

void
auth_session(const struct request *r, struct reply *reply)
{
	json_t *claims =
	    bearer_claims(r, "challenge", "get a challenge from POST /api/v1/challenge", reply);
	json_t *body, *answer;
	const struct refusal *why;
	struct refusal room;
	struct account a = {0};

	if (claims == NULL) {
		count_one(r->sandbox->counters.refused_logins);
		return;
	}
	body = json_loadb(r->body, r->body_length, 0, NULL);
	answer = next_step("POST /api/v1/capability");
	why = check_body(body);
	if (why == NULL)
		why = check_proof(r, claims, body, &room);
	if (why == NULL)
		why = enter(r, claims, body, &a, answer);
	if (why != NULL) {
		refuse(r, reply, why);
	} else {
		count_one(r->sandbox->counters.sessions);
		reply_json(reply, 200, json_incref(answer));
		give_token(r, reply,
		    json_pack("{s:s, s:s, s:I}", "use", "session", "sub", a.username, "exp",
		        clock_wall() + r->sandbox->options.session_ttl));
	}
	account_free(&a);
	json_decref(answer);
	json_decref(body);
	json_decref(claims);
}

/* The account that claims speak of. */
static bool
claimed_account(struct store *store, struct db *d, const json_t *claims, struct account *a)
{
	const char *username = json_text(claims, "sub");
	bool found;

	store_begin_read(store, d);
	found = username != NULL && account_by_username(d, username, a);
	store_rollback(store, d);
	return found;
}

void
auth_capability(const struct request *r, struct reply *reply)
{
	struct store *store = r->sandbox->store;
	json_t *claims = bearer_claims(
	    r, "session", "log in again: POST /api/v1/challenge, then /api/v1/session", reply);
	struct db *d = claims == NULL ? NULL : store_take(store);
	struct account a = {0};

	if (claims == NULL) {
		count_one(r->sandbox->counters.refused_logins);
		return;
	}
	if (d == NULL || !claimed_account(store, d, claims, &a)) {
		refuse(r, reply, d == NULL ? &trouble : &no_account);
	} else {
		count_one(r->sandbox->counters.capabilities);
		reply_json(reply, 200, next_step("GET /.well-known/jmap"));
		give_token(r, reply,
		    json_pack("{s:s, s:s, s:s, s:I, s:s, s:I}", "use", "capability", "sub",
		        a.username, "inboxId", r->sandbox->proxy == NULL ? a.username : a.inbox,
		        "account", a.id, "inbox", a.inbox, "exp",
		        clock_wall() + r->sandbox->options.capability_ttl));
	}
	if (d != NULL)
		store_give(store, d);
	account_free(&a);
	json_decref(claims);
}

/*
 * All that is said here of an account never changes and the token is signed, so the database
 * is not asked.
 */
bool
auth_account(const struct request *r, struct account *a, struct reply *reply)
{
	json_t *claims = bearer_claims(
	    r, "capability", "get a new capability token from POST /api/v1/capability", reply);
	bool found = claims != NULL;

	if (found)
		*a = (struct account){
		    .id = json_number(claims, "account", 0),
		    .username = xstrdup(json_text(claims, "sub")),
		    .inbox = xstrdup(json_text(claims, "inbox")),
		};
	else
		count_one(r->sandbox->counters.refused_tokens);
	json_decref(claims);
	return found;
}
