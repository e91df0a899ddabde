/*
 * proxy_link - what proxy.c and proxy_transfer.c share
 */
#ifndef SANDBOX_PROXY_LINK_H
#define SANDBOX_PROXY_LINK_H

#include <stdbool.h>

#include <curl/curl.h>

#include "sandbox/proxy.h"

struct proxy_link {
	CURLM *multi;
	CURL *easy;
	struct proxy_link *next;
};

struct proxy_link *proxy_link_take(struct proxy *p);
void proxy_link_give(struct proxy *p, struct proxy_link *link);

/* Set what all transfers have in common; false if the username is not listed. */
bool proxy_link_prepare(const struct proxy *p, struct proxy_link *link, const char *username);

/* Was proxy_stop() called? */
bool proxy_stopping(const struct proxy *p);

/* The URL of the server, without a slash at its end. */
const char *proxy_upstream(const struct proxy *p);

#endif
