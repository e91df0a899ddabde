/*
 * Streams of events, and the thread that fills them.
 *
 *	commit ──► work(): states differ? ──► text ──► resume ──► read_events() ──► client
 *
 * A stream remembers the states it told last.  An event has the states that changed, and as
 * its id all of them, so that who comes back with that id is told what was missed meanwhile.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include <microhttpd.h>

#include "common/base/clock.h"
#include "common/base/json_write.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sandbox/auth.h"
#include "sandbox/events.h"
#include "sandbox/jmap.h"
#include "sandbox/store.h"

#define PING_MIN    1     /* seconds; RFC 8620 wants at most 30, */
#define PING_MAX    3600  /* and at least 300 */
#define COMMENT_MS  60000 /* who wants no pings gets comments, or would never be missed */
#define UNREAD_MAX  65536 /* bytes; who does not read them is told the rest later */
#define RETRY_AFTER "5"
#define ID_FORMAT   "%lld-%lld-%lld"

static const struct {
	const char *name;
	enum record record;
} types[] = {
    {"Mailbox", RECORD_MAILBOX},
    {"Email", RECORD_EMAIL},
    {"Thread", RECORD_EMAIL},
    {"EmailSubmission", RECORD_SUBMISSION},
};
#define TYPES (sizeof(types) / sizeof(types[0]))

struct stream {
	struct stream *next;
	struct events *events;
	struct MHD_Connection *connection;
	int64_t account;
	char *inbox;
	bool wanted[TYPES];
	bool once;  /* closes after the first event of a state */
	bool muted; /* a test wants it to say nothing */
	bool suspended, ended, cut;
	int64_t ping;    /* seconds; 0: comments instead */
	int64_t next_ms; /* clock_ms(): of the next ping */
	int64_t told[RECORD_COUNT];
	struct buf text; /* to be sent, */
	size_t sent;     /* but for this much */
};

struct events {
	struct sandbox *sandbox;
	pthread_t thread;
	pthread_mutex_t lock;   /* of all that follows, and of the streams */
	pthread_cond_t changed; /* on the monotonic clock */
	struct stream *streams;
	int64_t count;
	bool look; /* something was committed since the thread last looked */
	bool stop;
};

/* What is said. */

static void
say_event(struct stream *s, const char *name, json_t *data)
{
	buf_addf(&s->text, "event: %s\ndata: ", name);
	json_write(data, &s->text);
	buf_adds(&s->text, "\n\n");
	json_decref(data);
}

static void
say_ping(struct stream *s, int64_t now)
{
	if (s->ping != 0)
		say_event(s, "ping", json_pack("{s:I}", "interval", s->ping));
	else
		buf_adds(&s->text, ": still here\n\n");
	s->next_ms = now + (s->ping != 0 ? s->ping * 1000 : COMMENT_MS);
}

/* A StateChange, if something that is listened for changed. */
static void
say_change(struct stream *s, const struct account *a)
{
	json_t *changed = json_object();

	for (size_t i = 0; i < TYPES; i++)
		if (s->wanted[i] && a->states[types[i].record] != s->told[types[i].record])
			json_object_set_new(
			    changed, types[i].name, jmap_state(a, types[i].record));
	memcpy(s->told, a->states, sizeof(s->told));
	if (json_object_size(changed) == 0) {
		json_decref(changed);
		return;
	}
	buf_addf(&s->text, "id: " ID_FORMAT "\n", (long long)s->told[RECORD_MAILBOX],
	    (long long)s->told[RECORD_EMAIL], (long long)s->told[RECORD_SUBMISSION]);
	say_event(s, "state",
	    json_pack("{s:s, s:{s:o}}", "@type", "StateChange", "changed", s->inbox, changed));
	s->ended = s->once;
	count_one(s->events->sandbox->counters.events);
}

/* False if it cannot be read now. */
static bool
read_states(struct sandbox *sandbox, int64_t id, struct account *a)
{
	struct db *d = store_take(sandbox->store);
	bool found;

	if (d == NULL)
		return false;
	store_begin_read(sandbox->store, d);
	found = account_by_id(d, id, a);
	store_rollback(sandbox->store, d);
	store_give(sandbox->store, d);
	return found;
}

/* The thread. */

static void
wake(struct stream *s)
{
	if (s->suspended)
		MHD_resume_connection(s->connection);
	s->suspended = false;
}

