/*
 * events - the event source: what changed, told as it happens (RFC 8620 §7.3)
 *
 * A stream is an answer that does not end.  While there is nothing to say its connection is
 * suspended, so that it takes no thread; one thread of our own wakes those that have something
 * to say: a change in their account, or that it is time for a ping.
 */
#ifndef SANDBOX_EVENTS_H
#define SANDBOX_EVENTS_H

#include "sandbox/http.h"

struct events;

/* Follow the changes of the store, which must outlive it. */
struct events *events_start(struct sandbox *s);

/* End all streams, and let none begin; before the server stops. */
void events_stop(struct events *e);

/* After it has stopped. */
void events_free(struct events **e);

/* GET of the event source: types, closeafter, ping, and Last-Event-ID. */
void events_open(const struct request *r, struct reply *reply);

/* What a test asks: who listens; and DELETE, which cuts all streams. */
void events_list(const struct request *r, struct reply *reply);
void events_cut(const struct request *r, struct reply *reply);

#endif
