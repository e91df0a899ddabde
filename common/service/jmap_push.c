/*
 * The event source of a JMAP service, kept open.
 *
 *	       push_hurry, time has come
 *	CLOSED ───────────────────────────► OPENING ──── head of a 200 ───► OPEN
 *	  ▲ ▲                                 │  │                           │
 *	  │ └──────── no answer, 429, 5xx ────┘  │                           │
 *	  └───────────── cut, ended, no sign of life for three pings ────────┘
 *	                                         │
 *	ABSENT ◄───── 204, 4xx, not a stream ────┘    (an hour later: CLOSED)
 *
 * The pause before coming back doubles as long as streams do not last: one that opens and is
 * cut at once is no better than none.  The stream has connections of its own, because it
 * would stand in the way of a transfer's time-outs.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_parts.h"
#include "common/service/jmap_push.h"
#include "common/wire/event_stream.h"
#include "common/wire/json.h"

#define TYPES         "Email,Mailbox"
#define FIRST_MS      1000
#define LONGEST_MS    300000
#define ABSENT_MS     3600000 /* until a server without events is asked again */
#define OPENING_MS    60000   /* for the head of an answer */
#define SIGNS_MISSED  3       /* pings, before the stream is taken for dead */
#define PING_LONGEST  3600    /* seconds; a server that says more is not believed */
#define LASTS_MS      60000   /* a stream that stayed open so long was a good one */
#define SESSION_MS    60000
#define POLL_MS       60000 /* for libcurl's own sake; who waits is woken by descriptors */
#define NEVER_STALLED INT32_MAX

struct push {
	struct jmap *jmap;
	struct http *http;
	struct push_options options;
	enum push_state state;
	struct outcome outcome;
	struct event_stream events;
	char *account_id; /* as of the stream */
	char *authorization;
	bool renewed;         /* the login was renewed for this attempt */
	unsigned happened;    /* since push_wait() began */
	unsigned failures;    /* in a row */
	unsigned ping;        /* seconds: what the server said, or was asked for */
	int64_t at_ms;        /* CLOSED, ABSENT: when to open; else when it began */
	int64_t heard_ms;     /* the last sign of life */
	unsigned retry_after; /* seconds, of the last answer */
};

/* Time that passes while the machine sleeps, too. */
static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is heard. */

bool
push_concerns(const char *text, size_t length, const char *account_id)
{
	static const char *const types[] = {"Email", "Mailbox"};
	json_t *change = NULL;
	struct outcome o = json_parse(text, length, &change);
	const json_t *changed = json_get_object(change, "changed");
	const json_t *account = json_get_object(changed, account_id);
	bool concerns = !outcome_is_ok(&o) || changed == NULL;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		concerns = concerns || json_object_get(account, types[i]) != NULL;
	json_decref(change);
	return concerns;
}

static void
take_ping(struct push *p, const struct event *event)
{
	json_t *ping = NULL;
	struct outcome o = json_parse(event->data, event->length, &ping);
	int64_t interval = outcome_is_ok(&o) ? json_get_count(ping, "interval", 0) : 0;

	if (interval > 0 && interval <= PING_LONGEST)
		p->ping = (unsigned)interval;
	json_decref(ping);
}

static void
on_event(void *arg, const struct event *event)
{
	struct push *p = arg;

	if (strcmp(event->type, "ping") == 0) {
		take_ping(p, event);
	} else if (!event->whole ||
	           (strcmp(event->type, "state") == 0 &&
	               push_concerns(event->data, event->length, p->account_id))) {
		p->happened |= PUSH_CHANGED;
		http_interrupt(p->http);
	}
}

static bool
on_open(void *arg, int64_t size)
{
	struct push *p = arg;

	(void)size;
	p->state = PUSH_OPEN;
	p->renewed = false;
	p->outcome = outcome_ok();
	p->happened |= PUSH_OPENED;
	p->heard_ms = p->at_ms = now_ms();
	http_interrupt(p->http);
	return true;
}

static bool
on_bytes(void *arg, const char *bytes, size_t length)
{
	struct push *p = arg;

	p->heard_ms = now_ms();
	event_stream_feed(&p->events, bytes, length);
	return true;
}

/* How a stream ends. */

