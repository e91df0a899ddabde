/*
 * pace - how long requests take, and whose messages are to leave apart for it
 *
 * A service that sends while it answers makes everybody in a request wait for the slowest
 * recipient, and a request that waits holds a place.  So
 *
 *	plain		domains that were answered for before, as quickly as is usual, may
 *			have every place; but where there are four, the last of them is for
 *			domains that nothing is under way to, because any may become slow
 *	strangers	domains of which nothing is known yet have one request each at a
 *			time, and together at most half of the places that are not held by
 *			slow ones.  How many go in one request begins with one, and grows
 *			with each request that was full of them and went quickly
 *	suspects	domains of requests that were slow have a request each, by
 *			themselves, in at most half of the places
 *
 * and a place is left for what is plain, if there are two.
 *
 * Plain data, but for pace_init().  The group's lock guards it.
 */
#ifndef FERRY_PACE_H
#define FERRY_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/known_domains.h"
#include "transport/suspects.h"

#define PACE_DOMAINS_MAX 256 /* that are remembered of a request */

/* What leaves together is of one class: one of these, or a suspect's domain. */
#define PACE_PLAIN     UINT64_C(0)
#define PACE_STRANGERS UINT64_MAX

/* A request. */
struct running {
	int64_t began_ms;
	uint64_t class;
	size_t items;
	bool slow;                          /* its domains are suspects by now */
	bool last;                          /* it has the last place */
	uint64_t domains[PACE_DOMAINS_MAX]; /* each once */
	size_t domain_count;
	struct running *next;
};

struct pace {
	struct running *running; /* that are under way */
	int64_t usual_ms;        /* that a request takes */
	size_t strangers_most;   /* domains in a request of strangers */
	struct suspects suspects;
	struct known_domains known;
};

void pace_init(struct pace *pace);

uint64_t pace_class(struct pace *pace, const uint64_t *domains, size_t count, int64_t now);
static inline bool
pace_is_suspect(uint64_t class)
{
	return class != PACE_PLAIN && class != PACE_STRANGERS;
}

/* The places for requests. */
struct places {
	int64_t all, taken;
};

/* May a request of the class, to these domains before all, have a place? */
bool pace_may_go(const struct pace *pace, uint64_t class, const uint64_t *domains, size_t count,
    const struct places *places);

/* Begin to fill a request. */
struct running pace_fill(uint64_t class, const struct places *places, int64_t now);

/* May these go with it? */
bool pace_may_join(const struct pace *pace, const struct running *running,
    const uint64_t *domains, size_t count);
void pace_join(struct running *running, const uint64_t *domains, size_t count);

/* It leaves; it is over.  as_usual: the time it took tells something of its domains. */
void pace_begin(struct pace *pace, struct running *running);
void pace_end(struct pace *pace, struct running *running, bool as_usual, int64_t now);

/* Suspect the domains of requests that have become slow. */
void pace_watch(struct pace *pace, int64_t now);

#endif
