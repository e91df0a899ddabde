/*
 * alias_call - one request to the alias service, as its endpoints see it
 *
 * An endpoint is a function that looks at the call and gives one answer: alias_say() or
 * alias_error().  What it changed is kept if the answer is a success, else undone, unless it
 * sets keep.  A call that was not answered is an error of ours: 500.
 */
#ifndef SANDBOX_ALIAS_CALL_H
#define SANDBOX_ALIAS_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "sandbox/alias.h"
#include "sandbox/alias_config.h"
#include "sandbox/alias_model.h"
#include "sandbox/db.h"
#include "sandbox/json.h"

#define ALIAS_PAGE        20 /* items */
#define ALIAS_COOKIE      "slapp"
#define ALIAS_SESSION_MAX 64
#define ALIAS_HEADERS     2

struct alias_endpoint;

struct alias_call {
	struct alias_service *service;
	const struct request *request;
	const struct alias_endpoint *endpoint;
	const struct alias_config *config;
	struct db *db;
	int64_t now;                     /* seconds since 1970 by the service's clock */
	int64_t id;                      /* the number in the path */
	int64_t user;                    /* who asks; 0: nobody */
	struct alias_user me;            /* loaded before the endpoint is asked */
	int64_t key;                     /* id of the API key, 0 if a cookie was used */
	char session[ALIAS_SESSION_MAX]; /* of the cookie that came, or the one to set */
	json_t *body;                    /* NULL: none, or none that counts as one */
	char *lock;                      /* what is locked while the call lasts */
	int64_t lock_number;
	bool keep;
	int status; /* 0: not answered yet */
	json_t *answer;
	struct buf text;                       /* or this */
	const char *type;                      /* of the text */
	const char *headers[ALIAS_HEADERS][2]; /* what lives as long as the request */
	size_t header_count;
};

/* Answer with JSON, which is taken. */
void alias_say(struct alias_call *c, int status, json_t *answer);

/* Answer {"error": ...}. */
void alias_error(struct alias_call *c, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 403 "Forbidden"; 500 "Internal error". */
void alias_forbid(struct alias_call *c);
void alias_break(struct alias_call *c);

/*
 * Read the body.  Only JSON of a JSON Content-Type counts; what Python takes for false is as
 * good as none.  Both need() and have() are false if they answered already: have() for what is
 * malformed (400) and for what is no object (500), need() for no body too (400).  Without a
 * body have() is true and c->body NULL.
 */
bool alias_have_body(struct alias_call *c);
bool alias_need_body(struct alias_call *c);

/* The same, any JSON value; for those that say more of it themselves. */
bool alias_need_value(struct alias_call *c);

/* For those that overlook what is malformed: an object or NULL. */
void alias_take_body(struct alias_call *c);

/* A member of the body: NULL if missing or null; false and 500 if it is no string. */
bool alias_text(struct alias_call *c, const char *key, const char **text_r);

/* The page's number in the query argument; false and 400 if it is missing or no number, 500
 * if it is negative. */
bool alias_page(struct alias_call *c, const char *argument, int64_t *page_r);

/* An argument of the query: its text, NULL if it is missing or has none; is it there? */
const char *alias_argument(const struct alias_call *c, const char *name);
bool alias_has_argument(const struct alias_call *c, const char *name);

/* "2026-01-31 12:00:00+00:00" of seconds; null of 0. */
json_t *alias_date(int64_t seconds);
json_t *alias_time(int64_t seconds); /* the integer; null of 0 */

/* What is in a column of a row: text or null; its length matters not, NULs end it. */
json_t *alias_column(sqlite3_stmt *row, int column);
const char *alias_column_text(sqlite3_stmt *row, int column); /* NULL for NULL */

/* Random lower-case letters, and digits. */
void alias_letters(size_t count, struct buf *out);
void alias_digits(size_t count, struct buf *out);

/* Send somebody a letter, which /sandbox/aliases/letters shows; code may be NULL. */
void
alias_letter(struct db *d, int64_t now, const char *to, const char *subject, const char *code);

#endif
