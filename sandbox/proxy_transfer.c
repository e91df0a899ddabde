/*
 * One request on its way to the upstream server and back.
 *
 * The HTTP server pushes the client's body and pulls the answer; libcurl pulls the body and
 * pushes the answer.  Between them, drive() lets libcurl work until what was pushed is taken,
 * or what is wanted has come: a piece of the body is lent to libcurl, never copied, and what
 * it delivers is buffered up to a bound, then libcurl is paused.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sandbox/proxy_link.h"

#define BUFFERED 262144 /* bytes of the answer */
#define POLL_MS  1000

struct proxy_transfer {
	struct proxy *proxy;
	struct proxy_link *link;
	struct curl_slist *headers;
	char error[CURL_ERROR_SIZE];
	/* the body that the client sends */
	const char *out;
	size_t out_length;
	bool out_whole, out_paused;
	/* the answer */
	bool head, done, failed, in_paused;
	struct buf in;
	size_t in_taken;     /* bytes of in that were read */
	struct reply answer; /* status and headers */
	int64_t length;      /* Content-Length, -1 if not told */
};

static size_t
on_body_wanted(char *to, size_t size, size_t count, void *state)
{
	struct proxy_transfer *t = state;
	size_t n = size * count < t->out_length ? size * count : t->out_length;

	if (n == 0 && !t->out_whole) {
		t->out_paused = true;
		return CURL_READFUNC_PAUSE;
	}
	memcpy(to, t->out, n);
	t->out += n;
	t->out_length -= n;
	return n;
}

