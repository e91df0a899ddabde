/*
 * Logging in: from an account to the Authorization header its requests need.
 *
 * Atomic Mail's way has three steps: a challenge and its proof of work give a session token
 * (an hour), which gives capability tokens (two minutes), which requests carry.  The steps
 * are in auth_service.c, the tokens in auth_login.c, signing up in auth_signup.c; here are
 * the providers and what all of them share.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/service/auth_parts.h"

#define MEMORY_MS 1000 /* a token is taken from memory for so long */

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

static struct outcome
atomicmail_value(struct auth *auth, struct deadline d)
{
	struct buf capability = BUF_INIT;
	struct outcome o = auth_get_capability(auth, d, &capability);
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
	for (size_t i = 0; outcome_is_ok(&o) && i < secret.len; i++)
		if (secret.data[i] <= ' ' || secret.data[i] > '~')
			o = outcome_make("auth", "secret", "it is not a bearer token");
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
auth_tend(struct auth *auth, struct deadline d)
{
	/* Other kinds of login are asked for nothing but their secret. */
	return auth->account->auth == AUTH_ATOMICMAIL ? auth_renew_early(auth, d)
	                                              : outcome_ok();
}

struct outcome
auth_login(struct auth *auth, struct deadline d)
{
	struct buf value = BUF_INIT;
	struct outcome o;

	buf_wipe(&auth->value);
	if (auth->account->auth == AUTH_ATOMICMAIL)
		return auth_log_in(auth, d);
	o = auth_header(auth, d, &value);
	buf_wipe(&value);
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
