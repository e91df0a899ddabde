/*
 * Group commit.
 *
 * All that waits is one list, in the order of arrival.  Items are of a class: 0, or the
 * domain that is to be sent to by itself.  The first of a class, and it alone, may lead, and
 * takes what is behind it of the same class; so who leads is always part of what it carries.
 * One lock guards all this; it is not held while a group is carried, nor needed by those who
 * are through with it (see group_join()).
 */
#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "transport/group.h"

#define GROUP_MAX    100    /* items, whatever the service allows */
#define PLACES_MAX   64     /* of each kind, whatever the service allows */
#define GATHER_MS    16     /* that the oldest waits for others where there are others, */
#define QUIET_MS     2      /* unless nobody has come for so long */
#define POLL_MS      250    /* how often who is next looks whether requests have become slow */
#define LOOK_MS      1000   /* how often who waits looks whether the process is to stop */
#define SLOW_MS      1500   /* a request is slow if it takes this, */
#define SLOW_TIMES   3      /* so many times as long as usual, */
#define SLOW_ITEM_MS 100    /* and so much for each item, together */
#define SUSPECT_MS   300000 /* that a domain is sent to by itself */
#define SUSPECTS_MAX 64
#define DOMAINS_MAX  256  /* that are remembered of a request */
#define USUAL_MS     1000 /* before anything is known */

struct suspect {
	uint64_t domain;
	int64_t until_ms;
};

/* A request under way. */
struct running {
	int64_t began_ms;
	uint64_t class;
	bool slow; /* its domains are suspects by now */
	size_t items;
	uint64_t domains[DOMAINS_MAX];
	size_t domain_count;
	struct running *next;
};

struct group {
	group_carry *carry;
	void *arg;
	pthread_mutex_t lock;
	struct group_limits limits;
	struct group_item *first, *last; /* those that wait */
	size_t waiting;
	struct running *running;
	int64_t requests, uploads; /* under way */
	size_t last_items;         /* of the request that left last */
	pthread_cond_t places;     /* some may have become free */
	int64_t usual_ms;          /* that a request takes */
	struct suspect suspects[SUSPECTS_MAX];
};

uint64_t
group_domain(const char *address)
{
	const char *at = strrchr(address, '@');
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (const char *p = at != NULL ? at + 1 : address; *p != '\0'; p++)
		hash = (hash ^ (uint64_t)tolower((unsigned char)*p)) * 0x100000001b3u;
	return hash != 0 ? hash : 1;
}

/* Waits are by the monotonic clock, as everything is. */
static void
init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void
wait_until(struct group *group, pthread_cond_t *condition, int64_t at_ms)
{
	struct timespec at = {
	    .tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000};

	(void)pthread_cond_timedwait(condition, &group->lock, &at);
}

struct group *
group_new(group_carry *carry, void *arg)
{
	struct group *group = xcalloc(1, sizeof(*group));

	group->carry = carry;
	group->arg = arg;
	group->limits = (struct group_limits){1, 1, GROUP_MAX, INT64_MAX};
	group->usual_ms = USUAL_MS;
	pthread_mutex_init(&group->lock, NULL);
	init_condition(&group->places);
	return group;
}

void
group_free(struct group **group)
{
	if (*group == NULL)
		return;
	pthread_cond_destroy(&(*group)->places);
	pthread_mutex_destroy(&(*group)->lock);
	free(*group);
	*group = NULL;
}

/* Suspects. */

static struct suspect *
find_suspect(struct group *group, uint64_t domain, int64_t now)
{
	for (size_t i = 0; i < SUSPECTS_MAX; i++)
		if (group->suspects[i].domain == domain && group->suspects[i].until_ms > now)
			return &group->suspects[i];
	return NULL;
}

static void
suspect(struct group *group, uint64_t domain, int64_t now)
{
	struct suspect *place = find_suspect(group, domain, now);

	for (size_t i = 0; place == NULL && i < SUSPECTS_MAX; i++)
		if (group->suspects[i].until_ms <= now)
			place = &group->suspects[i];
	if (place != NULL) /* else there are so many that suspicion says little */
		*place = (struct suspect){domain, now + SUSPECT_MS};
}

static void
acquit(struct group *group, uint64_t domain, int64_t now)
{
	struct suspect *place = find_suspect(group, domain, now);

	if (place != NULL)
		place->until_ms = 0;
}

static uint64_t
class_of(struct group *group, const struct group_item *item, int64_t now)
{
	for (size_t i = 0; i < item->domain_count; i++)
		if (find_suspect(group, item->domains[i], now) != NULL)
			return item->domains[i];
	return 0;
}

static bool
is_slow(const struct group *group, const struct running *running, int64_t now)
{
	return now - running->began_ms >
	       SLOW_MS + SLOW_TIMES * group->usual_ms + SLOW_ITEM_MS * (int64_t)running->items;
}

