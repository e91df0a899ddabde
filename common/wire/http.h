/*
 * http - an HTTP client for one service: connections kept, bodies streamed, one deadline
 *
 * A struct http keeps connections open and speaks HTTP/2 where a server offers it on TLS (by
 * ALPN): Cyrus answers forty times faster that way than over HTTP/1.1, where Nagle's
 * algorithm holds each response back for 40 ms.  Transfers run side by
 * side: start as many as wanted, then let http_run() drive them; http_perform() is the
 * simple case of one.  A struct http belongs to one thread.
 *
 * What it refuses (outcomes of family "net"): http: URLs beyond loopback (net/insecure),
 * redirects to another host unless they lead to HTTPS on it or upgrade the same host, and
 * more than five in a row (net/redirect), answers over the request's limit (net/too-large),
 * certificates that do not verify (net/certificate).  A redirect never carries credentials
 * or a body to another host; it is followed for GET, and for others if it keeps the method
 * (307, 308).
 *
 * Retries: within the deadline, with exponential back-off and jitter, an answer of 429 or
 * 503 (honouring Retry-After) and a failure before the request was written are tried again;
 * a request marked idempotent also after a cut connection, a 502 or a 504, one marked
 * keeps_pace not after a 429.  When the service asks us to wait longer than the deadline, or
 * the time for retries (retry_ms), leaves, the answer is given at once, with retry_after
 * set.  A twelfth attempt is the last.  cancel_requested() ends everything with
 * local/cancelled.
 *
 * An outcome is ambiguous only if the whole request was sent: until then no service can have
 * acted.  What libcurl would send again by itself on a dead connection obeys the same rule.
 */
#ifndef FERRY_HTTP_H
#define FERRY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/outcome.h"

struct http;
struct http_transfer;

struct http_options {
	const char *ca_file;  /* trusted instead of the system's authorities, or NULL */
	unsigned connections; /* at most so many to a host; 0: 4 */
	unsigned spread;      /* HTTP/2: the same, once it is known; 0: as connections */
	unsigned streams;     /* HTTP/2: at most so many a connection; 0: 16.  A connection
	                       * more is opened when those there are full. */
	int64_t connect_ms;   /* time to connect; 0: 15000 */
	int64_t stall_ms;     /* give up when no byte moves for so long; 0: 120000 */
	int64_t speed;        /* bytes a second of one transfer, either way; 0: any */
	int64_t retry_ms;     /* begin no attempt later than so long after a request's first;
	                       * 0: the deadline alone ends retries */
	int64_t poll_ms;      /* look for cancel_requested() at least so often; 0: 200 */
	int64_t gather_ms;    /* HTTP/2, many streams: look at them again only after so long,
	                       * for much instead of soon; 0: at once */
};

struct http *http_new(const struct http_options *options);
void http_free(struct http **http);

/* Where a body comes from.  read fills at most size bytes and returns how many, 0 at the
 * end, -1 on failure; rewind starts over (for a retry) and returns false if it cannot. */
struct http_source {
	ssize_t (*read)(void *arg, char *bytes, size_t size);
	bool (*rewind)(void *arg);
	void *arg;
	int64_t size; /* bytes in all; -1 if not known (sent chunked) */
};

/* Where an answer's body goes instead of memory.  Called with the bytes of 2xx answers
 * only (the body of an error is kept in memory for its text).  Returns false to stop the
 * transfer, which then ends with local/io.  begin is called once the head of a 2xx answer is
 * there, in every attempt, so that a retry can start the file over; it may be NULL. */
struct http_sink {
	bool (*begin)(void *arg, int64_t size_or_minus_1);
	bool (*write)(void *arg, const char *bytes, size_t length);
	void *arg;
};

