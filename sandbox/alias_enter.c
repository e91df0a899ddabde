/*
 * A request's way in and out.
 *
 *	path ──► limit before ──► who asks? ──► limit after ──► lock ──► (delay) ──► act ──► reply
 *
 * Who is refused on the way has the answer already, and the endpoint is not asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_endpoint.h"
#include "sandbox/alias_service.h"
#include "sandbox/codec.h"

#define SUDO_SECONDS  300
#define LOCK_SECONDS  5
#define SESSION_BYTES 18

/* The client's address, as text. */
static void
address_text(const struct request *r, char text[INET6_ADDRSTRLEN])
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info == NULL ? NULL : info->client_addr;

	snprintf(text, INET6_ADDRSTRLEN, "unknown");
	if (address != NULL && address->sa_family == AF_INET)
		inet_ntop(AF_INET,
		    &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
		    INET6_ADDRSTRLEN);
	else if (address != NULL && address->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
		    &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
		    INET6_ADDRSTRLEN);
}

/* Whose session the cookie names, 0 if none; c->session is it, or one to be. */
static int64_t
session_user(struct alias_call *c)
{
	const char *cookie =
	    MHD_lookup_connection_value(c->request->connection, MHD_COOKIE_KIND, ALIAS_COOKIE);
	unsigned char bytes[SESSION_BYTES];
	struct buf fresh = BUF_INIT;
	int64_t user = 0;

	if (cookie != NULL && strlen(cookie) < sizeof(c->session))
		user = db_int(c->db, 0, "SELECT user FROM session WHERE id = ?", "t", cookie);
	if (user != 0) {
		snprintf(c->session, sizeof(c->session), "%s", cookie);
		return user;
	}
	random_bytes(bytes, sizeof(bytes));
	base64url_encode(bytes, sizeof(bytes), &fresh);
	snprintf(c->session, sizeof(c->session), "%s", buf_str(&fresh));
	buf_free(&fresh);
	return 0;
}

/* What the client counts as for limits and locks: the user if a cookie says so. */
static char *
client_name(struct alias_call *c, int64_t cookie_user)
{
	char address[INET6_ADDRSTRLEN];

	if (cookie_user != 0)
		return xasprintf("user %lld", (long long)cookie_user);
	address_text(c->request, address);
	return xstrdup(address);
}

static const char *
windows_of(const struct alias_call *c)
{
	const struct alias_endpoint *e = c->endpoint;
	char *name = xasprintf("%.*s %s", (int)strcspn(e->methods, " "), e->methods, e->path);
	const char *given = json_text(c->config->rate_limits, name);

	free(name);
	return given != NULL ? given : e->windows;
}

/* Count the request; false if it is refused. */
static bool
count(struct alias_call *c, const char *who)
{
	char *key;
	bool good;

	if (!c->config->limits)
		return true;
	key = xasprintf("%s %s %s", c->endpoint->methods, c->endpoint->path, who);
	good = alias_limits_hit(c->service->limits, windows_of(c), key, c->now);
	free(key);
	if (!good)
		alias_error(c, 429, "Rate limit exceeded");
	return good;
}

/* May the account be used?  c->user is it. */
static bool
account_open(struct alias_call *c)
{
	if (db_int(c->db, 0, "SELECT disabled FROM user WHERE id = ?", "i", c->user) != 0)
		alias_error(c, 403, "Disabled account");
	else if (db_int(c->db, 0, "SELECT delete_on FROM user WHERE id = ?", "i", c->user) >
	         c->now)
		alias_error(c, 401, "Account does not exist");
	return c->status == 0;
}

/* Find out who asks; false if it is nobody who may. */
static bool
authenticate(struct alias_call *c, int64_t cookie_user)
{
	const char *code = request_header(c->request, "Authentication");

	c->key = code == NULL
	             ? 0
	             : db_int(c->db, 0, "SELECT id FROM api_key WHERE code = ?", "t", code);
	if (c->key != 0) {
		db_run(c->db,
		    "UPDATE api_key SET times = times + 1, last_used = ? WHERE id = ?", "ii",
		    c->now, c->key);
		c->user =
		    db_int(c->db, 0, "SELECT user FROM api_key WHERE id = ?", "i", c->key);
	} else if (cookie_user == 0) {
		alias_error(c, 401, "Wrong api key");
		return false;
	} else if (request_header(c->request, "X-Sl-Allowcookies") == NULL) {
		alias_break(c); /* the real one forgets to say who asks, and stumbles */
		return false;
	} else {
		c->user = cookie_user;
	}
	return account_open(c);
}

static bool
has_sudo(struct alias_call *c)
{
	int64_t since =
	    c->key != 0
	        ? db_int(c->db, 0, "SELECT sudo FROM api_key WHERE id = ?", "i", c->key)
	        : db_int(c->db, 0, "SELECT sudo FROM session WHERE id = ?", "t", c->session);

	if (since != 0 && since + SUDO_SECONDS >= c->now)
		return true;
	alias_error(c, 440, "Need sudo");
	return false;
}