static void
fill(struct events *e, struct stream *s, bool look, int64_t now)
{
	struct account a = {0};

	if (s->muted || s->ended || s->text.len - s->sent > UNREAD_MAX)
		return;
	if (look && read_states(e->sandbox, s->account, &a))
		say_change(s, &a);
	account_free(&a);
	if (now >= s->next_ms)
		say_ping(s, now);
	if (s->text.len != 0)
		wake(s);
}

/* Wait for a change or until a time; the lock is held. */
static void
wait_until(struct events *e, int64_t ms)
{
	struct timespec until = {ms / 1000, (long)(ms % 1000) * 1000000};

	while (!e->stop && !e->look) {
		if (ms == INT64_MAX)
			pthread_cond_wait(&e->changed, &e->lock);
		else if (pthread_cond_timedwait(&e->changed, &e->lock, &until) == ETIMEDOUT)
			break;
	}
}

static void *
work(void *argument)
{
	struct events *e = argument;

	pthread_mutex_lock(&e->lock);
	while (!e->stop) {
		int64_t next = INT64_MAX, now = clock_ms();
		bool look = e->look;

		e->look = false;
		for (struct stream *s = e->streams; s != NULL; s = s->next) {
			fill(e, s, look, now);
			if (!s->muted && s->next_ms < next)
				next = s->next_ms;
		}
		wait_until(e, next);
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

static void
look_again(struct events *e)
{
	e->look = true;
	pthread_cond_signal(&e->changed);
}

static void
on_commit(void *arg)
{
	struct events *e = arg;

	pthread_mutex_lock(&e->lock);
	if (e->streams != NULL)
		look_again(e);
	pthread_mutex_unlock(&e->lock);
}

/* A stream, in the server's threads. */

static size_t
take_text(struct stream *s, char *to, size_t max)
{
	size_t part = s->text.len - s->sent;

	if (part > max)
		part = max;
	memcpy(to, s->text.data + s->sent, part);
	s->sent += part;
	if (s->sent == s->text.len) {
		buf_reset(&s->text);
		s->sent = 0;
	}
	return part;
}

static ssize_t
read_events(void *state, char *to, size_t max)
{
	struct stream *s = state;
	ssize_t n;

	pthread_mutex_lock(&s->events->lock);
	if (s->cut) {
		n = -1;
	} else if (s->text.len != 0) {
		n = (ssize_t)take_text(s, to, max);
	} else if (s->ended || s->events->stop) {
		n = 0;
	} else {
		MHD_suspend_connection(s->connection);
		s->suspended = true;
		n = REPLY_LATER;
	}
	pthread_mutex_unlock(&s->events->lock);
	return n;
}

static void
free_stream(void *state)
{
	struct stream *s = state;
	struct events *e = s->events;

	pthread_mutex_lock(&e->lock);
	for (struct stream **p = &e->streams; *p != NULL; p = &(*p)->next)
		if (*p == s) {
			*p = s->next;
			e->count--;
			break;
		}
	pthread_mutex_unlock(&e->lock);
	buf_free(&s->text);
	free(s->inbox);
	free(s);
}

/* Is name in the list "Email,Mailbox", or everything wanted? */
static bool
lists(const char *list, const char *name)
{
	size_t length;

	if (list == NULL || strcmp(list, "*") == 0)
		return true;
	for (; *list != '\0'; list += length + (list[length] == ',')) {
		length = strcspn(list, ",");
		if (strlen(name) == length && strncmp(list, name, length) == 0)
			return true;
	}
	return false;
}

/* The states an event's id stands for; false if it is none of ours. */
static bool
read_id(const char *id, int64_t told[RECORD_COUNT])
{
	long long m, e, s;
	int end = 0;

	if (id == NULL || strlen(id) > 60 ||
	    sscanf(id, ID_FORMAT "%n", &m, &e, &s, &end) != 3 || id[end] != '\0')
		return false;
	told[RECORD_MAILBOX] = m;
	told[RECORD_EMAIL] = e;
	told[RECORD_SUBMISSION] = s;
	return true;
}

static void
choose_ping(struct stream *s, const char *text)
{
	s->ping = text != NULL ? strtoll(text, NULL, 10) : 0;
	if (s->ping < 0)
		s->ping = 0;
	if (s->ping != 0 && s->ping < PING_MIN)
		s->ping = PING_MIN;
	if (s->ping > PING_MAX)
		s->ping = PING_MAX;
	s->next_ms = clock_ms() + (s->ping != 0 ? s->ping * 1000 : COMMENT_MS);
}

static struct stream *
new_stream(const struct request *r, struct account *a)
{
	const char *list = request_argument(r, "types");
	const char *close = request_argument(r, "closeafter");
	struct stream *s = xcalloc(1, sizeof(*s));

	s->events = r->sandbox->events;
	s->connection = r->connection;
	s->account = a->id;
	s->inbox = xstrdup(a->inbox);
	s->once = close != NULL && strcmp(close, "state") == 0;
	s->muted = r->muted;
	for (size_t i = 0; i < TYPES; i++)
		s->wanted[i] = lists(list, types[i].name);
	choose_ping(s, request_argument(r, "ping"));
	if (!read_id(request_header(r, "Last-Event-ID"), s->told)) {
		struct account now = {0};

		if (read_states(r->sandbox, a->id, &now))
			memcpy(s->told, now.states, sizeof(s->told));
		account_free(&now);
	}
	return s;
}

/* False if there are as many as there may be. */
static bool
link_stream(struct events *e, struct stream *s)
{
	bool room;

	pthread_mutex_lock(&e->lock);
	room = e->count < e->sandbox->options.max_streams;
	if (room) {
		s->next = e->streams;
		e->streams = s;
		e->count++;
		/* What changed since the states were read. */
		look_again(e);
	}
	pthread_mutex_unlock(&e->lock);
	return room;
}

void
events_open(const struct request *r, struct reply *reply)
{
	struct account a = {0};
	struct stream *s;

	if (r->sandbox->options.no_push) {
		reply->status = 204;
		return;
	}
	if (!auth_account(r, &a, reply)) {
		account_free(&a);
		return;
	}
	s = new_stream(r, &a);
	account_free(&a);
	if (!link_stream(r->sandbox->events, s)) {
		free_stream(s);
		reply_error(reply, 503, "too many event streams are open", "come back later");
		reply_header(reply, "Retry-After", RETRY_AFTER);
		return;
	}
	count_one(r->sandbox->counters.streams);
	reply_header(reply, "Content-Type", "text/event-stream");
	reply_header(reply, "Cache-Control", "no-store");
	reply->stream = (struct reply_stream){s, read_events, free_stream, true};
	reply->size = -1;
}

/* Controls. */

void
events_list(const struct request *r, struct reply *reply)
{
	struct events *e = r->sandbox->events;
	json_t *list = json_array();

	pthread_mutex_lock(&e->lock);
	for (const struct stream *s = e->streams; s != NULL; s = s->next)
		json_array_append_new(list, json_pack("{s:s, s:I, s:b}", "account", s->inbox,
		                                "ping", s->ping, "muted", s->muted));
	pthread_mutex_unlock(&e->lock);
	reply_json(reply, 200, list);
}

void
events_cut(const struct request *r, struct reply *reply)
{
	struct events *e = r->sandbox->events;
	json_int_t count = 0;

	pthread_mutex_lock(&e->lock);
	for (struct stream *s = e->streams; s != NULL; s = s->next) {
		s->cut = s->ended = true;
		wake(s);
		count++;
	}
	pthread_mutex_unlock(&e->lock);
	reply_json(reply, 200, json_pack("{s:I}", "cut", count));
}

/* Start and end. */

struct events *
events_start(struct sandbox *sandbox)
{
	struct events *e = xcalloc(1, sizeof(*e));
	pthread_condattr_t attributes;

	e->sandbox = sandbox;
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&e->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&e->thread, NULL, work, e) != 0) {
		log_say(LOG_ERR, "cannot start a thread");
		exit(EX_OSERR);
	}
	store_on_commit(sandbox->store, on_commit, e);
	return e;
}

void
events_stop(struct events *e)
{
	pthread_mutex_lock(&e->lock);
	e->stop = true;
	pthread_cond_signal(&e->changed);
	for (struct stream *s = e->streams; s != NULL; s = s->next)
		wake(s);
	pthread_mutex_unlock(&e->lock);
}

void
events_free(struct events **e)
{
	if (*e == NULL)
		return;
	events_stop(*e);
	pthread_join((*e)->thread, NULL);
	store_on_commit((*e)->sandbox->store, NULL, NULL);
	pthread_cond_destroy(&(*e)->changed);
	pthread_mutex_destroy(&(*e)->lock);
	free(*e);
	*e = NULL;
}
