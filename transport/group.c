/*
 * Group commit.
 *
 * All that waits is one list, in the order of arrival.  Items are of a class (pace.h).  The
 * first of a class, and it alone, may lead: it leaves with what is behind it of the same
 * class.  Among strangers it is the first whose domains nothing is under way to.
 *
 * Carriers are threads of the group's own.  One of them attends to the list while there is
 * something in it; when that may leave, it takes it and carries it, and another one attends
 * to what is left.  They are started when they are needed, as many as requests may be under
 * way and one more, and end when there has been nothing to do for a while.
 *
 * One lock guards all this; it is not held while a group is carried.
 */
#include <ctype.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/cancel.h"
#include "common/base/departed.h"
#include "common/base/xalloc.h"
#include "transport/group.h"
#include "transport/pace.h"

#define GROUP_MAX   100        /* items, whatever the service allows */
#define PLACES_MAX  64         /* of each kind, whatever the service allows */
#define GATHER_MS   16         /* that the oldest waits for others where there are others, */
#define QUIET_MS    4          /* unless nobody has come for so long */
#define POLL_MS     250        /* how often it is looked whether requests have become slow */
#define LOOK_MS     1000       /* how often who waits looks whether the process is to stop */
#define LINGER_MS   10000      /* that a carrier with nothing to do stays */
#define STACK_BYTES (1u << 20) /* of a carrier; what is not touched takes no memory */

struct group {
	group_carry *carry;
	void *arg;
	pthread_mutex_t lock;
	struct group_limits limits;
	struct group_item *first, *last; /* those that wait */
	size_t waiting;
	struct pace pace;
	int64_t requests, uploads;                  /* under way */
	size_t last_items;                          /* of the request that left last */
	pthread_cond_t request_place, upload_place; /* one may have become free */

	unsigned carriers, idle; /* there are, and of them without something to do */
	bool called;             /* one of those, or a new one, is about to attend */
	bool attended;           /* one does, */
	int64_t look_ms;         /* and looks again then, or when there is a: */
	pthread_cond_t change;
	pthread_cond_t work; /* for those who are idle */
	struct departed departed;
	pthread_cond_t gone; /* a carrier is */
	bool ending;
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
	pace_init(&group->pace);
	pthread_mutex_init(&group->lock, NULL);
	init_condition(&group->request_place);
	init_condition(&group->upload_place);
	init_condition(&group->gone);
	init_condition(&group->change);
	init_condition(&group->work);
	return group;
}

void
group_free(struct group **group_p)
{
	struct group *group = *group_p;

	if (group == NULL)
		return;
	pthread_mutex_lock(&group->lock);
	group->ending = true;
	pthread_cond_broadcast(&group->work);
	while (group->carriers != 0)
		pthread_cond_wait(&group->gone, &group->lock);
	pthread_mutex_unlock(&group->lock);
	departed_join(group->departed);
	pthread_cond_destroy(&group->request_place);
	pthread_cond_destroy(&group->upload_place);
	pthread_cond_destroy(&group->gone);
	pthread_cond_destroy(&group->change);
	pthread_cond_destroy(&group->work);
	pthread_mutex_destroy(&group->lock);
	free(group);
	*group_p = NULL;
}

static struct places
places_of(const struct group *group)
{
	return (struct places){.all = group->limits.requests, .taken = group->requests};
}

