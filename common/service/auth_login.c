/*
 * Session and capability tokens: from disk while they are good, else from the service.
 *
 * Whoever finds no good token takes the account's lock and looks again, so that of a hundred
 * processes one logs in.
 */
#include <string.h>

#include "common/service/auth_parts.h"
#include "common/service/problem.h"
#include "common/wire/json.h"
#include "common/wire/jwt.h"

/* Seconds before its end that a token is renewed, as the service's own clients do. */
#define SESSION_MARGIN    60
#define CAPABILITY_MARGIN 20

/* The same for a process that renews them before anybody has to wait. */
#define SESSION_EARLY    600
#define CAPABILITY_EARLY 45

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
		o = auth_open_session(auth, "apiKey", key.data, d, &answer);
	buf_wipe(&key);
	if (outcome_is_ok(&o))
		o = login_outcome(&answer);
	if (outcome_is_ok(&o))
		o = auth_read_token(&answer, session);
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
	struct outcome o = auth_post(auth, "/api/v1/capability", session, NULL, d, &answer);

	*refused_r = outcome_is_ok(&o) && (answer.status == 401 || answer.status == 403);
	if (outcome_is_ok(&o))
		o = problem_outcome(&answer);
	if (outcome_is_ok(&o))
		o = auth_read_token(&answer, capability);
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

struct outcome
auth_get_capability(struct auth *auth, struct deadline d, struct buf *capability)
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

/* Is the token good for so long?  Its bytes are not wanted. */
static bool
is_good(struct auth *auth, enum credential which, int64_t margin)
{
	struct buf token = BUF_INIT;
	bool good = credentials_load(auth->credentials, which, margin, &token);

	buf_wipe(&token);
	return good;
}

/* What is due.  The lock is held: first a capability, so that nobody needs the lock while a
 * proof of work is made. */
static struct outcome
renew_due(struct auth *auth, struct deadline d)
{
	struct buf session = BUF_INIT, capability = BUF_INIT;
	struct outcome o = outcome_ok();
	bool refused = false;

	if (!is_good(auth, CREDENTIAL_CAPABILITY, CAPABILITY_EARLY) &&
	    credentials_load(auth->credentials, CREDENTIAL_SESSION, SESSION_MARGIN, &session))
		o = ask_capability(auth, session.data, d, &capability, &refused);
	if (refused ||
	    (outcome_is_ok(&o) && !is_good(auth, CREDENTIAL_SESSION, SESSION_EARLY))) {
		buf_reset(&session);
		o = log_in(auth, d, &session);
		if (outcome_is_ok(&o))
			o = ask_capability(auth, session.data, d, &capability, &refused);
	}
	buf_wipe(&session);
	buf_wipe(&capability);
	return o;
}

struct outcome
auth_renew_early(struct auth *auth, struct deadline d)
{
	struct outcome o;

	if (is_good(auth, CREDENTIAL_SESSION, SESSION_EARLY) &&
	    is_good(auth, CREDENTIAL_CAPABILITY, CAPABILITY_EARLY))
		return outcome_ok();
	o = credentials_lock(auth->credentials, d);
	if (!outcome_is_ok(&o))
		return o;
	o = renew_due(auth, d);
	credentials_unlock(auth->credentials);
	return o;
}

struct outcome
auth_log_in(struct auth *auth, struct deadline d)
{
	struct credentials *c = auth->credentials;
	struct buf session = BUF_INIT, capability = BUF_INIT;
	struct outcome o = credentials_lock(c, d);
	bool refused;

	if (!outcome_is_ok(&o))
		return o;
	o = log_in(auth, d, &session);
	if (outcome_is_ok(&o))
		o = ask_capability(auth, session.data, d, &capability, &refused);
	credentials_unlock(c);
	buf_wipe(&capability);
	buf_wipe(&session);
	return o;
}
