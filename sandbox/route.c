/*
 * The table of routes.
 */
#include <stdbool.h>
#include <string.h>

#include "sandbox/alias.h"
#include "sandbox/alias_control.h"
#include "sandbox/auth.h"
#include "sandbox/control.h"
#include "sandbox/events.h"
#include "sandbox/jmap.h"
#include "sandbox/route.h"
#include "sandbox/session.h"
#include "sandbox/transfer.h"

#define SMALL_BODY 65536

static int64_t
request_limit(const struct limits *l)
{
	return l->size_request;
}

static int64_t
upload_limit(const struct limits *l)
{
	return l->size_upload;
}

static const struct route service_routes[] = {
    {"POST", "/api/v1/challenge", auth_challenge, NULL, NULL},
    {"POST", "/api/v1/session", auth_session, NULL, NULL},
    {"POST", "/api/v1/capability", auth_capability, NULL, NULL},
    {"GET", "/sandbox/counters", control_counters, NULL, NULL},
    {"GET", "/sandbox/faults", control_faults_list, NULL, NULL},
    {"POST", "/sandbox/faults", control_faults_order, NULL, NULL},
    {"DELETE", "/sandbox/faults", control_faults_clear, NULL, NULL},
    {"GET", "/sandbox/aliases", alias_control_config, NULL, NULL},
    {"POST", "/sandbox/aliases", alias_control_seed, upload_limit, NULL},
    {"POST", "/sandbox/aliases/clock", alias_control_clock, NULL, NULL},
    {"GET", "/sandbox/aliases/letters", alias_control_letters, NULL, NULL},
    {"GET", "/sandbox/aliases/mail", alias_control_mail, NULL, NULL},
    {"POST", "/sandbox/aliases/mail", alias_control_send, upload_limit, NULL},
    {"POST", "/sandbox/release", control_release, NULL, NULL},
    {"GET", "/sandbox/streams", events_list, NULL, NULL},
    {"DELETE", "/sandbox/streams", events_cut, NULL, NULL},
    {"GET", "/sandbox/outbox", control_outbox_list, NULL, NULL},
    {"GET", "/sandbox/outbox/repeated", control_outbox_repeated, NULL, NULL},
    {"GET", "/sandbox/outbox/*", control_outbox_message, NULL, NULL},
};

/* All of the alias service's: it has a table of its own. */
static const struct route alias_route = {"*", "/api/*", alias_answer, upload_limit, NULL};

static const struct route jmap_routes[] = {
    {"GET", "/.well-known/jmap", session_discover, NULL, NULL},
    {"GET", "/jmap", session_get, NULL, NULL},
    {"GET", "/jmap/", session_get, NULL, NULL},
    {"POST", "/jmap/", jmap_api, request_limit, "maxSizeRequest"},
    {"POST", "/jmap", jmap_api, request_limit, "maxSizeRequest"},
    {"POST", "/jmap/upload/*", transfer_upload, upload_limit, "maxSizeUpload"},
    {"GET", "/jmap/download/*", transfer_download, NULL, NULL},
    {"GET", "/jmap/eventsource/*", events_open, NULL, NULL},
};

static bool
path_matches(const char *pattern, const char *path)
{
	size_t length = strlen(pattern);

	if (pattern[length - 1] == '*')
		return strncmp(pattern, path, length - 1) == 0;
	return strcmp(pattern, path) == 0;
}

static const struct route *
find(const struct route *routes, size_t count, const char *method, const char *path,
    int *status_r)
{
	for (size_t i = 0; i < count; i++) {
		if (!path_matches(routes[i].path, path))
			continue;
		if (strcmp(routes[i].method, method) == 0) {
			*status_r = 0;
			return &routes[i];
		}
		*status_r = 405;
	}
	return NULL;
}

static bool
starts(const char *path, const char *prefix)
{
	return strncmp(path, prefix, strlen(prefix)) == 0;
}

const struct route *
route_find(const struct sandbox *s, const char *method, const char *path, int *status_r)
{
	const struct route *route;

	*status_r = 404;
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	route = find(service_routes, sizeof(service_routes) / sizeof(service_routes[0]), method,
	    path, status_r);
	if (route != NULL || *status_r == 405)
		return route;
	if (s->aliases != NULL && alias_serves(path)) {
		*status_r = 0;
		return &alias_route;
	}
	if (s->proxy != NULL) {
		if (!starts(path, "/api/v1/") && !starts(path, "/sandbox/"))
			*status_r = 0;
		return NULL;
	}
	return find(
	    jmap_routes, sizeof(jmap_routes) / sizeof(jmap_routes[0]), method, path, status_r);
}

void
route_enter(const struct route *route, struct request *r)
{
	if (route == &alias_route)
		r->alias = alias_enter(r->sandbox->aliases, r);
}

int64_t
route_limit(const struct sandbox *s, const struct route *route)
{
	if (route == NULL)
		return s->options.limits.size_request;
	return route->limit != NULL ? route->limit(&s->options.limits) : SMALL_BODY;
}
