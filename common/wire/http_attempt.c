/*
 * One attempt of a transfer: a libcurl handle made ready, and what its end means.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/http_internal.h"

/* Of each transfer, for what HTTP/2 and TLS bring at once; more where much comes. */
#define BUFFER_BYTES (16L << 10)
#define SINK_BYTES   (32L << 10)
#define STALL_MS     120000

static void
add_header(struct http_transfer *t, const char *name, const char *value)
{
	char *line = *value != '\0' ? xasprintf("%s: %s", name, value) : xasprintf("%s:", name);
	struct curl_slist *longer = curl_slist_append(t->headers, line);

	if (longer == NULL)
		xmalloc(SIZE_MAX); /* out of memory, and says so */
	t->headers = longer;
	explicit_bzero(line, strlen(line));
	free(line);
}

static void
add_headers(struct http_transfer *t)
{
	const struct http_request *request = &t->request;

	if (request->authorization != NULL && !t->foreign)
		add_header(t,
		    request->authorization_name != NULL ? request->authorization_name
		                                        : "Authorization",
		    request->authorization);
	if (request->accept != NULL)
		add_header(t, "Accept", request->accept);
	if (request->last_event_id != NULL)
		add_header(t, "Last-Event-ID", request->last_event_id);
	if (strcmp(request->method, "GET") != 0)
		add_header(t, "Content-Type",
		    request->content_type != NULL ? request->content_type : "");
	/* Waiting for "100 Continue" costs a second where nobody sends it. */
	add_header(t, "Expect", "");
	if (http_has_body(request) && http_body_size(request) < 0)
		add_header(t, "Transfer-Encoding", "chunked");
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void
set_method(struct http_transfer *t)
{
	const struct http_request *request = &t->request;

	if (strcmp(request->method, "GET") == 0) {
		curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
		return;
	}
	curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, request->method);
	if (http_has_body(request)) {
		curl_easy_setopt(
		    t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)http_body_size(request));
		return;
	}
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, "");
	/* Nothing to rewind, so nothing would keep libcurl from sending it again. */
	curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, request->idempotent ? 0L : 1L);
}

static long
at_most(int64_t milliseconds, int64_t left)
{
	if (milliseconds > left)
		milliseconds = left;
	return milliseconds < INT32_MAX ? (long)milliseconds : INT32_MAX;
}

static void
set_times(struct http_transfer *t, const struct http_options *options, int64_t left)
{
	int64_t stall = options->stall_ms != 0 ? options->stall_ms : STALL_MS;

	if (left != INT64_MAX)
		curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, at_most(left, left));
	curl_easy_setopt(
	    t->easy, CURLOPT_CONNECTTIMEOUT_MS, at_most(options->connect_ms, left));
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, at_most((stall + 999) / 1000, left));
	curl_easy_setopt(t->easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

/* Is libcurl told by whom it was built of a file of authorities?  It asks every library for
 * its version to say so, which is too much for each attempt. */
static bool have_ca_file;

static void
look_for_ca_file(void)
{
	have_ca_file = curl_version_info(CURLVERSION_NOW)->cainfo != NULL;
}

static void
set_security(struct http_transfer *t, const struct http_options *options)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, look_for_ca_file);
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(t->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	/* One file, not a directory: GnuTLS parses every certificate it is given before the first
	 * byte is sent, and a directory has each of them twice. */
	if (options->ca_file != NULL)
		curl_easy_setopt(t->easy, CURLOPT_CAINFO, options->ca_file);
	if (options->ca_file != NULL || have_ca_file)
		curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
}

/*
 * HTTP/2 by ALPN on TLS.  Plain HTTP on loopback stays with 1.1: libcurl 7.88 fails at the
 * second request of a connection that starts with HTTP/2, and where it comes by Upgrade gives
 * a transfer now and then the answer to another that shares the connection.
 */
static void
set_connection(struct http_transfer *t)
{
	const char *encoding = http_encoding(&t->request, &t->origin);

	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(
	    t->easy, CURLOPT_BUFFERSIZE, t->request.sink != NULL ? SINK_BYTES : BUFFER_BYTES);
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	if (t->origin.https) {
		curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
		curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, 1L);
	} else {
		curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
		curl_easy_setopt(t->easy, CURLOPT_PROXY, ""); /* it stays on this machine */
	}
	if (encoding != NULL)
		curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, encoding);
}

/* No transfer is faster than this; how many there are at once is the caller's to see to. */
static void
set_speed(struct http_transfer *t, int64_t speed)
{
	if (speed == 0)
		return;
	curl_easy_setopt(t->easy, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)speed);
	curl_easy_setopt(t->easy, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)speed);
}

static void
forget_attempt(struct http_transfer *t)
{
	http_stream_reset(t);
	free(t->answer.content_type);
	t->answer.content_type = NULL;
	free(t->location);
	t->location = NULL;
	t->answer.status = 0;
	t->answer.retry_after = 0;
	t->answer.received = 0;
	t->error[0] = '\0';
}

/* A control character in a header would end it and begin another. */
static bool
clean(const char *value)
{
	for (; value != NULL && *value != '\0'; value++)
		if ((unsigned char)*value < ' ' || *value == 0x7f)
			return false;
	return true;
}

static struct outcome
check(struct http_transfer *t)
{
	const struct http_request *request = &t->request;

	if (!clean(request->authorization) || !clean(request->authorization_name) ||
	    !clean(request->accept) || !clean(request->content_type) ||
	    !clean(request->last_event_id))
		return outcome_make("local", "usage", "control characters in a header");
	if (deadline_passed(request->deadline))
		return outcome_make("local", "deadline", NULL);
	return http_may_ask(t->answer.url, &t->origin);
}

