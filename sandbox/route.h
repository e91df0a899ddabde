/*
 * route - which function answers which path
 */
#ifndef SANDBOX_ROUTE_H
#define SANDBOX_ROUTE_H

#include <stdint.h>

#include "sandbox/http.h"

struct route {
	const char *method;
	const char *path; /* one that ends in "*" is a prefix */
	void (*answer)(const struct request *, struct reply *);
	int64_t (*limit)(const struct limits *); /* of the body; NULL: 64 KiB */
	const char *limit_name;                  /* as RFC 8620 §3.6.1 names it, or NULL */
};

/*
 * The route of a request, and 0 in *status_r.  If there is none, NULL, and *status_r is 404,
 * or 405 if the path is known with another method.  NULL and 0: it is for the upstream
 * server.
 */
const struct route *
route_find(const struct sandbox *s, const char *method, const char *path, int *status_r);

/* Before the body is looked at for faults: let the request in where its route wants that. */
void route_enter(const struct route *route, struct request *r);

/* How large the body may be; a NULL route is upstream's. */
int64_t route_limit(const struct sandbox *s, const struct route *route);

#endif
