/*
 * alias_endpoint - the table of the API
 */
#ifndef SANDBOX_ALIAS_ENDPOINT_H
#define SANDBOX_ALIAS_ENDPOINT_H

#include "sandbox/alias_call.h"

enum alias_auth {
	AUTH_NONE,
	AUTH_KEY,  /* the header Authentication, or a cookie that is allowed */
	AUTH_SUDO, /* and sudo within the last five minutes */
};

/* When a limit counts, and whom: an address, or the user. */
enum alias_limit_kind {
	LIMIT_NONE,
	LIMIT_BEFORE, /* before the key is looked at, by address */
	LIMIT_AFTER,  /* after, by address, or by user if a cookie came too */
	LIMIT_USER,   /* after, by user */
};

struct alias_endpoint {
	const char *methods; /* "GET POST" */
	const char *path;    /* ":id" stands for an integer */
	void (*act)(struct alias_call *c);
	enum alias_auth auth;
	enum alias_limit_kind limit;
	const char *windows;
	const char *lock; /* what one client may do once at a time, or NULL */
};

/* The endpoint, and the number in the path in *id_r (more than fits an INTEGER of theirs is
 * -1); or NULL and 404 or 405 in *status_r. */
const struct alias_endpoint *
alias_endpoint_find(const char *method, const char *path, int64_t *id_r, int *status_r);

/* Row i of the table, or NULL past its end. */
const struct alias_endpoint *alias_endpoint_row(size_t i);

#endif
