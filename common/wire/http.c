/*
 * Transfers: started, retried, redirected, driven, done.
 *
 * All transfers of a struct http are in one list, whatever they do: some have a libcurl
 * handle in the multi handle (an attempt is under way), the others wait for the time of
 * their next attempt.  http_run() begins what is due, lets libcurl work, and decides about
 * each attempt that ended.  Nothing is decided and no callback is called inside libcurl, so
 * that done() may start transfers, or drive them with http_perform().
 *
 * libcurl is initialised when the first transfer starts: a program that finds its work
 * refused before that does not pay for TLS.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "common/wire/http_internal.h"

#define CONNECTIONS 4
#define STREAMS     16
#define CONNECT_MS  15000
#define POLL_MS     200 /* a signal may land in libcurl's resolver thread and wake nobody */
#define GATHER_FROM 8   /* streams under way */

struct http {
	struct http_options options; /* ca_file is ours */
	unsigned streams;            /* of a connection, now */
	CURLM *multi;                /* NULL until the first transfer */
	struct http_spares spares;
	struct http_transfer *transfers, *last;
	size_t count, under_way; /* of them, and with a handle */
	size_t finished;         /* so many done() calls, ever */
	bool interrupted;        /* a callback wants http_run() to return */
	bool multiplexed;        /* the last answer came by HTTP/2 */
};

struct http *
http_new(const struct http_options *options)
{
	struct http *http = xcalloc(1, sizeof(*http));

	if (options != NULL)
		http->options = *options;
	http->options.ca_file = xstrdup(http->options.ca_file);
	if (http->options.connections == 0)
		http->options.connections = CONNECTIONS;
	if (http->options.streams == 0)
		http->options.streams = STREAMS;
	http->streams = http->options.streams;
	if (http->options.spread == 0)
		http->options.spread = http->options.connections;
	if (http->options.poll_ms == 0)
		http->options.poll_ms = POLL_MS;
	if (http->options.connect_ms == 0)
		http->options.connect_ms = CONNECT_MS;
	return http;
}

void
http_free(struct http **http)
{
	if (*http == NULL)
		return;
	http_abandon(*http);
	http_spares_free(&(*http)->spares);
	if ((*http)->multi != NULL)
		curl_multi_cleanup((*http)->multi);
	free((char *)(*http)->options.ca_file);
	free(*http);
	*http = NULL;
}

static void
initialise(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		xmalloc(SIZE_MAX); /* out of memory, and says so */
}

static void
make_multi(struct http *http)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (http->multi != NULL)
		return;
	pthread_once(&once, initialise);
	http->multi = curl_multi_init();
	if (http->multi == NULL)
		xmalloc(SIZE_MAX);
	curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(
	    http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)http->options.connections);
	curl_multi_setopt(http->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)http->streams);
}

/* Transfers. */

static char *
copy_bytes(const char *bytes, size_t length)
{
	char *copy;

	if (bytes == NULL)
		return NULL;
	copy = xmalloc(length);
	if (length != 0)
		memcpy(copy, bytes, length);
	return copy;
}

static struct http_transfer *
new_transfer(const struct http_request *request)
{
	struct http_transfer *t = xcalloc(1, sizeof(*t));

	t->request = *request;
	t->request.method = xstrdup(request->method);
	t->request.authorization = xstrdup(request->authorization);
	t->request.authorization_name = xstrdup(request->authorization_name);
	t->request.accept = xstrdup(request->accept);
	t->request.last_event_id = xstrdup(request->last_event_id);
	t->request.answer_type = xstrdup(request->answer_type);
	t->request.content_type = xstrdup(request->content_type);
	t->request.body = copy_bytes(request->body, request->body_length);
	t->answer.url = xstrdup(request->url);
	t->request.url = NULL; /* answer.url is where we ask */
	if (request->source != NULL) {
		t->source = *request->source;
		t->request.source = &t->source;
	}
	if (request->sink != NULL) {
		t->sink = *request->sink;
		t->request.sink = &t->sink;
	}
	return t;
}

static void
wipe(const char *secret, size_t length)
{
	if (secret != NULL)
		explicit_bzero((char *)secret, length);
	free((char *)secret);
}

static void
free_transfer(struct http_transfer *t)
{
	const struct http_request *request = &t->request;

	wipe(request->authorization,
	    request->authorization != NULL ? strlen(request->authorization) : 0);
	wipe(request->body, request->body_length);
	free((char *)request->authorization_name);
	free((char *)request->method);
	free((char *)request->accept);
	free((char *)request->last_event_id);
	free((char *)request->answer_type);
	free((char *)request->content_type);
	free(t->location);
	http_origin_free(&t->origin);
	http_answer_free(&t->answer);
	free(t);
}

