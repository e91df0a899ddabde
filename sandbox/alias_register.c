/*
 * Signing up.
 */
#include <stdlib.h>
#include <string.h>

#include "sandbox/alias_account.h"
#include "sandbox/alias_acts.h"
#include "sandbox/alias_name.h"

#define PASSWORD_MIN 8
#define PASSWORD_MAX 100

static size_t
characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static void
confirm(struct alias_call *c)
{
	alias_say(c, 200, json_pack("{s:s}", "msg", "User needs to confirm their account"));
}

void
act_register(struct alias_call *c)
{
	const char *given, *password;
	char *email;

	if (!alias_need_body(c) || !alias_text(c, "email", &given) ||
	    !alias_text(c, "password", &password))
		return;
	if (!c->config->registration_open) {
		alias_error(c, 400, "registration is closed");
		return;
	}
	email = alias_canonical(given == NULL ? "" : given);
	if (alias_mailbox_refusal(c->db, c->config, email) != NULL ||
	    alias_mailbox_used(c->db, email))
		alias_error(c, 400, "cannot use %s as personal inbox", email);
	else if (json_has_string(c->config->banned, email))
		alias_error(c, 400, "cannot use %s as it was previously banned", email);
	else if (password == NULL || characters(password) < PASSWORD_MIN)
		alias_error(c, 400, "password too short");
	else if (characters(password) > PASSWORD_MAX)
		alias_error(c, 400, "password too long");
	if (c->status == 0) {
		alias_account_send_code(c->db,
		    alias_account_make(c->service, c->now, email, password, false), c->now);
		confirm(c);
	}
	free(email);
}

/* A wrong code: the third makes an end of all codes. */
static void
count_wrong(struct alias_call *c, int64_t user)
{
	int64_t left;

	c->keep = true;
	db_run(c->db, "UPDATE user SET code_tries = code_tries - 1 WHERE id = ?", "i", user);
	left = db_int(c->db, 0, "SELECT code_tries FROM user WHERE id = ?", "i", user);
	if (left > 0) {
		alias_error(c, 400, "Wrong email or code");
		return;
	}
	db_run(c->db, "UPDATE user SET code = NULL WHERE id = ?", "i", user);
	alias_error(c, 410, "Too many wrong tries");
}

void
act_activate(struct alias_call *c)
{
	const char *email, *given;
	const json_t *value;
	char *code;
	int64_t user;

	if (!alias_need_body(c) || !alias_text(c, "email", &email))
		return;
	value = json_object_get(c->body, "code");
	given = json_string_value(value); /* a number is no code */
	user = email == NULL ? 0 : alias_account_find(c->db, email);
	code = db_text(c->db,
	    "SELECT code FROM user WHERE id = ? AND NOT activated AND code IS NOT NULL", "i",
	    user);
	if (code == NULL) {
		alias_error(c, 400, "Wrong email or code");
	} else if (given == NULL || strcmp(given, code) != 0) {
		count_wrong(c, user);
	} else {
		db_run(c->db, "UPDATE user SET activated = 1, code = NULL WHERE id = ?", "i",
		    user);
		alias_say(c, 200,
		    json_pack("{s:s}", "msg", "Account is activated, user can login now"));
	}
	free(code);
}

void
act_reactivate(struct alias_call *c)
{
	const char *email;
	struct alias_user u = {0};

	if (!alias_need_body(c) || !alias_text(c, "email", &email))
		return;
	if (email == NULL ||
	    !alias_user_load(c->db, c->config, alias_account_find(c->db, email), &u) ||
	    u.activated) {
		alias_error(c, 400, "Something went wrong");
	} else if (u.disabled) {
		alias_error(c, 400, "User is disabled");
	} else {
		alias_account_send_code(c->db, u.id, c->now);
		confirm(c);
	}
	alias_user_free(&u);
}

void
act_forgot_password(struct alias_call *c)
{
	const char *email;
	char *plain;

	if (!alias_have_body(c))
		return;
	if (!alias_text(c, "email", &email))
		return;
	if (email == NULL || *email == '\0') {
		alias_error(c, 400, "request body must contain email");
		return;
	}
	plain = alias_canonical(email);
	if (alias_account_find(c->db, plain) != 0)
		alias_letter(c->db, c->now, plain, "Reset your password", NULL);
	free(plain);
	alias_say(c, 200, json_pack("{s:b}", "ok", 1));
}