/* Suspect the domains of requests that have become slow. */
static void
watch(struct group *group, int64_t now)
{
	for (struct running *r = group->running; r != NULL; r = r->next) {
		if (r->slow || !is_slow(group, r, now))
			continue;
		r->slow = true;
		for (size_t i = 0; i < r->domain_count; i++)
			suspect(group, r->domains[i], now);
	}
}

/* What a request tells by the time it took. */
static void
learn(struct group *group, struct running *running, bool as_usual, int64_t now)
{
	int64_t took = now - running->began_ms;

	watch(group, now);
	if (!running->slow || !as_usual)
		for (size_t i = 0; i < running->domain_count; i++)
			if (!as_usual || running->class != 0)
				acquit(group, running->domains[i], now);
	if (!as_usual || running->slow)
		return;
	/* Down at once, up slowly: what requests take that nothing holds up. */
	if (took < group->usual_ms)
		group->usual_ms = took;
	else
		group->usual_ms += (took - group->usual_ms) / 32;
}

/* The list. */

static void
append(struct group *group, struct group_item *item)
{
	item->next = NULL;
	item->previous = group->last;
	*(group->last != NULL ? &group->last->next : &group->first) = item;
	group->last = item;
	group->waiting++;
}

static void
take_out(struct group *group, struct group_item *item)
{
	*(item->previous != NULL ? &item->previous->next : &group->first) = item->next;
	*(item->next != NULL ? &item->next->previous : &group->last) = item->previous;
	group->waiting--;
}

/* Is it the first of its class? */
static bool
is_first(struct group *group, const struct group_item *item, uint64_t class, int64_t now)
{
	for (const struct group_item *i = group->first; i != item; i = i->next)
		if (class_of(group, i, now) == class)
			return false;
	return true;
}

/* Wake who has joined. */
static void
wake(struct group_item *item)
{
	item->wakes++;
	sem_post(&item->wake);
}

/* Something changed: who is next of a class may go now. */
static void
wake_next(struct group *group)
{
	int64_t now = clock_ms();
	bool plain = false;

	for (struct group_item *i = group->first; i != NULL; i = i->next) {
		uint64_t class = class_of(group, i, now);

		/* Of suspects there are few: each of them looks for itself. */
		if (class != 0 || !plain)
			wake(i);
		plain = plain || class == 0;
	}
	pthread_cond_broadcast(&group->places);
}

/* May those who are to be sent by themselves have another request? */
static bool
suspect_may_go(struct group *group, uint64_t class)
{
	int64_t most = group->limits.requests / 2, now_running = 0;

	for (const struct running *r = group->running; r != NULL; r = r->next) {
		if (r->class == class)
			return false;
		now_running += r->class != 0 || r->slow;
	}
	return now_running < (most > 0 ? most : 1);
}

/*
 * When what waits has gathered for long enough.  At once if there is nothing to wait for:
 * nothing is under way, and the last request left with one item alone.  Else each request
 * saves its own cost, and that of two commits of the journal, for all that it carries.
 */
static int64_t
gathered_ms(const struct group *group, const struct group_item *item)
{
	int64_t quiet = group->last->joined_ms + QUIET_MS;
	int64_t latest = item->joined_ms + GATHER_MS;

	if (group->requests == 0 && group->last_items <= 1)
		return item->joined_ms;
	return quiet < latest ? quiet : latest;
}

/* May the item, the first of its class, leave now? */
static bool
may_go(struct group *group, const struct group_item *item, uint64_t class, int64_t now)
{
	if (group->requests >= group->limits.requests)
		return false;
	if (class != 0)
		return suspect_may_go(group, class);
	return now >= gathered_ms(group, item) || group->waiting >= (size_t)group->limits.items;
}

/* Take the leader's item and what goes with it. */
static size_t
take_items(struct group *group, struct group_item *leader, uint64_t class, int64_t now,
    struct group_item **items, struct running *running)
{
	size_t count = 0, most = (size_t)group->limits.items;
	int64_t room = group->limits.bytes;
	struct group_item *next;

	for (struct group_item *i = leader; i != NULL && count < most; i = next) {
		next = i->next;
		if (class_of(group, i, now) != class || now >= i->latest_ms ||
		    (count != 0 && i->cost > room))
			continue;
		take_out(group, i);
		i->state = GROUP_TAKEN;
		room -= i->cost;
		items[count++] = i;
		for (size_t d = 0; d < i->domain_count && running->domain_count < DOMAINS_MAX;
		     d++)
			running->domains[running->domain_count++] = i->domains[d];
	}
	for (size_t i = 0; i < count; i++)
		items[i]->size = (unsigned)count;
	return count;
}

static void
lead(struct group *group, struct group_item *leader, uint64_t class, int64_t now)
{
	struct group_item *items[GROUP_MAX];
	struct running running = {.began_ms = now, .class = class};
	struct running **place;
	bool as_usual;

	running.items = take_items(group, leader, class, now, items, &running);
	running.next = group->running;
	group->running = &running;
	group->requests++;
	group->last_items = running.items;
	wake_next(group);
	pthread_mutex_unlock(&group->lock);
	as_usual = group->carry(group->arg, items, running.items);
	pthread_mutex_lock(&group->lock);
	group->requests--;
	learn(group, &running, as_usual, clock_ms());
	for (place = &group->running; *place != &running; place = &(*place)->next)
		continue;
	*place = running.next;
	wake_next(group);
}

