/*
 * The account that asks.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_account.h"
#include "sandbox/alias_acts.h"
#include "sandbox/codec.h"

#define NAME_LENGTH  128
#define TOKEN_LENGTH 32
#define TOKEN_LIFE   300

static json_t *
picture_url(struct alias_call *c)
{
	char *name = db_text(c->db,
	    "SELECT picture FROM user WHERE id = ? AND picture IS NOT NULL", "i", c->user);
	struct buf url = BUF_INIT;

	if (name == NULL)
		return json_null();
	request_origin(c->request, &url);
	buf_addf(&url, "/static/upload/%s", name);
	free(name);
	return json_from_buf(&url);
}

static json_t *
proton_address(struct alias_call *c)
{
	char *address = db_text(
	    c->db, "SELECT proton FROM user WHERE id = ? AND proton IS NOT NULL", "i", c->user);
	json_t *value = json_cleans(address);

	free(address);
	return value;
}

void
act_user_info(struct alias_call *c)
{
	const struct alias_user *u = &c->me;
	bool trial = !alias_user_paid(u) && alias_user_premium(u, c->now);

	alias_say(c, 200,
	    json_pack("{s:o, s:b, s:o, s:b, s:o, s:o, s:I, s:o, s:b}", "name",
	        json_cleans(u->name), "is_premium", alias_user_premium(u, c->now), "email",
	        json_cleans(u->email), "in_trial", trial, "trial_end_timestamp",
	        trial ? json_integer(u->trial_end) : json_null(), "profile_picture_url",
	        picture_url(c), "max_alias_free_plan", (json_int_t)u->max_free,
	        "connected_proton_address", proton_address(c), "can_create_reverse_alias",
	        alias_user_may_contact(c->config, u, c->now)));
}

/* The extension of an image by its first bytes; NULL if it is none that is taken. */
static const char *
image_type(const struct buf *bytes)
{
	static const struct {
		const char *magic;
		size_t length;
		const char *type;
	} types[] = {
	    {"\x89PNG\r\n\x1a\n", 8, "png"}, {"\xff\xd8\xff", 3, "jpg"}, {"RIFF", 4, "webp"}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (bytes->len >= types[i].length &&
		    memcmp(bytes->data, types[i].magic, types[i].length) == 0 &&
		    (i < 2 || (bytes->len >= 12 && memcmp(bytes->data + 8, "WEBP", 4) == 0)))
			return types[i].type;
	return NULL;
}

static void
set_picture(struct alias_call *c)
{
	const char *text, *type;
	struct buf bytes = BUF_INIT, name = BUF_INIT;

	if (!alias_text(c, "profile_picture", &text))
		return;
	if (text == NULL) {
		db_run(c->db, "UPDATE user SET picture = NULL WHERE id = ?", "i", c->user);
		return;
	}
	(void)base64_decode(text, strlen(text), &bytes);
	type = image_type(&bytes);
	if (type == NULL) {
		alias_error(c, 400, "Unsupported image format");
	} else {
		alias_letters(20, &name);
		buf_addf(&name, ".%s", type);
		db_run(c->db, "UPDATE user SET picture = ? WHERE id = ?", "ti", name.data,
		    c->user);
	}
	buf_free(&bytes);
	buf_free(&name);
}

static void
set_name(struct alias_call *c)
{
	const char *name;

	if (!alias_text(c, "name", &name))
		return;
	if (name != NULL && strlen(name) > NAME_LENGTH)
		alias_break(c);
	else
		db_run(c->db, "UPDATE user SET name = ? WHERE id = ?", "ti", name, c->user);
}

void
act_user_info_patch(struct alias_call *c)
{
	if (!alias_have_body(c))
		return;
	if (json_object_get(c->body, "profile_picture") != NULL)
		set_picture(c);
	if (c->status == 0 && json_object_get(c->body, "name") != NULL)
		set_name(c);
	if (c->status != 0)
		return;
	alias_user_free(&c->me);
	if (alias_user_load(c->db, c->config, c->user, &c->me))
		act_user_info(c);
}

void
act_stats(struct alias_call *c)
{
	sqlite3_stmt *row = db_query(c->db,
	    "SELECT (SELECT count(*) FROM alias WHERE user = ?1 AND delete_on IS NULL),"
	    " count(*) FILTER (WHERE action = 'block'),"
	    " count(*) FILTER (WHERE action = 'forward'),"
	    " count(*) FILTER (WHERE action = 'reply') FROM log WHERE user = ?1",
	    "i", c->user);

	if (db_next(c->db, row))
		alias_say(c, 200,
		    json_pack("{s:I, s:I, s:I, s:I}", "nb_alias",
		        (json_int_t)sqlite3_column_int64(row, 0), "nb_block",
		        (json_int_t)sqlite3_column_int64(row, 1), "nb_forward",
		        (json_int_t)sqlite3_column_int64(row, 2), "nb_reply",
		        (json_int_t)sqlite3_column_int64(row, 3)));
	db_finish(row);
}

void
act_sudo(struct alias_call *c)
{
	const char *password;

	if (!alias_have_body(c) || !alias_text(c, "password", &password))
		return;
	if (password == NULL || !alias_account_password_fits(c->service, &c->me, password)) {
		alias_error(c, 403, "Invalid password");
		return;
	}
	if (c->key != 0)
		db_run(c->db, "UPDATE api_key SET sudo = ? WHERE id = ?", "ii", c->now, c->key);
	else
		db_run(c->db, "UPDATE session SET sudo = ? WHERE id = ?", "it", c->now,
		    c->session);
	alias_say(c, 200, json_pack("{s:b}", "ok", 1));
}

/* A job that nobody runs here: the account stays, and a letter says it will not. */
void
act_user_delete(struct alias_call *c)
{
	alias_letter(c->db, c->now, c->me.email, "Your account will be deleted", NULL);
	alias_say(c, 200, json_pack("{s:b}", "ok", 1));
}

void
act_cookie_token(struct alias_call *c)
{
	struct buf token = BUF_INIT;

	if (c->key == 0) {
		alias_say(c, 401, json_pack("{s:b}", "ok", 0));
		return;
	}
	alias_letters(TOKEN_LENGTH, &token);
	db_run(c->db, "INSERT INTO cookie_token VALUES (?, ?, ?)", "tii", token.data, c->user,
	    c->now);
	alias_say(c, 200, json_pack("{s:o}", "token", json_from_buf(&token)));
}

/* A page, not the API: it trades a token for a session, and leads on. */
void
act_api_to_cookie(struct alias_call *c)
{
	const char *token = alias_argument(c, "token"), *next = alias_argument(c, "next");
	int64_t user =
	    db_int(c->db, 0, "SELECT user FROM cookie_token WHERE token = ? AND created >= ?",
	        "ti", token == NULL ? "" : token, c->now - TOKEN_LIFE);

	db_run(c->db, "DELETE FROM cookie_token WHERE token = ?", "t", token);
	if (user != 0)
		db_run(c->db, "INSERT OR REPLACE INTO session (id, user) VALUES (?, ?)", "ti",
		    c->session, user);
	if (user == 0)
		next = "/auth/login";
	else if (next == NULL || next[0] != '/' || next[1] == '/')
		next = "/dashboard/";
	c->status = 302;
	c->type = "text/html; charset=utf-8";
	c->headers[c->header_count][0] = "Location";
	c->headers[c->header_count++][1] = next;
}

/* More keys than are allowed: those never used go first, then those used longest ago. */
static void
prune_keys(struct alias_call *c)
{
	db_run(c->db,
	    "DELETE FROM api_key WHERE id IN (SELECT id FROM api_key WHERE user = ?1"
	    " ORDER BY last_used IS NOT NULL, last_used, id LIMIT max(0,"
	    " (SELECT count(*) FROM api_key WHERE user = ?1) - ?2))",
	    "ii", c->user, c->config->max_keys);
}

void
act_api_key(struct alias_call *c)
{
	struct buf code = BUF_INIT;
	const char *device;

	if (!alias_need_body(c) || !alias_text(c, "device", &device))
		return;
	if (device != NULL && strlen(device) > NAME_LENGTH) {
		alias_break(c);
		return;
	}
	prune_keys(c);
	alias_account_new_key(c->db, c->user, c->now, device, &code);
	alias_say(c, 201, json_pack("{s:o}", "api_key", json_from_buf(&code)));
}

void
act_logout(struct alias_call *c)
{
	db_run(c->db, "DELETE FROM session WHERE id = ?", "t", c->session);
	alias_say(c, 200, json_pack("{s:s}", "msg", "User is logged out"));
}
