/*
 * What of a URL decides where secrets may go: its scheme, host and port.  libcurl's own
 * parser reads it, so that what is checked here is what is connected to.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/http_internal.h"

#define URL_MAX 16384

static char *
part(CURLU *url, CURLUPart which, unsigned flags)
{
	char *text = NULL, *copy;

	if (curl_url_get(url, which, &text, flags) != CURLUE_OK)
		return NULL;
	copy = xstrdup(text);
	curl_free(text);
	return copy;
}

static bool
has_part(CURLU *url, CURLUPart which)
{
	char *text = part(url, which, 0);
	bool has = text != NULL;

	free(text);
	return has;
}

/* Parse text, relative to what *url holds if it holds anything. */
static bool
parse(CURLU *url, const char *text)
{
	return strnlen(text, URL_MAX + 1) <= URL_MAX &&
	       curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;
}

/* Is it http or https, and without a user name or password, which would be sent? */
static bool
acceptable(CURLU *url)
{
	char *scheme = part(url, CURLUPART_SCHEME, 0);
	bool web = scheme != NULL &&
	           (strcasecmp(scheme, "https") == 0 || strcasecmp(scheme, "http") == 0);

	free(scheme);
	return web && !has_part(url, CURLUPART_USER) && !has_part(url, CURLUPART_PASSWORD);
}

/* host as libcurl writes it: a numeric address in full, an IPv6 one in brackets. */
static bool
loopback_host(const char *host)
{
	struct in_addr address;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool
http_origin_read(const char *text, struct http_origin *origin)
{
	CURLU *url = curl_url();
	char *scheme, *port;
	bool good;

	*origin = (struct http_origin){.url = url};
	good = parse(url, text) && acceptable(url);
	if (good) {
		scheme = part(url, CURLUPART_SCHEME, 0);
		port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
		origin->host = part(url, CURLUPART_HOST, 0);
		origin->https = strcasecmp(scheme, "https") == 0;
		origin->port = port != NULL ? strtol(port, NULL, 10) : 0;
		good = origin->host != NULL;
		origin->loopback = good && loopback_host(origin->host);
		free(scheme);
		free(port);
	}
	if (!good)
		http_origin_free(origin);
	return good;
}

void
http_origin_free(struct http_origin *origin)
{
	curl_url_cleanup(origin->url);
	free(origin->host);
	*origin = (struct http_origin){0};
}

bool
http_origin_same_host(const struct http_origin *a, const struct http_origin *b)
{
	return strcasecmp(a->host, b->host) == 0;
}

bool
http_origin_same(const struct http_origin *a, const struct http_origin *b)
{
	return a->https == b->https && a->port == b->port && http_origin_same_host(a, b);
}

bool
http_is_loopback(const char *url)
{
	struct http_origin origin;
	bool loopback = http_origin_read(url, &origin) && origin.loopback;

	http_origin_free(&origin);
	return loopback;
}

char *
http_resolve(const char *base, const char *reference)
{
	CURLU *url = curl_url();
	char *resolved = NULL;

	if (parse(url, base) && acceptable(url) && parse(url, reference) && acceptable(url))
		resolved = part(url, CURLUPART_URL, 0);
	curl_url_cleanup(url);
	return resolved;
}