static uint64_t
class_of(struct group *group, const struct group_item *item, int64_t now)
{
	return pace_class(&group->pace, item->domains, item->domain_count, now);
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

/* A request is over: what waits may go now, or one who wants its place. */
static void
tell_request_place(struct group *group)
{
	pthread_cond_signal(&group->change);
	pthread_cond_signal(&group->request_place);
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

/* Has the item, the first of its class, gathered what is to leave with it? */
static bool
is_ripe(const struct group *group, const struct group_item *item, uint64_t class, int64_t now)
{
	return pace_is_suspect(class) || now >= gathered_ms(group, item) ||
	       group->waiting >= (size_t)group->limits.items;
}

/* Classes whose first item was met, so that others need not be looked at. */
struct met {
	bool plain, strangers;
};

/* May it lead, as the first of its class that may go at all? */
static bool
may_lead(struct group *group, const struct group_item *item, uint64_t class, int64_t now,
    struct met *met)
{
	const struct places places = places_of(group);
	bool *its = class == PACE_PLAIN       ? &met->plain
	            : class == PACE_STRANGERS ? &met->strangers
	                                      : NULL;

	if (its != NULL ? *its : !is_first(group, item, class, now))
		return false;
	if (!pace_may_go(&group->pace, class, item->domains, item->domain_count, &places))
		return false;
	if (its != NULL)
		*its = true;
	return true;
}

/* The item that may leave now with what is behind it, or NULL. */
static struct group_item *
find_leader(struct group *group, int64_t now, uint64_t *class_r)
{
	struct met met = {false, false};

	if (group->requests >= group->limits.requests)
		return NULL;
	for (struct group_item *i = group->first; i != NULL; i = i->next) {
		*class_r = class_of(group, i, now);
		if (may_lead(group, i, *class_r, now, &met) && is_ripe(group, i, *class_r, now))
			return i;
	}
	return NULL;
}

/* Take the leader and what goes with it. */
static size_t
take_items(struct group *group, struct group_item *leader, int64_t now,
    struct group_item **items, struct running *running)
{
	size_t count = 0, most = (size_t)group->limits.items;
	int64_t room = group->limits.bytes;
	struct group_item *next;

	for (struct group_item *i = leader; i != NULL && count < most; i = next) {
		next = i->next;
		if (class_of(group, i, now) != running->class)
			continue;
		if (count != 0 && (i->cost > room || !pace_may_join(&group->pace, running,
		                                         i->domains, i->domain_count)))
			continue;
		take_out(group, i);
		room -= i->cost;
		items[count++] = i;
		pace_join(running, i->domains, i->domain_count);
	}
	for (size_t i = 0; i < count; i++)
		items[i]->size = (unsigned)count;
	return count;
}

/* Carriers. */

static void *serve(void *arg);

/* One more thread, which hears no signals: they are the others' business. */
static bool
start_carrier(struct group *group)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, &attributes, serve, group);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	group->carriers += error == 0;
	return error == 0;
}

static void
leave(struct group *group, struct group_item *item)
{
	take_out(group, item);
	item->through(item, false);
}

/* Have somebody attend to the list. */
static void
call_carrier(struct group *group)
{
	if (group->first == NULL || group->attended || group->called)
		return;
	if (group->idle != 0) {
		group->called = true;
		pthread_cond_signal(&group->work);
	} else if (group->carriers <= PLACES_MAX) {
		group->called = start_carrier(group);
	}
	/* Who carries something attends afterwards; but if there is nobody, this is it. */
	while (group->carriers == 0 && group->first != NULL)
		leave(group, group->first);
}

static void
lead(struct group *group, struct group_item *leader, uint64_t class, int64_t now)
{
	struct group_item *items[GROUP_MAX];
	const struct places places = places_of(group);
	struct running running = pace_fill(class, &places, now);
	bool as_usual;

	running.items = take_items(group, leader, now, items, &running);
	pace_begin(&group->pace, &running);
	group->requests++;
	group->last_items = running.items;
	group->attended = false;
	call_carrier(group);
	pthread_mutex_unlock(&group->lock);
	as_usual = group->carry(group->arg, items, running.items);
	pthread_mutex_lock(&group->lock);
	group->requests--;
	pace_end(&group->pace, &running, as_usual, clock_ms());
	tell_request_place(group);
}

/* Those leave for whom it is too late, or all if the process is to stop. */
static void
let_late_leave(struct group *group, int64_t now)
{
	bool all = cancel_requested();
	struct group_item *next;

	for (struct group_item *i = group->first; i != NULL; i = next) {
		next = i->next;
		if (all || now >= i->latest_ms)
			leave(group, i);
	}
}

/* When the item, and what waits with it, will have gathered for long enough. */
static int64_t
ripe_ms(struct group *group, const struct group_item *item, int64_t now, struct met *met)
{
	uint64_t class;

	if (met->plain && met->strangers)
		return INT64_MAX;
	class = class_of(group, item, now);
	return !pace_is_suspect(class) && may_lead(group, item, class, now, met)
	           ? gathered_ms(group, item)
	           : INT64_MAX;
}

