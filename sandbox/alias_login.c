/*
 * Logging in: by password, by one-time password, by what another site says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_account.h"
#include "sandbox/alias_acts.h"
#include "sandbox/alias_name.h"

#define DEVICE_MAX 128

/* The name of the device; false if the column cannot hold it. */
static bool
read_device(struct alias_call *c, const char **device_r)
{
	if (!alias_text(c, "device", device_r))
		return false;
	if (*device_r == NULL || strlen(*device_r) <= DEVICE_MAX)
		return true;
	alias_break(c);
	return false;
}

/* The key that this device has already, or a new one. */
static json_t *
key_of_device(struct alias_call *c, int64_t user, const char *device)
{
	char *known = db_text(c->db,
	    "SELECT code FROM api_key WHERE user = ? AND name IS ? ORDER BY id LIMIT 1", "it",
	    user, device);
	struct buf code = BUF_INIT;

	if (known != NULL)
		buf_adds(&code, known);
	else
		alias_account_new_key(c->db, user, c->now, device, &code);
	free(known);
	return json_from_buf(&code);
}

static void
log_browser_in(struct alias_call *c, int64_t user)
{
	db_run(c->db, "INSERT OR REPLACE INTO session (id, user) VALUES (?, ?)", "ti",
	    c->session, user);
}

/* "USER.SIGNATURE": only who gave the password has it. */
static json_t *
mfa_key(const struct alias_call *c, int64_t user)
{
	struct buf key = BUF_INIT;
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)user);
	buf_addf(&key, "%s.", id);
	alias_sign(c->service, "mfa", id, &key);
	return json_from_buf(&key);
}

static int64_t
user_of_mfa_key(const struct alias_call *c, const char *key)
{
	int64_t user = strtoll(key, NULL, 10);
	json_t *good = mfa_key(c, user);
	bool same = strcmp(json_string_value(good), key) == 0;

	json_decref(good);
	return same ? user : 0;
}

static bool
has_totp(struct db *d, int64_t user)
{
	return db_int(d, 0, "SELECT totp_secret IS NOT NULL FROM user WHERE id = ?", "i",
	           user) == 1;
}

/* What is said once the password, or the other site, is believed. */
static void
answer_login(struct alias_call *c, const struct alias_user *u, const char *device)
{
	json_t *answer = json_pack(
	    "{s:o, s:o}", "name", json_cleans(u->name), "email", json_cleans(u->email));
	bool mfa = has_totp(c->db, u->id);

	json_object_set_new(answer, "mfa_enabled", json_boolean(mfa));
	json_object_set_new(answer, "mfa_key", mfa ? mfa_key(c, u->id) : json_null());
	json_object_set_new(
	    answer, "api_key", mfa ? json_null() : key_of_device(c, u->id, device));
	if (!mfa)
		log_browser_in(c, u->id);
	alias_say(c, 200, answer);
}

/* Is the account one to log in to? */
static bool
usable(struct alias_call *c, const struct alias_user *u)
{
	if (u->disabled)
		alias_error(c, 400, "Account disabled");
	else if (db_int(c->db, 0, "SELECT coalesce(delete_on, 0) FROM user WHERE id = ?", "i",
	             u->id) > c->now)
		alias_error(c, 400, "Account scheduled for deletion");
	else if (!u->activated)
		alias_error(c, 422, "Account not activated");
	else if (!has_totp(c->db, u->id) &&
	         db_int(c->db, 0, "SELECT fido FROM user WHERE id = ?", "i", u->id) != 0)
		alias_error(c, 403, "Currently we don't support FIDO on mobile yet");
	return c->status == 0;
}

void
act_login(struct alias_call *c)
{
	const char *email, *password, *device;
	struct alias_user u = {0};

	if (!alias_need_body(c) || !alias_text(c, "email", &email) ||
	    !alias_text(c, "password", &password) || !read_device(c, &device))
		return;
	if (email == NULL ||
	    !alias_user_load(c->db, c->config, alias_account_find(c->db, email), &u))
		alias_error(c, 400, "Email or password incorrect");
	else if (password == NULL)
		alias_break(c);
	else if (!alias_account_password_fits(c->service, &u, password))
		alias_error(c, 400, "Email or password incorrect");
	else if (usable(c, &u))
		answer_login(c, &u, device);
	alias_user_free(&u);
}

/* Does the token fit, and was it not the last one that did?  Then it is noted. */
static bool
token_good(struct alias_call *c, int64_t user, const char *token)
{
	char *secret = db_text(c->db, "SELECT totp_secret FROM user WHERE id = ?", "i", user);
	char *last = db_text(c->db,
	    "SELECT last_otp FROM user WHERE id = ? AND last_otp IS NOT NULL", "i", user);
	bool good = token != NULL && alias_totp_fits(secret, token, c->now) &&
	            (last == NULL || strcmp(last, token) != 0);

	if (good)
		db_run(c->db, "UPDATE user SET last_otp = ? WHERE id = ?", "ti", token, user);
	free(secret);
	free(last);
	return good;
}

void
act_mfa(struct alias_call *c)
{
	const char *token, *key, *device;
	struct alias_user u = {0};

	if (!alias_need_body(c) || !alias_text(c, "mfa_token", &token) ||
	    !alias_text(c, "mfa_key", &key) || !read_device(c, &device))
		return;
	if (key == NULL || !alias_user_load(c->db, c->config, user_of_mfa_key(c, key), &u)) {
		alias_error(c, 400, "Invalid mfa_key");
	} else if (!has_totp(c->db, u.id)) {
		alias_error(
		    c, 400, "This endpoint should only be used by user who enables MFA");
	} else if (!token_good(c, u.id, token)) {
		alias_letter(c->db, c->now, u.email, "Invalid login attempt", NULL);
		c->keep = true;
		alias_error(c, 400, "Wrong TOTP Token");
	} else {
		log_browser_in(c, u.id);
		alias_say(c, 200,
		    json_pack("{s:o, s:o, s:o}", "api_key", key_of_device(c, u.id, device),
		        "email", json_cleans(u.email), "name", json_cleans(u.name)));
	}
	alias_user_free(&u);
}

/* Log in, or sign up, whom the other site knows by the token. */
static void
log_in_by(struct alias_call *c, const char *provider, const char *token_member)
{
	const json_t *tokens = json_object_get(c->config->login_providers, provider);
	const char *token, *device, *email;
	struct alias_user u = {0};
	int64_t user;

	if (!alias_need_body(c) || !alias_text(c, token_member, &token) ||
	    !read_device(c, &device))
		return;
	if (tokens == NULL) {
		alias_error(c, 400, "invalid login mechanism");
		return;
	}
	email = token == NULL ? NULL : json_text(tokens, token);
	if (email == NULL) {
		alias_break(c); /* the other site's refusal is not caught */
		return;
	}
	user = alias_account_find(c->db, email);
	if (user == 0 && !c->config->registration_open)
		alias_error(c, 400, "registration is closed");
	else if (user == 0 && (alias_mailbox_refusal(c->db, c->config, email) != NULL ||
	                          alias_mailbox_used(c->db, email)))
		alias_error(c, 400, "cannot use %s as personal inbox", email);
	else if (user == 0)
		user = alias_account_make(c->service, c->now, email, NULL, true);
	if (c->status == 0 && alias_user_load(c->db, c->config, user, &u) && usable(c, &u))
		answer_login(c, &u, device);
	alias_user_free(&u);
}

void
act_facebook(struct alias_call *c)
{
	log_in_by(c, "facebook", "facebook_token");
}

void
act_google(struct alias_call *c)
{
	log_in_by(c, "google", "google_token");
}