static int64_t
pause_ms(const struct push *p)
{
	int64_t first =
	    p->events.retry_ms >= 0 ? p->events.retry_ms : p->options.first_pause_ms;
	unsigned shift = p->failures > 1 ? p->failures - 1 : 0;
	int64_t pause;
	uint32_t random = 0;

	if (first == 0)
		first = FIRST_MS;
	pause = shift < 16 && first << shift < LONGEST_MS ? first << shift : LONGEST_MS;
	if (pause < (int64_t)p->retry_after * 1000)
		pause = (int64_t)p->retry_after * 1000;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint32_t)clock_ns();
	/* Many clients of a server that went away come back one by one. */
	return pause / 2 + (int64_t)((uint64_t)random * (uint64_t)pause >> 32);
}

static void
close_stream(struct push *p, struct outcome o)
{
	if (p->state == PUSH_OPEN && now_ms() - p->at_ms >= LASTS_MS)
		p->failures = 0;
	p->failures++;
	p->state = PUSH_CLOSED;
	p->outcome = o;
	p->renewed = false;
	p->happened |= PUSH_FAILED;
	p->at_ms = now_ms() + pause_ms(p);
	p->retry_after = 0;
}

static void
do_without(struct push *p, const char *why)
{
	p->state = PUSH_ABSENT;
	p->outcome = outcome_make("net", "protocol", "%s", why);
	p->failures = 0;
	p->at_ms = now_ms() + ABSENT_MS;
}

/* An answer that is no stream. */
static void
take_refusal(struct push *p, const struct http_answer *answer)
{
	p->retry_after = answer->retry_after;
	if (answer->status == 401 && !p->renewed && p->authorization != NULL &&
	    auth_refused(jmap_auth(p->jmap), p->authorization)) {
		p->renewed = true;
		p->state = PUSH_CLOSED;
		p->at_ms = now_ms();
	} else if (answer->status == 204) {
		do_without(p, "the service has no events (204)");
	} else if (answer->status == 401 || answer->status == 429 || answer->status >= 500) {
		close_stream(p, jmap_answer_outcome(answer));
	} else if (answer->status == 404 && p->failures == 0) {
		jmap_session_forget(p->jmap); /* it may have moved */
		close_stream(p, jmap_answer_outcome(answer));
	} else {
		struct outcome o = jmap_answer_outcome(answer);

		do_without(p, o.text);
	}
}

static void
on_done(void *arg, struct outcome o, struct http_answer *answer)
{
	struct push *p = arg;

	if (p->state == PUSH_OPENING && outcome_is_ok(&o))
		take_refusal(p, answer);
	else if (p->state == PUSH_OPENING && outcome_is(&o, "net/protocol"))
		do_without(p, "what is at the eventSourceUrl is no stream of events");
	else if (outcome_is_ok(&o))
		close_stream(p, outcome_make("net", "cut", "the service ended its events"));
	else
		close_stream(p, o);
	http_interrupt(p->http);
}

/* How one begins. */

static void
wipe_authorization(struct push *p)
{
	if (p->authorization != NULL)
		explicit_bzero(p->authorization, strlen(p->authorization));
	free(p->authorization);
	p->authorization = NULL;
}

/* The URL to ask; NULL if there is none, and *o says why, or that the service has none. */
static char *
find_url(struct push *p, struct outcome *o)
{
	const struct jmap_session *session = NULL;
	char ping[16], *url;

	*o = jmap_session(p->jmap, deadline_in_ms(SESSION_MS), &session);
	if (!outcome_is_ok(o) || session->event_source_url == NULL)
		return NULL;
	snprintf(ping, sizeof(ping), "%u", p->options.ping);
	url = jmap_fill_template(
	    session->event_source_url, "types", TYPES, "closeafter", "no", "ping", ping, NULL);
	free(p->account_id);
	p->account_id = xstrdup(session->account_id);
	return url;
}