static size_t
on_answer(char *bytes, size_t size, size_t count, void *state)
{
	struct proxy_transfer *t = state;

	t->head = true;
	if (t->in.len - t->in_taken > BUFFERED) {
		t->in_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (t->in_taken == t->in.len) {
		buf_reset(&t->in);
		t->in_taken = 0;
	}
	buf_add(&t->in, bytes, size * count);
	return size * count;
}

/* Is the header about the connection to the server and not about the answer? */
static bool
concerns_connection(const char *name)
{
	static const char *const names[] = {"Connection", "Transfer-Encoding", "Keep-Alive",
	    "Upgrade", "Content-Length", "Trailer", "Date", "WWW-Authenticate"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

static void
take_header(struct proxy_transfer *t, char *line)
{
	char *colon = strchr(line, ':');
	char *value;

	if (colon == NULL)
		return;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	value[strcspn(value, "\r\n")] = '\0';
	if (strcasecmp(line, "Content-Length") == 0)
		t->length = strtoll(value, NULL, 10);
	if (!concerns_connection(line))
		reply_header(&t->answer, line, value);
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *state)
{
	struct proxy_transfer *t = state;
	char *line = xstrndup(bytes, size * count);
	long status = 0;

	if (strncmp(line, "HTTP/", 5) == 0) {
		/* One more head: what came before was a 1xx. */
		reply_reset(&t->answer);
		t->length = -1;
	} else if (line[0] == '\r' || line[0] == '\n') {
		curl_easy_getinfo(t->link->easy, CURLINFO_RESPONSE_CODE, &status);
		t->answer.status = (int)status;
		t->head = status >= 200;
	} else {
		take_header(t, line);
	}
	free(line);
	return size * count;
}

static void
take_messages(struct proxy_transfer *t)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(t->link->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		t->done = true;
		t->failed = message->data.result != CURLE_OK;
		if (t->failed)
			log_say(LOG_WARNING, "upstream: %s",
			    *t->error != '\0' ? t->error
			                      : curl_easy_strerror(message->data.result));
	}
	if (proxy_stopping(t->proxy) && !t->done)
		t->done = t->failed = true;
}

/* Unpause what can go on now. */
static void
unpause(struct proxy_transfer *t)
{
	bool can_send = t->out_paused && (t->out_length > 0 || t->out_whole);
	bool can_take = t->in_paused && t->in_taken == t->in.len;

	if (!can_send && !can_take)
		return;
	t->out_paused = t->in_paused = false;
	curl_easy_pause(t->link->easy, CURLPAUSE_CONT);
}

/* Let libcurl work until the condition is met, or nothing more will come. */
static void
drive(struct proxy_transfer *t, bool (*met)(const struct proxy_transfer *))
{
	int running;

	while (!met(t) && !t->done) {
		unpause(t);
		curl_multi_perform(t->link->multi, &running);
		take_messages(t);
		if (!met(t) && !t->done)
			curl_multi_poll(t->link->multi, NULL, 0, POLL_MS, NULL);
	}
}

/* The body's piece is taken; or there is an answer already: the server wants no more of it. */
static bool
piece_taken(const struct proxy_transfer *t)
{
	return t->out_length == 0 || t->head;
}

static bool
head_there(const struct proxy_transfer *t)
{
	return t->head;
}

static bool
answer_there(const struct proxy_transfer *t)
{
	return t->in_taken < t->in.len;
}

/* Pass a header of the client on, if it is there. */
static void
pass_header(struct proxy_transfer *t, const struct request *r, const char *name)
{
	const char *value = request_header(r, name);
	char *line;

	if (value == NULL)
		return;
	line = xasprintf("%s: %s", name, value);
	t->headers = curl_slist_append(t->headers, line);
	free(line);
}

static void
set_headers(struct proxy_transfer *t, const struct request *r, bool plain)
{
	static const char *const passed[] = {
	    "Content-Type", "Content-Encoding", "Accept", "If-None-Match", "Last-Event-ID"};

	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		pass_header(t, r, passed[i]);
	if (!plain)
		pass_header(t, r, "Accept-Encoding");
	t->headers = curl_slist_append(t->headers, "Expect:");
	curl_easy_setopt(t->link->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void
set_callbacks(struct proxy_transfer *t)
{
	CURL *easy = t->link->easy;

	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_body_wanted);
	curl_easy_setopt(easy, CURLOPT_READDATA, t);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
}

static void
set_method(struct proxy_transfer *t, const struct request *r, int64_t body_length)
{
	CURL *easy = t->link->easy;
	char *url = xasprintf("%s%s", proxy_upstream(t->proxy), r->uri);

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	free(url);
	if (strcmp(r->method, "GET") == 0)
		return;
	if (strcmp(r->method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	if (body_length >= 0)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_length);
	if (strcmp(r->method, "POST") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
}

struct proxy_transfer *
proxy_start(struct proxy *p, const struct request *r, const char *username, int64_t body_length,
    bool plain)
{
	struct proxy_transfer *t = xcalloc(1, sizeof(*t));

	t->proxy = p;
	t->link = proxy_link_take(p);
	t->answer = REPLY_INIT;
	t->length = -1;
	if (!proxy_link_prepare(p, t->link, username)) {
		proxy_drop(&t);
		return NULL;
	}
	set_callbacks(t);
	set_method(t, r, body_length);
	set_headers(t, r, plain);
	curl_multi_add_handle(t->link->multi, t->link->easy);
	return t;
}

void
proxy_send(struct proxy_transfer *t, const char *bytes, size_t length)
{
	t->out = bytes;
	t->out_length = length;
	drive(t, piece_taken);
	t->out_length = 0;
}

/* Read more of the answer: 0 at its end, -1 if it was cut. */
static ssize_t
read_answer(void *state, char *to, size_t max)
{
	struct proxy_transfer *t = state;
	size_t n;

	drive(t, answer_there);
	n = t->in.len - t->in_taken < max ? t->in.len - t->in_taken : max;
	if (n == 0)
		return t->failed ? -1 : 0;
	memcpy(to, t->in.data + t->in_taken, n);
	t->in_taken += n;
	return (ssize_t)n;
}

void
proxy_drop(struct proxy_transfer **t)
{
	if (*t == NULL)
		return;
	curl_multi_remove_handle((*t)->link->multi, (*t)->link->easy);
	proxy_link_give((*t)->proxy, (*t)->link);
	curl_slist_free_all((*t)->headers);
	reply_free(&(*t)->answer);
	buf_free(&(*t)->in);
	free(*t);
	*t = NULL;
}

static void
free_transfer(void *state)
{
	struct proxy_transfer *t = state;

	proxy_drop(&t);
}

/* A redirection to the server leads to us instead. */
static void
add_header(const struct proxy_transfer *t, const struct request *r, struct reply *reply,
    const char *name, const char *value)
{
	const char *upstream = proxy_upstream(t->proxy);
	size_t length = strlen(upstream);
	struct buf here = BUF_INIT;

	if (strcasecmp(name, "Location") == 0 && strncasecmp(value, upstream, length) == 0) {
		request_origin(r, &here);
		buf_adds(&here, value + length);
		value = here.data;
	}
	reply_header(reply, name, value);
	buf_free(&here);
}

void
proxy_finish(struct proxy_transfer **t, const struct request *r, struct reply *reply)
{
	struct proxy_transfer *transfer = *t;

	transfer->out_whole = true;
	drive(transfer, head_there);
	*t = NULL;
	if (!transfer->head) {
		reply_error(reply, 502, "the upstream server does not answer",
		    *transfer->error != '\0' ? transfer->error : "see the sandbox's log");
		proxy_drop(&transfer);
		return;
	}
	if (transfer->answer.status == 401) {
		/* Our own token was good: the client must not think that it was not. */
		reply_error(reply, 502, "the upstream server refused the user's password",
		    "correct the file given by --upstream-users");
		proxy_drop(&transfer);
		return;
	}
	reply->status = transfer->answer.status;
	for (size_t i = 0; i < transfer->answer.header_count; i++)
		add_header(transfer, r, reply, transfer->answer.headers[i].name,
		    transfer->answer.headers[i].value);
	reply->size = transfer->length;
	reply->stream = (struct reply_stream){transfer, read_answer, free_transfer, false};
}