void
http_spares_free(struct http_spares *spares)
{
	while (spares->count != 0)
		curl_easy_cleanup(spares->handles[--spares->count]);
}

struct outcome
http_attempt_begin(
    struct http_transfer *t, const struct http_options *options, struct http_spares *spares)
{
	bool again = t->answer.attempts != 0;
	struct outcome o = check(t);

	if (!outcome_is_ok(&o))
		return o;
	if (again && t->request.source != NULL && !t->source.rewind(t->source.arg))
		return outcome_make("local", "io", "what was being sent cannot be read again");
	forget_attempt(t);
	t->answer.attempts++;
	t->easy = spares->count != 0 ? spares->handles[--spares->count] : curl_easy_init();
	if (t->easy == NULL)
		return outcome_make("local", "io", "libcurl cannot start");
	/* The first alone, libcurl would take apart; the second alone, put together again. */
	curl_easy_setopt(t->easy, CURLOPT_URL, t->answer.url);
	curl_easy_setopt(t->easy, CURLOPT_CURLU, t->origin.url);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	http_stream_attach(t);
	set_method(t);
	add_headers(t);
	set_times(t, options, deadline_left_ms(t->request.deadline));
	set_security(t, options);
	set_connection(t);
	set_speed(t, options->speed);
	return outcome_ok();
}

/* Its end. */

static const struct {
	CURLcode code;
	const char *name;      /* in family net */
	const char *name_sent; /* when the service may have acted; NULL: the same */
} results[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "resolve", NULL},
    {CURLE_COULDNT_RESOLVE_PROXY, "proxy", NULL},
    {CURLE_PROXY, "proxy", NULL},
    {CURLE_COULDNT_CONNECT, "connect", NULL},
    {CURLE_SSL_CONNECT_ERROR, "tls", NULL},
    {CURLE_PEER_FAILED_VERIFICATION, "certificate", NULL},
    {CURLE_SSL_ISSUER_ERROR, "certificate", NULL},
    {CURLE_SSL_INVALIDCERTSTATUS, "certificate", NULL},
    {CURLE_OPERATION_TIMEDOUT, "timeout", "timeout-sent"},
    {CURLE_SEND_ERROR, "cut", "cut-sent"},
    {CURLE_RECV_ERROR, "cut", "cut-sent"},
    {CURLE_GOT_NOTHING, "cut", "cut-sent"},
    {CURLE_PARTIAL_FILE, "cut", "cut-sent"},
    {CURLE_HTTP2, "cut", "cut-sent"},
    {CURLE_HTTP2_STREAM, "cut", "cut-sent"},
    {CURLE_SEND_FAIL_REWIND, "cut", "cut-sent"},
    {CURLE_WEIRD_SERVER_REPLY, "protocol", NULL},
    {CURLE_UNSUPPORTED_PROTOCOL, "protocol", NULL},
    {CURLE_BAD_CONTENT_ENCODING, "protocol", NULL},
};

static bool
may_have_acted(struct http_transfer *t)
{
	long request_bytes = 0;

	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	return t->body_whole && request_bytes > 0;
}

static struct outcome
failure(struct http_transfer *t, CURLcode result)
{
	const char *detail = t->error[0] != '\0' ? t->error : curl_easy_strerror(result);
	bool sent = may_have_acted(t);

	if (t->stop != NULL && strcmp(t->stop, "io") == 0) {
		struct outcome o = outcome_make("local", "io",
		    "what was to be sent or kept, of a transfer with %.100s", t->answer.url);

		return sent ? outcome_ambiguous(o) : o;
	}
	if (t->stop != NULL)
		return outcome_make("net", t->stop, "%.100s", t->answer.url);
	if (result == CURLE_SSL_CACERT_BADFILE)
		return outcome_make("local", "config", "ca-file: %s", detail);
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (results[i].code == result)
			return outcome_make("net",
			    sent && results[i].name_sent != NULL ? results[i].name_sent
			                                         : results[i].name,
			    "%s", detail);
	return outcome_make("net", "", "%s", detail);
}

static void
take_answer(struct http_transfer *t)
{
	char *text = NULL;
	curl_off_t number = 0;
	long version = 0;

	t->answer.status = http_status(t->easy);
	if (curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK)
		t->answer.content_type = xstrdup(text);
	text = NULL;
	if (curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &text) == CURLE_OK)
		t->location = xstrdup(text);
	if (curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &number) == CURLE_OK && number > 0)
		t->answer.retry_after = number < INT32_MAX ? (unsigned)number : INT32_MAX;
	if (curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &number) == CURLE_OK)
		t->answer.received = number;
	t->multiplexed =
	    curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version) == CURLE_OK &&
	    version == CURL_HTTP_VERSION_2_0;
}

/* The handle forgets all it was told before what that points to goes. */
static void
free_handle(struct http_transfer *t, struct http_spares *spares)
{
	curl_easy_reset(t->easy);
	if (spares != NULL && spares->count < HTTP_SPARES_MAX)
		spares->handles[spares->count++] = t->easy;
	else
		curl_easy_cleanup(t->easy);
	t->easy = NULL;
	http_origin_free(&t->origin);
	for (struct curl_slist *h = t->headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(t->headers);
	t->headers = NULL;
}

struct outcome
http_attempt_end(struct http_transfer *t, CURLcode result, struct http_spares *spares)
{
	struct outcome o = outcome_ok();

	take_answer(t);
	if (result == CURLE_OK && !http_stream_end(t))
		result = CURLE_WRITE_ERROR;
	if (result != CURLE_OK && !t->enough)
		o = failure(t, result);
	free_handle(t, spares);
	return o;
}

bool
http_attempt_drop(struct http_transfer *t)
{
	bool acted = may_have_acted(t);

	free_handle(t, NULL);
	return acted;
}
