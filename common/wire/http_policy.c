/*
 * What to do after an attempt: try again, when, follow a redirect or not.  Only decisions,
 * no transfers.
 */
#include <string.h>
#include <sys/random.h>

#include "common/wire/http_internal.h"

#define BACKOFF_FIRST_MS   INT64_C(250)
#define BACKOFF_LONGEST_MS INT64_C(30000)

/* The conditions worth another attempt: those before the request was written always, the
 * others only if the request may be done twice. */
static const struct {
	const char *condition;
	bool only_idempotent;
} retried[] = {
    {"net/resolve", false},
    {"net/connect", false},
    {"net/proxy", false},
    {"net/tls", false},
    {"net/cut", false},
    {"net/timeout", false},
    {"net/cut-sent", true},
    {"net/timeout-sent", true},
};

static const struct {
	int status;
	bool only_idempotent;
} retried_statuses[] = {
    {429, false},
    {503, false},
    {502, true},
    {504, true},
};

struct outcome
http_may_ask(const char *url, struct http_origin *origin_r)
{
	struct outcome o = outcome_ok();

	if (!http_origin_read(url, origin_r)) {
		o = outcome_make("local", "config", "not a URL of http or https: %.100s", url);
	} else if (!origin_r->https && !origin_r->loopback) {
		o = outcome_make("net", "insecure", "%s", origin_r->host);
		outcome_hint(&o, "use https:");
		http_origin_free(origin_r);
	}
	return o;
}

const char *
http_encoding(const struct http_request *request, const struct http_origin *origin)
{
	if (!request->compressed)
		return NULL;
	return origin->loopback ? "identity" : "gzip";
}

static bool
status_retried(int status, bool idempotent)
{
	for (size_t i = 0; i < sizeof(retried_statuses) / sizeof(retried_statuses[0]); i++)
		if (retried_statuses[i].status == status)
			return idempotent || !retried_statuses[i].only_idempotent;
	return false;
}

bool
http_may_retry(const struct http_transfer *t, const struct outcome *o)
{
	bool idempotent = t->request.idempotent;

	if (t->answer.attempts >= HTTP_ATTEMPTS_MAX)
		return false;
	if (outcome_is_ok(o) && t->answer.status == 429 && t->request.keeps_pace)
		return false;
	if (outcome_is_ok(o))
		return status_retried(t->answer.status, idempotent);
	for (size_t i = 0; i < sizeof(retried) / sizeof(retried[0]); i++)
		if (outcome_is(o, retried[i].condition))
			return idempotent || !retried[i].only_idempotent;
	return false;
}

/* A number from 0 to below limit: what keeps many processes from trying in step. */
static int64_t
jitter(int64_t limit)
{
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (uint32_t)clock_ns();
	return (int64_t)((uint64_t)random * (uint64_t)limit >> 32);
}

int64_t
http_retry_wait_ms(const struct http_transfer *t)
{
	unsigned shift = t->answer.attempts > 1 ? t->answer.attempts - 1 : 0;
	int64_t wait = shift < 8 ? BACKOFF_FIRST_MS << shift : BACKOFF_LONGEST_MS;

	if (t->answer.retry_after != 0)
		return (int64_t)t->answer.retry_after * 1000 + jitter(BACKOFF_FIRST_MS);
	if (wait > BACKOFF_LONGEST_MS)
		wait = BACKOFF_LONGEST_MS;
	return wait / 2 + jitter(wait);
}

bool
http_in_time(const struct http_transfer *t, const struct http_options *options, int64_t wait_ms)
{
	if (wait_ms >= deadline_left_ms(t->request.deadline))
		return false;
	return options->retry_ms == 0 ||
	       clock_ms() + wait_ms <= t->began_ms + options->retry_ms;
}

bool
http_is_redirect(const struct http_transfer *t)
{
	bool reads = strcmp(t->request.method, "GET") == 0;

	if (t->location == NULL)
		return false;
	switch (t->answer.status) {
	case 301:
	case 302:
	case 303:
		return reads; /* for others the method would have to change */
	case 307:
	case 308:
		return true;
	}
	return false;
}

/* The same host over the same port, or the same host that wants TLS. */
static bool
keeps_credentials(const struct http_origin *from, const struct http_origin *to)
{
	return http_origin_same(from, to) ||
	       (http_origin_same_host(from, to) && !from->https && to->https);
}

struct outcome
http_may_follow(const struct http_transfer *t, bool *foreign_r)
{
	struct http_origin from, to = {0};
	struct outcome o = outcome_ok();
	bool ours;

	if (!http_origin_read(t->answer.url, &from) || !http_origin_read(t->location, &to)) {
		o = outcome_make("net", "redirect", "to what is no URL");
	} else {
		ours = keeps_credentials(&from, &to);
		*foreign_r = !ours;
		/* A body may hold secrets too: it goes where credentials go, or nowhere. */
		if (!ours && (!to.https || strcmp(t->request.method, "GET") != 0))
			o = outcome_make(
			    "net", "redirect", "from %s to %s", from.host, to.host);
		else if (t->redirects >= HTTP_REDIRECTS_MAX)
			o = outcome_make("net", "redirect", "more than %d in a row from %s",
			    HTTP_REDIRECTS_MAX, from.host);
	}
	http_origin_free(&from);
	http_origin_free(&to);
	return o;
}