struct http_request {
	const char *method; /* "GET", "POST" */
	const char *url;
	const char *authorization;      /* the header's value, or NULL; a secret */
	const char *authorization_name; /* of that header; NULL: Authorization */
	const char *accept;             /* or NULL */
	const char *last_event_id;      /* of a stream of events, or NULL */
	const char *answer_type;        /* a 200 of another type is net/protocol; NULL: any */
	const char *content_type;       /* of the body, or NULL */
	const char *body;               /* bytes in memory, or NULL */
	size_t body_length;
	const struct http_source *source; /* instead of body, or NULL */
	const struct http_sink *sink;     /* or NULL: into answer.body */
	size_t answer_max; /* most bytes of answer to keep in memory, decompressed; 0: 16 MiB */
	int64_t sink_max;  /* most bytes a sink takes; 0: no limit */
	bool compressed;   /* ask for gzip, unless on loopback: for JSON, not for mail */
	bool idempotent;   /* doing it twice is as good as once */
	bool keeps_pace;   /* the caller knows the service's limits: 429 is not tried again */
	struct deadline deadline;
};

struct http_answer {
	int status;           /* 0 if there was none */
	struct buf body;      /* of any status, unless a sink took it */
	char *content_type;   /* or NULL */
	char *authorization;  /* the answer's Authorization header, or NULL; a secret */
	char *url;            /* that answered, after redirects */
	unsigned retry_after; /* seconds, from Retry-After (either form), 0 if absent */
	int64_t received;     /* bytes of body, before decompression */
	unsigned attempts;    /* redirects followed count too */
};

void http_answer_free(struct http_answer *answer);

/*
 * Do one request.  OK means that an answer came, whatever its status: callers decide what
 * 401 or 404 means (outcome_http() is the usual reading).  The answer is valid, and to be
 * freed, in every case.  Of an answer that is not 2xx the first 64 KiB are kept.  Transfers
 * that were started go on meanwhile, and may be done.
 */
struct outcome
http_perform(struct http *http, const struct http_request *request, struct http_answer *answer);

/*
 * Start a request and return; done(arg, outcome, answer) is called from http_run() when it
 * is over (the answer is freed after the callback).  Strings and body of the request are
 * copied; source and sink structs are copied, what their args point to must stay.  done may
 * start further transfers.
 */
void http_start(struct http *http, const struct http_request *request,
    void (*done)(void *arg, struct outcome outcome, struct http_answer *answer), void *arg);

/* Drive transfers until at least one is done, or none is left, or wait_ms have passed.
 * Returns how many are still under way. */
size_t http_run(struct http *http, int64_t wait_ms);

/*
 * The same, but it returns too when one of these descriptors, at most HTTP_OTHERS_MAX, has
 * something to read (poll(2): revents), or after http_interrupt(); and with no transfer left
 * it still waits for them.
 */
#define HTTP_OTHERS_MAX 4
struct pollfd;
size_t
http_run_beside(struct http *http, int64_t wait_ms, struct pollfd *others, unsigned count);

/* From a callback: let http_run() return when what came by now is dealt with. */
void http_interrupt(struct http *http);

/*
 * How many more transfers would go on at once, and not wait in line, if they were started
 * now: one a connection, and with HTTP/2, once an answer came by it, one a stream.  What
 * carries a token that ends soon is better started when there is room.
 */
size_t http_room(const struct http *http);

/* Close the connections that are kept, if there is no transfer: after the machine slept, who
 * knows what became of them. */
void http_disconnect(struct http *http);

/*
 * HTTP/2: from now on at most so many transfers a connection; 0: as many as the options say.
 * With 1, a few requests that are much work for the service are answered side by side.
 */
void http_limit_streams(struct http *http, unsigned streams);

/* Give up all transfers: each done is called with local/cancelled. */
void http_abandon(struct http *http);

/* Is host (of a URL) the loopback: 127.0.0.0/8, ::1 or localhost? */
bool http_is_loopback(const char *url);

/* Resolve reference (absolute, "/path" or relative) against base (RFC 3986 §5).  NULL if
 * either cannot be a http(s) URL.  The caller free()s. */
char *http_resolve(const char *base, const char *reference);

#endif