/* Until when who waits need not look. */
static int64_t
next_look(struct group *group, const struct group_item *item, bool first, int64_t now)
{
	int64_t at = now + (first ? POLL_MS : LOOK_MS), gathered = gathered_ms(group, item);

	if (first && group->requests < group->limits.requests && gathered > now &&
	    gathered < at)
		at = gathered;
	return item->latest_ms < at ? item->latest_ms : at;
}

/*
 * One look of who waits: lead, or leave.  True: sleep until then, and look again.
 */
static bool
look(struct group *group, struct group_item *item, int64_t *until_r)
{
	int64_t now = clock_ms();
	uint64_t class;
	bool first;

	*until_r = INT64_MAX;
	if (item->state != GROUP_WAITING)
		return item->state == GROUP_TAKEN;
	if (cancel_requested() || now >= item->latest_ms) {
		take_out(group, item);
		wake_next(group);
		return false;
	}
	watch(group, now);
	class = class_of(group, item, now);
	first = is_first(group, item, class, now);
	if (first && may_go(group, item, class, now)) {
		lead(group, item, class, now);
		return false;
	}
	*until_r = next_look(group, item, first, now);
	return true;
}

/* Sleep until then, or until woken, which is true. */
static bool
sleep_until(struct group_item *item, int64_t at_ms)
{
	struct timespec at = {
	    .tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000};

	return at_ms == INT64_MAX ? sem_wait(&item->wake) == 0
	                          : sem_clockwait(&item->wake, CLOCK_MONOTONIC, &at) == 0;
}

/*
 * Who is through does not take the lock again, which all that are through at the same time
 * would do.  But it does not go while its last wake is still being given.
 */
bool
group_join(struct group *group, struct group_item *item)
{
	unsigned woken = 0;
	bool locked = true;
	int64_t until;

	item->state = GROUP_WAITING;
	item->joined_ms = clock_ms();
	item->size = item->wakes = 0;
	sem_init(&item->wake, 0, 0);
	pthread_mutex_lock(&group->lock);
	append(group, item);
	if (group->waiting >= (size_t)group->limits.items)
		wake_next(group);
	while (locked && look(group, item, &until)) {
		pthread_mutex_unlock(&group->lock);
		woken += sleep_until(item, until);
		locked = item->state != GROUP_THROUGH;
		if (locked)
			pthread_mutex_lock(&group->lock);
	}
	if (locked)
		pthread_mutex_unlock(&group->lock);
	while (item->state == GROUP_THROUGH && woken < item->wakes)
		woken += sleep_until(item, INT64_MAX);
	sem_destroy(&item->wake);
	return item->state == GROUP_THROUGH;
}

void
group_release(struct group_item **items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		items[i]->wakes++;
		items[i]->state = GROUP_THROUGH;
		sem_post(&items[i]->wake);
	}
}

static int64_t
within(int64_t value, int64_t most)
{
	return value < 1 ? 1 : value > most ? most : value;
}

void
group_set_limits(struct group *group, const struct group_limits *limits)
{
	pthread_mutex_lock(&group->lock);
	group->limits = (struct group_limits){
	    .requests = within(limits->requests, PLACES_MAX),
	    .uploads = within(limits->uploads, PLACES_MAX),
	    .items = within(limits->items, GROUP_MAX),
	    .bytes = limits->bytes,
	};
	wake_next(group);
	pthread_mutex_unlock(&group->lock);
}

bool
group_take_place(struct group *group, enum group_place place, struct deadline d)
{
	int64_t *used = place == GROUP_REQUEST ? &group->requests : &group->uploads;
	int64_t *most =
	    place == GROUP_REQUEST ? &group->limits.requests : &group->limits.uploads;
	bool taken;

	pthread_mutex_lock(&group->lock);
	while (*used >= *most && !deadline_passed(d) && !cancel_requested()) {
		int64_t at = clock_ms() + LOOK_MS;

		wait_until(group, &group->places, d.at_ms < at ? d.at_ms : at);
	}
	taken = *used < *most;
	*used += taken;
	pthread_mutex_unlock(&group->lock);
	return taken;
}

void
group_give_place(struct group *group, enum group_place place)
{
	pthread_mutex_lock(&group->lock);
	--*(place == GROUP_REQUEST ? &group->requests : &group->uploads);
	wake_next(group);
	pthread_mutex_unlock(&group->lock);
}

void
group_count(struct group *group, unsigned *waiting_r, unsigned *in_flight_r)
{
	pthread_mutex_lock(&group->lock);
	*waiting_r = (unsigned)group->waiting;
	*in_flight_r = (unsigned)(group->requests + group->uploads);
	pthread_mutex_unlock(&group->lock);
}
