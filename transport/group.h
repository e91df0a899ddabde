/*
 * group - group commit: what waits at the same time for one service leaves together
 *
 * Whoever has something to send adds it, and is told when it is through; or joins, and returns
 * then.  Threads of the group's own carry what has gathered.
 * One that comes alone goes at once; while a request is under way, or the last one carried
 * several, others gather until a group is full or the oldest has waited some milliseconds, and
 * no more requests are under way than the service allows.
 *
 * A service that sends while it answers makes everybody in a request wait for the slowest
 * recipient.  So who is known to be slow, or not known at all, leaves apart, and never has every
 * place (pace.h).
 *
 * Thread-safe.
 */
#ifndef FERRY_GROUP_H
#define FERRY_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/clock.h"

struct group;

struct group_item {
	const uint64_t *domains; /* hashes of the recipients' domains */
	size_t domain_count;
	int64_t cost;      /* bytes of a request that it takes */
	int64_t latest_ms; /* clock_ms() after which it is not to be taken any more */

	/*
	 * It is through: the item is its owner's again.  Not taken: it got too late, or the
	 * process is to stop.  Called once, from any thread, and not to call the group.
	 */
	void (*through)(struct group_item *item, bool taken);
	void *arg; /* the owner's */

	/* The group's own. */
	int64_t joined_ms;
	struct group_item *next, *previous;
	unsigned size; /* of the group that it left in; 0: it did not */
};

/*
 * Carry the items, in a thread of the group, and have each given to group_release(), at the
 * end or before.  True if it went as usual, so that the time it took tells something of
 * the recipients.
 */
typedef bool group_carry(void *arg, struct group_item **items, size_t count);

struct group *group_new(group_carry *carry, void *arg);
void group_free(struct group **group); /* nothing is in it */

/* What the service allows; till this is known, one of each. */
struct group_limits {
	int64_t requests, uploads; /* at a time */
	int64_t items;             /* in a request */
	int64_t bytes;             /* of a request */
};
void group_set_limits(struct group *group, const struct group_limits *limits);

void group_add(struct group *group, struct group_item *item);

/* Join, which sets through and arg, and return when it is through: whether it was taken. */
bool group_join(struct group *group, struct group_item *item);

/* These are through: they are gone. */
void group_release(struct group_item **items, size_t count);

/* A place among the requests, or uploads, for one that no group makes; false if there was
 * none before the deadline. */
enum group_place { GROUP_REQUEST, GROUP_UPLOAD };
bool group_take_place(struct group *group, enum group_place place, struct deadline d);
void group_give_place(struct group *group, enum group_place place);

/* How many wait, and how many requests and uploads are under way. */
void group_count(struct group *group, unsigned *waiting_r, unsigned *in_flight_r);

/* The hash of an address's domain, whatever its case. */
uint64_t group_domain(const char *address);

#endif
