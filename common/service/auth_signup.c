/*
 * Signing up: once an account, and the API key it gives is the only access to the inbox.
 */
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/auth_parts.h"
#include "common/service/problem.h"
#include "common/wire/json.h"

#define USERNAME_MIN 5 /* as the service documents */
#define USERNAME_MAX 21

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
		later = auth_read_token(answer, &session);
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
		o = auth_open_session(auth, "username", username, d, &answer);
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
