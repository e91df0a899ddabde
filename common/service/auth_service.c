/*
 * Talking to Atomic Mail's authentication service: challenge, proof of work, session.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/service/auth_parts.h"
#include "common/service/problem.h"
#include "common/wire/json.h"
#include "common/wire/jwt.h"

#define ANSWER_MAX     (64u << 10)
#define CHALLENGES_MAX 3 /* that may expire while they are worked on */

struct outcome
auth_read_token(const struct http_answer *answer, struct buf *token)
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

struct outcome
auth_post(struct auth *auth, const char *path, const char *token, const json_t *body,
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
	struct outcome o = auth_post(auth, "/api/v1/challenge", NULL, NULL, d, &answer);

	*challenge = (struct challenge){0};
	if (outcome_is_ok(&o))
		o = problem_outcome(&answer);
	if (outcome_is_ok(&o))
		o = auth_read_token(&answer, &challenge->token);
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

struct outcome
auth_open_session(struct auth *auth, const char *key, const char *value, struct deadline d,
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
			o = auth_post(
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
