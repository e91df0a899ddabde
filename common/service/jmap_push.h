/*
 * jmap_push - be told when something changes (RFC 8620 §7.3)
 *
 * Keeps a stream of events open at the session's eventSourceUrl: opens it, opens it again
 * after it was cut, with growing pauses and the id of the last event, cuts it itself when the
 * server's pings stay away, and renews a login that is refused.  Where a server has no
 * events (no URL, 204, or an error that says so) it asks again after an hour.
 *
 * What an event says is never believed further than that something changed.  Whoever waits
 * has to look for himself when a stream has opened, too: what changed while there was none
 * may never be told.
 *
 * A struct push belongs to the thread of its jmap, and nothing else may use that jmap while
 * push_wait() runs.  Time passes for it while the machine sleeps.
 */
#ifndef FERRY_JMAP_PUSH_H
#define FERRY_JMAP_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/outcome.h"
#include "common/service/jmap.h"

struct push;
struct pollfd;

struct push_options {
	unsigned ping;          /* seconds between the server's signs of life to ask for */
	int64_t first_pause_ms; /* before coming back, unless the server says; 0: 1000 */
};

enum push_state {
	PUSH_ABSENT, /* the server has no events: it must be asked */
	PUSH_CLOSED, /* there is no stream now; it is opened when its time comes */
	PUSH_OPENING,
	PUSH_OPEN,
};

/* The jmap must outlive it.  Nothing is sent before push_wait(). */
struct push *push_new(struct jmap *jmap, const struct push_options *options);
void push_free(struct push **push);

/* What happened while waiting: one or several of */
#define PUSH_OPENED  1u /* a stream has opened: look for what changed before */
#define PUSH_CHANGED 2u /* something changed in the account */
#define PUSH_FAILED  4u /* a stream was cut, or could not be opened: see push_outcome() */

/*
 * Wait until something happens, one of others has something to read, or wait_ms have passed
 * (see http_run_beside()).  Opening a stream may log in, which may take its time.
 */
unsigned
push_wait(struct push *push, int64_t wait_ms, struct pollfd *others, unsigned other_count);

enum push_state push_state(const struct push *push);

/* Why there is no stream; valid when PUSH_FAILED, or when the state is PUSH_ABSENT. */
const struct outcome *push_outcome(const struct push *push);

/* Open the stream anew, at once: the machine slept, or somebody cannot wait. */
void push_hurry(struct push *push);

/* Does this StateChange object (text) say that mail changed in the account?  What cannot be
 * read might. */
bool push_concerns(const char *text, size_t length, const char *account_id);

#endif