void
http_answer_free(struct http_answer *answer)
{
	buf_wipe(&answer->body); /* sign-up answers with the API key */
	free(answer->content_type);
	free(answer->url);
	wipe(answer->authorization,
	    answer->authorization != NULL ? strlen(answer->authorization) : 0);
	*answer = (struct http_answer){0};
}

static void
link_transfer(struct http *http, struct http_transfer *t)
{
	t->previous = http->last;
	if (t->previous != NULL)
		t->previous->next = t;
	else
		http->transfers = t;
	http->last = t;
	http->count++;
}

static void
unlink_transfer(struct http *http, struct http_transfer *t)
{
	if (t->next != NULL)
		t->next->previous = t->previous;
	else
		http->last = t->previous;
	if (t->previous != NULL)
		t->previous->next = t->next;
	else
		http->transfers = t->next;
	http->count--;
}

/* It is over: out of the list first, because done() may do anything. */
static void
finish(struct http *http, struct http_transfer *t, struct outcome o)
{
	unlink_transfer(http, t);
	http->finished++;
	t->done(t->arg, o, &t->answer);
	free_transfer(t);
}

void
http_start(struct http *http, const struct http_request *request,
    void (*done)(void *arg, struct outcome outcome, struct http_answer *answer), void *arg)
{
	struct http_transfer *t = new_transfer(request);

	t->done = done;
	t->arg = arg;
	link_transfer(http, t);
}

/* Attempts. */

static void
begin(struct http *http, struct http_transfer *t)
{
	struct outcome o;

	if (t->began_ms == 0)
		t->began_ms = clock_ms();
	make_multi(http);
	o = http_attempt_begin(t, &http->options, &http->spares);
	if (!outcome_is_ok(&o)) {
		finish(http, t, o);
		return;
	}
	curl_multi_add_handle(http->multi, t->easy);
	http->under_way++;
}

/* Follow the redirect, or say why not. */
static struct outcome
follow(struct http_transfer *t)
{
	bool foreign;
	struct outcome o = http_may_follow(t, &foreign);

	if (!outcome_is_ok(&o))
		return o;
	t->foreign = t->foreign || foreign; /* and stays so, wherever it leads from there */
	free(t->answer.url);
	t->answer.url = t->location;
	t->location = NULL;
	t->redirects++;
	t->not_before_ms = 0;
	return o;
}

static unsigned
connections_of(const struct http *http)
{
	return http->multiplexed ? http->options.spread : http->options.connections;
}

static void
note_version(struct http *http, bool multiplexed)
{
	if (multiplexed == http->multiplexed)
		return;
	http->multiplexed = multiplexed;
	curl_multi_setopt(
	    http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)connections_of(http));
}

/* An attempt ended: another one, or done. */
static void
decide(struct http *http, struct http_transfer *t, CURLcode result)
{
	struct outcome o = http_attempt_end(t, result, &http->spares);

	if (t->answer.status != 0)
		note_version(http, t->multiplexed);
	if (outcome_is_ok(&o) && http_is_redirect(t)) {
		o = follow(t);
		if (outcome_is_ok(&o))
			return;
	} else if (http_may_retry(t, &o)) {
		int64_t wait = http_retry_wait_ms(t);

		if (http_in_time(t, &http->options, wait)) {
			t->not_before_ms = clock_ms() + wait;
			return;
		}
	}
	finish(http, t, o);
}

/* The transfer whose attempt is to begin first, or NULL.  Asked for twice each time that
 * anything passes, and mostly there is none. */
static struct http_transfer *
find_next(struct http *http)
{
	struct http_transfer *first = NULL;

	if (http->under_way == http->count)
		return NULL;
	for (struct http_transfer *t = http->transfers; t != NULL; t = t->next)
		if (t->easy == NULL &&
		    (first == NULL || t->not_before_ms < first->not_before_ms))
			first = t;
	return first;
}

static void
decide_all(struct http *http)
{
	CURLMsg *message;
	int left;

	while (http->multi != NULL &&
	       (message = curl_multi_info_read(http->multi, &left)) != NULL) {
		CURLcode result = message->data.result;
		CURL *easy = message->easy_handle;
		struct http_transfer *t = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
		curl_multi_remove_handle(http->multi, easy);
		http->under_way--;
		decide(http, t, result);
	}
}

