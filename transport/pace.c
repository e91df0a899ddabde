/*
 * How long requests take, and whose messages are to leave apart for it.
 *
 * A service in trouble is slow whoever is written to.  What it did meanwhile tells nothing of
 * the domains, and it would be long at work on strangers who come one at a time: then all of
 * them may go together.
 */
#include "transport/pace.h"

#define SLOW_MS       1500 /* a request is slow if it takes this, */
#define SLOW_TIMES    3    /* so many times as long as usual, */
#define SLOW_ITEM_MS  100  /* and so much for each item, together */
#define USUAL_MS      1000 /* before anything is known */
#define STRANGERS_MAX 100  /* domains in a request of them */
#define LAST_MIN      4    /* places, for the last of them to be kept */

void
pace_init(struct pace *pace)
{
	pace->usual_ms = USUAL_MS;
	pace->strangers_most = 1;
}

uint64_t
pace_class(struct pace *pace, const uint64_t *domains, size_t count, int64_t now)
{
	bool any = suspects_any(&pace->suspects, now);
	uint64_t class = PACE_PLAIN;

	for (size_t i = 0; i < count; i++) {
		if (any && suspects_has(&pace->suspects, domains[i], now))
			return domains[i];
		if (known_domains_find(&pace->known, domains[i]) != DOMAIN_KNOWN)
			class = PACE_STRANGERS;
	}
	return class;
}

static bool
any_is_tried(const struct pace *pace, const uint64_t *domains, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (known_domains_find(&pace->known, domains[i]) == DOMAIN_TRIED)
			return true;
	return false;
}

static bool
is_in(const struct running *running, uint64_t domain)
{
	for (size_t i = 0; i < running->domain_count; i++)
		if (running->domains[i] == domain)
			return true;
	return false;
}

/* Is a request under way to any of them? */
static bool
any_is_under_way(const struct pace *pace, const uint64_t *domains, size_t count)
{
	for (const struct running *r = pace->running; r != NULL; r = r->next)
		for (size_t i = 0; i < count; i++)
			if (is_in(r, domains[i]))
				return true;
	return false;
}

static bool
is_last(const struct places *places)
{
	return places->all >= LAST_MIN && places->taken + 1 >= places->all;
}

/* May they have a place that is left by those who are plain? */
static bool
may_go_apart(const struct pace *pace, uint64_t class, const struct places *places)
{
	int64_t held = 0, strangers = 0;

	for (const struct running *r = pace->running; r != NULL; r = r->next) {
		if (r->class == class && class != PACE_STRANGERS)
			return false;
		held += r->slow || pace_is_suspect(r->class);
		strangers += !r->slow && r->class == PACE_STRANGERS;
	}
	if (places->all == 1)
		return held + strangers == 0;
	return class == PACE_STRANGERS
	           ? strangers < (places->all - held) / 2
	           : held < places->all / 2 && held + strangers + 1 < places->all;
}

bool
pace_may_go(const struct pace *pace, uint64_t class, const uint64_t *domains, size_t count,
    const struct places *places)
{
	if (class == PACE_PLAIN)
		return !is_last(places) || !any_is_under_way(pace, domains, count);
	if (class == PACE_STRANGERS && any_is_tried(pace, domains, count))
		return false;
	return may_go_apart(pace, class, places);
}

struct running
pace_fill(uint64_t class, const struct places *places, int64_t now)
{
	return (struct running){.began_ms = now, .class = class, .last = is_last(places)};
}

bool
pace_may_join(const struct pace *pace, const struct running *running, const uint64_t *domains,
    size_t count)
{
	size_t more = 0;

	if (running->class == PACE_PLAIN)
		return !running->last || !any_is_under_way(pace, domains, count);
	if (running->class != PACE_STRANGERS)
		return true;
	for (size_t i = 0; i < count; i++)
		more += !is_in(running, domains[i]);
	return running->domain_count + more <= pace->strangers_most &&
	       !any_is_tried(pace, domains, count);
}

void
pace_join(struct running *running, const uint64_t *domains, size_t count)
{
	for (size_t i = 0; i < count && running->domain_count < PACE_DOMAINS_MAX; i++)
		if (!is_in(running, domains[i]))
			running->domains[running->domain_count++] = domains[i];
}

void
pace_begin(struct pace *pace, struct running *running)
{
	running->next = pace->running;
	pace->running = running;
	for (size_t i = 0; i < running->domain_count; i++)
		if (known_domains_find(&pace->known, running->domains[i]) == DOMAIN_NEW)
			known_domains_set(&pace->known, running->domains[i], DOMAIN_TRIED);
}

static bool
is_slow(const struct pace *pace, const struct running *running, int64_t now)
{
	return now - running->began_ms >
	       SLOW_MS + SLOW_TIMES * pace->usual_ms + SLOW_ITEM_MS * (int64_t)running->items;
}

void
pace_watch(struct pace *pace, int64_t now)
{
	for (struct running *r = pace->running; r != NULL; r = r->next) {
		if (r->slow || !is_slow(pace, r, now))
			continue;
		r->slow = true;
		pace->strangers_most = 1;
		for (size_t i = 0; i < r->domain_count; i++) {
			suspects_add(&pace->suspects, r->domains[i], now);
			known_domains_set(&pace->known, r->domains[i], DOMAIN_NEW);
		}
	}
}

/* What it tells of its domains. */
static void
learn(struct pace *pace, const struct running *running, bool as_usual, int64_t now)
{
	if (as_usual && running->slow)
		return;
	for (size_t i = 0; i < running->domain_count; i++) {
		uint64_t domain = running->domains[i];

		if (as_usual)
			known_domains_set(&pace->known, domain, DOMAIN_KNOWN);
		else if (known_domains_find(&pace->known, domain) == DOMAIN_TRIED)
			known_domains_set(&pace->known, domain, DOMAIN_NEW);
		if (!as_usual || pace_is_suspect(running->class))
			suspects_drop(&pace->suspects, domain, now);
	}
}

static void
leave_list(struct pace *pace, struct running *running)
{
	struct running **link = &pace->running;

	while (*link != running)
		link = &(*link)->next;
	*link = running->next;
}

void
pace_end(struct pace *pace, struct running *running, bool as_usual, int64_t now)
{
	int64_t took = now - running->began_ms;

	pace_watch(pace, now);
	leave_list(pace, running);
	learn(pace, running, as_usual, now);
	if (!as_usual) {
		pace->strangers_most = STRANGERS_MAX;
		return;
	}
	if (running->slow)
		return;
	if (running->class == PACE_STRANGERS && running->domain_count >= pace->strangers_most &&
	    pace->strangers_most < STRANGERS_MAX)
		pace->strangers_most++;
	/* Down at once, up slowly: what requests take that nothing holds up. */
	if (took < pace->usual_ms)
		pace->usual_ms = took;
	else
		pace->usual_ms += (took - pace->usual_ms) / 32;
}