static bool
lock(struct alias_call *c, const char *client)
{
	char *key;

	if (c->endpoint->lock == NULL || !c->config->shared_limits)
		return true;
	key = xasprintf("%s %s", c->endpoint->lock, client);
	c->lock_number = alias_limits_lock(c->service->limits, key, c->now, LOCK_SECONDS);
	if (c->lock_number != 0) {
		c->lock = key;
		return true;
	}
	free(key);
	alias_error(c, 429, "Rate limit exceeded");
	return false;
}

static void
unlock(struct alias_call *c)
{
	if (c->lock == NULL)
		return;
	pthread_mutex_lock(&c->service->lock);
	alias_limits_unlock(c->service->limits, c->lock, c->lock_number);
	pthread_mutex_unlock(&c->service->lock);
	free(c->lock);
	c->lock = NULL;
}

/* Past all that stands before an endpoint; false if something answered. */
static bool
let_in(struct alias_call *c)
{
	const struct alias_endpoint *e = c->endpoint;
	int64_t cookie_user = session_user(c);
	char *client = client_name(c, cookie_user);
	char user[32];
	bool in = e->limit != LIMIT_BEFORE || count(c, client);

	if (in && e->auth != AUTH_NONE)
		in = authenticate(c, cookie_user);
	snprintf(user, sizeof(user), "user %lld", (long long)c->user);
	if (in && (e->limit == LIMIT_AFTER || e->limit == LIMIT_USER))
		in = count(c, e->limit == LIMIT_USER ? user : client);
	if (in && e->auth == AUTH_SUDO)
		in = has_sudo(c);
	if (in)
		in = lock(c, client);
	free(client);
	return in;
}

struct alias_call *
alias_enter(struct alias_service *service, const struct request *r)
{
	struct alias_call *c = xcalloc(1, sizeof(*c));
	int status;

	alias_begin(service);
	*c = (struct alias_call){.service = service,
	    .request = r,
	    .config = &service->config,
	    .db = service->db,
	    .now = alias_now(service)};
	alias_empty_trash(c->db, c->now);
	c->endpoint = alias_endpoint_find(r->method, r->path, &c->id, &status);
	if (c->config->maintenance)
		alias_error(c, 503, "Service is under maintenance, please try again later");
	else if (c->endpoint == NULL && status == 405)
		alias_error(c, 405, "Method not allowed");
	else if (c->endpoint == NULL)
		alias_error(c, 404, "No such endpoint");
	else if (let_in(c) && c->id < 0)
		alias_break(c); /* the database takes no such number */
	if (!alias_end(service, true))
		alias_break(c);
	return c;
}

/* Python writes \u00e9 where Jansson writes \u00E9. */
static void
lower_escapes(struct buf *text)
{
	for (size_t i = 0; i + 1 < text->len; i++) {
		if (text->data[i] != '\\')
			continue;
		if (text->data[++i] != 'u')
			continue;
		for (size_t k = 1; k <= 4 && i + k < text->len; k++)
			if (text->data[i + k] >= 'A' && text->data[i + k] <= 'F')
				text->data[i + k] = (char)(text->data[i + k] - 'A' + 'a');
	}
}

static int
append(const char *bytes, size_t length, void *to)
{
	buf_add(to, bytes, length);
	return 0;
}

static void
write_reply(struct alias_call *c, struct reply *reply)
{
	char *cookie =
	    xasprintf("%s=%s; HttpOnly; Path=/; SameSite=Lax", ALIAS_COOKIE, c->session);

	reply->status = c->status;
	if (c->answer != NULL) {
		json_dump_callback(c->answer, append, &reply->body,
		    JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
		lower_escapes(&reply->body);
		buf_addc(&reply->body, '\n');
		reply_header(reply, "Content-Type", "application/json");
	} else {
		buf_add(&reply->body, buf_str(&c->text), c->text.len);
		reply_header(reply, "Content-Type", c->type);
	}
	reply_header(reply, "Access-Control-Allow-Origin", "*");
	if (*c->session != '\0')
		reply_header(reply, "Set-Cookie", cookie);
	for (size_t i = 0; i < c->header_count; i++)
		reply_header(reply, c->headers[i][0], c->headers[i][1]);
	free(cookie);
}

void
alias_answer(const struct request *r, struct reply *reply)
{
	struct alias_call *c = r->alias;

	if (c->status == 0) {
		bool good;

		alias_begin(c->service);
		c->now = alias_now(c->service);
		if (c->user == 0 || alias_user_load(c->db, c->config, c->user, &c->me))
			c->endpoint->act(c);
		if (c->status == 0)
			alias_break(c);
		good = alias_end(c->service, c->status < 400 || c->keep);
		if (!good)
			alias_break(c);
	}
	write_reply(c, reply);
	unlock(c); /* before the client can know that it was answered */
}

void
alias_leave(struct alias_call **call)
{
	struct alias_call *c = *call;

	if (c == NULL)
		return;
	unlock(c);
	alias_user_free(&c->me);
	json_decref(c->body);
	json_decref(c->answer);
	buf_free(&c->text);
	free(c);
	*call = NULL;
}