/* Begin what is due, let libcurl work, decide. */
static void
step(struct http *http)
{
	struct http_transfer *t;
	int running;

	while ((t = find_next(http)) != NULL && t->not_before_ms <= clock_ms())
		begin(http, t);
	if (http->multi != NULL)
		curl_multi_perform(http->multi, &running);
	decide_all(http);
}

/*
 * Wait for the network or other descriptors, at most until then or until an attempt is due.
 * True if one of the others is ready.
 */
static bool
poll_until(struct http *http, int64_t until_ms, struct pollfd *others, unsigned count)
{
	struct curl_waitfd fds[HTTP_OTHERS_MAX] = {0};
	bool ready = false;
	const struct http_transfer *next = find_next(http);
	int64_t wait;

	if (next != NULL && next->not_before_ms < until_ms)
		until_ms = next->not_before_ms;
	wait = until_ms - clock_ms();
	if (wait > http->options.poll_ms)
		wait = http->options.poll_ms;
	if (wait < 0)
		wait = 0;
	make_multi(http);
	for (unsigned i = 0; i < count; i++)
		fds[i] = (struct curl_waitfd){.fd = others[i].fd, .events = CURL_WAIT_POLLIN};
	if (wait > 0 || count != 0)
		curl_multi_poll(http->multi, fds, count, (int)wait, NULL);
	for (unsigned i = 0; i < count; i++) {
		others[i].revents = fds[i].revents;
		ready = ready || fds[i].revents != 0;
	}
	return ready;
}

/*
 * The network has something for one stream: a TLS record of 4 KB, mostly.  Each round of libcurl's
 * looks at all of them, so where there are many, more is left to come first.  Without streams a
 * connection would stand idle meanwhile.
 */
static void
gather(const struct http *http, struct pollfd *others, unsigned count)
{
	if (http->options.gather_ms != 0 && http->multiplexed && http->under_way >= GATHER_FROM)
		poll(others, count, (int)http->options.gather_ms);
}

size_t
http_run_beside(struct http *http, int64_t wait_ms, struct pollfd *others, unsigned count)
{
	struct deadline end = deadline_in_ms(wait_ms);
	size_t finished = http->finished;

	http->interrupted = false;
	while (http->count + count != 0) {
		if (cancel_requested()) {
			http_abandon(http);
			break;
		}
		step(http);
		if (http->finished != finished || http->interrupted || deadline_passed(end) ||
		    poll_until(http, end.at_ms, others, count))
			break;
		gather(http, others, count);
	}
	return http->count;
}

size_t
http_run(struct http *http, int64_t wait_ms)
{
	return http_run_beside(http, wait_ms, NULL, 0);
}

void
http_interrupt(struct http *http)
{
	http->interrupted = true;
}

size_t
http_room(const struct http *http)
{
	size_t most = (size_t)connections_of(http) * (http->multiplexed ? http->streams : 1);

	return http->count < most ? most - http->count : 0;
}

void
http_disconnect(struct http *http)
{
	if (http->count == 0 && http->multi != NULL) {
		http_spares_free(&http->spares);
		curl_multi_cleanup(http->multi);
		http->multi = NULL;
	}
}

void
http_limit_streams(struct http *http, unsigned streams)
{
	http->streams = streams != 0 ? streams : http->options.streams;
	if (http->multi != NULL)
		curl_multi_setopt(
		    http->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)http->streams);
}

void
http_abandon(struct http *http)
{
	size_t due = http->count; /* not those that done() starts meanwhile */

	while (http->transfers != NULL && due-- != 0) {
		struct http_transfer *t = http->transfers;
		struct outcome o = outcome_make("local", "cancelled", NULL);

		if (t->easy != NULL) {
			curl_multi_remove_handle(http->multi, t->easy);
			http->under_way--;
			if (http_attempt_drop(t))
				o = outcome_ambiguous(o);
		}
		finish(http, t, o);
	}
}

/* The simple case. */

struct performed {
	struct outcome outcome;
	struct http_answer *answer;
	bool over;
};

static void
take(void *arg, struct outcome outcome, struct http_answer *answer)
{
	struct performed *performed = arg;

	performed->outcome = outcome;
	*performed->answer = *answer;
	*answer = (struct http_answer){0};
	performed->over = true;
}

struct outcome
http_perform(struct http *http, const struct http_request *request, struct http_answer *answer)
{
	struct performed performed = {.answer = answer};

	*answer = (struct http_answer){0};
	http_start(http, request, take, &performed);
	while (!performed.over)
		http_run(http, POLL_MS);
	return performed.outcome;
}