static void
start(struct push *p, const char *url)
{
	struct http_sink sink = {.begin = on_open, .write = on_bytes, .arg = p};
	struct http_request request = {
	    .method = "GET",
	    .url = url,
	    .authorization = p->authorization,
	    .accept = "text/event-stream",
	    .answer_type = "text/event-stream",
	    .last_event_id = p->events.last_id.len != 0 ? p->events.last_id.data : NULL,
	    .sink = &sink,
	    .keeps_pace = true,
	    .deadline = DEADLINE_NEVER,
	};

	event_stream_restart(&p->events);
	p->ping = p->options.ping;
	p->state = PUSH_OPENING;
	p->heard_ms = p->at_ms = now_ms();
	http_start(p->http, &request, on_done, p);
}

static void
open_stream(struct push *p)
{
	struct buf value = BUF_INIT;
	struct outcome o;
	char *url = find_url(p, &o);

	if (outcome_is_ok(&o) && url == NULL) {
		do_without(p, "the session has no eventSourceUrl");
		return;
	}
	if (outcome_is_ok(&o))
		o = auth_header(jmap_auth(p->jmap), deadline_in_ms(SESSION_MS), &value);
	wipe_authorization(p);
	if (outcome_is_ok(&o)) {
		p->authorization = xstrdup(value.data);
		start(p, url);
	} else {
		close_stream(p, o);
	}
	buf_wipe(&value);
	free(url);
}

/* Waiting. */

/* When a stream that says nothing is given up. */
static int64_t
patience_ms(const struct push *p)
{
	return p->heard_ms +
	       (p->state == PUSH_OPENING ? OPENING_MS : (int64_t)p->ping * SIGNS_MISSED * 1000);
}

/* Give up the stream; on_done() is not to decide about it. */
static void
drop(struct push *p)
{
	enum push_state state = p->state;
	struct outcome o = p->outcome;
	unsigned happened = p->happened, failures = p->failures;

	http_abandon(p->http);
	p->state = state;
	p->outcome = o;
	p->happened = happened;
	p->failures = failures;
}

static void
look_at_clock(struct push *p)
{
	bool open = p->state == PUSH_OPEN || p->state == PUSH_OPENING;

	if (open && now_ms() >= patience_ms(p)) {
		drop(p);
		close_stream(p,
		    outcome_make("net", "timeout", "no sign of life from the events for %lld s",
		        (long long)(now_ms() - p->heard_ms) / 1000));
	} else if (!open && now_ms() >= p->at_ms) {
		open_stream(p);
	}
}

static int64_t
left_ms(const struct push *p)
{
	bool open = p->state == PUSH_OPEN || p->state == PUSH_OPENING;
	int64_t left = (open ? patience_ms(p) : p->at_ms) - now_ms();

	return left > 0 ? left : 0;
}

unsigned
push_wait(struct push *p, int64_t wait_ms, struct pollfd *others, unsigned other_count)
{
	unsigned happened;

	look_at_clock(p);
	if (p->happened == 0) {
		if (wait_ms > left_ms(p))
			wait_ms = left_ms(p);
		(void)http_run_beside(p->http, wait_ms, others, other_count);
		look_at_clock(p);
	} else {
		(void)poll(others, other_count, 0);
	}
	happened = p->happened;
	p->happened = 0;
	return happened;
}

enum push_state
push_state(const struct push *p)
{
	return p->state;
}

const struct outcome *
push_outcome(const struct push *p)
{
	return &p->outcome;
}

void
push_hurry(struct push *p)
{
	drop(p);
	p->state = PUSH_CLOSED;
	p->failures = 0;
	p->at_ms = now_ms();
}

struct push *
push_new(struct jmap *jmap, const struct push_options *options)
{
	struct http_options http = {
	    .ca_file = jmap_account(jmap)->ca_file,
	    .connections = 1,
	    .stall_ms = NEVER_STALLED, /* there are pings for that */
	    .retry_ms = 1,
	    .poll_ms = POLL_MS,
	};
	struct push *p = xcalloc(1, sizeof(*p));

	p->jmap = jmap;
	p->options = *options;
	p->http = http_new(&http);
	p->state = PUSH_CLOSED;
	p->at_ms = now_ms();
	p->outcome = outcome_ok();
	event_stream_init(&p->events, on_event, p);
	return p;
}

void
push_free(struct push **push)
{
	struct push *p = *push;

	if (p == NULL)
		return;
	http_free(&p->http);
	event_stream_free(&p->events);
	wipe_authorization(p);
	free(p->account_id);
	free(p);
	*push = NULL;
}