/* Until when the list need not be looked at, unless something changes. */
static int64_t
next_look(struct group *group, int64_t now)
{
	int64_t at = now + POLL_MS;
	bool full = group->requests >= group->limits.requests;
	struct met met = {full, full};

	for (const struct group_item *i = group->first; i != NULL; i = i->next) {
		int64_t ripe = ripe_ms(group, i, now, &met);

		at = i->latest_ms < at ? i->latest_ms : at;
		at = ripe < at ? ripe : at;
	}
	return at;
}

/* Wait till something of the list may leave, and carry it; or till there is nothing in it. */
static void
attend(struct group *group)
{
	group->attended = true;
	group->called = false;
	while (group->first != NULL) {
		int64_t now = clock_ms();
		struct group_item *leader;
		uint64_t class;

		pace_watch(&group->pace, now);
		let_late_leave(group, now);
		leader = find_leader(group, now, &class);
		if (leader != NULL) {
			lead(group, leader, class, now);
			return;
		}
		group->look_ms = next_look(group, now);
		if (group->first != NULL)
			wait_until(group, &group->change, group->look_ms);
	}
	group->attended = false;
}

/* Wait for a list to attend to; false if there is none for long, or it is the end. */
static bool
find_work(struct group *group)
{
	int64_t until = clock_ms() + LINGER_MS;

	while (!group->ending && (group->attended || group->first == NULL)) {
		if (clock_ms() >= until)
			return false;
		group->idle++;
		wait_until(group, &group->work, until);
		group->idle--;
	}
	return !group->ending;
}

static void *
serve(void *arg)
{
	struct group *group = arg;
	struct departed before;

	pthread_mutex_lock(&group->lock);
	while (find_work(group))
		attend(group);
	group->carriers--;
	before = departed_add(&group->departed);
	pthread_cond_broadcast(&group->gone);
	pthread_mutex_unlock(&group->lock);
	departed_join(before);
	return NULL;
}

/* Joining. */

/* May who attends be waiting for something else than an item that could leave now? */
static bool
may_be_first(const struct group *group, const struct group_item *item)
{
	return group->requests < group->limits.requests &&
	       item->joined_ms + GATHER_MS < group->look_ms;
}

void
group_add(struct group *group, struct group_item *item)
{
	pthread_mutex_lock(&group->lock);
	item->joined_ms = clock_ms();
	item->size = 0;
	append(group, item);
	if (!group->attended)
		call_carrier(group);
	else if (group->waiting >= (size_t)group->limits.items ||
	         item->latest_ms < group->look_ms || may_be_first(group, item))
		pthread_cond_signal(&group->change);
	pthread_mutex_unlock(&group->lock);
}

/* A thread that waits for its item. */
struct member {
	sem_t wake;
	bool taken;
};

static void
wake_member(struct group_item *item, bool taken)
{
	struct member *member = item->arg;

	member->taken = taken;
	sem_post(&member->wake);
}

bool
group_join(struct group *group, struct group_item *item)
{
	struct member member = {.taken = false};

	sem_init(&member.wake, 0, 0);
	item->through = wake_member;
	item->arg = &member;
	group_add(group, item);
	while (sem_wait(&member.wake) < 0)
		continue;
	sem_destroy(&member.wake);
	return member.taken;
}

void
group_release(struct group_item **items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		items[i]->through(items[i], true);
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
	pthread_cond_signal(&group->change);
	pthread_cond_broadcast(&group->request_place);
	pthread_cond_broadcast(&group->upload_place);
	pthread_mutex_unlock(&group->lock);
}

bool
group_take_place(struct group *group, enum group_place place, struct deadline d)
{
	int64_t *used = place == GROUP_REQUEST ? &group->requests : &group->uploads;
	int64_t *most =
	    place == GROUP_REQUEST ? &group->limits.requests : &group->limits.uploads;
	pthread_cond_t *free_place =
	    place == GROUP_REQUEST ? &group->request_place : &group->upload_place;
	bool taken;

	pthread_mutex_lock(&group->lock);
	while (*used >= *most && !deadline_passed(d) && !cancel_requested()) {
		int64_t at = clock_ms() + LOOK_MS;

		wait_until(group, free_place, d.at_ms < at ? d.at_ms : at);
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
	if (place == GROUP_REQUEST) {
		group->requests--;
		tell_request_place(group);
	} else {
		group->uploads--;
		pthread_cond_signal(&group->upload_place);
	}
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
